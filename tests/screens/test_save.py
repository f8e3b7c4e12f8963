"""Saving an image from the browser: what, as what, where to; then a transfer like any other."""

from __future__ import annotations

import json
import re
import tarfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input

from tests.screens.test_download import complaint, explanation, until_ended
from tests.ui import NARROW, browse, requests
from tui.client import LayoutWriter
from tui.config import Settings
from tui.demo import DemoServer
from tui.screens.save import SaveScreen
from tui.transfers import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.ui import Ui

IMAGE = "team/frontend/storefront:production"
INDEX = "library/debian:bookworm"
README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for what is saved."""
    empty = tmp_path / "images"
    empty.mkdir()
    return empty


@pytest.fixture(autouse=True)
def _intel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine be one that most images are made for."""
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


@asynccontextmanager
async def on(
    server: DemoServer, folder: Path, place: str, pane: str, size: tuple[int, int] = NARROW
) -> AsyncIterator[Ui]:
    """Start the program on a place, with a folder for downloads in the settings, and go to a list."""
    async with browse(server, place=place, settings=Settings(download_folder=folder), size=size) as ui:
        await ui.until(lambda: ui.focused() in {"entries", "layers"})
        await ui.settle()
        while ui.focused() != pane:
            await ui.press("left" if pane in {"tags", "entries"} else "right")
            await ui.settle()
        yield ui


async def ask(ui: Ui) -> SaveScreen:
    """Open the dialog."""
    await ui.press("S")
    await ui.until(lambda: isinstance(ui.app.screen, SaveScreen))
    screen = ui.app.screen
    assert isinstance(screen, SaveScreen)
    return screen


def name(screen: SaveScreen) -> str:
    return screen.query_one("#name", Input).value


def docker_entry(archive: Path) -> dict[str, list[str]]:
    with tarfile.open(archive) as tar:
        file = tar.extractfile("manifest.json")
        assert file is not None
        (entry,) = json.loads(file.read())
    assert isinstance(entry, dict)
    return entry


def layout_index(archive: Path) -> list[dict[str, Any]]:
    with tarfile.open(archive) as tar:
        file = tar.extractfile("index.json")
        assert file is not None
        listed: list[dict[str, Any]] = json.loads(file.read())["manifests"]
    return listed


async def test_a_tag_becomes_an_archive_for_docker_load(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder, IMAGE, "tags") as ui:
        screen = await ask(ui)
        await ui.until_shown("─ Save ─", "team/frontend/storefront › production", "3.3 MB · sha256:")
        await ui.until_shown("(•) archive for docker load and podman load", "( ) OCI layout")
        assert name(screen) == "storefront-production.tar"
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        await ui.until_shown("─ Downloads ─", "✓ verified")
        assert [path.name for path in folder.iterdir()] == ["storefront-production.tar"]
        assert docker_entry(folder / "storefront-production.tar")["RepoTags"] == [f"{demo.host}/{IMAGE}"]
        assert ui.focused() == "tags"


async def test_a_tag_becomes_an_oci_layout(demo: DemoServer, folder: Path) -> None:
    stored = demo.storage.get_manifest("team/frontend/storefront", "production")
    assert stored is not None
    async with on(demo, folder, IMAGE, "tags") as ui:
        screen = await ask(ui)
        await ui.press("space")
        await ui.until_shown("( ) archive", "(•) OCI layout")
        assert name(screen) == "storefront-production"
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        assert LayoutWriter(folder / "storefront-production").names() == {"production": stored.digest}


async def test_an_index_is_saved_as_a_whole_and_docker_load_gets_the_machines_platform(
    demo: DemoServer, folder: Path
) -> None:
    stored = demo.storage.get_manifest("library/debian", "bookworm")
    assert stored is not None
    async with on(demo, folder, INDEX, "tags") as ui:
        screen = await ask(ui)
        await ui.until_shown("6 manifests", "docker load takes linux/amd64 of it")
        assert name(screen) == "debian-bookworm.tar"
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        archive = folder / "debian-bookworm.tar"
        (entry,) = layout_index(archive)
        assert entry["digest"] == stored.digest
        assert len(docker_entry(archive)["Layers"]) == 1


async def test_the_machines_platform_alone_can_be_saved_from_the_tag(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder, INDEX, "tags") as ui:
        screen = await ask(ui)
        await ui.until_shown("(•) all that bookworm lists", "( ) linux/amd64 alone", "6 manifests · 3.6 MB")
        await ui.press("space")
        await ui.until_shown("library/debian › bookworm › linux/amd64", "1.2 MB · sha256:")
        assert name(screen) == "debian-bookworm-linux-amd64.tar"
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        (entry,) = layout_index(folder / "debian-bookworm-linux-amd64.tar")
        assert entry["platform"] == {"architecture": "amd64", "os": "linux"}


