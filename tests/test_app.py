from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.faults import ScriptedServer
from tests.ui import LIMIT, browse, requests
from tui.config import Settings, load_settings, settings_path
from tui.demo import DemoServer
from tui.screens.dialogs import QuestionScreen
from tui.state import state_path
from tui.themes import DARK, LIGHT
from tui.transfers import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults import Exchange
    from tests.ui import Ui

IMAGE = "team/frontend/storefront:production"


@pytest.fixture(scope="module")
def slow() -> Iterator[DemoServer]:
    """A registry that sends blobs so slowly that none arrives during a test."""
    with DemoServer(bytes_per_second=20_000) as server:
        yield server


async def start_download(ui: Ui) -> None:
    """Download a layer."""
    await ui.until(lambda: ui.focused() == "layers")
    await ui.settle()
    await ui.press("d")
    await ui.until(lambda: ui.app.screen is not ui.browser)
    await ui.press("enter")
    await ui.until(lambda: ui.session.downloads.active)
    await ui.until(lambda: ui.app.screen is ui.browser)


async def test_starting_asks_nothing_and_writes_nothing(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.settle()
        assert requests(demo) == []
    assert not settings_path().exists()
    assert not state_path().exists()


async def test_the_theme_of_the_settings_is_used() -> None:
    async with browse(settings=Settings(theme=LIGHT.name)) as ui:
        assert ui.app.theme == LIGHT.name
    async with browse(settings=Settings(theme="dracula")) as ui:
        assert ui.app.theme == "dracula"


async def test_a_theme_that_there_is_not_gives_way_to_the_usual_one() -> None:
    async with browse(settings=Settings(theme="no such theme")) as ui:
        assert ui.app.theme == DARK.name
        await ui.until(lambda: any("no theme called “no such theme”" in notice for notice in ui.notices()))


async def test_an_action_of_the_settings_that_does_not_exist_is_told(demo: DemoServer) -> None:
    settings = Settings(keys={"list.relaod": "f5", "browser.quit": "f10"})
    async with browse(demo, settings=settings) as ui:
        await ui.until(ui.notices)
        (notice,) = ui.notices()
        assert "no action called “list.relaod”" in notice
        assert "Did you mean list.reload?" in notice


async def test_a_damaged_file_of_logins_is_told_of(home: Path) -> None:
    folder = home / ".docker"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{")
    async with browse() as ui:
        await ui.until(lambda: any("config.json cannot be read" in notice for notice in ui.notices()))


async def test_a_theme_that_is_chosen_is_kept() -> None:
    async with browse() as ui:
        ui.app.theme = LIGHT.name
        await ui.until(lambda: settings_path().exists())
    assert load_settings().theme == LIGHT.name


async def test_a_theme_is_chosen_from_the_palette() -> None:
    async with browse() as ui:
        await ui.press("ctrl+p")
        await ui.until(lambda: ui.app.screen is not ui.browser)
        await ui.type("colours")
        await ui.until_shown("Choose other colours")
        await ui.press("enter")
        await ui.until_shown("ocitui-light")
        await ui.type("ocitui-li")
        await ui.press("enter")
        await ui.until(lambda: ui.app.theme == LIGHT.name)
        await ui.until(lambda: settings_path().exists())
    assert load_settings().theme == LIGHT.name


async def test_a_theme_that_cannot_be_kept_is_used_and_said_so(home: Path) -> None:
    home.mkdir()
    (home / ".config").write_text("a file is in the way of the folder")
    async with browse() as ui:
        ui.app.theme = LIGHT.name
        await ui.until(lambda: any("The theme is not kept" in notice for notice in ui.notices()))
        assert ui.app.theme == LIGHT.name


async def test_keys_of_the_settings_replace_the_usual_ones(demo: DemoServer) -> None:
    settings = Settings(keys={"browser.detail": "f4,i", "list.filter": "ctrl+f"})
    async with browse(demo, settings=settings) as ui:
        await ui.press("m", "slash")
        await ui.settle()
        assert ui.focused() == "registries"
        assert not ui.registries.filter_input.is_open
        for key in ("f4", "i"):
            await ui.press(key)
        await ui.until(lambda: ui.focused() == "registries")
        await ui.press("i")
        await ui.until(lambda: ui.focused() == "detail")
        await ui.press("i", "ctrl+f")
        await ui.until(lambda: ui.registries.filter_input.is_open)


async def test_the_line_of_keys_shows_the_keys_of_the_settings(demo: DemoServer) -> None:
    settings = Settings(keys={"browser.help": "f1", "list.filter": "ctrl+f"})
    async with browse(demo, settings=settings) as ui:
        await ui.until(lambda: ui.keys_shown().get("f1") == "help")
        assert ui.keys_shown()["^f"] == "filter"
        assert "?" not in ui.keys_shown()


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_leaving_asks_nothing_where_nothing_is_under_way(demo: DemoServer, key: str) -> None:
    async with browse(demo) as ui:
        await ui.press(key)
        await ui.until(lambda: ui.app._exit)
    assert ui.app.return_code == 0


@pytest.mark.parametrize("answer", ["escape", "enter"])
async def test_leaving_asks_while_downloads_are_under_way(
    slow: DemoServer, tmp_path: Path, answer: str
) -> None:
    async with browse(slow, place=IMAGE, settings=Settings(download_folder=tmp_path)) as ui:
        await start_download(ui)
        await ui.press("q")
        await ui.until(lambda: isinstance(ui.app.screen, QuestionScreen))
        await ui.until_shown("1 download under way", "Stay", "Leave")
        await ui.press(answer)
        await ui.until(lambda: ui.app.screen is ui.browser)
        assert not ui.app._exit
        assert ui.session.downloads.active


async def test_leaving_ends_downloads_and_leaves_no_file_under_its_name(
    slow: DemoServer, tmp_path: Path
) -> None:
    async with browse(slow, place=IMAGE, settings=Settings(download_folder=tmp_path)) as ui:
        await start_download(ui)
        (transfer,) = ui.session.downloads.transfers
        await ui.press("q")
        await ui.until(lambda: isinstance(ui.app.screen, QuestionScreen))
        await ui.press("right", "enter")
        await ui.until(lambda: ui.app._exit)
    assert transfer.state not in {State.RUNNING, State.DONE}
    assert not transfer.target.exists()


async def test_all_connections_are_closed_at_the_end() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, {"name": "team/app", "tags": ["latest"], "repositories": ["team/app"]})

    async with ScriptedServer(answer) as server:
        async with browse(server, place="") as ui:
            await ui.until_listed(ui.tags)
            assert server.transports
        async with asyncio.timeout(LIMIT):
            await server.has_no_connections()
