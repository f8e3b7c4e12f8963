from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Static

from tests.ui import browse
from tui.config import Settings
from tui.screens.dialogs import HelpScreen, key_table

if TYPE_CHECKING:
    from tests.ui import Ui
    from tui.demo import DemoServer


TEXTUALS = {
    "command_palette",
    *(binding.action for binding in (*Screen.BINDINGS, *App.BINDINGS) if isinstance(binding, Binding)),
}
"""Actions that every application has, by keys of Textual's own."""


def keys(ui: Ui) -> list[Binding]:
    """Return the keys of the program that work now."""
    bindings = [active.binding for active in ui.browser.active_bindings.values()]
    return [one for one in bindings if not one.system and one.action not in TEXTUALS]


async def ask(ui: Ui) -> str:
    """Open the list of keys and return it."""
    await ui.press("question_mark")
    await ui.until(lambda: isinstance(ui.app.screen, HelpScreen))
    return "\n".join(str(static.render()) for static in ui.app.screen.query(Static))


async def test_every_key_with_a_tooltip_is_listed(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian:bookworm") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until_listed(ui.layers)
        await ui.settle()
        tooltips = {binding.tooltip for binding in keys(ui)}
        listed = await ask(ui)
        assert all(tooltip in listed for tooltip in tooltips)


async def test_every_key_of_the_browser_has_an_id_and_a_tooltip(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian:bookworm") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        for column in ("entries", "detail"):
            await ui.until(lambda column=column: ui.focused() == column)  # type: ignore[misc]
            assert [key for key in keys(ui) if not (key.id and key.tooltip)] == []
            await ui.press("m")


async def test_keys_of_one_action_share_a_line(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        lines = [" ".join(line.split()) for line in (await ask(ui)).splitlines()]
        assert "↓ j Go down by one line" in lines
        assert sum("Go back to the list on the left" in line for line in lines) == 1


@pytest.mark.parametrize("key", ["escape", "q", "question_mark"])
async def test_it_is_closed_again(demo: DemoServer, key: str) -> None:
    async with browse(demo) as ui:
        await ask(ui)
        await ui.press(key)
        await ui.until(lambda: ui.app.screen is ui.browser)
        assert ui.focused() == "registries"


async def test_it_scrolls_where_there_is_little_room(demo: DemoServer) -> None:
    async with browse(demo, size=(80, 16)) as ui:
        await ask(ui)
        await ui.until_shown("─ Keys ─")
        last = key_table(ui.browser)[-1][1]
        assert last not in ui.text()
        await ui.press("end")
        await ui.until_shown(last)


async def test_keys_of_the_settings_are_the_ones_that_are_listed(demo: DemoServer) -> None:
    settings = Settings(keys={"browser.zoom": "f5", "list.filter": "ctrl+f"})
    async with browse(demo, settings=settings) as ui:
        lines = [" ".join(line.split()) for line in (await ask(ui)).splitlines()]
        assert "f5 Show what has the focus alone, or the rest again" in lines
        assert "^f Show only the rows that contain a text" in lines
