"""Layouts and archives on disk, browsed like registries."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from tests.client.layouts import Archive, Layout, named
from tests.screens.test_open import ask, hint
from tests.ui import MEDIUM, NARROW, WIDE, browse
from tui.arguments import parse_place
from tui.client.local.docker_archive import DockerArchive
from tui.client.local.layout import Layout as SavedLayout
from tui.client.local.local_path import LocalPath
from tui.client.local.local_source import LocalSource
from tui.client.media_types import OCI_INDEX
from tui.client.models import Manifest
from tui.client.names import Digest, Image, Repository, Tag
from tui.config import Settings
from tui.screens.download import DownloadScreen
from tui.screens.save import SaveScreen
from tui.state import load_state
from tui.transfers import State

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ui import Ui

LAYER = b"layer" * 500_000


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """A layout with an index of two platforms, a tag of one image, and an image without a name."""
    made = Layout()
    platforms = [
        {**made.image(LAYER), "platform": {"architecture": "amd64", "os": "linux"}},
        {**made.image(b"other"), "platform": {"architecture": "arm64", "os": "linux"}},
    ]
    made.index(
        named(made.document(OCI_INDEX, manifests=platforms), "v1"),
        named(made.image(LAYER, b"second"), "v2"),
        made.image(b"nameless"),
    )
    return made.folder(tmp_path / "layout")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of docker save with three images of two repositories."""
    made = Archive()
    made.image(["alpine:3", "alpine:latest"], LAYER)
    made.image(["team/app:1.0"], LAYER, b"app")
    return made.tar(tmp_path / "image.tar")


def local(ui: Ui) -> LocalPath:
    """Return the path that the cursor is on among the registries."""
    assert ui.registries.row is not None
    assert isinstance(ui.registries.row.host, LocalPath)
    return ui.registries.row.host


@pytest.mark.parametrize("size", [NARROW, MEDIUM, WIDE])
async def test_a_layout_of_one_repository_opens_at_its_tags(layout: Path, size: tuple[int, int]) -> None:
    async with browse(start=parse_place(f"oci:{layout}"), size=size) as ui:
        await ui.until(lambda: ui.focused() == "tags")
        await ui.until_listed(ui.tags, 3)
        nameless = ui.names(ui.tags)[2]
        assert ui.names(ui.tags)[:2] == ["v1", "v2"]
        assert nameless.startswith("@")
        assert local(ui) == f"oci:{layout}"
        await ui.until_shown("layout › v1")
        assert ui.browser.bar.login == ""


