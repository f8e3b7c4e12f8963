"""Text is cleaned, measured and cut in cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content, Span

from tui.sanitize import one_line
from tui.widgets.cells import Align, Cut, cell_index, cleaned, fitted

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)
WIDE_TEXT = st.text(st.sampled_from("ab日本👍é\u0301\u0323 "), max_size=40)


def test_text_is_never_markup() -> None:
    content = cleaned("[/foo] [bold]x[/] [@click=app.quit]y")
    assert content.plain == "[/foo] [bold]x[/] [@click=app.quit]y"
    assert not content.spans


def test_harmless_content_is_returned_as_it_is() -> None:
    content = Content.styled("abc", "bold")
    assert cleaned(content) is content


def test_styles_stay_on_what_they_were_on() -> None:
    content = Content("a\x1bb\u202ec", [Span(1, 3, "bold"), Span(4, 5, "italic"), Span(0, 9, "dim")])
    clean = cleaned(content)
    assert clean.plain == "a␛b⟨202E⟩c"
    assert [(clean.plain[start:end], style) for start, end, style in clean.spans] == [
        ("␛b", "bold"),
        ("c", "italic"),
        ("a␛b⟨202E⟩c", "dim"),
    ]


def test_content_is_cut_like_text() -> None:
    clean = cleaned(Content("x" * 100, [Span(0, 50, "bold"), Span(50, 100, "dim")]), limit=10)
    assert clean.plain == "x" * 9 + "…"
    assert [(start, end) for start, end, _ in clean.spans] == [(0, 10)]


@given(ANY_TEXT, st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=4))
def test_content_holds_nothing_unprintable(text: str, edges: list[tuple[int, int]]) -> None:
    spans = [Span(min(pair), max(pair), "bold") for pair in edges]
    content = Content(text, spans, strip_control_codes=False)
    clean = cleaned(content)
    assert clean.plain.isprintable()
    if clean is not content:
        assert all(0 <= start < end <= len(clean.plain) for start, end, _ in clean.spans)


@pytest.mark.parametrize(
    ("text", "width", "align", "cut", "shown"),
    [
        ("abc", 5, "left", "end", "abc  "),
        ("abc", 5, "right", "end", "  abc"),
        ("abcdef", 4, "left", "end", "abc…"),
        ("abcdef", 4, "right", "end", "abc…"),
        ("abcdefgh", 5, "left", "middle", "ab…gh"),
        ("abcdefgh", 4, "left", "middle", "ab…h"),
        ("abcdefgh", 1, "left", "middle", "…"),
        ("abcdefgh", 0, "left", "end", ""),
        ("日本語", 6, "left", "end", "日本語"),
        ("日本語", 5, "left", "end", "日本…"),
        ("日本語", 4, "left", "end", "日… "),
        ("日本語", 4, "left", "middle", "日… "),
        ("日本語", 5, "left", "middle", "日…語"),
        ("日本語", 5, "right", "middle", "日…語"),
        ("👍👍👍", 4, "right", "end", " 👍…"),
        ("e\u0301e\u0301e\u0301", 2, "left", "end", "e\u0301…"),
        ("e\u0301e\u0301e\u0301e\u0301", 3, "left", "middle", "e\u0301…e\u0301"),
    ],
)
def test_a_cell_is_as_wide_as_its_column(text: str, width: int, align: Align, cut: Cut, shown: str) -> None:
    assert fitted(Content(text), width, align=align, cut=cut).plain == shown


@given(
    WIDE_TEXT | ANY_TEXT,
    st.integers(0, 60),
    st.sampled_from(["left", "right"]),
    st.sampled_from(["end", "middle"]),
)
def test_every_cell_is_exactly_as_wide_as_its_column(text: str, width: int, align: Align, cut: Cut) -> None:
    cell = fitted(cleaned(text), width, align=align, cut=cut)
    assert cell_len(cell.plain) == width


@given(WIDE_TEXT | ANY_TEXT)
def test_the_width_of_a_text_is_the_sum_of_its_characters(text: str) -> None:
    clean = one_line(text)
    assert cell_len(clean) == sum(map(cell_len, clean))


@given(WIDE_TEXT, st.integers(0, 80), st.integers(0, 40))
def test_an_index_is_the_last_one_that_fits(text: str, cells: int, start: int) -> None:
    text = one_line(text)
    start = min(start, len(text))
    end = cell_index(text, cells, start)
    assert cell_len(text[start:end]) <= cells
    assert end == len(text) or cell_len(text[start : end + 1]) > cells
