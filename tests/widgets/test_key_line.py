from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from tests.widgets.stage import lines
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Keys(App[None]):
    """Has keys that work always, and one that works only in the evening."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,b", "always", "always", tooltip="Works always"),
        Binding("e", "evening", "evening", tooltip="Works in the evening"),
        Binding("s", "secret", "secret", tooltip="Is not shown", show=False),
        Binding("question_mark", "help", "help", id="help", tooltip="Helps"),
    ]

    is_evening = False
    nights = 0

    def compose(self) -> ComposeResult:
        yield KeyLine(kept={"help"})

    @property
    def line(self) -> KeyLine:
        return self.query_one(KeyLine)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        return self.is_evening if action == "evening" else True

    def action_evening(self) -> None:
        self.nights += 1


async def test_the_keys_that_work_are_shown_each_action_once() -> None:
    app = Keys()
    async with app.run_test(size=(50, 5)) as pilot:
        await pilot.pause()
        assert lines(app.line) == [f"{' a always  ? help':<39}^p palette"]


async def test_a_key_that_begins_to_work_appears_and_one_that_ends_vanishes() -> None:
    app = Keys()
    async with app.run_test(size=(50, 5)) as pilot:
        app.is_evening = True
        app.screen.refresh_bindings()
        await pilot.pause()
        assert lines(app.line) == [f"{' a always  e evening  ? help':<39}^p palette"]
        app.is_evening = False
        app.screen.refresh_bindings()
        await pilot.pause()
        assert lines(app.line) == [f"{' a always  ? help':<39}^p palette"]


async def test_what_has_no_room_is_left_out_from_the_right_but_for_what_is_kept() -> None:
    app = Keys()
    app.is_evening = True
    async with app.run_test(size=(38, 5)) as pilot:
        await pilot.pause()
        assert lines(app.line) == [f"{' a always  ? help':<27}^p palette"]


async def test_a_click_does_what_the_key_does() -> None:
    app = Keys()
    app.is_evening = True
    async with app.run_test(size=(50, 5)) as pilot:
        await pilot.pause()
        await pilot.click(KeyLine, offset=(12, 0))
        await pilot.pause()
        assert app.nights == 1
        await pilot.click(KeyLine, offset=(10, 0))
        await pilot.pause()
        assert app.nights == 1


async def test_the_mouse_over_a_label_tells_in_a_sentence_what_it_does() -> None:
    app = Keys()
    async with app.run_test(size=(50, 5)) as pilot:
        await pilot.pause()
        await pilot.hover(KeyLine, offset=(3, 0))
        await pilot.pause()
        assert app.line.tooltip == "Works always"
        await pilot.hover(KeyLine, offset=(25, 0))
        await pilot.pause()
        assert app.line.tooltip is None
