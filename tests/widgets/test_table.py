"""The table: rows that grow, a cursor, a note, keys and the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import pytest
from textual import events
from textual.color import Color
from textual.content import Content
from textual.widgets import Button, Footer
from textual.widgets._footer import FooterKey

from tests.widgets.stage import Stage, lines, strips
from tui.widgets import Column, VirtualTable

if TYPE_CHECKING:
    from rich.style import Style
    from textual.pilot import Pilot
    from textual.strip import Strip

NAME: Column[str] = Column("name", str)
LENGTH: Column[str] = Column("length", lambda row: str(len(row)), width=6, align="right")

SMALL = (30, 10)


def names(count: int, start: int = 0) -> list[str]:
    return [f"row-{index}" for index in range(start, start + count)]


def table(*columns: Column[str], show_header: bool = False) -> VirtualTable[str]:
    return VirtualTable(columns or (NAME,), show_header=show_header)


def styles(strip: Strip) -> set[Style | None]:
    return {segment.style for segment in strip}


class Counted(Sequence[str]):
    """A million rows that are never all made, and count how often one is asked for."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.asked = 0

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        assert isinstance(index, int)
        if not 0 <= index < self.length:
            raise IndexError(index)
        self.asked += 1
        return f"row-{index}"


# What is drawn


async def test_rows_are_drawn_in_columns_with_a_cursor() -> None:
    view = table(NAME, LENGTH)
    async with Stage(view).run_test(size=SMALL):
        view.set_rows(["alpine", "日本語"])
        assert lines(view) == [
            "▸ alpine                    6",
            "  日本語                    3",
        ]
        assert all(strip.cell_length == 29 for strip in strips(view))


async def test_an_empty_table_is_blank() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL):
        assert lines(view) == []
        assert view.row is None
        assert view.cursor == 0


async def test_titles_stay_above_the_rows() -> None:
    view = table(NAME, LENGTH, show_header=True)
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(50))
        assert lines(view)[:2] == ["  name                 length", "▸ row-0                     5"]
        await pilot.press("end")
        assert lines(view)[0] == "  name                 length"
        assert lines(view)[1].startswith("  row-41")
        assert lines(view)[-1].startswith("▸ row-49")


async def test_marks_have_a_place_of_their_own() -> None:
    view: VirtualTable[str] = VirtualTable([NAME], marked=lambda row: row.endswith("1"))
    async with Stage(view).run_test(size=SMALL):
        view.set_rows(names(2))
        assert lines(view) == ["▸ row-0", " ●row-1"]


async def test_a_changed_mark_shows_after_refresh_rows() -> None:
    marked: set[str] = set()
    view: VirtualTable[str] = VirtualTable([NAME], marked=marked.__contains__)
    async with Stage(view).run_test(size=SMALL):
        view.set_rows(names(2))
        marked.add("row-0")
        view.refresh_rows()
        assert lines(view) == ["▸●row-0", "  row-1"]


async def test_a_column_is_hidden_when_the_table_is_narrow() -> None:
    view = table(NAME, Column("length", lambda row: str(len(row)), width=6, min_table_width=30))
    async with Stage(view).run_test(size=(40, 5)) as pilot:
        view.set_rows(["alpine"])
        assert lines(view) == ["▸ alpine                         6"]
        await pilot.resize_terminal(30, 5)
        assert lines(view) == ["▸ alpine"]


async def test_columns_can_be_changed() -> None:
    view = table(NAME)
    async with Stage(view).run_test(size=SMALL):
        view.set_rows(["alpine"])
        view.columns = [LENGTH]
        assert lines(view) == ["▸      6"]
        assert list(view.columns) == [LENGTH]


