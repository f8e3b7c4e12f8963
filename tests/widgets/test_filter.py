"""The line of a filter: hidden until opened, kept by enter, cleared by Esc."""

from __future__ import annotations

from textual import events

from tests.widgets.stage import Stage, lines
from tui.widgets import FilterInput, VirtualTable
from tui.widgets.filter import LONGEST_FILTER


async def test_the_line_is_hidden_and_takes_no_focus_until_it_is_opened() -> None:
    line = FilterInput()
    table: VirtualTable[str] = VirtualTable([])
    stage = Stage(line, table)
    async with stage.run_test() as pilot:
        assert not line.display
        assert not line.is_open
        assert stage.focused is table
        await pilot.press("x")
        assert line.text == ""


async def test_an_open_line_shows_and_has_the_focus() -> None:
    line = FilterInput()
    stage = Stage(line)
    async with stage.run_test() as pilot:
        line.open()
        await pilot.pause()
        assert line.display
        assert line.is_open
        assert stage.focused is line


async def test_what_is_typed_is_told_at_once() -> None:
    line = FilterInput()
    stage = Stage(line)
    async with stage.run_test() as pilot:
        line.open()
        await pilot.press("d", "e", "backspace")
        assert stage.taken() == [("Changed", "d"), ("Changed", "de"), ("Changed", "d")]
        assert line.text == "d"


async def test_enter_keeps_the_filter() -> None:
    line = FilterInput()
    stage = Stage(line)
    async with stage.run_test() as pilot:
        line.open()
        await pilot.press("d", "enter")
        assert stage.taken() == [("Changed", "d"), ("Closed", True)]
        assert not line.display
        assert line.text == "d"


async def test_enter_without_a_filter_keeps_nothing() -> None:
    line = FilterInput()
    stage = Stage(line)
    async with stage.run_test() as pilot:
        line.open()
        await pilot.press("enter")
        assert stage.taken() == [("Closed", False)]


async def test_escape_clears_the_filter() -> None:
    line = FilterInput()
    stage = Stage(line)
    async with stage.run_test() as pilot:
        line.open()
        await pilot.press("d", "escape")
        assert stage.taken() == [("Changed", "d"), ("Changed", ""), ("Closed", False)]
        assert not line.display


async def test_a_filter_that_stands_can_be_changed() -> None:
    line = FilterInput()
    stage = Stage(line)
    async with stage.run_test() as pilot:
        line.open()
        await pilot.press("d", "enter")
        line.open()
        await pilot.press("e")
        assert line.text == "de"


async def test_closing_a_closed_line_only_clears_it() -> None:
    line = FilterInput()
    stage = Stage(line)
    async with stage.run_test() as pilot:
        line.open()
        await pilot.press("d", "enter")
        stage.taken()
        line.close(keep=False)
        await pilot.pause()
        assert stage.taken() == [("Changed", "")]


async def test_the_focus_leaves_a_line_that_closes() -> None:
    line = FilterInput()
    stage = Stage(line)
    async with stage.run_test() as pilot:
        line.open()
        await pilot.press("escape")
        await pilot.pause()
        assert stage.focused is not line


async def test_what_is_pasted_is_made_safe_and_cut() -> None:
    line = FilterInput()
    async with Stage(line).run_test() as pilot:
        line.open()
        await pilot.pause()
        line.post_message(events.Paste("\x1b]52;c;x\x07[/foo]"))
        await pilot.pause()
        assert line.text == "␛]52;c;x␇[/foo]"
        assert lines(line)[0].startswith("␛]52;c;x␇[/foo]")
        line.post_message(events.Paste("x" * 5_000_000))
        await pilot.pause()
        assert len(line.text) <= LONGEST_FILTER


async def test_every_key_of_ours_has_a_name_and_says_what_it_does() -> None:
    bindings = FilterInput()._bindings
    for key, name in (("enter", "filter.keep"), ("escape", "filter.clear")):
        binding = bindings.get_bindings_for_key(key)[0]
        assert binding.id == name
        assert binding.tooltip
