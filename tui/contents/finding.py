"""Ways to find files in a tree: by name or glob, by size, and by what a layer has done to them.

Each goes through the tree once, without recursion, and no pattern makes a name cost more than its length
times that of the pattern.
"""

from __future__ import annotations

import fnmatch
import heapq
import re
from enum import Enum
from typing import TYPE_CHECKING, Final

from tui.contents.errors import TooLargeError
from tui.contents.nodes import Change, walk
from tui.ordering import natural_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from tui.contents.nodes import Node

__all__ = ["Order", "biggest", "ordered", "search", "with_ancestors", "with_changes"]

LONGEST_PATTERN: Final = 1000
"""Characters of what is searched for: a path that a person types has fewer."""

LONGEST_NAME: Final = 4096
"""Characters of a name that are looked at; Linux has no name of more than 255 bytes."""

STEP: Final = 10_000
"""Nodes that are looked at in one step: some milliseconds."""

MOST_STATES: Final = 10_000
"""How many sets of fitting parts a pattern remembers the tests for; most have two or three."""

_GLOB: Final = re.compile(r"[*?]|\[[^/]+\]")
_ANY_DEPTH: Final = "**"


class Order(Enum):
    """By what the files of a directory are sorted."""

    NAME = "name"
    SIZE = "size"


def ordered(nodes: Iterable[Node], order: Order) -> list[Node]:
    """Sort files: by name in natural order, or the biggest first.

    Args:
        nodes: Those of one directory, or any others.
        order: What counts; among those of one size, the name.
    """
    by_name = sorted(nodes, key=lambda node: natural_key(node.name))
    return by_name if order is Order.NAME else sorted(by_name, key=lambda node: -node.total)


def biggest(root: Node, count: int) -> list[Node]:
    """Find the biggest files at any depth, the biggest first; hard links to a file do not count again.

    Args:
        root: Where to look.
        count: How many at most.
    """
    files = (node for node in walk(root) if node.total and not node.is_directory and node.is_there)
    return heapq.nlargest(count, files, key=lambda node: node.total)


def with_ancestors(nodes: Iterable[Node]) -> set[Node]:
    """Gather nodes and all directories above them: what a tree has to show so that they can be seen.

    Args:
        nodes: What has been found.
    """
    kept: set[Node] = set()
    for node in nodes:
        for above in node.ancestors(itself=True):
            if above in kept:
                break
            kept.add(above)
    return kept


def with_changes(root: Node, changes: Collection[Change | None]) -> set[Node]:
    """Gather all that has one of some changes, and the directories above it.

    Args:
        root: Where to look.
        changes: Which changes count; None stands for what has none.
    """
    found = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.change in changes and node.parent is not None:
            found.append(node)
        if node.differs_below or None in changes or node.change is Change.REMOVED:
            waiting.extend(node.children.values())
    return with_ancestors(found)


def search(root: Node, text: str) -> Iterator[list[Node]]:
    """Find all whose name or path fits, removed ones included; what arrives meanwhile may be missed.

    A glob (``*``, ``?``, ``[…]``) fits a whole name at any depth; with a ``/`` in it, a whole path from
    `root` on, where ``**`` stands for any number of directories, even none. Other text fits where it is part
    of a name; with a ``/`` in it, of a path, and what is found is the name that its end lies in. Upper and
    lower case are the same unless there is an upper-case letter in the text.

    Args:
        root: Where to look; it is not found itself.
        text: A glob, or a part of a name or path.

    Yields:
        What each step of some thousand nodes has found, in no order; a step that finds nothing is an empty
        list, so that between two of them others can go on.

    Raises:
        TooLargeError: The text has more than 1,000 characters.
    """
    if len(text) > LONGEST_PATTERN:
        raise TooLargeError(f"What is searched for has more than {LONGEST_PATTERN:,} characters.")
    pattern = _Pattern(text)
    waiting = [(root, pattern.start)]
    found: list[Node] = []
    looked_at = 0
    while waiting:
        directory, state = waiting.pop()
        for node in list(directory.children.values()):
            looked_at += 1
            if looked_at % STEP == 0:
                yield found
                found = []
            after = pattern.step(state, node.name[:LONGEST_NAME])
            if after & pattern.goal:
                found.append(node)
            if after and node.children:
                waiting.append((node, after))
    yield found


class _Pattern:
    """A pattern for paths, read one name after the other.

    A state is a set of bits: bit n says that the names so far fit the first n parts of the pattern.
    """

    def __init__(self, text: str) -> None:
        self._fold = not any(letter.isupper() for letter in text)
        parts = self._of_glob(text) if _GLOB.search(text) else self._of_text(text)
        self._parts = parts
        self._moves: dict[int, tuple[int, list[tuple[Callable[[str], object], int]]]] = {}
        self.goal = 1 << len(parts) if parts else 0
        self.start = self._opened(1) if parts else 0

    def step(self, state: int, name: str) -> int:
        """Read one more name; 0 means that nothing below it can fit."""
        moves = self._moves.get(state)
        if moves is None:
            if len(self._moves) >= MOST_STATES:
                self._moves.clear()
            moves = self._moves[state] = self._moves_from(state)
        after, tests = moves
        if self._fold:
            name = name.casefold()
        for fits, bit in tests:
            if not after & bit and fits(name):
                after |= bit
        return after

    def _moves_from(self, state: int) -> tuple[int, list[tuple[Callable[[str], object], int]]]:
        """Tell which bits stay set whatever the name is, and which are set if it fits."""
        stay, tests = 0, []
        for number, fits in enumerate(self._parts):
            if state >> number & 1:
                if fits is None:
                    stay |= self._opened(1 << number)
                else:
                    tests.append((fits, self._opened(1 << number + 1)))
        return stay, tests

    def _opened(self, bit: int) -> int:
        """Add the parts that can be left out from here on."""
        bits = bit
        while bit.bit_length() <= len(self._parts) and self._parts[bit.bit_length() - 1] is None:
            bit <<= 1
            bits |= bit
        return bits

    def _of_glob(self, text: str) -> list[Callable[[str], object] | None]:
        names = [name for name in text.split("/") if name]
        if "/" not in text:
            names.insert(0, _ANY_DEPTH)
        if names[-1] == _ANY_DEPTH:
            names.append("*")
        parts: list[Callable[[str], object] | None] = []
        for name in names:
            if name == _ANY_DEPTH:
                if not parts or parts[-1] is not None:
                    parts.append(None)
            else:
                parts.append(re.compile(fnmatch.translate(self._folded(name))).match)
        return parts

    def _of_text(self, text: str) -> list[Callable[[str], object] | None]:
        first, *rest = self._folded(text.removeprefix("/")).split("/")
        if not first and not rest:
            return []
        if text.startswith("/"):
            first, rest = "", [first, *rest]
        if not rest:
            return [None, lambda name: first in name]
        *middle, last = rest
        ends = [] if not first else [lambda name: name.endswith(first)]
        between = [lambda name, wanted=wanted: name == wanted for wanted in middle]
        return [None, *ends, *between, lambda name: name.startswith(last)]

    def _folded(self, text: str) -> str:
        return text.casefold() if self._fold else text
