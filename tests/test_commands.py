"""The palette: every key under its name, movement only for those who look for it, and what has no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.command import CommandList

from tests.ui import browse

if TYPE_CHECKING:
    from tests.ui import Ui
    from tui.demo import DemoServer


def offered(ui: Ui) -> list[str]:
    """Return the lines that the palette shows: names and, below them, keys and sentences."""
    found = ui.app.screen.query(CommandList)
    return [str(option.prompt) for one in found for option in one.options]


async def test_the_palette_offers_keys_by_name_and_what_has_none(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.press("ctrl+p")
        await ui.until(lambda: any("Choose other colours" in line for line in offered(ui)))
        lines = "\n".join(offered(ui))
        for name, sentence in (
            ("filter", "/  Show only the rows that contain a text"),
            ("go to", "o  Open a registry, repository, tag or digest by its name"),
            ("help", "?  Show all keys"),
            ("quit", "q  Leave the program"),
        ):
            assert f"{name}\n{sentence}" in lines
        assert "Go down by one line" not in lines


async def test_movement_is_found_by_those_who_look_for_it(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.press("ctrl+p")
        await ui.type("last line")
        await ui.until(lambda: any("Go to the last line" in line for line in offered(ui)))


async def test_a_command_does_what_its_key_does(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.press("ctrl+p")
        await ui.type("all keys")
        await ui.until(lambda: len(offered(ui)) == 1)
        await ui.press("enter")
        await ui.until_shown("─ Keys ─")
