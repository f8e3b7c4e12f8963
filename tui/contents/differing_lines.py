"""What differs between two texts, line by line: the fewest lines removed and added (Myers, 1986).

How much is looked at is counted, so that texts made to that end take no longer than others.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Line", "LinesDifference", "compare_lines", "with_context"]

MOST_STEPS: Final = 3_000_000
"""Pairs of lines that are looked at: half a second, and enough for a thousand changes in as many lines."""

MOST_EDITS: Final = 1_500
"""Lines removed and added that are searched for; what is kept meanwhile grows with their square, to 20 MB."""

CONTEXT: Final = 3
"""Equal lines that are shown around those that differ, as `diff -u` does."""

_Mark = Literal[" ", "-", "+"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of two texts."""

    mark: _Mark
    """In both, only before, or only after."""
    text: str
    """Foreign text, without the line break."""
    before: int | None
    """Its number before, from 1 on; None where it is only after."""
    after: int | None
    """Its number after; None where it is only before."""


@dataclass(frozen=True, slots=True)
class LinesDifference:
    """Two texts as one: all lines, in order."""

    lines: tuple[Line, ...]
    """Those that were removed stand before those that were added in their place."""
    minimal: bool
    """Whether no fewer lines could be removed and added. Otherwise the texts are too different: all between
    the lines that they begin with and those that they end with is removed, and added anew."""

    @property
    def removed(self) -> int:
        """How many lines are only before."""
        return sum(line.mark == "-" for line in self.lines)

    @property
    def added(self) -> int:
        """How many lines are only after."""
        return sum(line.mark == "+" for line in self.lines)


def compare_lines(before: Sequence[str], after: Sequence[str]) -> LinesDifference:
    """Find what differs between two sequences of lines.

    Args:
        before: Those of the one.
        after: Those of the other.
    """
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    tail = next(
        (at for at in range(shorter - head) if before[-1 - at] != after[-1 - at]),
        shorter - head,
    )
    numbers: dict[str, int] = {}
    old = [numbers.setdefault(line, len(numbers)) for line in before[head : len(before) - tail]]
    new = [numbers.setdefault(line, len(numbers)) for line in after[head : len(after) - tail]]
    kept = _kept(old, new)
    lines: list[Line] = []
    at = to = 0
    equal = [
        *((number, number) for number in range(head)),
        *((head + one, head + other) for one, other in kept or ()),
        *((len(before) - number, len(after) - number) for number in range(tail, 0, -1)),
        (len(before), len(after)),
    ]
    for one, other in equal:
        lines += (Line("-", before[number], number + 1, None) for number in range(at, one))
        lines += (Line("+", after[number], None, number + 1) for number in range(to, other))
        if one < len(before):
            lines.append(Line(" ", before[one], one + 1, other + 1))
        at, to = one + 1, other + 1
    return LinesDifference(tuple(lines), kept is not None)


def with_context(lines: Sequence[Line], context: int = CONTEXT) -> list[tuple[Line, ...]]:
    """Leave out equal lines that are far from those that differ; what remains comes in groups.

    Args:
        lines: All lines.
        context: Equal lines that are kept on either side.
    """
    groups: list[tuple[Line, ...]] = []
    start = end = 0
    for number, line in enumerate(lines):
        if line.mark == " ":
            continue
        if number - context > end and end:
            groups.append(tuple(lines[start:end]))
            start = number - context
        elif not end:
            start = max(0, number - context)
        end = min(len(lines), number + context + 1)
    if end:
        groups.append(tuple(lines[start:end]))
    return groups


def _kept(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]] | None:
    """Find pairs of places that are equal, as many as there can be; None where that takes too long."""
    steps = 0
    trail: list[array[int]] = []
    for edits in range(min(len(old) + len(new), MOST_EDITS) + 1):
        reached = array("q")
        trail.append(reached)
        for diagonal in range(-edits, edits + 1, 2):
            _, begin = _edited(trail, edits, diagonal)
            at, to = begin, begin - diagonal
            while at < len(old) and to < len(new) and old[at] == new[to]:
                at += 1
                to += 1
            reached.append(at)
            if at >= len(old) and to >= len(new):
                return _followed_back(trail, len(old), len(new))
            steps += at - begin + 1
            if steps > MOST_STEPS:
                return None
    return None


def _edited(trail: Sequence[array[int]], edits: int, diagonal: int) -> tuple[bool, int]:
    """Tell how a diagonal is best come to: whether by adding a line, and from where in `old` it goes on.

    A diagonal is a place in `old` less one in `new`; for each number of edits, `trail` has how far in `old`
    each second one was followed, from ``-edits`` on.
    """
    if not edits:
        return True, 0
    earlier, place = trail[edits - 1], (diagonal + edits) // 2
    if place == 0 or (place < edits and earlier[place - 1] < earlier[place]):
        return True, earlier[place]
    return False, earlier[place - 1] + 1


def _followed_back(trail: Sequence[array[int]], at: int, to: int) -> list[tuple[int, int]]:
    """Go back from the end over what was reached with fewer and fewer edits."""
    kept: list[tuple[int, int]] = []
    for edits in range(len(trail) - 1, -1, -1):
        adds, begin = _edited(trail, edits, at - to)
        while at > begin:
            at -= 1
            to -= 1
            kept.append((at, to))
        if adds:
            to -= 1
        else:
            at -= 1
    kept.reverse()
    return kept
