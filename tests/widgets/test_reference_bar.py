from __future__ import annotations

import pytest

from tests.widgets.stage import Stage, lines
from tui.widgets.reference_bar import ReferenceBar, Trail, last_names

NAMES = ("registry.example.com", "team/app", "1.0", "linux/amd64")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (51, ["registry.example.com", "team/app", "1.0", "linux/amd64"]),
        (50, ["…", "team/app", "1.0", "linux/amd64"]),
        (32, ["…", "team/app", "1.0", "linux/amd64"]),
        (31, ["…", "1.0", "linux/amd64"]),
        (20, ["…", "linux/amd64"]),
        (3, ["…", "linux/amd64"]),
    ],
)
def test_the_first_names_are_left_out_where_there_is_no_room(width: int, shown: list[str]) -> None:
    assert last_names(NAMES, width) == shown


def test_a_name_alone_is_never_left_out() -> None:
    assert last_names(["registry.example.com"], 5) == ["registry.example.com"]
    assert last_names([], 5) == []


async def test_the_trail_gets_the_room_that_the_others_leave() -> None:
    bar = ReferenceBar()
    async with Stage(bar).run_test(size=(61, 3)) as pilot:
        bar.trail = NAMES
        await pilot.pause()
        trail = bar.query_one(Trail)
        assert lines(trail) == ["registry.example.com › team/app › 1.0 › linux/amd64"]
        bar.login = "alice (Docker)"
        await pilot.pause()
        assert lines(trail) == ["… › team/app › 1.0 › linux/amd64"]


async def test_names_with_control_characters_and_markup_are_shown_as_text() -> None:
    bar = ReferenceBar()
    async with Stage(bar).run_test(size=(60, 3)) as pilot:
        bar.trail = ("host\x1b]52;c;x\x07", "[/foo] [red]x")
        bar.login = "[bold]\x1b[2J"
        await pilot.pause()
        shown = "".join(line for widget in bar.children for line in lines(widget))
        assert "[/foo] [red]x" in shown
        assert "[bold]" in shown
        assert "\x1b" not in shown
