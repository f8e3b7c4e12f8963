"""The nodes that trees of files are made of.

No walk here recurses: a path may have ten thousand parts.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tui.contents.entries import Entry, Kind
from tui.ordering import natural_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Change", "Node", "walk"]

_NOTHING: Final[Mapping[str, Node]] = MappingProxyType({})


class Change(Enum):
    """What a layer does to a path, compared with the layers below it."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class Node:
    """One name in a tree of files."""

    __slots__ = (
        "_by_name",
        "_children",
        "change",
        "count",
        "differs_below",
        "entry",
        "layer",
        "linked",
        "name",
        "opaque",
        "parent",
        "total",
        "whiteout",
    )

    def __init__(self, name: str, parent: Node | None, entry: Entry | None, layer: int) -> None:
        """Make a node that no parent knows yet: see `put`.

        Args:
            name: The last part of its path; "" for the root.
            parent: The directory that it lies in; None for the root.
            entry: What the layer says of it.
            layer: The number of the layer that brings it.
        """
        self.name = name
        self.parent = parent
        self.entry = entry
        """What the layer says of it; None for a directory that is only named by what lies in it.
        Of a removal in the tree of one layer: the whiteout itself."""
        self.layer = layer
        """The number of the layer that brought it, or described it last; the lowest is 1."""
        self.change: Change | None = None
        """What the topmost layer does to it; None where it stays as it is, or layers below are not known."""
        self.differs_below = False
        """Whether anything below it has a change; in the tree of one layer, or had one for a while."""
        self.whiteout = False
        """In the tree of one layer: whether it hides what layers below have at its path."""
        self.opaque = False
        """In the tree of one layer: whether it hides what layers below have in this directory."""
        self.linked: tuple[int, Entry] | None = None
        """Of a hard link: the layer and the entry of the file that it is; None where that is not known."""
        self.total = 0
        """Bytes of the file, or of all files below the directory; those of hard links are counted once."""
        self.count = 0
        """How many things that are no directories lie at it or below."""
        self._children: dict[str, Node] | None = None
        self._by_name: list[Node] | None = None

    def __repr__(self) -> str:
        return f"<Node {self.path!r}>"

    @property
    def children(self) -> Mapping[str, Node]:
        """What lies in it, by name. What is no directory (any more) can have removed ones."""
        return _NOTHING if self._children is None else self._children

    @property
    def path(self) -> str:
        """Its place in the tree: parts joined by ``/``; "" for the root."""
        return "/".join(node.name for node in reversed(list(self.ancestors(itself=True))[:-1]))

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory, or was one before it was removed."""
        return self.entry is None or self.entry.kind is Kind.DIRECTORY

    @property
    def content(self) -> tuple[int, Entry] | None:
        """The layer and the entry of what it is, after hard links; None where that is not known."""
        if self.entry is None:
            return None
        return self.linked if self.entry.kind is Kind.HARDLINK else (self.layer, self.entry)

    @property
    def kind(self) -> Kind:
        """What it is: of a hard link what it links to, where that is known."""
        if self.entry is None:
            return Kind.DIRECTORY
        return self.entry.kind if self.linked is None else self.linked[1].kind

    @property
    def size(self) -> int:
        """Bytes that reading it gives: of a hard link those of the file that it is."""
        content = self.content
        return 0 if content is None else content[1].size

    @property
    def is_there(self) -> bool:
        """Whether it is part of the file system, and not only shown because it was."""
        return self.change is not Change.REMOVED

    def ancestors(self, *, itself: bool = False) -> Iterator[Node]:
        """Go up to the root.

        Args:
            itself: Whether to begin with this node and not with its parent.
        """
        node = self if itself else self.parent
        while node is not None:
            yield node
            node = node.parent

    def by_name(self) -> list[Node]:
        """What lies in it in natural order, sorted when it is first asked for; leave the list as it is."""
        if self._by_name is None:
            self._by_name = sorted(self.children.values(), key=lambda node: natural_key(node.name))
        return self._by_name

    def find(self, path: str) -> Node | None:
        """Find what is below it, what is only shown because it was there included; no link is followed.

        Args:
            path: Parts joined by ``/``, from this node on; "" for itself.
        """
        node: Node | None = self
        for part in path.split("/") if path else ():
            node = None if node is None else node.children.get(part)
        return node

    def put(self, child: Node) -> None:
        """Take a node in under its name, in the place of one that may be there."""
        if self._children is None:
            self._children = {}
        self._children[child.name] = child
        self._by_name = None

    def drop(self, child: Node) -> None:
        """Forget a node."""
        if self._children is not None:
            del self._children[child.name]
        self._by_name = None

    def clear(self) -> None:
        """Forget all that lies in it."""
        self._children = self._by_name = None

    def weigh(self, total: int, count: int) -> None:
        """Add to the sums of it and of all directories above it.

        Args:
            total: Bytes; fewer than 0 where they go.
            count: Things that are no directories; fewer than 0 where they go.
        """
        if total or count:
            node: Node | None = self
            while node is not None:
                node.total += total
                node.count += count
                node = node.parent

    def stir(self) -> list[Node]:
        """Tell all directories above that something below them differs.

        Returns:
            Those that did not know it.
        """
        told = []
        for node in self.ancestors():
            if node.differs_below:
                break
            node.differs_below = True
            told.append(node)
        return told


def walk(root: Node) -> Iterator[Node]:
    """Go through a node and all below it, each before what lies in it, in no order of names."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children.values())
