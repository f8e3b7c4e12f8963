"""Marking rows, and downloading all that is marked."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.ui import browse
from tui.config import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.ui import Ui
    from tui.demo import DemoServer
    from tui.places import LayerPlace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    empty = tmp_path / "downloads"
    empty.mkdir()
    return empty


@asynccontextmanager
async def on_layers(demo: DemoServer, folder: Path) -> AsyncIterator[Ui]:
    settings = Settings(download_folder=folder)
    async with browse(demo, place="team/frontend/storefront:production", settings=settings) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        yield ui


def layers(ui: Ui) -> list[LayerPlace]:
    return [row for row in ui.layers.listed if row.descriptor is not None]


async def test_space_marks_a_row_and_goes_on_to_the_next(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        first = ui.layers.row
        await ui.press("space")
        assert ui.layers.marked == [first]
        assert ui.layers.row != first
        await ui.until(lambda: ui.figures(ui.layers).startswith("1 marked"))
        await ui.press("up", "space")
        assert ui.layers.marked == []


async def test_all_that_is_marked_is_downloaded_and_verified(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        for row in layers(ui):
            ui.layers.table.cursor = ui.layers.listed.index(row)
            await ui.press("space")
        marked = {row.descriptor.digest for row in ui.layers.marked if row.descriptor is not None}
        assert len(marked) > 2
        await ui.press("d")
        await ui.until_shown(f"{len(marked)} files")
        await ui.press("enter")
        await ui.until(
            lambda: len(list(folder.glob("*.part"))) == 0 and len(list(folder.iterdir())) == len(marked)
        )
        found = {f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in folder.iterdir()}
        assert found == marked
        assert ui.layers.marked == []


async def test_files_that_exist_are_asked_about_once(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        for time in range(2):
            for row in layers(ui)[:2]:
                ui.layers.table.cursor = ui.layers.listed.index(row)
                await ui.press("space")
            await ui.press("d")
            await ui.until_shown("2 files")
            await ui.press("enter")
            if time:
                await ui.until_shown("2 files of these names exist already")
                await ui.press("right", "enter")
            await ui.until(lambda: not ui.session.downloads.active and not ui.layers.marked)


async def test_a_step_without_a_layer_cannot_be_marked(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        step = next(row for row in ui.layers.listed if row.descriptor is None)
        ui.layers.table.cursor = ui.layers.listed.index(step)
        await ui.press("space")
        assert ui.layers.marked == []


async def test_marks_go_with_what_they_were_on(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        await ui.press("space")
        await ui.press("r")
        await ui.settle()
        assert ui.layers.marked == []