async def test_the_cursor_line_has_one_colour_with_the_focus_and_shows_without_it() -> None:
    view = table(Column("name", lambda row: Content.styled(row, "$text-error")))
    async with Stage(view, Button()).run_test(size=SMALL) as pilot:
        view.set_rows(names(2))
        await pilot.pause()

        def colours(y: int) -> set[tuple[object, object]]:
            return {
                (segment.style.color, segment.style.bgcolor)
                for segment in view.render_line(y)
                if segment.style
            }

        focused = colours(0)
        assert len(focused) == 1
        variables = view.app.theme_variables
        assert next(iter(focused))[1] == Color.parse(variables["block-cursor-background"]).rich_color
        await pilot.press("tab")
        assert colours(0) != focused
        assert {background for _, background in colours(0)} != {background for _, background in colours(1)}
        assert lines(view)[0] == "▸ row-0"
        assert len(colours(0)) == 2


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
async def test_lines_follow_the_theme(theme: str) -> None:
    view = table(Column("name", str, style=".virtual-table--muted"))
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        view.set_rows(names(2))
        await pilot.pause()
        before = strips(view)
        stage.theme = "nord"
        await pilot.pause()
        between = strips(view)
        stage.theme = theme
        await pilot.pause()
        assert [strip.text for strip in strips(view)] == [strip.text for strip in before]
        assert between[0] != before[0]
        assert strips(view)[0] != between[0]


async def test_rendered_lines_are_kept() -> None:
    asked: list[str] = []

    def cell(row: str) -> str:
        asked.append(row)
        return row

    view = table(Column("name", cell))
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(100))
        await pilot.press("down", "down", "up")
        asked.clear()
        await pilot.press("down", "up", "down", "up")
        assert asked == []


# The note


async def test_a_note_follows_the_rows_and_takes_no_cursor() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(2))
        view.note = "loading …"
        await pilot.press("end", "down")
        assert lines(view) == ["  row-0", "▸ row-1", "  loading …"]
        assert view.row == "row-1"
        view.note = None
        assert lines(view) == ["  row-0", "▸ row-1"]
        assert view.note is None


async def test_a_note_is_wrapped_and_comes_into_view_with_the_last_row() -> None:
    view = table()
    async with Stage(view).run_test(size=(20, 6)) as pilot:
        view.set_rows(names(30))
        view.set_note("the registry did not answer\nr  try again", "error")
        await pilot.press("end")
        assert lines(view) == [
            "  row-28",
            "▸ row-29",
            "  the registry did",
            "  not answer",
            "  r  try again",
        ] or lines(view)[-4:] == ["▸ row-29", "  the registry did", "  not answer", "  r  try again"]
        assert view.note_style == "error"


async def test_a_note_is_all_that_shows_in_an_empty_table() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL):
        view.note = "This registry does not list its repositories."
        assert lines(view) == ["  This registry does not list", "  its repositories."]


async def test_a_new_note_is_not_an_error_any_more() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL):
        view.set_note("failed", "error")
        failed = view.render_line(0)
        view.note = "loading …"
        assert view.note_style == "muted"
        view.note_style = "error"
        assert view.render_line(0).text.rstrip() == "  loading …"
        assert styles(view.render_line(0)) == styles(failed)


async def test_a_note_is_wrapped_again_when_the_table_is_resized() -> None:
    view = table()
    async with Stage(view).run_test(size=(40, 6)) as pilot:
        view.note = "one two three four five six"
        assert len(lines(view)) == 1
        await pilot.resize_terminal(20, 6)
        assert lines(view) == ["  one two three", "  four five six"]


# Rows that come and go


async def test_rows_are_kept_not_copied_and_may_grow() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        rows = names(2)
        view.set_rows(rows)
        rows += names(3, 2)
        view.rows_changed()
        await pilot.press("end")
        assert view.rows is rows
        assert lines(view) == ["  row-0", "  row-1", "  row-2", "  row-3", "▸ row-4"]


async def test_a_row_that_changed_shows_after_rows_changed() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL):
        rows = names(2)
        view.set_rows(rows)
        assert lines(view)[1] == "  row-1"
        rows[1] = "other"
        view.rows_changed()
        assert lines(view)[1] == "  other"