async def test_the_platforms_and_layers_of_a_layout_are_shown(layout: Path) -> None:
    async with browse(start=parse_place(f"oci:{layout}:v1"), size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until_listed(ui.entries, 2)
        await ui.until_shown("linux/amd64", "linux/arm64")
        await ui.press("right")
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_listed(ui.layers)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_an_archive_of_docker_save_opens_by_its_path(archive: Path, size: tuple[int, int]) -> None:
    async with browse(start=parse_place(str(archive)), size=size) as ui:
        await ui.until(lambda: ui.focused() == "repositories")
        await ui.until_listed(ui.repositories, 2)
        assert ui.names(ui.repositories) == ["alpine", "team/app"]
        await ui.press("down", "right")
        await ui.until(lambda: ui.focused() == "tags")
        await ui.until_listed(ui.tags)
        await ui.press("right")
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_shown("layer 1")


@pytest.mark.parametrize("name", ["team/app:1.0", "1.0", "docker.io/team/app:1.0"])
async def test_an_image_of_an_archive_opens_by_its_name(archive: Path, name: str) -> None:
    async with browse(start=parse_place(f"docker-archive:{archive}:{name}"), size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_shown("team/app › 1.0 › layer 1")


async def test_a_digest_of_a_layout_opens(layout: Path) -> None:
    index = json.loads((layout / "index.json").read_text("utf-8"))
    digest = Digest(index["manifests"][2]["digest"])
    async with browse(start=parse_place(f"oci:{layout}@{digest}"), size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_shown(f"layout › @{digest.short} › layer 1")


async def test_an_image_that_is_not_there_is_told_and_the_others_are_listed(layout: Path) -> None:
    async with browse(start=parse_place(f"oci:{layout}:v3")) as ui:
        await ui.until(lambda: any("there is no such image" in notice for notice in ui.notices()))
        await ui.until_listed(ui.repositories)
        assert ui.focused() == "repositories"


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_layer_of_a_layout_is_downloaded_and_verified(
    layout: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    target = tmp_path / "downloads"
    target.mkdir()
    settings = Settings(download_folder=target)
    async with browse(start=parse_place(f"oci:{layout}:v2"), size=size, settings=settings) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_listed(ui.layers)
        await ui.press("d")
        await ui.until(lambda: isinstance(ui.app.screen, DownloadScreen))
        await ui.press("enter")
        await ui.until(lambda: [one.state for one in ui.session.downloads.transfers] == [State.DONE])
        (file,) = target.iterdir()
        assert file.read_bytes() == LAYER


async def test_an_image_of_an_archive_is_saved_under_its_own_name(archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "images"
    target.mkdir()
    settings = Settings(download_folder=target)
    async with browse(start=parse_place(f"{archive}:alpine:3"), size=WIDE, settings=settings) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_listed(ui.layers)
        await ui.press("S")
        await ui.until(lambda: isinstance(ui.app.screen, SaveScreen))
        await ui.press("enter")
        await ui.until(lambda: [one.state for one in ui.session.downloads.transfers] == [State.DONE])
    (file,) = target.iterdir()
    async with DockerArchive(file) as saved:
        manifest = await saved.get_manifest(Image(Repository("alpine"), Tag("3")))
        assert isinstance(manifest, Manifest)
        assert [layer.digest for layer in manifest.layers] == [Digest.of(LAYER)]
    async with SavedLayout(file) as saved:
        await saved.get_manifest(Image(Repository("alpine"), Tag("3")))


async def test_a_layer_that_is_damaged_is_not_downloaded(layout: Path, tmp_path: Path) -> None:
    blob = layout / f"blobs/sha256/{Digest.of(LAYER).hex}"
    blob.write_bytes(LAYER[:-1] + b"!")
    settings = Settings(download_folder=tmp_path)
    async with browse(start=parse_place(f"oci:{layout}:v2"), size=WIDE, settings=settings) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_listed(ui.layers)
        await ui.press("d")
        await ui.until(lambda: isinstance(ui.app.screen, DownloadScreen))
        await ui.press("enter")
        await ui.until(lambda: [one.state for one in ui.session.downloads.transfers] == [State.FAILED])
        await ui.until_shown("should have the digest")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda layout: (layout / "oci-layout").unlink(), "It is no OCI image layout"),
        (lambda layout: (layout / "index.json").unlink(), "The layout has no index.json"),
        (lambda layout: (layout / "index.json").write_text("{"), "Its index.json cannot be read"),
        (lambda layout: (layout / "index.json").chmod(0), "permission denied"),
    ],
)
async def test_what_is_wrong_with_a_layout_is_told_in_a_sentence(
    layout: Path, damage: object, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(damage)
    damage(layout)
    if told == "permission denied":
        refuse_reading(monkeypatch)
    async with browse(start=parse_place(f"oci:{layout}")) as ui:
        await ui.until_noted(ui.repositories, told, "r  try again")


def refuse_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system refuse what it allows to root."""

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tui.client.local.open_file.os.open", refused)


async def test_r_reads_a_layout_that_has_changed(layout: Path) -> None:
    async with browse(start=parse_place(f"oci:{layout}")) as ui:
        await ui.until(lambda: ui.focused() == "tags")
        await ui.until_listed(ui.tags, 3)
        made = Layout()
        made.index(named(made.image(b"new"), "v9"))
        made.folder(layout)
        await ui.press("r")
        await ui.until(lambda: ui.names(ui.tags) == ["v9"])


async def test_an_empty_layout_says_so(tmp_path: Path) -> None:
    made = Layout()
    made.index()
    async with browse(start=parse_place(f"oci:{made.folder(tmp_path / 'empty')}")) as ui:
        await ui.until_noted(ui.repositories, "There are no images in this layout.")


async def test_nobody_logs_in_to_a_file(layout: Path) -> None:
    async with browse(start=parse_place(f"oci:{layout}"), size=WIDE) as ui:
        await ui.until_listed(ui.tags, 3)
        assert "browser.login" not in ui.keys_shown()
        await ui.press("L")
        assert len(ui.app.screen_stack) == 1
        await ui.press("left", "left", "m")
        await ui.until_shown("OCI image layout", "on this machine")
        assert not ui.shows("none known")


async def test_a_layout_is_opened_from_the_dialog_and_not_remembered(layout: Path, archive: Path) -> None:
    async with browse() as ui:
        await ask(ui, f"oci:{layout}")
        await ui.until(lambda: ui.focused() == "tags")
        await ask(ui, "v2")
        await ui.until(lambda: ui.focused() == "layers")
        assert local(ui) == f"oci:{layout}"
        await ask(ui, str(archive))
        await ui.until(lambda: ui.focused() == "repositories")
        assert local(ui) == str(archive)
        hosts = [place.host for place in ui.session.registries()]
        assert hosts[:2] == [str(archive), f"oci:{layout}"]
    assert load_state().registries == ()


async def test_a_path_with_nothing_there_is_told_in_the_dialog(tmp_path: Path) -> None:
    async with browse() as ui:
        await ask(ui, f"oci:{tmp_path}/absent")
        await ui.until(lambda: "there is no file or folder" in hint(ui))
        assert ui.app.screen.query_one(Input).has_focus


async def test_a_registry_can_be_opened_while_one_is_in_a_layout(layout: Path) -> None:
    async with browse(start=parse_place(f"oci:{layout}")) as ui:
        await ui.until(lambda: ui.focused() == "tags")
        await ask(ui, "registry.example.com/team/app")
        await ui.until(
            lambda: ui.registries.row is not None and ui.registries.row.host == "registry.example.com"
        )


async def test_foreign_text_in_a_layout_reaches_the_screen_as_text(tmp_path: Path) -> None:
    made = Layout()
    evil = {"mediaType": "\x1b]52;c;x\x07[/foo]", "digest": "\x1b[2J", "size": -1}
    made.index(named(made.image(b"1"), "\x1b]0;x\x07[/foo]"), evil, artifactType="\x1b[31m")
    folder = made.folder(tmp_path / "[/foo] layout")
    async with browse(start=parse_place(f"oci:{folder}"), size=WIDE) as ui:
        await ui.until_listed(ui.tags)
        assert "\x1b" not in ui.text()
        await ui.until(ui.notices)


async def test_a_name_that_can_be_none_of_a_layout_is_told_in_the_dialog(layout: Path) -> None:
    async with browse(start=parse_place(f"oci:{layout}")) as ui:
        await ui.until(lambda: ui.focused() == "tags")
        await ask(ui, "a b")
        await ui.until(lambda: "'a b' is no name of an image in a layout or an archive" in hint(ui))


async def test_going_back_ends_the_search_for_an_image(layout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = asyncio.Event()

    async def never(*_: object) -> None:
        held.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(LocalSource, "find_image", never)
    async with browse(start=parse_place(f"oci:{layout}:v1")) as ui:
        await held.wait()
        await ui.until(lambda: ui.focused() == "repositories")
        await ui.press("left")
        await ui.until(lambda: ui.focused() == "registries")
        assert not [worker for worker in ui.browser.workers if worker.group == "locate" and worker.is_running]
