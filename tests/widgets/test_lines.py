"""The view of lines: a cursor, folding, moving sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Button

from tests.widgets.stage import Stage, lines, strips
from tui.widgets import Document, Field, FieldsDocument, JsonDocument, LineView, Section, TextDocument

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.strip import Strip

SMALL = (30, 8)
JSON = b'{"a": {"b": [1, 2]}, "c": 3}'


def colours(strip: Strip) -> set[object]:
    return {segment.style.color for segment in strip if segment.style and segment.text.strip()}


def view_of(document: Document | None = None) -> LineView:
    return LineView(document)


def numbered(count: int) -> TextDocument:
    return TextDocument([f"line {index}" for index in range(count)])


async def test_a_document_is_shown_with_a_cursor() -> None:
    view = view_of(JsonDocument(JSON))
    async with Stage(view).run_test(size=(30, 12)):
        assert lines(view) == [
            "\u203a ▾ {",
            '    ▾ "a": {',
            '      ▾ "b": [',
            "          1,",
            "          2",
            "        ]",
            "      },",
            '      "c": 3',
            "    }",
        ]
        assert all(strip.cell_length == 29 for strip in strips(view))


async def test_without_a_document_the_view_is_blank() -> None:
    view = view_of()
    async with Stage(view).run_test(size=SMALL) as pilot:
        await pilot.press("down", "enter", "minus", "plus", "left", "right", "end")
        assert lines(view) == []
        assert view.selected_text == ""
        view.document = numbered(1)
        assert lines(view) == ["\u203a line 0"]
        view.document = None
        assert lines(view) == []


async def test_another_document_begins_at_its_top() -> None:
    view = view_of(TextDocument(["x" * 100]))
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.document = JsonDocument({"key": "x" * 100, "more": list(range(50))})
        await pilot.pause()
        await pilot.press("right", "end")
        view.document = numbered(3)
        assert view.cursor == 0
        assert lines(view) == ["\u203a line 0", "  line 1", "  line 2"]


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (["down", "j"], 22),
        (["up", "k"], 18),
        (["pagedown"], 27),
        (["pageup"], 13),
        (["ctrl+d"], 24),
        (["ctrl+u"], 16),
        (["home"], 0),
        (["g"], 0),
        (["end"], 99),
        (["G"], 99),
    ],
)
async def test_keys_move_the_cursor_and_the_view_follows(keys: list[str], cursor: int) -> None:
    view = view_of(numbered(100))
    async with Stage(view).run_test(size=SMALL) as pilot:
        view.cursor = 20
        await pilot.press(*keys)
        assert view.cursor == cursor
        assert f"\u203a line {cursor}" in lines(view)


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_a_key_folds_and_unfolds(key: str) -> None:
    view = view_of(JsonDocument(JSON))
    async with Stage(view).run_test(size=(30, 12)) as pilot:
        await pilot.press("down", "down", key)
        assert lines(view)[2] == '\u203a     ▸ "b": [ 2 items ]'
        await pilot.press(key)
        assert lines(view)[2:5] == ['\u203a     ▾ "b": [', "          1,", "          2"]
        await pilot.press("down", "down", "down", key)
        assert view.cursor == 2
        assert lines(view)[2] == '\u203a     ▸ "b": [ 2 items ]'


async def test_everything_is_folded_and_unfolded() -> None:
    view = view_of(JsonDocument(JSON))
    async with Stage(view).run_test(size=(30, 12)) as pilot:
        await pilot.press("down", "down", "down", "minus")
        assert lines(view) == ["  ▾ {", '\u203a   ▸ "a": { 1 key },', '      "c": 3', "    }"]
        await pilot.press("plus")
        assert len(lines(view)) == 9
        assert view.cursor == 1


async def test_folding_keeps_the_line_where_it_was_on_the_screen() -> None:
    view = view_of(JsonDocument([[index] for index in range(100)]))
    async with Stage(view).run_test(size=SMALL) as pilot:
        await pilot.press("end", "up")
        height = view.cursor - round(view.scroll_y)
        await pilot.press("minus")
        assert view.selected_text == "[\n  99\n]"
        assert view.cursor - round(view.scroll_y) in {height, height - 1}


async def test_folding_is_offered_only_where_something_folds() -> None:
    view = view_of(numbered(3))
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:

        def offered() -> set[str]:
            return {
                active.binding.id or ""
                for active in stage.screen.active_bindings.values()
                if active.node is view
            }

        assert not {"lines.fold", "lines.fold-all", "lines.left", "lines.right"} & offered()
        view.document = JsonDocument({"key": "x" * 100})
        await pilot.pause()
        assert {"lines.fold", "lines.fold-all", "lines.unfold-all", "lines.left", "lines.right"} <= offered()


async def test_lines_that_are_too_wide_are_seen_sideways() -> None:
    view = view_of(JsonDocument({"key": "abcdefghijklmnopqrstuvwxyz0123456789"}))
    async with Stage(view).run_test(size=SMALL) as pilot:
        assert lines(view)[1] == '      "key": "abcdefghijklmn…'
        await pilot.press("right")
        assert lines(view)[0] == "\u203a"
        assert lines(view)[1] == '  ": "abcdefghijklmnopqrstuv…'
        await pilot.press("right", "right", "right")
        assert lines(view)[1].endswith('0123456789"')
        last = lines(view)
        await pilot.press("right")
        assert lines(view) == last
        await pilot.press(*["left"] * 9)
        assert lines(view)[1] == '      "key": "abcdefghijklmn…'


async def test_wide_characters_are_cut_at_both_edges() -> None:
    view = view_of(JsonDocument({"k": "日本" * 50, "l": "x" + "日本" * 50}))
    async with Stage(view).run_test(size=SMALL) as pilot:
        for _ in range(4):
            await pilot.press("right")
            for strip in strips(view):
                assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length == 29


async def test_a_document_that_comes_while_the_view_is_hidden_shows_with_it() -> None:
    view = view_of()
    async with Stage(view).run_test(size=SMALL) as pilot:
        for document in (numbered(3), JsonDocument([1])):
            view.display = False
            await pilot.pause()
            view.document = document
            view.display = True
            await pilot.pause()
            assert len(lines(view)) == 3


async def test_the_cursor_is_where_it_was_after_the_view_was_hidden() -> None:
    view = view_of(numbered(50))
    async with Stage(view).run_test(size=SMALL) as pilot:
        await pilot.press("end")
        view.display = False
        await pilot.pause()
        assert view.selected_text == "line 49"
        view.display = True
        await pilot.pause()
        assert lines(view)[-1].endswith("line 49")
        assert view.cursor == 49


async def test_the_wheel_moves_sideways_too() -> None:
    view = view_of(JsonDocument({"key": "x" * 100}))
    async with Stage(view).run_test(size=SMALL) as pilot:
        before = lines(view)
        await pilot._post_mouse_events([events.MouseScrollRight], view, offset=(3, 3))
        assert lines(view) != before
        await pilot._post_mouse_events([events.MouseScrollLeft], view, offset=(3, 3))
        assert lines(view) == before


async def test_the_line_under_the_cursor_can_be_copied_in_full() -> None:
    view = view_of(JsonDocument({"key": "x" * 5_000 + "\x1b"}))
    async with Stage(view).run_test(size=SMALL) as pilot:
        await pilot.press("down")
        assert view.selected_text == "x" * 5_000 + "\x1b"


async def test_text_is_wrapped_again_when_the_view_is_resized() -> None:
    words = ["one two three four five six seven"] * 20
    view = view_of(TextDocument([*words, "last"]))
    async with Stage(view).run_test(size=(40, 8)) as pilot:
        await pilot.press("end")
        assert lines(view)[-1] == "\u203a last"
        await pilot.resize_terminal(20, 8)
        assert lines(view)[-1] == "\u203a last"
        assert view.cursor == 60
        await pilot.resize_terminal(60, 8)
        assert view.cursor == 20
        assert view.selected_text == "last"


async def test_text_has_a_cursor_line_only_with_the_focus() -> None:
    text, json = view_of(numbered(2)), view_of(JsonDocument([1]))
    async with Stage(text, json, Button()).run_test(size=(30, 20)) as pilot:
        assert lines(text) == ["\u203a line 0", "  line 1"]
        await pilot.press("tab", "tab")
        assert lines(text) == ["  line 0", "  line 1"]
        assert lines(json)[0] == "\u203a ▾ ["


async def test_a_text_can_stand_in_for_a_document() -> None:
    view = view_of()
    async with Stage(view, Button()).run_test(size=(30, 12)) as pilot:
        await pilot.press("tab")
        view.show_text("loading …")
        assert lines(view) == ["  loading …"]
        muted = colours(view.render_line(0))
        view.show_text("\x1b failed\n[/foo]", ".line-view--error")
        assert lines(view) == ["  ␛ failed", "  [/foo]"]
        assert colours(view.render_line(0)) != muted


async def test_kinds_of_values_differ_in_colour_off_the_cursor_line() -> None:
    view = view_of(JsonDocument({"a": 1, "b": "x", "c": None}))
    async with Stage(view).run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert len(set().union(*(colours(view.render_line(y)) for y in range(1, 4)))) >= 5
        assert len(colours(view.render_line(0))) == 1


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark", "ansi-light"])
async def test_lines_follow_the_theme(theme: str) -> None:
    view = view_of(JsonDocument({"a": 1, "b": "x", "c": None}))
    stage = Stage(view)
    async with stage.run_test(size=SMALL) as pilot:
        await pilot.pause()
        before = colours(view.render_line(2))
        stage.theme = theme
        await pilot.pause()
        assert colours(view.render_line(2)) != before


async def test_every_key_has_a_name_and_says_what_it_does() -> None:
    bindings = [
        binding for found in view_of()._bindings.key_to_bindings.values() for binding in found if binding.id
    ]
    assert {binding.id for binding in bindings} >= {"lines.fold", "lines.left", "cursor.up", "cursor.last"}
    assert all(binding.tooltip for binding in bindings)


# The mouse


async def click(pilot: Pilot[None], view: LineView, x: int, y: int) -> None:
    await pilot.click(view, offset=(x, y))


async def test_a_click_moves_the_cursor_and_another_one_folds() -> None:
    view = view_of(JsonDocument(JSON))
    async with Stage(view).run_test(size=(30, 12)) as pilot:
        await pilot.pause()
        await click(pilot, view, 8, 1)
        assert (view.cursor, len(lines(view))) == (1, 9)
        await click(pilot, view, 8, 1)
        assert (view.cursor, len(lines(view))) == (1, 4)


async def test_a_click_on_a_mark_folds_at_once() -> None:
    view = view_of(JsonDocument(JSON))
    async with Stage(view).run_test(size=(30, 12)) as pilot:
        await pilot.pause()
        await click(pilot, view, 4, 1)
        assert (view.cursor, len(lines(view))) == (1, 4)
        await click(pilot, view, 4, 1)
        assert (view.cursor, len(lines(view))) == (1, 6)


async def test_clicks_beside_the_lines_do_nothing() -> None:
    view = view_of(FieldsDocument([Section("", [Field("a", "b")])]))
    async with Stage(view).run_test(size=SMALL) as pilot:
        await pilot.pause()
        await click(pilot, view, 3, 5)
        await click(pilot, view, 3, 0)
        assert lines(view) == ["\u203a a  b"]


async def test_only_lines_in_view_are_made() -> None:
    asked: set[int] = set()

    class Million(Document):
        def line_count(self, width: int) -> int:
            return 1_000_000 + 0 * width

        def line(self, index: int, width: int) -> Content:
            asked.add(index)
            return Content(f"{index} of {width}")

    view = view_of(Million())
    async with Stage(view).run_test(size=SMALL) as pilot:
        await pilot.press("end", "home", "pagedown")
        assert len(asked) < 50