async def test_a_platform_is_saved_alone_under_the_tags_name(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder, INDEX, "entries") as ui:
        await ui.press("down", "down")
        screen = await ask(ui)
        await ui.until_shown("(•) linux/arm64/v8 alone", "( ) all that bookworm lists")
        assert name(screen) == "debian-bookworm-linux-arm64-v8.tar"
        assert "docker load takes" not in ui.text()
        place = ui.entries.row
        assert place is not None
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        archive = folder / "debian-bookworm-linux-arm64-v8.tar"
        (entry,) = layout_index(archive)
        assert entry["digest"] == place.descriptor.digest
        assert entry["platform"] == {"architecture": "arm64", "os": "linux", "variant": "v8"}
        assert docker_entry(archive)["RepoTags"] == [f"{demo.host}/{INDEX}"]


async def test_all_platforms_can_be_saved_from_one_of_them(demo: DemoServer, folder: Path) -> None:
    stored = demo.storage.get_manifest("library/debian", "bookworm")
    assert stored is not None
    async with on(demo, folder, INDEX, "layers") as ui:
        screen = await ask(ui)
        await ui.until_shown("(•) linux/amd64 alone")
        await ui.press("space")
        await ui.until_shown("(•) all that bookworm lists", "docker load takes linux/amd64 of it")
        assert name(screen) == "debian-bookworm.tar"
        await ui.press("down", "right")
        assert name(screen) == "debian-bookworm"
        assert "docker load takes linux" not in ui.text()
        asked = len(requests(demo, "/manifests/"))
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        assert LayoutWriter(folder / "debian-bookworm").names() == {"bookworm": stored.digest}
        assert len(requests(demo, "/manifests/")) == asked


async def test_what_stands_beside_platforms_gets_no_tag(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder, INDEX, "entries") as ui:
        await ui.press("down")
        screen = await ask(ui)
        await ui.until_shown("(•) attestation alone", "(•) OCI layout")
        row = ui.entries.row
        assert row is not None
        target = folder / f"debian-{row.descriptor.digest.short}"
        assert name(screen) == target.name
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        assert LayoutWriter(target).names() == {}
        assert not LayoutWriter(target).is_empty()


async def test_a_name_that_was_written_stays_whatever_is_chosen(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder, IMAGE, "tags") as ui:
        screen = await ask(ui)
        screen.query_one("#name", Input).value = "../../mine.tar"
        await ui.press("space", "space", "enter")
        await until_ended(ui, State.DONE)
        assert [path.name for path in folder.iterdir()] == ["mine.tar"]


async def test_what_is_no_image_is_a_layout_and_the_dialog_says_why(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder, "artifacts/tiny-llm:latest", "layers") as ui:
        await ask(ui)
        await ui.until_shown("(•) OCI layout")
        await ui.press("space")
        await ui.until_shown("(•) archive", "docker load takes container images, and this is none")
        await ui.press("enter")
        await ui.until(lambda: "Save it as an OCI layout." in complaint(ui))
        assert list(folder.iterdir()) == []
        await ui.press("space", "enter")
        await until_ended(ui, State.DONE)
        assert (folder / "tiny-llm-latest" / "oci-layout").is_file()


async def test_missing_manifests_are_told_and_the_rest_is_saved_if_that_is_wanted(
    demo: DemoServer, folder: Path
) -> None:
    async with on(demo, folder, "demo/missing-child:latest", "tags") as ui:
        screen = await ask(ui)
        await ui.press("enter")
        await ui.until_shown("2 of 3 listed manifests are missing: linux/arm64/v8, linux/s390x.")
        await ui.until_shown("Save nothing", "Save the rest")
        await ui.press("enter")
        await ui.until(lambda: ui.app.screen is screen)
        await ui.until(lambda: complaint(ui) == "")
        assert ui.session.downloads.transfers == ()
        await ui.press("enter")
        await ui.until_shown("Save the rest without them?")
        await ui.press("right", "enter")
        await until_ended(ui, State.DONE)
        assert len(docker_entry(folder / "missing-child-latest.tar")["Layers"]) == 1


async def test_an_archive_that_exists_is_replaced_only_when_asked(demo: DemoServer, folder: Path) -> None:
    file = folder / "storefront-production.tar"
    file.write_text("mine")
    async with on(demo, folder, IMAGE, "tags") as ui:
        await ask(ui)
        await ui.press("enter")
        await ui.until_shown("exists already", "Choose another", "Replace it")
        await ui.press("enter")
        await ui.until(lambda: "exists already. Replace it, or choose another" in complaint(ui))
        assert file.read_text() == "mine"
        await ui.press("enter")
        await ui.until_shown("Choose another", "Replace it")
        await ui.press("right", "enter")
        await until_ended(ui, State.DONE)
        assert docker_entry(file)["RepoTags"] == [f"{demo.host}/{IMAGE}"]


