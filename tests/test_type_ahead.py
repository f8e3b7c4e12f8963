"""Keys that arrive together do what they do when they arrive one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Key

from tests.ui import browse

if TYPE_CHECKING:
    from tests.ui import Ui
    from tui.demo import DemoServer


def burst(ui: Ui, *keys: str) -> None:
    """Type keys before the program has looked at the first of them."""
    for key in keys:
        ui.app.post_message(Key(key, key if len(key) == 1 else None))


async def test_keys_after_one_that_moves_the_focus_reach_the_list_that_has_it_then(demo: DemoServer) -> None:
    async with browse(demo, place="") as ui:
        await ui.until(lambda: ui.focused() == "repositories")
        await ui.until_listed(ui.repositories, 2)
        await ui.settle()
        repository = ui.repositories.row
        burst(ui, "enter", "j", "j")
        await ui.until(lambda: ui.tags.table.cursor == 2)
        assert ui.repositories.row == repository


async def test_what_is_typed_after_the_filter_was_asked_for_is_the_filter(demo: DemoServer) -> None:
    async with browse(demo, place="") as ui:
        await ui.until(lambda: ui.focused() == "repositories")
        await ui.settle()
        burst(ui, "slash", *"deb", "enter", "enter")
        await ui.until(lambda: ui.focused() == "tags")
        assert ui.repositories.filter_input.text == "deb"
        assert ui.row(ui.repositories) == "library/debian"


async def test_what_is_typed_after_a_dialog_was_asked_for_is_typed_into_it(demo: DemoServer) -> None:
    async with browse(demo, place="") as ui:
        await ui.until(lambda: ui.focused() == "repositories")
        await ui.settle()
        burst(ui, "o", *"library/busybox", "enter")
        await ui.until(lambda: ui.focused() == "tags")
        assert ui.row(ui.repositories) == "library/busybox"


async def test_keys_after_one_that_takes_the_focus_away_are_not_lost(demo: DemoServer) -> None:
    async with browse(demo, place="") as ui:
        await ui.until(lambda: ui.focused() == "repositories")
        await ui.settle()
        burst(ui, "question_mark", "escape", *"jjj")
        await ui.until(lambda: ui.repositories.table.cursor == 3)
