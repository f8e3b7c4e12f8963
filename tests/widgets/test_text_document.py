"""Text and overviews become lines that fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from tui.widgets import Document, Field, FieldsDocument, Section, TextDocument
from tui.widgets.text_document import LONGEST_LINE, LONGEST_VALUE


def drawn(document: Document, width: int) -> list[str]:
    return [document.line(index, width).plain.rstrip() for index in range(document.line_count(width))]


# Text


def test_lines_are_wrapped_to_the_width() -> None:
    document = TextDocument(["one two three", "", "four"])
    assert drawn(document, 20) == ["one two three", "", "four"]
    assert drawn(document, 7) == ["one two", "three", "", "four"]
    assert drawn(document, 20) == ["one two three", "", "four"]


def test_what_does_not_fit_hangs() -> None:
    assert drawn(TextDocument(["RUN apt-get install curl"], hang=4), 12) == [
        "RUN apt-get",
        "    install",
        "    curl",
    ]


def test_lines_are_numbered_before_wrapping() -> None:
    document = TextDocument(["one two", *["x"] * 9], numbered=True)
    assert drawn(document, 7)[:4] == [" 1  one", "    two", " 2  x", " 3  x"]
    assert drawn(document, 7)[-1] == "10  x"


def test_a_text_is_split_at_its_line_breaks() -> None:
    assert drawn(TextDocument.from_text("a\r\nb\n\nc\n"), 10) == ["a", "b", "", "c"]
    assert drawn(TextDocument.from_text(""), 10) == []
    assert drawn(TextDocument.from_text("\n"), 10) == [""]
    assert drawn(TextDocument.from_text(b"\xffok\ttab"), 20) == ["⟨DCFF⟩ok     tab"]


def test_content_keeps_its_styles_in_every_line() -> None:
    document = TextDocument([Content.styled("one two", "bold")])
    assert [[span.style for span in document.line(index, 4).spans] for index in range(2)] == [
        ["bold"],
        ["bold"],
    ]


def test_copying_gives_the_line_as_it_was_received() -> None:
    document = TextDocument(["a\x1bb two three", Content("content")])
    assert [document.raw(index, 6) for index in range(4)] == ["a\x1bb two three"] * 3 + ["content"]


def test_a_line_is_found_again_at_another_width() -> None:
    document = TextDocument(["one two three four", "five", "six"])
    assert drawn(document, 9) == ["one two", "three", "four", "five", "six"]
    assert document.reflowed(3, 9, 40) == 1
    assert document.reflowed(2, 9, 40) == 0
    assert document.reflowed(1, 40, 9) == 3
    assert document.reflowed(2, 9, 13) == 1
    assert TextDocument([]).reflowed(0, 9, 40) == 0


def test_megabytes_in_one_line_are_cut_where_they_show() -> None:
    document = TextDocument.from_text("x" * 5_000_000)
    assert document.line_count(100) == -(-LONGEST_LINE // 100)
    assert document.line(document.line_count(100) - 1, 100).plain.endswith("…")
    assert len(document.raw(0, 100)) == 5_000_000


def test_a_text_document_folds_nothing() -> None:
    document = TextDocument(["a"])
    assert not document.folds
    assert not document.toggle(0)
    assert (document.fold_start(0), document.fold_all(0), document.unfold_all(0)) == (0, 0, 0)


@given(st.lists(st.text(max_size=40), max_size=8), st.integers(8, 30), st.integers(0, 2), st.booleans())
def test_no_line_is_wider_than_the_view(source: list[str], width: int, hang: int, numbered: bool) -> None:  # noqa: FBT001 -- hypothesis passes it
    document = TextDocument(source, hang=hang, numbered=numbered)
    for line in drawn(document, width):
        assert line.isprintable()
        assert cell_len(line) <= width


# Overviews


def test_values_stand_below_each_other_and_are_wrapped() -> None:
    document = FieldsDocument(
        [
            Section("Image", [Field("created", "2026-11-21 09:12"), Field("os", "linux")]),
            Section("", [Field("comment", "one two three four five six")]),
        ]
    )
    assert drawn(document, 30) == [
        "Image",
        "created  2026-11-21 09:12",
        "os       linux",
        "",
        "comment  one two three four",
        "         five six",
    ]


def test_a_long_label_takes_a_line_of_its_own() -> None:
    document = FieldsDocument(
        [Section("", [Field("short", "1"), Field("org.opencontainers.image.source", "https://example.com")])]
    )
    assert drawn(document, 40) == [
        "short  1",
        "org.opencontainers.image.source",
        "       https://example.com",
    ]


def test_an_overview_follows_the_width() -> None:
    document = FieldsDocument([Section("", [Field("label", "a b c d e f g h")])])
    assert drawn(document, 40) == ["label  a b c d e f g h"]
    assert drawn(document, 15) == ["label  a b c d", "       e f g h"]
    assert drawn(document, 9) == ["label", "     a b", "     c d", "     e f", "     g h"]


def test_values_may_have_several_lines_and_styles() -> None:
    document = FieldsDocument(
        [
            Section(
                "",
                [
                    Field("text", "a\r\nb\n\nc"),
                    Field("styled", Content.styled("x\ny", "bold")),
                    Field("none", ""),
                ],
            )
        ]
    )
    assert drawn(document, 20) == [
        "text    a",
        "        b",
        "",
        "        c",
        "styled  x",
        "        y",
        "none",
    ]
    assert document.line(5, 20).spans[-1].style == "bold"


def test_an_empty_section_is_left_out_and_a_title_stays() -> None:
    document = FieldsDocument([Section("", []), Section("Nothing here", []), Section("", [Field("a", "b")])])
    assert drawn(document, 20) == ["Nothing here", "", "a  b"]


def test_labels_and_titles_have_their_styles() -> None:
    document = FieldsDocument([Section("Title", [Field("label", "value")])])
    assert [span.style for span in document.line(0, 20).spans] == [".line-view--heading"]
    assert [span.style for span in document.line(1, 20).spans] == [".line-view--label"]


def test_copying_gives_the_value_in_full_and_as_it_was_received() -> None:
    document = FieldsDocument(
        [Section("Title", [Field("label", "a\x1bb c d e f"), Field("c", Content("content"))])]
    )
    count = document.line_count(12)
    assert [document.raw(index, 12) for index in (0, 1, 2, count - 1)] == [
        "Title",
        "a\x1bb c d e f",
        "a\x1bb c d e f",
        "content",
    ]


@pytest.mark.parametrize("character", ["x", "\n", "\t", "\x1b", "\u0301", "日"])
def test_megabytes_in_a_value_are_cut_where_they_show(character: str) -> None:
    document = FieldsDocument([Section("", [Field("label", character * 5_000_000)])])
    assert document.line_count(80) <= LONGEST_VALUE + 1
    assert len(document.raw(0, 80)) == 5_000_000


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=40)), max_size=6), st.integers(8, 60))
def test_no_line_of_an_overview_is_wider_than_the_view(fields: list[tuple[str, str]], width: int) -> None:
    document = FieldsDocument([Section("", [Field(label, value) for label, value in fields])])
    for line in drawn(document, width):
        assert line.isprintable()
        assert cell_len(line) <= width