async def test_an_image_is_added_to_a_layout_unless_its_name_is_taken(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder, INDEX, "entries") as ui:
        for rows, asks in (((), False), (("down", "down"), True)):
            await ui.press(*rows)
            screen = await ask(ui)
            await ui.press("down", "space")
            screen.query_one("#name", Input).value = "shared"
            await ui.press("enter")
            if asks:
                await ui.until_shown("The layout has another image named 'bookworm'.", "Replace it")
                await ui.press("escape")
                await ui.until(lambda: "has another image" in complaint(ui))
                await ui.press("enter")
                await ui.until_shown("Replace it")
                await ui.press("right", "enter")
            await until_ended(ui, *[State.DONE] * (1 + asks))
        row = ui.entries.row
        assert row is not None
        assert LayoutWriter(folder / "shared").names() == {"bookworm": row.descriptor.digest}


async def test_a_folder_of_another_kind_is_left_alone(demo: DemoServer, folder: Path) -> None:
    mine = folder / "storefront-production"
    mine.mkdir()
    (mine / "notes").write_text("mine")
    async with on(demo, folder, IMAGE, "tags") as ui:
        await ask(ui)
        await ui.press("space", "enter")
        await ui.until(lambda: "is a folder, and no OCI layout. Choose another" in complaint(ui))
        assert [path.name for path in mine.iterdir()] == ["notes"]


async def test_a_missing_folder_is_created_when_asked(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder / "new" / "er", IMAGE, "tags") as ui:
        await ask(ui)
        await ui.press("enter")
        await ui.until_shown("does not exist", "Create the folder")
        await ui.press("escape")
        await ui.until(lambda: isinstance(ui.app.screen, SaveScreen))
        assert not (folder / "new").exists()
        await ui.press("enter")
        await ui.until_shown("Create the folder")
        await ui.press("right", "enter")
        await until_ended(ui, State.DONE)
        assert [path.name for path in (folder / "new" / "er").iterdir()] == ["storefront-production.tar"]


async def test_the_folder_is_offered_again_next_time(demo: DemoServer, folder: Path) -> None:
    async with browse(demo, place=IMAGE, size=NARROW) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        screen = await ask(ui)
        screen.query_one("#folder", Input).value = str(folder)
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        screen = await ask(ui)
        assert screen.query_one("#folder", Input).value == str(folder)


async def test_escape_saves_nothing(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder, IMAGE, "tags") as ui:
        await ask(ui)
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is ui.browser)
        assert ui.session.downloads.transfers == ()
        assert list(folder.iterdir()) == []


async def test_saving_is_offered_only_where_there_is_an_image(demo: DemoServer, folder: Path) -> None:
    async with on(demo, folder, "demo/missing-child:latest", "entries") as ui:
        await ui.until(lambda: ui.keys_shown().get("S") == "save")
        await ui.press("down")
        await ui.until(lambda: "S" not in ui.keys_shown())
        await ui.press("S")
        await ui.settle()
        assert ui.app.screen is ui.browser
        await ui.press("left", "left")
        await ui.until(lambda: ui.focused() == "repositories")
        assert "S" not in ui.keys_shown()


async def test_the_readme_tells_the_key() -> None:
    assert re.search(r"^\| `S` \| .*archive.*layout", README.read_text(encoding="utf-8"), re.MULTILINE)


# In the drawer.


async def test_what_is_being_saved_is_paused_stopped_and_tried_again_like_any_download(
    demo: DemoServer, folder: Path
) -> None:
    with DemoServer(demo.storage.copy(), bytes_per_second=200_000) as slow:
        async with on(slow, folder, IMAGE, "tags") as ui:
            await ask(ui)
            await ui.press("enter")
            await ui.until(lambda: ui.session.downloads.transfers and ui.session.downloads.transfers[0].done)
            await ui.until_shown("of 3.3 MB")
            await ui.press("t", "p")
            await ui.until(lambda: ui.session.downloads.transfers[0].state is State.PAUSED)
            await ui.until_shown("paused")
            assert [path.suffix for path in folder.iterdir()] == [".part"]
            await ui.press("x")
            await ui.until(lambda: ui.session.downloads.transfers[0].state is State.CANCELLED)
            assert list(folder.iterdir()) == []
            await ui.press("r")
            await ui.until(lambda: ui.session.downloads.transfers[0].state is State.RUNNING)


async def test_a_wrong_blob_fails_and_says_what_to_do(demo: DemoServer, folder: Path) -> None:
    storage = demo.storage.copy()
    with DemoServer(storage) as server:
        async with on(server, folder, IMAGE, "layers") as ui:
            row = ui.layers.table.rows[0]
            assert row.descriptor is not None
            storage.put_blob(
                "team/frontend/storefront", b"x" * row.descriptor.size, digest=row.descriptor.digest
            )
            await ask(ui)
            await ui.press("enter")
            await until_ended(ui, State.FAILED)
            await ui.until(lambda: "Do not use the content; try again" in explanation(ui))
            assert not (folder / "storefront-production.tar").exists()
