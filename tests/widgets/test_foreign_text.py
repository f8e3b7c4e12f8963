"""Hostile text goes through every widget, and nothing of it reaches the terminal."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from textual.content import Content, Span

from tests.widgets.stage import Stage, strips
from tui.widgets import (
    Column,
    Field,
    FieldsDocument,
    FilterInput,
    JsonDocument,
    LineView,
    Section,
    TextDocument,
    VirtualTable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.strip import Strip
    from textual.widget import Widget

HOSTILE = {
    "escape": "\x1b[31mred\x1b[2J\x1b]0;title\x07",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07\x1b]52;c;ZXZpbA==\x1b\\",
    "c1": "\x9b31m\x9d52;c;x\x9c\x85\x90",
    "nul": "a\x00b\x08\x7f\x0b\x0c\r",
    "markup": "[/foo] [bold]x[/] [@click=app.quit]y[/] [link=https://e.x]z",
    "direction": "tag\u202egnp.\u2066x\u2069\u200f",
    "invisible": "a\u200b\ufeff\u2060\u00ad\u2028\u2029\u3164b",
    "surrogate": "\ud800\udc00\udfff\udc80",
    "flood": "e" + "\u0301\u0323\u0489" * 500,
    "marks first": "\u0301\u0489\u20dd",
    "wide": "日本語👩\u200d🔬🇩🇪\u2764\ufe0f" * 20,
    "lines": "a\nb\r\nc\td",
    "long": "x" * 5_000_000,
    "long escapes": "\x1b" * 5_000_000,
    "long marks": "\u0301" * 5_000_000,
}

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def in_spans(row: str) -> Content:
    return Content(row[:10_000], [Span(1, 3, "bold"), Span(2, 9, "$text-error")], strip_control_codes=False)


def hostile_table(text: str) -> Widget:
    table: VirtualTable[str] = VirtualTable(
        [
            Column("as text", str),
            Column("as content", lambda row: Content.styled(row[:10_000], "bold"), cut="middle"),
            Column("in spans", in_spans, width=12),
        ],
        show_header=True,
    )
    table.set_rows([text, text])
    return table


def hostile_note(text: str) -> Widget:
    table: VirtualTable[str] = VirtualTable([Column("name", str)])
    table.set_note(text, "error")
    return table


def hostile_content_note(text: str) -> Widget:
    table: VirtualTable[str] = VirtualTable([Column("name", str)])
    table.note = Content(text[:10_000], strip_control_codes=False)
    return table


def hostile_json(text: str) -> Widget:
    return LineView(JsonDocument({text: text, "list": [text], "object": {text: {}}}))


def hostile_raw_json(text: str) -> Widget:
    return LineView(JsonDocument(b'{"a": "' + text.encode(errors="surrogatepass") + b'"}'))


def hostile_text(text: str) -> Widget:
    return LineView(TextDocument([text, Content.styled(text[:10_000], "bold")], numbered=True))


def hostile_file(text: str) -> Widget:
    return LineView(TextDocument.from_text(text.encode(errors="surrogatepass"), hang=2))


def hostile_fields(text: str) -> Widget:
    return LineView(
        FieldsDocument([Section(text, [Field(text, text), Field("label", Content(text[:10_000]))])])
    )


def hostile_message(text: str) -> Widget:
    view = LineView()
    view.show_text(text)
    return view


@pytest.mark.parametrize(
    "widget",
    [
        hostile_table,
        hostile_note,
        hostile_content_note,
        hostile_json,
        hostile_raw_json,
        hostile_text,
        hostile_file,
        hostile_fields,
        hostile_message,
    ],
)
async def test_nothing_but_printable_text_is_drawn(widget: Callable[[str], Widget]) -> None:
    stage = Stage()
    async with stage.run_test(size=(60, 16)) as pilot:
        for name, text in HOSTILE.items():
            shown = widget(text)
            await stage.mount(shown)
            shown.focus()
            await pilot.press("down", "right")
            drawn = strips(shown)
            assert any(strip.text.strip() for strip in drawn), name
            for strip in drawn:
                assert_harmless(strip, name)
            await shown.remove()


async def test_nothing_but_printable_text_is_drawn_in_the_line_of_a_filter() -> None:
    line = FilterInput()
    async with Stage(line).run_test(size=(60, 16)) as pilot:
        line.open()
        for name, text in HOSTILE.items():
            line.value = text
            await pilot.pause()
            assert line.value.isprintable(), name
            assert_harmless(line.render_line(0), name)


def assert_harmless(strip: Strip, name: str) -> None:
    assert not CONTROL.search(strip.text), name
    assert strip.text.isprintable(), name
    assert not any(segment.control for segment in strip), name
    assert not any(segment.style.link or segment.style.meta for segment in strip if segment.style), name
    assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length, name
    marks = 0
    for character in strip.text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        assert marks <= 8, name
