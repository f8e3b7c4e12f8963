"""Foreign text is printable, bounded and complete in what it says after `tui.sanitize`."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.sanitize import (
    ELLIPSIS,
    FILE_NAME_BYTES,
    MARKS_PER_LETTER,
    multi_line,
    one_line,
    safe_file_name,
    visible,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
"""Everything that a `str` can hold, lone surrogates and unassigned characters included."""

HOSTILE = st.text(
    st.sampled_from(
        "\x00\x07\x1b\x7f\x85\x9b\u202e\u2066\u200b\u200d\ufeff\u2028\ud800\udfff\u0301\ufe0f\u3164/\\.ab["
    ),
    max_size=60,
)


def longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, [/foo] and all", "plain text, [/foo] and all"),
        ("", ""),
        ("\x1b]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA==␇"),
        ("a\x00b\x7fc", "a␀b␡c"),
        ("\x9b31m\x85", "⟨009B⟩31m⟨0085⟩"),
        ("tag\u202egnp", "tag⟨202E⟩gnp"),
        ("\u2066x\u2069\u200e\u200f\u061c", "⟨2066⟩x⟨2069⟩⟨200E⟩⟨200F⟩⟨061C⟩"),
        ("a\u200bb\ufeffc\u2060d\u00ade", "a⟨200B⟩b⟨FEFF⟩c⟨2060⟩d⟨00AD⟩e"),
        ("a\u2028b\u2029c", "a⟨2028⟩b⟨2029⟩c"),
        ("\ud800x\udcff", "⟨D800⟩x⟨DCFF⟩"),
        ("\ue000\uffff\U000e0041", "⟨E000⟩⟨FFFF⟩⟨E0041⟩"),
        ("\u3164\u115f\u2800", "⟨3164⟩⟨115F⟩⟨2800⟩"),
        ("naïve 日本語 العربية 한국어", "naïve 日本語 العربية 한국어"),
        ("no\u00a0break\u3000wide", "no break  wide"),
        ("👩\u200d🔬", "👩⟨200D⟩🔬"),
        ("\u2764\ufe0f", "\u2764"),
        ("a\ufe0f", "a⟨FE0F⟩"),
        ("\ufe0f", "⟨FE0F⟩"),
        ("x\ufe00", "x⟨FE00⟩"),
        ("e\u0301", "e\u0301"),
        ("\u0301x", "\u25cc\u0301x"),
        ("a\nb\tc\r\n", "a␊b␉c␍␊"),
    ],
)
def test_what_is_hidden_is_seen(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_marks_line_breaks_and_tabs() -> None:
    assert one_line("a\nb\r\nc\td\re") == "a⏎b⏎c→d␍e"


def test_multi_line_keeps_line_breaks_and_expands_tabs() -> None:
    assert multi_line("a\tb\r\nc\x1b\n\u0301", 100) == "a       b\nc␛\n\u25cc\u0301"


def test_marks_at_the_beginning_of_a_line_have_a_letter_to_stand_on() -> None:
    assert multi_line("\u0301a\n\u0302b") == "\u25cc\u0301a\n\u25cc\u0302b"


def test_a_flood_of_marks_is_cut_to_a_few() -> None:
    assert visible("e" + "\u0301" * 50 + "x") == "e" + "\u0301" * MARKS_PER_LETTER + ELLIPSIS + "x"


def test_conjoining_letters_are_marks_to_a_flood() -> None:
    assert visible("\u1112" + "\u1161" * 9) == "\u1112" + "\u1161" * MARKS_PER_LETTER + ELLIPSIS


def test_decomposed_hangul_stays() -> None:
    assert visible("\u1112\u1161\u11ab") == "\u1112\u1161\u11ab"


def test_a_cut_text_ends_with_an_ellipsis() -> None:
    assert visible("abcdef", limit=4) == "abc…"
    assert one_line("abcd", limit=4) == "abcd"
    assert multi_line("abcdef", 3) == "ab…"


def test_what_stands_for_a_character_is_not_cut_apart() -> None:
    assert visible("a\u202eb", limit=7) == "a…"
    assert visible("a\u202e", limit=7) == "a⟨202E⟩"


def test_no_room_gives_nothing() -> None:
    assert visible("abc", limit=0) == ""


@given(ANY_TEXT | HOSTILE, st.integers(0, 400))
def test_every_character_is_printable_and_the_length_is_bounded(text: str, limit: int) -> None:
    for shown in (visible(text, limit=limit), one_line(text, limit=limit)):
        assert shown.isprintable()
        assert len(shown) <= limit
        assert longest_run_of_marks(shown) <= MARKS_PER_LETTER


@given(ANY_TEXT | HOSTILE)
def test_several_lines_hold_nothing_unprintable_but_line_breaks(text: str) -> None:
    shown = multi_line(text)
    assert shown.replace("\n", "").isprintable()
    assert all(not line or unicodedata.category(line[0]) not in {"Mn", "Me"} for line in shown.split("\n"))


@given(ANY_TEXT | HOSTILE)
def test_what_is_shown_can_be_shown_again(text: str) -> None:
    shown = visible(text, limit=10_000)
    assert visible(shown, limit=10_000) == shown


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=200))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == one_line(text) == multi_line(text) == text


@pytest.mark.parametrize("character", ["x", "\x1b", "\u0301", "\u202e", "\ud800", "\n", "\t", "日", "\ufe0f"])
def test_megabytes_are_cut_before_they_are_looked_at(character: str) -> None:
    small, large = character * 50_000, character * 5_000_000

    def seconds(text: str) -> float:
        start = time.perf_counter()
        for show in (visible, one_line, multi_line):
            show(text)
        safe_file_name(text, "file")
        return time.perf_counter() - start

    seconds(small)
    assert min(seconds(large) for _ in range(3)) < 10 * max(seconds(small) for _ in range(3))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("hello-1.0.0.tgz", "hello-1.0.0.tgz"),
        ("charts/hello-1.0.0.tgz", "hello-1.0.0.tgz"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("/", "fallback"),
        ("", "fallback"),
        ("..", "fallback"),
        (" . . ", "fallback"),
        ("\x1b\u202e\ud800", "fallback"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("name. . ", "name"),
        ("folder/", "folder"),
        ("a\x00b\u202ec\nd", "abcd"),
        ('a<b>c:d"e|f?g*h', "a_b_c_d_e_f_g_h"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("com1", "_com1"),
        ("com10", "com10"),
        ("console", "console"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("日本語.json", "日本語.json"),
        ("A\x1b\u0300", "À"),
    ],
)
def test_a_title_becomes_a_plain_file_name(title: str, name: str) -> None:
    assert safe_file_name(title, "fallback") == name


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_file_name("日" * 200 + ".spdx.json.gz", "fallback")
    assert name.endswith("日.spdx.json.gz")
    assert FILE_NAME_BYTES - 3 < len(name.encode()) <= FILE_NAME_BYTES


def test_a_long_ending_is_no_ending() -> None:
    assert len(safe_file_name("." + "x" * 300, "fallback")) == FILE_NAME_BYTES


@given(ANY_TEXT | HOSTILE)
def test_a_file_name_is_plain(text: str) -> None:
    name = safe_file_name(text, "fallback")
    assert name.isprintable()
    assert 0 < len(name.encode()) <= FILE_NAME_BYTES
    assert not set(name) & set('/\\<>:"|?*')
    assert name[0] not in ". -"
    assert name[-1] not in ". "


@given(ANY_TEXT | HOSTILE)
def test_a_file_name_is_safe_already(text: str) -> None:
    name = safe_file_name(text, "fallback")
    assert safe_file_name(name, "fallback") == name
