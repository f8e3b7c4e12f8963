"""Which of a nested value's lines show: a tree of what is unfolded, searched in both directions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from tui.widgets.json_values import child, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.widgets.json_values import Container

FIRST_LINES: Final = 2_000
"""A document is unfolded, level by level, up to this many lines when it opens: many screens, no waiting."""

MOST_LINES: Final = 500_000
"""Unfolding everything stops at this many lines."""


class Fold:
    """A container with its unfolded children: one line that opens it, its children's, one that closes it."""

    __slots__ = ("_children", "_starts", "container", "count", "lines")

    def __init__(self, container: Container) -> None:
        self.container = container
        """The members or items."""
        self.count = size(container) or 0
        """How many children there are."""
        self.lines = self.count + 2
        """How many lines show."""
        self._children: dict[int, Fold] = {}
        self._starts: tuple[list[int], list[int]] | None = None

    def unfolded(self, index: int) -> Fold | None:
        """Return a child that is unfolded."""
        return self._children.get(index)

    def unfold(self, index: int) -> Fold:
        """Unfold a child, its own children folded."""
        fold = self._children[index] = Fold(child(self.container, index)[1])
        self._starts = None
        return fold

    def fold(self, index: int) -> None:
        """Fold a child."""
        del self._children[index]
        self._starts = None

    def grow(self, lines: int) -> None:
        """Take into account that an unfolded child has other lines now."""
        self.lines += lines
        self._starts = None

    def start(self, index: int) -> int:
        """Return the first line of a child, counted from the line that opens the container."""
        order, starts = self._index()
        before = bisect_left(order, index)
        if not before:
            return index + 1
        last = order[before - 1]
        return starts[before - 1] + self._children[last].lines + (index - last - 1)

    def find(self, line: int) -> tuple[int, int]:
        """Return the child that a line belongs to, and the line counted from that child's first one.

        Args:
            line: counted from the line that opens the container, which is line 0.
        """
        order, starts = self._index()
        before = bisect_right(starts, line)
        if not before:
            return line - 1, 0
        last = order[before - 1]
        within = line - starts[before - 1]
        lines = self._children[last].lines
        return (last, within) if within < lines else (last + 1 + within - lines, 0)

    def _index(self) -> tuple[list[int], list[int]]:
        """Return the unfolded children in order, each with its first line."""
        if self._starts is None:
            order = sorted(self._children)
            extra = accumulate((self._children[index].lines - 1 for index in order), initial=0)
            self._starts = order, [index + 1 + more for index, more in zip(order, extra, strict=False)]
        return self._starts


@dataclass(frozen=True, slots=True)
class Place:
    """What a line shows."""

    path: tuple[tuple[Fold, int], ...]
    """The folds that lead to it, each with the child that is next; empty for the document's own lines."""
    fold: Fold | None
    """The fold that the line opens or closes; None for a line that stands for a whole value."""
    closes: bool = False
    """Whether the line closes the fold."""


class FoldTree:
    """The folds of a document."""

    def __init__(self, container: Container) -> None:
        """Unfold the first levels.

        Args:
            container: the whole document.
        """
        self._root = Fold(container)
        self._unfold_levels(FIRST_LINES)

    @property
    def lines(self) -> int:
        """How many lines show."""
        return self._root.lines

    def place(self, line: int) -> Place:
        """Return what a line shows."""
        fold = self._root
        path: list[tuple[Fold, int]] = []
        while True:
            if line in {0, fold.lines - 1}:
                return Place(tuple(path), fold, closes=line > 0)
            index, line = fold.find(line)
            path.append((fold, index))
            inner = fold.unfolded(index)
            if inner is None:
                return Place(tuple(path), None)
            fold = inner

    def line(self, path: tuple[tuple[Fold, int], ...]) -> int:
        """Return the first line of what a path leads to, or of the innermost part of it that shows."""
        line = 0
        fold: Fold | None = self._root
        for _, index in path:
            if fold is None:
                break
            line += fold.start(index)
            fold = fold.unfolded(index)
        return line

    def toggle(self, place: Place) -> bool:
        """Fold what a line opens or closes, or unfold what it stands for, and tell whether it could be."""
        if not place.path:
            return False
        parent, index = place.path[-1]
        if place.fold is not None:
            parent.fold(index)
            more = 1 - place.fold.lines
        elif size(child(parent.container, index)[1]):
            more = parent.unfold(index).lines - 1
        else:
            return False
        for fold, _ in place.path:
            fold.grow(more)
        return True

    def fold_all(self) -> None:
        """Fold everything but the document itself."""
        self._root = Fold(self._root.container)

    def unfold_all(self) -> None:
        """Unfold everything, level by level, up to `MOST_LINES`."""
        self._unfold_levels(MOST_LINES)

    def _unfold_levels(self, most: int) -> None:
        """Unfold children before grandchildren while the lines stay within a number."""
        total = self._root.lines
        queue = deque([self._root])
        found: list[tuple[Fold, Fold, int]] = []
        while queue and total < most:
            parent = queue.popleft()
            for index in _containers(parent.container):
                fold, more = parent.unfolded(index), 0
                if fold is None:
                    more = (size(child(parent.container, index)[1]) or 0) + 1
                    if total + more > most:
                        break
                    total += more
                    fold = parent.unfold(index)
                found.append((parent, fold, more))
                queue.append(fold)
        grown: dict[Fold, int] = {}
        for parent, fold, more in reversed(found):
            inner = grown.get(fold, 0)
            fold.grow(inner)
            grown[parent] = grown.get(parent, 0) + inner + more
        self._root.grow(grown.get(self._root, 0))


def _containers(container: Container) -> Iterator[int]:
    """Yield the children that have children."""
    for index in range(size(container) or 0):
        if size(child(container, index)[1]):
            yield index
