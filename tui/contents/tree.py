"""The files of one layer as a tree that grows while its entries arrive."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.contents.entries import Entry, Kind
from tui.contents.links import MOST_FOLLOWED, DeadEndError, locate
from tui.contents.nodes import Change, Node, walk
from tui.contents.paths import UPWARDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["OPAQUE", "WHITEOUT", "Change", "LayerTree", "Node", "walk"]

WHITEOUT: Final = ".wh."
"""What the name of a whiteout begins with: the rest is the name that it hides."""

OPAQUE: Final = ".wh..wh..opq"
"""The name of a file that hides all that layers below have in its directory."""

MOST_PARTS: Final = 10_000
"""Parts of a path; Linux opens none of more than 2,048, and each part that no entry names costs a node."""

MOST_NODES: Final = 2_500_000
"""Names in one tree: some 600 MB; the biggest images that people make have a tenth of these."""

_DEEP: Final = f"its path has more than {MOST_PARTS:,} parts"
_ODD_WHITEOUT: Final = "a whiteout that hides no name that a file can have"
_BELOW_WHITEOUT: Final = "it lies below a whiteout"
_ODD_ROOT: Final = "it would replace the root of the file system"
_CIRCLE: Final = "the symbolic links on its path lead nowhere"
_TOO_MANY_LINKS: Final = "the layer has too many paths over symbolic links"
_TWICE: Final = "named more than once; this is the last"
_OVER_DIRECTORY: Final = "it replaces a directory of the same layer"
_OVER_FILE: Final = "it replaces a file of the same layer"
_BELOW_FILE: Final = "it lies below what the same layer calls a file"
_OVER_LINK: Final = "its path leads over a symbolic link of the same layer to here"


class _OutsideError(Exception):
    """An entry has no place in the tree; the words say why."""


class LayerTree:
    """The files of one layer, whiteouts known as such, growing as entries arrive.

    An entry takes the place that unpacking the layer alone gives it: the last one of a path wins, and
    symbolic links of the layer on the way to it are followed. What is odd about that is one more of its
    entry's problems.
    """

    def __init__(self, number: int = 1) -> None:
        """Begin with nothing but the root.

        Args:
            number: Which of the image's layers it is; the lowest is 1.
        """
        self.number = number
        self.root = Node("", None, None, number)
        self.outside: list[Entry] = []
        """Entries that have no place in the tree; one of each one's problems says why."""
        self.left_out = 0
        """How many entries were left out because the tree has as many names as it may have."""
        self.pending: list[Node] = []
        """Hard links to what this layer does not have (yet): layers below may have it."""
        self._nodes = 1
        self._followed = 0
        self._recent: tuple[str, Node, tuple[str, ...]] = ("", self.root, ())

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the tree as a whole, each as a sentence for a person."""
        if not self.left_out:
            return ()
        return (f"The tree ends at {MOST_NODES:,} names: {self.left_out:,} entries are not in it.",)

    def add(self, entries: Iterable[Entry]) -> None:
        """Take entries in, in the layer's order.

        Args:
            entries: Those that have arrived since the last call.
        """
        for entry in entries:
            if self._nodes >= MOST_NODES:
                self.left_out += 1
                continue
            try:
                self._add(entry)
            except _OutsideError as why:
                self.outside.append(_with_problems(entry, str(why)))

    def _add(self, entry: Entry) -> None:
        folder, _, name = entry.path.rpartition("/")
        if not name:
            self._describe_root(entry)
            return
        if name == "..":
            raise _OutsideError(UPWARDS)
        known, parent, problems = self._recent
        if folder != known:
            parent, problems = self._directory(folder, whiteout=name.startswith(WHITEOUT))
            self._recent = (folder, parent, problems)
        if name.startswith(WHITEOUT):
            self._hide(parent, name, entry)
        else:
            self._place(parent, name, _with_problems(entry, *problems) if problems else entry)

    def _describe_root(self, entry: Entry) -> None:
        if entry.kind is not Kind.DIRECTORY:
            raise _OutsideError(_ODD_ROOT)
        self.root.entry = _with_problems(entry, _TWICE) if self.root.entry is not None else entry

    def _directory(self, path: str, *, whiteout: bool) -> tuple[Node, tuple[str, ...]]:
        """Find or make a directory; say what is odd about what lies in it."""
        parts = path.split("/") if path else []
        node = self.root
        for part in parts:
            child = node.children.get(part)
            if child is None or not child.is_directory or not child.is_there:
                return self._make_directory(parts, whiteout=whiteout)
            node = child
        return node, ()

    def _make_directory(self, parts: Sequence[str], *, whiteout: bool) -> tuple[Node, tuple[str, ...]]:
        if len(parts) > MOST_PARTS:
            raise _OutsideError(_DEEP)
        if ".." in parts:
            raise _OutsideError(UPWARDS)
        if self._followed > MOST_FOLLOWED:
            raise _OutsideError(_TOO_MANY_LINKS)
        try:
            node, missing, followed = locate(self.root, parts)
        except DeadEndError as error:
            self._followed += error.followed
            raise _OutsideError(_CIRCLE) from error
        self._followed += followed
        if any(part.startswith(WHITEOUT) for part in missing):
            raise _OutsideError(_BELOW_WHITEOUT)
        problems = (_OVER_LINK,) if followed else ()
        if not node.is_directory:
            if (
                whiteout
            ):  # umoci writes such for a directory that a file has replaced: nothing is left to hide
                raise _OutsideError(_BELOW_FILE)
            problems = (*problems, _BELOW_FILE)
            node.weigh(-node.total, -1)
            node.entry = node.linked = None
        for name in missing:
            child = node.children.get(name)
            if child is None:
                child = self._new(node, name, None)
            else:  # a whiteout: what layers below have is hidden, and this is what there is instead
                child.entry = child.change = None
            node = child
        return node, problems

    def _hide(self, parent: Node, name: str, entry: Entry) -> None:
        """Take a whiteout in, for which only its name counts."""
        hidden = name.removeprefix(WHITEOUT)
        if name == OPAQUE:
            parent.opaque = True
            return
        if hidden in {"", ".", ".."} or hidden.startswith(WHITEOUT):
            raise _OutsideError(_ODD_WHITEOUT)
        node = parent.children.get(hidden)
        if node is None:
            node = self._new(parent, hidden, entry)
            node.change = Change.REMOVED
            node.stir()
        node.whiteout = True

    def _place(self, parent: Node, name: str, entry: Entry) -> None:
        linked = self._link(entry) if entry.kind is Kind.HARDLINK else None
        node = parent.children.get(name)
        if node is None:
            node = self._new(parent, name, entry)
        elif not node.is_there:
            node.entry, node.change = entry, None
        else:
            self._replace(node, entry)
        node.linked = linked
        if entry.kind is Kind.HARDLINK and linked is None:
            self.pending.append(node)
        if entry.kind is not Kind.DIRECTORY:
            node.weigh(entry.size if entry.kind is Kind.FILE else 0, 1)

    def _replace(self, node: Node, entry: Entry) -> None:
        """Let an entry take the place of another one of the layer."""
        if node.is_directory and entry.kind is Kind.DIRECTORY:
            node.entry = entry if node.entry is None else _with_problems(entry, _TWICE)
            return
        if node.is_directory:
            # What is there only because something in it is hidden is replaced by nothing of the layer.
            problems = [_OVER_DIRECTORY] if node.entry is not None or node.count else []
            self._recent = ("", self.root, ())
            self._nodes -= sum(1 for _ in walk(node)) - 1
            node.clear()
            node.opaque = False
            node.weigh(-node.total, -node.count)
        else:
            problems = [_OVER_FILE if entry.kind is Kind.DIRECTORY else _TWICE]
            node.weigh(-node.total, -1)
        node.entry = _with_problems(entry, *problems)

    def _link(self, entry: Entry) -> tuple[int, Entry] | None:
        """Find the file that a hard link is, as far as the layer has it by now."""
        if entry.target == entry.path or self._followed > MOST_FOLLOWED:
            return None
        try:
            node, missing, followed = locate(
                self.root, entry.target.split("/"), follow_last=False, strict=True
            )
        except DeadEndError as error:
            self._followed += error.followed
            return None  # layers below may have it; if they do not, opening it says so
        self._followed += followed
        return None if missing or node.is_directory else node.content

    def _new(self, parent: Node, name: str, entry: Entry | None) -> Node:
        node = Node(name, parent, entry, self.number)
        parent.put(node)
        self._nodes += 1
        return node


def _with_problems(entry: Entry, *problems: str) -> Entry:
    """Note what is odd about an entry's place, unless its reader has."""
    more = [problem for problem in problems if problem not in entry.problems]
    return replace(entry, problems=(*entry.problems, *more)) if more else entry
