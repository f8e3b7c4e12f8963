import difflib
import subprocess
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.contents import differing_lines
from tui.contents.differing_lines import Line, compare_lines, with_context

LINES = st.lists(st.sampled_from("abcde"), max_size=30)


@given(LINES, LINES)
def test_both_texts_can_be_read_out_of_the_difference(before: list[str], after: list[str]) -> None:
    found = compare_lines(before, after)
    old = [line for line in found.lines if line.mark != "+"]
    new = [line for line in found.lines if line.mark != "-"]
    assert [line.text for line in old] == before
    assert [line.text for line in new] == after
    assert [line.before for line in old] == list(range(1, len(before) + 1))
    assert [line.after for line in new] == list(range(1, len(after) + 1))
    assert (found.removed, found.added) == (
        len(old) - len(new) + found.added,
        len(new) - len(old) + found.removed,
    )


@given(LINES, LINES)
def test_as_many_lines_are_kept_as_can_be(before: list[str], after: list[str]) -> None:
    common = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for at, one in enumerate(before, 1):
        for to, other in enumerate(after, 1):
            if one == other:
                common[at][to] = common[at - 1][to - 1] + 1
            else:
                common[at][to] = max(common[at - 1][to], common[at][to - 1])
    found = compare_lines(before, after)
    assert found.minimal
    assert len(before) - found.removed == common[-1][-1]


@pytest.mark.skipif(which("diff") is None, reason="diff is not here")
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=40),
    st.lists(st.sampled_from("abc"), min_size=1, max_size=40),
)
def test_as_many_lines_differ_as_diff_finds(before: list[str], after: list[str]) -> None:
    with TemporaryDirectory() as where:
        old, new = Path(where, "old"), Path(where, "new")
        old.write_text("".join(f"{line}\n" for line in before))
        new.write_text("".join(f"{line}\n" for line in after))
        told = subprocess.run(
            ["diff", "--minimal", old, new], capture_output=True, text=True, check=False
        ).stdout
    found = compare_lines(before, after)
    assert found.removed == sum(line.startswith("<") for line in told.splitlines())
    assert found.added == sum(line.startswith(">") for line in told.splitlines())


@given(LINES, LINES)
def test_groups_have_what_differs_and_what_is_around_it(before: list[str], after: list[str]) -> None:
    lines = compare_lines(before, after).lines
    groups = with_context(lines)
    shown = [number for number, line in enumerate(lines) if any(line in group for group in groups)]
    near = {
        other
        for number, line in enumerate(lines)
        if line.mark != " "
        for other in range(max(0, number - 3), min(len(lines), number + 4))
    }
    assert shown == sorted(near)
    assert [line for group in groups for line in group] == [lines[number] for number in shown]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    assert bool(groups) is (matcher.ratio() < 1)


def test_one_changed_line_in_a_long_text_is_one_group() -> None:
    before = [str(number) for number in range(100_000)]
    after = [*before]
    after[50_000] = "other"
    found = compare_lines(before, after)
    assert with_context(found.lines, 1) == [
        (
            Line(" ", "49999", 50_000, 50_000),
            Line("-", "50000", 50_001, None),
            Line("+", "other", None, 50_001),
            Line(" ", "50001", 50_002, 50_002),
        )
    ]


def test_texts_that_have_nothing_in_common_are_replaced_as_a_whole() -> None:
    before = ["same", *(f"a{number}" for number in range(3_000)), "end"]
    after = ["same", *(f"b{number}" for number in range(3_000)), "end"]
    found = compare_lines(before, after)
    assert not found.minimal
    assert (found.removed, found.added) == (3_000, 3_000)
    assert [found.lines[0].mark, found.lines[-1].mark] == [" ", " "]


def test_no_more_is_looked_at_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counted(int):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return int(self) == other

        __hash__ = int.__hash__

    monkeypatch.setattr(differing_lines, "MOST_STEPS", 5_000)
    old = [Counted(number % 2) for number in range(4_000)]
    new = [number % 3 for number in range(4_000)]
    assert differing_lines._kept(old, new) is None
    assert Counted.compared < 2 * 5_000 + 4_000
