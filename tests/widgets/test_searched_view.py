"""One can search in what a view shows."""

from __future__ import annotations

import pytest

from tests.widgets.stage import Stage, lines, strips
from tui.widgets.hex_document import HexDocument
from tui.widgets.json_document import JsonDocument
from tui.widgets.searched_view import SearchedView
from tui.widgets.text_document import TextDocument

TEXT = ["one", "Two", "three two", "straße two"] + ["-"] * 40 + ["tWo two"]


def marked(view: SearchedView) -> list[str]:
    """Return the texts that are underlined."""
    return [
        segment.text
        for strip in strips(view)
        for segment in strip
        if segment.style is not None and segment.style.underline
    ]


async def test_it_goes_from_place_to_place_around_the_end_and_back() -> None:
    view = SearchedView(TextDocument(TEXT))
    app = Stage(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.focus()
        assert view.search("TWO")
        assert view.cursor == 1
        await pilot.press("n", "n", "n")
        assert view.cursor == 44
        assert "tWo two" in "\n".join(lines(view))
        await pilot.press("n")
        assert view.cursor == 1
        await pilot.press("N")
        assert view.cursor == 44


async def test_places_are_marked_in_every_line_that_shows() -> None:
    view = SearchedView(TextDocument(TEXT))
    async with Stage(view).run_test(size=(40, 10)) as pilot:
        view.search("two")
        await pilot.pause()
        assert marked(view)[:2] == ["Two", "two"]
        view.search("")
        await pilot.pause()
        assert marked(view) == []


async def test_what_is_not_there_moves_nothing() -> None:
    view = SearchedView(TextDocument(TEXT))
    async with Stage(view).run_test(size=(40, 10)):
        view.cursor = 3
        assert not view.search("four")
        assert view.cursor == 3
        view.document = None
        assert not view.search("two")


async def test_what_is_folded_is_unfolded_for_it() -> None:
    view = SearchedView(JsonDocument(b'{"a": {"b": {"needle": 1}}}'))
    async with Stage(view).run_test(size=(40, 10)):
        view.action_fold_all()
        assert view.search("needle")
        assert "needle" in lines(view)[view.cursor]


async def test_bytes_are_searched_by_value_and_by_letter() -> None:
    view = SearchedView(HexDocument(bytes(64) + b"needle"))
    async with Stage(view).run_test(size=(90, 10)):
        assert view.search("needle")
        assert view.cursor == 4
        view.cursor = 0
        assert view.search("6e 65 65")
        assert view.cursor == 4


@pytest.mark.parametrize("key", ["n", "N"])
async def test_without_a_search_there_is_no_next_place(key: str) -> None:
    view = SearchedView(TextDocument(TEXT))
    async with Stage(view).run_test(size=(40, 10)) as pilot:
        view.focus()
        await pilot.press(key)
        assert view.cursor == 0
        assert not view.check_action("find", (1,))
