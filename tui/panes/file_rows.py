"""Which rows of a tree of files show: what is unfolded of it, in an order, all or only what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.contents.finding import Order, ordered, with_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui.contents.nodes import Change, Node


MOST_UNFOLDED: Final = 5_000
"""Where no more rows than these are let through, the directories that lead to them are unfolded at once."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row: a node of the tree, and where it stands."""

    node: Node
    depth: int = 0
    """How many directories it is in; 0 in a list that is no tree."""
    unfolded: bool | None = None
    """Whether what is in it shows; None for what has nothing in it."""
    called: str = ""
    """Its path, in a list that is no tree; there may be no node for it (any more), but one that it was in."""
    figure: int | None = None
    """Bytes that the list is about, where these are not its size."""
    note: str = ""
    """What else the list says of it."""

    @property
    def path(self) -> str:
        """What makes it that row: a path without a slash before it."""
        return self.called or self.node.path


def listed(nodes: Iterable[Node]) -> list[FileRow]:
    """Make rows of nodes for a list that is no tree."""
    return [FileRow(node, called=node.path) for node in nodes]


class FileRows:
    """The rows of one tree; what is unfolded stays so while it grows."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.order = Order.NAME
        """The order of what is in a directory."""
        self.kept: Change | None = None
        """Lets only what has this change show, with the directories that lead to it; None for all."""
        self._unfolded = {""}
        self._closed: set[str] = set()
        """What was folded of a few that show, whose directories are unfolded by themselves."""
        self._few = False

    def rows(self) -> list[FileRow]:
        """Return the rows that show, from the root on."""
        if self.root is None:
            return []
        leading = with_changes(self.root, {self.kept}) if self.kept is not None else None
        self._few = leading is not None and len(leading) <= MOST_UNFOLDED
        found: list[FileRow] = []
        stack = [(self.root, 0)]
        while stack:
            node, depth = stack.pop()
            unfolded = self._is_unfolded(node)
            found.append(FileRow(node, depth, unfolded))
            if unfolded:
                children = self._ordered(node)
                if leading is not None:
                    children = [child for child in children if child in leading]
                stack.extend((child, depth + 1) for child in reversed(children))
        return found

    def fold(self, node: Node, *, unfold: bool) -> None:
        """Hide what is in a directory, or show it."""
        path = node.path
        if unfold:
            self._unfolded.add(path)
            self._closed.discard(path)
        else:
            self._unfolded.discard(path)
            self._closed.add(path)

    def reveal(self, node: Node) -> None:
        """Unfold all directories that a node is in."""
        for above in node.ancestors():
            self.fold(above, unfold=True)

    def _is_unfolded(self, node: Node) -> bool | None:
        if not node.children:
            return None
        path = node.path
        return path in self._unfolded or (self._few and path not in self._closed)

    def _ordered(self, node: Node) -> Sequence[Node]:
        return node.by_name() if self.order is Order.NAME else ordered(node.by_name(), self.order)