async def test_other_rows_begin_at_the_top() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(50))
        await pilot.press("end")
        view.set_rows(names(50, 100))
        assert view.cursor == 0
        assert lines(view)[0] == "▸ row-100"


async def test_the_cursor_follows_its_row_to_another_place() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(100))
        view.cursor = 42
        await pilot.pause()
        line = view.cursor - round(view.scroll_y)
        view.set_rows(names(100)[::-1], keep_cursor=True)
        assert (view.row, view.cursor) == ("row-42", 57)
        assert view.cursor - round(view.scroll_y) == line


async def test_the_cursor_stays_where_it_was_when_its_row_is_gone() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL):
        view.set_rows(names(10))
        view.cursor = 7
        view.set_rows(names(20, 50), keep_cursor=True)
        assert (view.row, view.cursor) == ("row-57", 7)
        view.set_rows(names(3), keep_cursor=True)
        assert (view.row, view.cursor) == ("row-2", 2)


async def test_a_key_makes_a_row_the_same_although_it_changed() -> None:
    view: VirtualTable[tuple[str, int]] = VirtualTable([Column("name", str)], key=lambda row: row[0])
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        view.set_rows([("a", 1), ("b", 1)])
        view.cursor = 1
        await pilot.pause()
        stage.taken()
        view.set_rows([("b", 2), ("a", 2)], keep_cursor=True)
        await pilot.pause()
        assert (view.row, view.cursor) == (("b", 2), 0)
        assert stage.taken() == [("EndNear",)]


async def test_rows_set_before_the_table_is_shown_are_told_about_once() -> None:
    view = table()
    view.set_rows(names(3))
    view.cursor = 1
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert stage.taken() == [("Highlighted", 1, "row-1"), ("EndNear",)]
        assert lines(view)[1] == "▸ row-1"


async def test_what_comes_while_the_table_is_hidden_shows_with_it() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        await pilot.pause()
        view.display = False
        await pilot.pause()
        view.set_rows(names(50))
        view.note = "loading …"
        view.cursor = 49
        await pilot.pause()
        assert stage.taken() == [("Highlighted", 0, "row-0"), ("Highlighted", 49, "row-49")]
        view.display = True
        await pilot.pause()
        assert lines(view)[-2:] == ["▸ row-49", "  loading …"]
        assert stage.taken() == [("EndNear",)]


async def test_a_million_rows_are_light() -> None:
    rows = Counted(1_000_000)
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(rows)
        await pilot.press("end", "pageup", "home", "pagedown")
        rows.length += 1_000_000
        view.rows_changed()
        await pilot.press("G")
        assert view.row == "row-1999999"
        assert rows.asked < 500


# What is told


async def test_the_row_under_the_cursor_is_told_once() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        rows = names(100)
        view.set_rows(rows)
        await pilot.pause()
        assert stage.taken() == [("Highlighted", 0, "row-0")]
        view.set_rows(list(rows))
        view.set_rows(list(rows), keep_cursor=True)
        view.rows_changed()
        view.refresh_rows()
        await pilot.pause()
        assert stage.taken() == []
        await pilot.press("up", "home")
        assert stage.taken() == []
        await pilot.press("down")
        assert stage.taken() == [("Highlighted", 1, "row-1")]


async def test_another_row_under_the_cursor_is_told() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        rows = names(100)
        view.set_rows(rows)
        await pilot.pause()
        stage.taken()
        rows[0] = "other"
        view.rows_changed()
        await pilot.pause()
        assert stage.taken() == [("Highlighted", 0, "other")]
        view.set_rows(names(100, 5))
        await pilot.pause()
        assert stage.taken() == [("Highlighted", 0, "row-5")]


async def test_a_row_that_comes_back_into_an_empty_table_is_told_again() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        view.set_rows(names(100))
        await pilot.pause()
        stage.taken()
        view.set_rows([])
        await pilot.pause()
        assert stage.taken() == []
        view.set_rows(names(100))
        await pilot.pause()
        assert stage.taken() == [("Highlighted", 0, "row-0")]


