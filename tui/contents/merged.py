"""The file system of an image as a container sees it: its layers, stacked.

Layers are stacked as image-spec says in ``layer.md``, and where that is silent as overlay file systems of
containers do: a directory of an upper layer hides a symbolic link of a lower one that has its path.
Whiteouts and opaque directories hide what layers below have, and never what their own layer has, wherever
they stand in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.client.redaction import quoted
from tui.contents.entries import Entry, Kind
from tui.contents.errors import NotInLayerError
from tui.contents.links import MOST_FOLLOWED, DeadEndError, locate
from tui.contents.nodes import Change, Node, walk
from tui.contents.sameness import UNDESCRIBED, has_same_attributes, is_same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.contents.tree import LayerTree

__all__ = ["Hidden", "MergedTree"]


@dataclass(frozen=True, slots=True)
class Hidden:
    """A file with bytes that a later layer replaced or removed."""

    node: Node
    """Where it was: the node may have become something else since."""
    layer: int
    """The number of the layer that brought it."""
    entry: Entry
    """What it was."""
    by: int
    """The number of the layer that replaced or removed it."""

    @property
    def path(self) -> str:
        """Where it was."""
        return self.node.path


class MergedTree:
    """Layers stacked up to one of them, with marks for what the topmost one adds, changes and removes.

    What it removes stays in the tree, with what it was and the layer that had brought it, until the next one
    is stacked; it is no part of the file system. What has another kind, mode, owner, target or attribute is
    changed. So is a file that the layer brings again, for its bytes may be others: only one that is empty,
    or whose digests are known and equal, is the same as before. Times do not count.
    """

    def __init__(self, layers: Iterable[LayerTree] = ()) -> None:
        """Stack layers.

        Args:
            layers: Complete ones, from the lowest on.
        """
        self.root = Node("", None, None, 1)
        self.height = 0
        """How many layers are stacked."""
        self.hidden: list[Hidden] = []
        """Files with bytes that a later layer replaced or removed, hard links to them or not."""
        self._number = 0
        self._removed: list[Node] = []
        self._touched: list[Node] = []
        for layer in layers:
            self.stack(layer)

    def stack(self, layer: LayerTree) -> None:
        """Put a layer on top; its own nodes get the same marks, and its hard links what they link to.

        Args:
            layer: A complete one, whose number is higher than those below it.
        """
        self._settle()
        self._link(layer)
        self.height += 1
        self._number = layer.number
        self._describe(self.root, layer.root, hidden=False)
        waiting = [(self.root, layer.root, False)]
        while waiting:
            lower, upper, hidden = waiting.pop()
            hidden = hidden or upper.opaque
            if hidden:
                self._hide_others(lower, upper)
            for name, node in upper.children.items():
                below = lower.children.get(name)
                if node.change is Change.REMOVED:
                    if below is not None and below.is_there:
                        self._remove(below)
                elif below is None:
                    self._copy(lower, node)
                elif not node.is_directory:
                    self._replace(below, node)
                elif below.is_directory:
                    self._describe(below, node, hidden=hidden or node.whiteout)
                    waiting.append((below, node, hidden or node.whiteout))
                else:
                    self._replace(below, node)
                    waiting.append((below, node, False))

    def resolve(self, path: str, *, follow: bool = True) -> Node:
        """Find what a path leads to, as in a container: absolute targets begin at the image's root.

        Args:
            path: Absolute, or from the root on.
            follow: Whether a symbolic link at its end is followed too.

        Raises:
            NotInLayerError: There is nothing, or symbolic links lead in a circle.
        """
        node, missing, _ = locate(self.root, path.split("/"), follow_last=follow, strict=True)
        if missing and not node.is_directory:
            raise NotInLayerError(f"{quoted(path)}: {quoted(node.path)} is no directory.")
        if missing:
            raise NotInLayerError(
                f"{quoted(path)}: there is no {quoted(missing[0])} in {quoted(f'/{node.path}')}."
            )
        return node

    def content_of(self, node: Node) -> tuple[int, Entry]:
        """Tell where a file's bytes are: the layer's number, and the entry that has them there.

        Args:
            node: One of this tree; a symbolic or hard link stands for what it leads to.

        Raises:
            NotInLayerError: It has no bytes, or what it leads to is not in the image.
        """
        if node.kind is Kind.SYMLINK and node.is_there:
            node = self.resolve(node.path)
        content = node.content
        if content is None and node.entry is not None:
            raise NotInLayerError(
                f"{quoted(node.path)} links to {quoted(node.entry.target)}, which is no file of the image."
            )
        if content is None or content[1].kind is not Kind.FILE:
            raise NotInLayerError(f"{quoted(node.path)} has no bytes: it is a {node.kind.value}.")
        return content

    def _settle(self) -> None:
        """Forget what the topmost layer has changed: it is below the next one."""
        for node in self._removed:
            if node.parent is not None:
                node.parent.drop(node)
        for node in self._touched:
            node.change, node.differs_below = None, False
        self._removed, self._touched = [], []

    def _link(self, layer: LayerTree) -> None:
        """Find the files of layers below that hard links of a layer are."""
        followed = 0
        for node in layer.pending:
            if node.entry is None or node.entry.kind is not Kind.HARDLINK or node.linked is not None:
                continue
            if node.entry.target == node.entry.path:
                continue
            parts = node.entry.target.split("/")
            for root in (self.root, layer.root):  # as of when it is unpacked: its own layer has none yet
                if followed > MOST_FOLLOWED:
                    return
                try:
                    found, missing, more = locate(root, parts, follow_last=False, strict=True)
                except DeadEndError as error:
                    followed += error.followed
                    continue
                followed += more
                if not missing and not found.is_directory and found.content is not None:
                    node.linked = found.content
                    break

    def _mark(self, node: Node, upper: Node) -> None:
        """Mark a node as changed, and the layer's own."""
        node.change = upper.change = Change.CHANGED
        self._touched += (node, *node.stir())
        upper.stir()

    def _describe(self, node: Node, upper: Node, *, hidden: bool) -> None:
        """Give a directory what an upper layer says of it."""
        upper.change = None
        if upper.entry is None and not hidden:
            return
        same = has_same_attributes(node.entry or UNDESCRIBED, upper.entry or UNDESCRIBED)
        node.entry, node.layer = upper.entry, upper.layer
        if not same:
            self._mark(node, upper)

    def _replace(self, node: Node, upper: Node) -> None:
        """Let what an upper layer has take a node's place, that of a directory too."""
        for child in node.children.values():
            self._remove(child)
        self._hide(node)
        before, after = node.content, upper.content
        same = before is not None and after is not None and is_same(before[1], after[1])
        if upper.is_directory:  # what lies in it is still to come
            node.weigh(-node.total, -node.count)
        else:
            node.weigh(upper.total - node.total, upper.count - node.count)
        node.entry, node.layer, node.linked = upper.entry, upper.layer, upper.linked
        upper.change = None
        if not same:
            self._mark(node, upper)

    def _remove(self, node: Node) -> None:
        """Mark a node and all below it as removed, and take it out of the sums."""
        if node.parent is not None:
            node.parent.weigh(-node.total, -node.count)
        for below in walk(node):
            below.change = Change.REMOVED
            self._hide(below)
        self._removed.append(node)
        self._touched += node.stir()

    def _hide(self, node: Node) -> None:
        """Note a file whose bytes nobody can reach from now on."""
        if node.entry is not None and node.entry.kind is Kind.FILE and node.entry.size:
            self.hidden.append(Hidden(node, node.layer, node.entry, self._number))

    def _hide_others(self, lower: Node, upper: Node) -> None:
        """Remove what an upper directory that hides the lower one does not have itself."""
        for name, child in lower.children.items():
            if child.is_there and ((node := upper.children.get(name)) is None or not node.is_there):
                self._remove(child)

    def _copy(self, parent: Node, upper: Node) -> None:
        """Add what only an upper layer has, with all that lies in it."""
        parent.weigh(upper.total, upper.count)
        waiting = [(parent, upper)]
        while waiting:
            above, original = waiting.pop()
            node = Node(original.name, above, original.entry, original.layer)
            node.linked, node.total, node.count = original.linked, original.total, original.count
            above.put(node)
            node.change = original.change = Change.ADDED
            self._touched.append(node)
            if original.children:
                inside = [(node, child) for child in original.children.values() if child.is_there]
                waiting += inside
                node.differs_below = bool(inside)
                original.differs_below = True
        self._touched += parent.children[upper.name].stir()
        upper.stir()
