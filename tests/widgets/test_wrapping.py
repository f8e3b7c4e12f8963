"""Lines break at spaces and, where there is none, within words, where they have joints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from tui.sanitize import one_line
from tui.widgets.wrapping import breaks, wrapped


@pytest.mark.parametrize(
    ("text", "width", "hang", "parts"),
    [
        ("", 5, 0, [""]),
        ("abc", 5, 0, ["abc"]),
        ("abc def", 5, 0, ["abc", "def"]),
        ("abc def", 3, 0, ["abc", "def"]),
        ("abcdefg", 3, 0, ["abc", "def", "g"]),
        ("ab cdefgh", 4, 0, ["ab", "cdef", "gh"]),
        ("abc def ghi", 7, 4, ["abc def", "ghi"]),
        ("abc def ghi", 7, 5, ["abc def", "gh", "i"]),
        ("   abcd", 5, 0, ["   ab", "cd"]),
        ("日本語", 4, 0, ["日本", "語"]),
        ("日本語", 1, 0, ["日", "本", "語"]),
        ("abcd", 2, 9, ["ab", "cd"]),
        ("image.manifest.v1+json", 18, 0, ["image.manifest.v1+", "json"]),
        ("image.manifest.v1+json", 17, 0, ["image.manifest.", "v1+json"]),
        ("sha256:0123456789ab", 14, 0, ["sha256:0123456", "789ab"]),
    ],
)
def test_a_line_breaks_where_it_must(text: str, width: int, hang: int, parts: list[str]) -> None:
    assert [text[start:end] for start, end in breaks(text, width, hang)] == parts


def test_styles_stay_when_a_line_breaks() -> None:
    first, second = wrapped(Content.styled("abc def", "bold"), 4)
    assert (first.plain, second.plain) == ("abc", "def")
    assert [span.style for line in (first, second) for span in line.spans] == ["bold", "bold"]


@given(st.text(st.sampled_from("abc  日本👍\u0301"), max_size=80), st.integers(2, 20), st.integers(0, 5))
def test_no_line_is_too_wide_and_nothing_but_spaces_is_lost(text: str, width: int, hang: int) -> None:
    text = one_line(text)
    parts = breaks(text, width, hang)
    rooms = [width, *([max(2, width - hang)] * (len(parts) - 1))]
    assert all(cell_len(text[start:end]) <= room for (start, end), room in zip(parts, rooms, strict=True))
    kept = "".join(text[start:end] for start, end in parts)
    assert kept.replace(" ", "") == text.replace(" ", "")
    assert len(text) - len(kept) < len(parts)
