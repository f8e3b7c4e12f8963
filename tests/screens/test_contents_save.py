"""One saves a file or a directory of a layer to disk."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.contents.helpers import make_tar, member
from tests.screens.inside import APP, files, go_to, look_inside, put_image, screen, until_listed
from tests.screens.test_foreign_text import EVIL, assert_clean
from tests.ui import browse
from tui.config import Settings
from tui.demo import DemoServer, Storage
from tui.screens.save_files import SaveFilesScreen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ui import Ui

IMAGE = f"{APP}:latest"

TAR = make_tar(
    [
        (member("data/one"), b"first"),
        (member("data/two/three"), b"third"),
        (member("data/link", type=tarfile.SYMTYPE, linkname="one"), b""),
        (member("data/hard", type=tarfile.LNKTYPE, linkname="data/one"), b""),
        (member("data/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3), b""),
        (member(EVIL.replace("\0", "").replace("\ud83d", "").replace("/", "_")), b"x"),
    ]
)


@pytest.fixture
def shelf() -> Iterator[DemoServer]:
    """A registry with an image of one layer."""
    storage = Storage()
    put_image(storage, [TAR])
    with DemoServer(storage) as server:
        yield server


async def ask(ui: Ui, path: str) -> SaveFilesScreen:
    """Open the dialog for a path."""
    await go_to(ui, path)
    await ui.press("x")
    await ui.until(lambda: isinstance(ui.app.screen, SaveFilesScreen))
    dialog = ui.app.screen
    assert isinstance(dialog, SaveFilesScreen)
    return dialog


async def test_a_file_is_saved_under_its_name(shelf: DemoServer, tmp_path: Path) -> None:
    async with browse(shelf, place=IMAGE, settings=Settings(download_folder=tmp_path)) as ui:
        await look_inside(ui)
        await ask(ui, "data/one")
        await ui.press("enter")
        await ui.until(lambda: ui.app.screen is screen(ui))
        assert (tmp_path / "one").read_bytes() == b"first"
        assert ui.notices() == [f"Saved: 1 file, 5 B, in {tmp_path}/one."]


async def test_what_a_link_leads_to_is_saved_under_the_name_of_the_link(
    shelf: DemoServer, tmp_path: Path
) -> None:
    async with browse(shelf, place=IMAGE, settings=Settings(download_folder=tmp_path)) as ui:
        await look_inside(ui)
        await ask(ui, "data/link")
        await ui.press("enter")
        await ui.until(lambda: ui.app.screen is screen(ui))
        assert (tmp_path / "link").read_bytes() == b"first"
        assert not (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("links", [False, True])
async def test_a_directory_is_saved_with_links_only_when_asked(
    shelf: DemoServer,
    tmp_path: Path,
    links: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    async with browse(shelf, place=IMAGE, settings=Settings(download_folder=tmp_path)) as ui:
        await look_inside(ui)
        dialog = await ask(ui, "data")
        dialog._links.value = links
        await ui.press("enter")
        await ui.until(lambda: ui.app.screen is screen(ui))
        saved = tmp_path / "data"
        assert (saved / "two" / "three").read_bytes() == b"third"
        assert (saved / "hard").read_bytes() == b"first"
        assert (saved / "link").is_symlink() is links
        assert not (saved / "null").exists()
        notice = ui.notices()[0]
        assert "3 files" in notice
        assert "left out: data/null: a character device" in notice
        assert ("a symbolic link" in notice) is not links


async def test_what_is_there_already_stays_and_it_is_said(shelf: DemoServer, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"mine")
    async with browse(shelf, place=IMAGE, settings=Settings(download_folder=tmp_path)) as ui:
        await look_inside(ui)
        await ask(ui, "data/one")
        await ui.press("enter")
        await ui.until_shown("exists")
        assert (tmp_path / "one").read_bytes() == b"mine"
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is screen(ui))


async def test_escape_saves_nothing(shelf: DemoServer, tmp_path: Path) -> None:
    async with browse(shelf, place=IMAGE, settings=Settings(download_folder=tmp_path)) as ui:
        await look_inside(ui)
        await ask(ui, "data")
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is screen(ui))
        assert list(tmp_path.glob("data*")) == []
        assert files(ui).table.has_focus


async def test_a_hostile_name_is_shown_as_text_and_made_plain(shelf: DemoServer, tmp_path: Path) -> None:
    async with browse(shelf, place=IMAGE, settings=Settings(download_folder=tmp_path)) as ui:
        await look_inside(ui)
        path = next(row.path for row in files(ui).table.rows if "foo" in row.path)
        await ask(ui, path)
        assert_clean(ui)
        await ui.press("enter")
        await ui.until(lambda: ui.app.screen is screen(ui))
        assert_clean(ui)
        saved = [one.name for one in tmp_path.iterdir() if "foo" in one.name]
        assert len(saved) == 1
        assert saved[0].isprintable()


async def test_what_another_run_has_listed_costs_nothing(shelf: DemoServer) -> None:
    for visit in range(2):
        async with browse(shelf, place=IMAGE) as ui:
            await look_inside(ui)
            await until_listed(ui)
            await ui.until_shown("kept from before" if visit else "fetched (stream)")
