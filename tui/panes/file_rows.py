"""Which rows of a tree of files show: what is unfolded of it, in an order, all or only what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.contents.finding import Order, ordered, with_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.contents.nodes import Change, Node


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row: a node of the tree, and where it stands."""

    node: Node
    depth: int = 0
    """How many directories it is in; 0 in a list that is no tree."""
    unfolded: bool | None = None
    """Whether what is in it shows; None for what has nothing in it."""
    whole_path: bool = False
    """Whether it is called by its path, as in a list that is no tree."""
    figure: int | None = None
    """Bytes that the list is about, where these are not its size."""
    note: str = ""
    """What else the list says of it."""


class FileRows:
    """The rows of one tree; what is unfolded stays so while it grows."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.order = Order.NAME
        """The order of what is in a directory."""
        self.kept: Change | None = None
        """Lets only what has this change show, with the directories that lead to it; None for all."""
        self._unfolded = {""}

    def rows(self) -> list[FileRow]:
        """Return the rows that show, from the root on."""
        if self.root is None:
            return []
        leading = with_changes(self.root, {self.kept}) if self.kept is not None else None
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
        if unfold:
            self._unfolded.add(node.path)
        else:
            self._unfolded.discard(node.path)

    def reveal(self, node: Node) -> None:
        """Unfold all directories that a node is in."""
        self._unfolded.update(above.path for above in node.ancestors())

    def _is_unfolded(self, node: Node) -> bool | None:
        return node.path in self._unfolded if node.children else None

    def _ordered(self, node: Node) -> Sequence[Node]:
        return node.by_name() if self.order is Order.NAME else ordered(node.by_name(), self.order)