async def test_moving_between_equal_rows_is_told() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        view.set_rows(["same"] * 100)
        await pilot.press("down")
        assert stage.taken() == [("Highlighted", 0, "same"), ("Highlighted", 1, "same")]


async def test_more_rows_are_asked_for_once_until_they_come() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        rows = names(40)
        view.set_rows(rows)
        await pilot.press("pagedown")
        assert ("EndNear",) not in stage.taken()
        await pilot.press("pagedown", "pagedown", "end", "up", "up", "end")
        assert stage.taken().count(("EndNear",)) == 1
        rows += names(100, 40)
        view.rows_changed()
        await pilot.pause()
        assert ("EndNear",) not in stage.taken()
        await pilot.press("end")
        assert stage.taken().count(("EndNear",)) == 1


async def test_a_page_without_rows_lets_the_next_one_be_asked_for() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        view.set_rows([])
        await pilot.pause()
        assert stage.taken() == []
        view.rows_changed()
        await pilot.pause()
        assert stage.taken() == [("EndNear",)]


async def test_scrolling_to_the_end_asks_for_more_rows() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        view.set_rows(names(40))
        await pilot.pause()
        stage.taken()
        view.scroll_to(y=25, animate=False)
        await pilot.pause()
        assert stage.taken() == [("EndNear",)]
        assert view.cursor == 0


# Keys


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (["down"], 21),
        (["j", "j"], 22),
        (["up"], 19),
        (["k", "k"], 18),
        (["pagedown"], 29),
        (["pageup"], 11),
        (["ctrl+d"], 25),
        (["ctrl+u"], 15),
        (["home"], 0),
        (["g"], 0),
        (["end"], 99),
        (["G"], 99),
        (["g", "up"], 0),
        (["G", "pagedown", "down"], 99),
    ],
)
async def test_keys_move_the_cursor_and_the_view_follows(keys: list[str], cursor: int) -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(100))
        view.cursor = 20
        await pilot.press(*keys)
        assert view.cursor == cursor
        assert f"▸ row-{cursor}" in lines(view)


async def test_enter_opens_the_row_under_the_cursor() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        view.set_rows(names(3))
        await pilot.press("down")
        stage.taken()
        await pilot.press("enter")
        assert stage.taken() == [("Activated", 1, "row-1")]


async def test_enter_does_nothing_in_an_empty_table() -> None:
    view = table()
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        await pilot.press("enter", "down", "end", "pageup")
        assert stage.taken() == []
        assert "enter" not in {
            key
            for key, active in stage.screen.active_bindings.items()
            if active.node is view and active.enabled
        }


async def test_opening_is_offered_as_soon_as_there_are_rows() -> None:
    view = table()
    footer = Footer()
    async with Stage(view, footer).run_test(size=SMALL) as pilot:

        def offered() -> list[str]:
            return [key.description for key in footer.query(FooterKey)]

        await pilot.pause()
        assert "open" not in offered()
        view.set_rows(names(1))
        await pilot.pause()
        assert "open" in offered()
        view.set_rows([])
        await pilot.pause()
        assert "open" not in offered()


async def test_every_key_has_a_name_and_says_what_it_does() -> None:
    bindings = [binding for bindings in table()._bindings.key_to_bindings.values() for binding in bindings]
    ours = [binding for binding in bindings if binding.id]
    assert {binding.id for binding in ours} >= {
        "table.activate",
        "cursor.up",
        "cursor.page-down",
        "cursor.last",
    }
    assert all(binding.tooltip for binding in ours)


async def test_the_cursor_stays_in_view_when_the_table_shrinks() -> None:
    view = table()
    async with Stage(view).run_test(size=(30, 20)) as pilot:
        view.set_rows(names(100))
        view.cursor = 19
        await pilot.pause()
        await pilot.resize_terminal(30, 5)
        assert "▸ row-19" in lines(view)
        await pilot.resize_terminal(30, 30)
        assert "▸ row-19" in lines(view)


