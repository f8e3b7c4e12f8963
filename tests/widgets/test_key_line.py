from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.widgets._footer import FooterKey

from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Keys(App[None]):
    """Has a key that works always, and one that works only in the evening."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "always", "always", tooltip="Works always"),
        Binding("e", "evening", "evening", tooltip="Works in the evening"),
    ]

    is_evening = False

    def compose(self) -> ComposeResult:
        yield KeyLine()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        return self.is_evening if action == "evening" else True

    def labels(self) -> list[FooterKey]:
        return [key for key in self.query(FooterKey) if not key.has_class("-command-palette")]


async def test_the_keys_that_work_are_shown() -> None:
    app = Keys()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert [key.description for key in app.labels()] == ["always"]


async def test_a_key_that_begins_to_work_appears_and_one_that_ends_vanishes() -> None:
    app = Keys()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.is_evening = True
        app.screen.refresh_bindings()
        await pilot.pause()
        assert [key.description for key in app.labels()] == ["always", "evening"]
        app.is_evening = False
        app.screen.refresh_bindings()
        await pilot.pause()
        assert [key.description for key in app.labels()] == ["always"]


async def test_labels_that_are_right_are_kept() -> None:
    app = Keys()
    async with app.run_test() as pilot:
        await pilot.pause()
        before = app.labels()
        app.screen.refresh_bindings()
        await pilot.pause()
        assert all(one is other for one, other in zip(before, app.labels(), strict=True))
