"""The difference of two files, whatever is in them."""

from __future__ import annotations

from tui.panes.file_difference import MOST_LINES, MOST_SHOWN, difference


def lines(before: bytes, after: bytes, *, cut: bool = False) -> list[str]:
    """Return the lines that are shown of a difference."""
    (view,) = difference(before, after, cut=cut)
    document = view.make()
    return [document.line(index, 200).plain for index in range(document.line_count(200))]


def test_lines_that_differ_stand_with_three_others_around_them() -> None:
    before = b"".join(b"%d\n" % number for number in range(20))
    after = before.replace(b"10\n", b"ten\n")
    assert lines(before, after)[2:] == [
        "@@ -8,7 +8,7 @@",
        "  7",
        "  8",
        "  9",
        "− 10",
        "+ ten",
        "  11",
        "  12",
        "  13",
    ]


def test_files_that_differ_in_line_breaks_alone_are_told_so() -> None:
    assert "Only line breaks" in lines(b"a\nb\n", b"a\r\nb\r\n")[-1]


def test_bytes_have_a_place_where_they_differ() -> None:
    assert "differs is at 3 (0x3)" in lines(b"\0aab", b"\0aac")[0]
    assert "differs is at 2 (0x2)" in lines(b"\0a", b"\0ab")[0]


def test_equal_beginnings_of_long_files_are_not_taken_for_equal_files() -> None:
    assert lines(b"a\n", b"a\n") == ["The bytes of both are the same."]
    assert lines(b"a\n", b"a\n", cut=True) == [
        "Of each file the first 1.0 MB are compared. They are the same."
    ]


def test_very_many_lines_are_cut() -> None:
    found = lines(b"a\n" * 500_000, b"b\n" * 500_000)
    assert len(found) <= MOST_SHOWN + 5
    assert f"{MOST_LINES:,} lines are compared" in " ".join(found[:3])
    assert "are not shown" in found[-1]


def test_controls_in_text_are_shown_and_not_obeyed() -> None:
    found = "\n".join(lines(b"a\n", "\x1b[2J\u202e[/b]\n".encode()))
    assert "\x1b" not in found
    assert "\u202e" not in found
    assert "␛[2J" in found
    assert "[/b]" in found