# The mouse


async def clicked(
    pilot: Pilot[None], view: VirtualTable[str], y: int, times: int = 1
) -> list[tuple[object, ...]]:
    stage = view.app
    assert isinstance(stage, Stage)
    stage.taken()
    await pilot.click(view, offset=(4, y), times=times)
    return stage.taken()


async def test_a_click_moves_the_cursor_and_another_one_opens_the_row() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(5))
        await pilot.pause()
        assert await clicked(pilot, view, 2) == [("Highlighted", 2, "row-2")]
        assert await clicked(pilot, view, 2) == [("Activated", 2, "row-2")]


async def test_a_double_click_opens_a_row_once() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(5))
        await pilot.pause()
        assert await clicked(pilot, view, 3, times=2) == [
            ("Highlighted", 3, "row-3"),
            ("Activated", 3, "row-3"),
        ]
        assert await clicked(pilot, view, 3, times=3) == [("Activated", 3, "row-3")]


async def test_a_click_that_brings_the_focus_opens_nothing() -> None:
    view = table()
    button = Button()
    async with Stage(button, view).run_test(size=(30, 20)) as pilot:
        view.set_rows(names(5))
        button.focus()
        await pilot.pause()
        assert await clicked(pilot, view, 0) == []
        assert view.has_focus
        assert await clicked(pilot, view, 0) == [("Activated", 0, "row-0")]
        button.focus()
        await pilot.pause()
        assert await clicked(pilot, view, 0, times=2) == [("Activated", 0, "row-0")]


async def test_clicks_beside_the_rows_do_nothing() -> None:
    view = table(NAME, show_header=True)
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(2))
        view.note = "no more"
        await pilot.pause()
        assert await clicked(pilot, view, 0) == []
        assert await clicked(pilot, view, 3) == []
        assert await clicked(pilot, view, 7) == []
        assert await clicked(pilot, view, 2) == [("Highlighted", 1, "row-1")]


async def test_a_click_counts_from_the_first_row_in_view() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(100))
        await pilot.pause()
        view.scroll_to(y=40, animate=False)
        await pilot.pause()
        assert await clicked(pilot, view, 3) == [("Highlighted", 43, "row-43")]


async def test_the_wheel_moves_the_view_and_not_the_cursor() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(100))
        await pilot.pause()
        await pilot._post_mouse_events([events.MouseScrollDown], view, offset=(3, 3))
        await pilot.pause()
        assert view.cursor == 0
        assert view.scroll_y > 0


async def test_rows_that_arrive_leave_the_view_where_the_wheel_put_it() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        rows = names(100)
        view.set_rows(rows)
        await pilot.pause()
        view.scroll_to(y=90, animate=False)
        rows += names(100, 100)
        view.rows_changed()
        view.note = "loading …"
        assert view.scroll_y == 90
        assert lines(view)[0] == "  row-90"


async def test_rows_that_are_set_again_leave_the_view_where_the_wheel_put_it() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(100))
        await pilot.pause()
        view.scroll_to(y=50, animate=False)
        view.set_rows(names(100), keep_cursor=True)
        assert (view.cursor, view.scroll_y) == (0, 50)
        view.set_rows(names(100))
        assert (view.cursor, view.scroll_y) == (0, 0)


async def test_the_same_sequence_may_be_filled_anew() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL):
        rows = names(10)
        view.set_rows(rows)
        view.cursor = 9
        rows[:] = names(3)
        assert view.row is None
        view.set_rows(rows, keep_cursor=True)
        assert lines(view) == ["  row-0", "  row-1", "▸ row-2"]


async def test_a_note_comes_into_view_while_the_cursor_is_on_the_last_row() -> None:
    view = table()
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.set_rows(names(100))
        await pilot.press("end")
        view.note = "loading …"
        assert lines(view)[-2:] == ["▸ row-99", "  loading …"]
