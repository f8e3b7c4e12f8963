from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.ui import MEDIUM, NARROW, browse
from tui.config import Settings
from tui.demo import DemoServer
from tui.transfers import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.ui import Ui

IMAGE = "team/frontend/storefront:production"


@pytest.fixture(scope="module")
def slow() -> Iterator[DemoServer]:
    """A registry that sends blobs so slowly that none arrives during a test."""
    with DemoServer(bytes_per_second=20_000) as server:
        yield server


@asynccontextmanager
async def downloading(
    server: DemoServer, folder: Path, *rows: int, size: tuple[int, int] = MEDIUM
) -> AsyncIterator[Ui]:
    """Start the program and download layers of an image, by the index of their rows."""
    settings = Settings(download_folder=folder)
    async with browse(server, place=IMAGE, settings=settings, size=size) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        for row in rows:
            ui.layers.table.cursor = row
            await ui.press("d")
            await ui.until(lambda: ui.app.screen is not ui.browser)
            await ui.press("enter")
            await ui.until(lambda: ui.app.screen is ui.browser)
        yield ui


def drawer(ui: Ui) -> list[str]:
    """Return the rows of the downloads."""
    return ui.rows(ui.browser.transfers_pane)


async def test_there_is_no_drawer_without_downloads(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        assert not ui.browser.transfers_pane.display
        assert "t" not in ui.keys_shown()


async def test_a_download_under_way_shows_how_far_it_is(slow: DemoServer, tmp_path: Path) -> None:
    async with downloading(slow, tmp_path, 0) as ui:
        await ui.until(lambda: drawer(ui))
        await ui.until(lambda: "kB of 812 kB" in drawer(ui)[0] and "/s" in drawer(ui)[0])
        await ui.until(lambda: " left" in drawer(ui)[0])
        name = ui.session.downloads.transfers[0].name
        assert drawer(ui)[0].startswith(name)
        await ui.until_shown("─ Downloads ─", "↓ 1 · ")


async def test_the_drawer_grows_to_a_few_rows_and_keeps_the_lists_in_view(
    slow: DemoServer, tmp_path: Path
) -> None:
    async with downloading(slow, tmp_path, 0, 3, 8, 9, 10, size=NARROW) as ui:
        await ui.until(lambda: len(ui.session.downloads.transfers) == 5)
        await ui.until(lambda: len(drawer(ui)) == 4)
        assert "─ Layers ─" in ui.text()


async def test_t_goes_to_the_downloads_and_escape_back(slow: DemoServer, tmp_path: Path) -> None:
    async with downloading(slow, tmp_path, 0) as ui:
        await ui.until(lambda: "t" in ui.keys_shown())
        await ui.press("t")
        await ui.until(lambda: ui.focused() == "transfers")
        assert ui.keys_shown()["x"] == "stop"
        await ui.press("escape")
        await ui.until(lambda: ui.focused() == "layers")


async def test_x_stops_a_download_and_leaves_nothing(slow: DemoServer, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    async with downloading(slow, folder, 0) as ui:
        await ui.press("t", "x")
        await ui.until(lambda: ui.session.downloads.transfers[0].state is State.CANCELLED)
        await ui.until(lambda: "cancelled" in drawer(ui)[0])
        assert list(folder.iterdir()) == []


async def test_x_takes_what_has_ended_off_the_list_and_the_drawer_goes(
    slow: DemoServer, tmp_path: Path
) -> None:
    async with downloading(slow, tmp_path, 0) as ui:
        await ui.press("t", "x")
        await ui.until(lambda: ui.session.downloads.transfers[0].state is State.CANCELLED)
        await ui.press("x")
        await ui.until(lambda: not ui.browser.transfers_pane.display)
        assert ui.session.downloads.transfers == ()
        await ui.until(lambda: ui.focused() == "layers")


async def test_r_starts_a_stopped_download_again(demo: DemoServer, slow: DemoServer, tmp_path: Path) -> None:
    del demo
    async with downloading(slow, tmp_path, 0) as ui:
        await ui.press("t")
        await ui.until(lambda: "r" not in ui.keys_shown())
        await ui.press("x")
        await ui.until(lambda: "r" in ui.keys_shown())
        await ui.press("r")
        await ui.until(lambda: ui.session.downloads.active)
        await ui.until(lambda: "kB of 812 kB" in drawer(ui)[0])


async def test_downloads_end_while_one_looks_elsewhere(demo: DemoServer, tmp_path: Path) -> None:
    async with downloading(demo, tmp_path, 0, 3) as ui:
        await ui.press("left", "left", "left")
        await ui.until(lambda: [row.count("✓ verified") for row in drawer(ui)] == [1, 1])
        await ui.until(lambda: ui.browser.bar.activity == "")


async def test_the_cursor_is_on_what_was_started_last(slow: DemoServer, tmp_path: Path) -> None:
    async with downloading(slow, tmp_path, 0, 3) as ui:
        await ui.until(lambda: len(drawer(ui)) > 1)
        await ui.until(lambda: ui.browser.transfers_pane.table.row is ui.session.downloads.transfers[-1])
