from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.app import App

from tui.widgets.choice import Choice

if TYPE_CHECKING:
    from textual.app import ComposeResult

OPTIONS = {"tar": "an archive", "folder": "a folder", "evil": "[red]\x1b[2Jx[/red]"}


class Chooser(App[None]):
    """Offers three values, and writes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def compose(self) -> ComposeResult:
        yield Choice(OPTIONS, "tar", id="form")

    def on_choice_changed(self, event: Choice.Changed) -> None:
        self.told.append(event.control.value)

    def on_choice_submitted(self, event: Choice.Submitted) -> None:
        self.told.append(f"submitted {event.control.value}")


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ((), "tar"),
        (("space",), "folder"),
        (("right", "right"), "evil"),
        (("left",), "evil"),
        (("space", "space", "space"), "tar"),
        (("right", "left"), "tar"),
    ],
)
async def test_keys_choose_another_one_and_go_round(keys: tuple[str, ...], value: str) -> None:
    app = Chooser()
    async with app.run_test() as pilot:
        await pilot.press(*keys)
        assert app.query_one(Choice).value == value
        assert len(app.told) == len(keys)


async def test_enter_goes_on_with_what_is_chosen() -> None:
    app = Chooser()
    async with app.run_test() as pilot:
        await pilot.press("space", "enter")
        await pilot.pause()
        assert app.told == ["folder", "submitted folder"]


async def test_a_sign_tells_which_is_chosen_and_foreign_text_does_no_harm() -> None:
    app = Chooser()
    async with app.run_test() as pilot:
        shown = str(app.query_one(Choice).render()).splitlines()
        assert shown == ["(•) an archive", "( ) a folder", "( ) [red]␛[2Jx[/red]"]
        assert app.query_one(Choice).size.height == 3
        await pilot.click(Choice, offset=(2, 1))
        assert app.query_one(Choice).value == "folder"
        await pilot.click(Choice, offset=(2, 1))
        assert app.told == ["folder"]
