"""A file is shown as it is read best."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from tui.contents.kinds import as_text
from tui.panes.file_views import PREVIEW_BYTES, CodeDocument, of_file


def labels(name: str, data: bytes, whole: int | None = None) -> list[str]:
    return [view.label for view in of_file(name, data, len(data) if whole is None else whole)]


def drawn(name: str, data: bytes, label: str, whole: int | None = None) -> list[str]:
    views = of_file(name, data, len(data) if whole is None else whole)
    document = next(view for view in views if view.label == label).make()
    return [document.line(index, 100).plain.rstrip() for index in range(document.line_count(100))]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", b"words\n", ["Text", "Bytes"]),
        ("a.json", b'{"a": 1}', ["Formatted", "Text", "Bytes"]),
        ("config", b' {"a": [1]}', ["Formatted", "Text", "Bytes"]),
        ("a.json", b"{broken", ["Text", "Bytes"]),
        ("a.json", b'"one value"', ["Text", "Bytes"]),
        ("pom.xml", b"<a><b/></a>", ["Formatted", "Text", "Bytes"]),
        ("feed", b'<?xml version="1.0"?><a/>', ["Formatted", "Text", "Bytes"]),
        ("a.xml", b"<a>", ["Text", "Bytes"]),
        ("ls", b"\x7fELF\0\0", ["Bytes"]),
        ("a.gz", bytes(range(0x80, 0x100)), ["Bytes"]),
        ("latin", "Grüße an alle".encode("latin-1"), ["Text", "Bytes"]),
        ("wide", codecs.BOM_UTF16_LE + "a".encode("utf-16-le"), ["Text", "Bytes"]),
        ("empty", b"", ["Text", "Bytes"]),
    ],
)
def test_a_file_is_judged_by_its_bytes_and_its_name(name: str, data: bytes, expected: list[str]) -> None:
    assert labels(name, data) == expected


def test_text_is_numbered_with_tabs_expanded() -> None:
    assert drawn("a", b"a\tb\r\n\nc", "Text") == ["1  a       b", "2", "3  c"]


def test_text_of_another_encoding_shows_its_other_letters_by_their_values() -> None:
    assert drawn("a", "Grüße".encode("latin-1"), "Text") == ["1  Gr⟨DCFC⟩⟨DCDF⟩e"]


def test_a_mark_of_the_encoding_is_no_letter() -> None:
    assert as_text(codecs.BOM_UTF8 + b"a") == "a"
    assert as_text(codecs.BOM_UTF16_BE + "ä".encode("utf-16-be")) == "ä"


def test_json_is_formatted_and_xml_is_set_in() -> None:
    assert drawn("a", b'{"a": [1]}', "Formatted")[1].strip() == '▾ "a": ['
    assert drawn("a.svg", b"<a><b>x</b></a>", "Formatted") == ["<a>", "  <b>x</b>", "</a>"]


def test_of_a_large_file_the_beginning_shows_and_what_is_missing_is_said() -> None:
    data = b"[1,\n" + b"2,\n" * 3
    assert labels("a.json", data, 5_000_000) == ["Text", "Bytes"]
    assert drawn("a.json", data, "Text", 5_000_000)[-1].split(maxsplit=1)[1] == (
        "… 5.0 MB of 5.0 MB are not shown"
    )


def test_a_letter_that_is_cut_in_two_makes_no_bytes_of_a_text() -> None:
    data = "é".encode()[:1]
    assert as_text(b"words " * 100 + data, cut=True) == "words " * 100
    assert labels("a", b"words " * 100 + data, 2_000) == ["Text", "Bytes"]


def test_colours_come_later_and_move_nothing() -> None:
    document = CodeDocument(["def f():", "    pass"], "more")
    before = [document.line(index, 40).plain for index in range(document.line_count(40))]
    document.colour([Content.styled("def f():", "bold"), Content("    pass")])
    assert [document.line(index, 40).plain for index in range(document.line_count(40))] == before
    assert "bold" in [span.style for span in document.line(0, 40).spans]


@given(st.binary(max_size=400), st.sampled_from(["a", "a.json", "a.xml", "a.py"]), st.integers(0, 5))
def test_any_bytes_have_views_that_fit(data: bytes, name: str, more: int) -> None:
    for view in of_file(name, data, len(data) + more):
        document = view.make()
        for index in range(document.line_count(60)):
            line = document.line(index, 60).plain
            assert view.label == "Formatted" or cell_len(line) <= 60


@pytest.mark.parametrize("data", [b"x" * PREVIEW_BYTES, b"\n" * PREVIEW_BYTES, b"[" * PREVIEW_BYTES])
def test_as_much_as_is_fetched_is_shown_whatever_it_is(data: bytes) -> None:
    for view in of_file("a", data, len(data)):
        document = view.make()
        assert document.line_count(80) > 0
        document.line(document.line_count(80) - 1, 80)
