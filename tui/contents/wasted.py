"""Space that an image wastes on what a later layer replaces or removes.

`wasted_space` gives the figures of dive 0.13 for the same layers: each leaf of each layer's tree counts under
its path, a whiteout under the path that it hides, and a path that more than one layer has is wasted with all
its bytes, those of the last one included. What lay in a directory that is removed as a whole does not count
there, for its paths occur once. `hidden_files` counts what layers hide, byte by byte, and nothing else.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.contents.entries import Kind
from tui.contents.errors import TooLargeError
from tui.contents.nodes import walk
from tui.contents.tree import MOST_NODES, WHITEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui.contents.entries import Entry
    from tui.contents.merged import Hidden, MergedTree

__all__ = ["Wasted", "WastedFile", "hidden_files", "wasted_space"]

_NEVER: Final = ".wh..wh."
"""What dive leaves out by the beginning of its name: opaque whiteouts, and what AUFS keeps for itself."""


@dataclass(frozen=True, slots=True)
class WastedFile:
    """A path that more than one layer has."""

    path: str
    count: int
    """In how many layers it is; one that removes it counts too."""
    size: int
    """Bytes that it has in all of them together."""


@dataclass(frozen=True, slots=True)
class Wasted:
    """How well an image uses its space."""

    score: float
    """Its efficiency, from 0 to 1: what the smallest of each path's files have together, of what all have."""
    size: int
    """Wasted bytes."""
    files: tuple[WastedFile, ...]
    """Those behind the figure, the biggest first."""
    user_size: int
    """Bytes of the files of all layers but the lowest."""
    total_size: int
    """Bytes of the files of all layers."""

    @property
    def share(self) -> float | None:
        """Wasted bytes by bytes of all layers but the lowest; None where these have none."""
        return self.size / self.user_size if self.user_size else None


def wasted_space(layers: Sequence[Sequence[Entry]]) -> Wasted:
    """Count the space that an image wastes.

    Args:
        layers: The entries of each layer, from the lowest on.

    Raises:
        TooLargeError: A layer has more than `MOST_NODES` names.
    """
    paths: dict[str, _Uses] = {}
    below = _Below(layers)
    for number, entries in enumerate(layers):
        for path, leaf, hidden in _leaves(_tree_of(entries)):
            size = leaf.size
            if hidden:
                found = below.find(path, number)
                if (
                    found is None
                ):  # dive looks no further into such a layer, and takes a byte off for the path
                    paths.setdefault(path, _Uses())
                    break
                size = found.weight() if found.is_directory else 0
            uses = paths.get(path)
            if uses is None:
                uses = paths[path] = _Uses()
            uses.add(size)
    sizes = [sum(entry.size for entry in entries) for entries in layers]
    files = [WastedFile(path, uses.count, uses.size) for path, uses in paths.items() if uses.count > 1]
    files.sort(key=lambda file: (-file.size, file.path))
    used = sum(uses.size for uses in paths.values())
    return Wasted(
        score=max(sum(uses.smallest for uses in paths.values()) / used, 0.0) if used else 1.0,
        size=sum(file.size for file in files),
        files=tuple(files),
        user_size=sum(sizes[1:]),
        total_size=sum(sizes),
    )


def hidden_files(tree: MergedTree) -> list[Hidden]:
    """List the files that a later layer replaced or removed, the biggest first: nobody can reach their bytes.

    Args:
        tree: The layers, stacked; a file that a hard link still stands for is not hidden.
    """
    alive = {id(node.linked[1]) for node in walk(tree.root) if node.linked is not None and node.is_there}
    hidden = [file for file in tree.hidden if id(file.entry) not in alive]
    return sorted(hidden, key=lambda file: -file.entry.size)


class _Uses:
    """What the layers have at one path."""

    __slots__ = ("count", "size", "smallest")

    def __init__(self) -> None:
        self.count = self.size = 0
        self.smallest = -1

    def add(self, size: int) -> None:
        self.count += 1
        self.size += size
        self.smallest = size if self.smallest < 0 else min(self.smallest, size)


class _Branch:
    """A name in a tree as dive builds it: whiteouts are files, and links lead nowhere."""

    __slots__ = ("children", "is_directory", "path", "size")

    def __init__(self) -> None:
        self.children: dict[str, _Branch] = {}
        self.is_directory = False
        self.path: str | None = None
        self.size = 0

    def weight(self) -> int:
        """Bytes of all that lies in it."""
        total, waiting = 0, [self]
        while waiting:
            branch = waiting.pop()
            total += branch.size
            waiting.extend(branch.children.values())
        return total


class _Below:
    """What lies below a layer, stacked when it is first asked for."""

    def __init__(self, layers: Sequence[Sequence[Entry]]) -> None:
        self._layers = layers
        self._root: _Branch | None = None
        self._height = 0

    def find(self, path: str, height: int) -> _Branch | None:
        """Find what the layers up to one have at a path; dive takes the lowest for what lies below itself."""
        if self._root is None:
            self._root = _tree_of(self._layers[0])
        while self._height < height:
            _stack(self._root, _tree_of(self._layers[self._height]))
            self._height += 1
        branch: _Branch | None = self._root
        for name in path.strip("/").split("/"):
            if branch is not None and name:
                branch = branch.children.get(name)
        return branch


def _tree_of(entries: Sequence[Entry]) -> _Branch:
    root = _Branch()
    names = 0
    for entry in entries:
        path = posixpath.normpath(entry.path) if ".." in entry.path else entry.path
        branch = root
        parts = path.split("/") if path not in {"", "."} else []
        for number, name in enumerate(parts):
            child = branch.children.get(name)
            if child is None:
                if name.startswith(_NEVER):
                    branch.path = branch.path or "/".join(parts[:number])
                    break
                child = branch.children[name] = _Branch()
                names += 1
                if names > MOST_NODES:
                    raise TooLargeError(f"A layer has more than {MOST_NODES:,} names.")
            branch = child
        else:
            if parts:
                branch.path = path
                branch.size, branch.is_directory = entry.size, entry.kind is Kind.DIRECTORY
    return root


def _leaves(root: _Branch) -> Iterator[tuple[str, _Branch, bool]]:
    """Go through all that nothing lies in, by name: the path that it counts for, itself, is it a whiteout."""
    waiting = _in_order(root)[::-1]
    while waiting:
        branch = waiting.pop()
        if branch.children:
            waiting.extend(reversed(_in_order(branch)))
            continue
        folder, slash, name = (branch.path or "").rpartition("/")
        yield folder + slash + name.removeprefix(WHITEOUT), branch, name.startswith(WHITEOUT)


def _in_order(branch: _Branch) -> list[_Branch]:
    return [child for _, child in sorted(branch.children.items())]


def _stack(root: _Branch, layer: _Branch) -> None:
    """Put a layer on a tree as dive does: by name, what lies in a directory before itself."""
    frames = [(root, layer, iter(sorted(layer.children)), "")]
    while frames:
        lower, upper, names, own_name = frames[-1]
        name = next(names, None)
        if name is not None:
            child = upper.children[name]
            if name.startswith(WHITEOUT) and not child.children:
                _remove(lower, name, is_root=len(frames) == 1)
            else:
                below = lower.children.setdefault(name, _Branch())
                frames.append((below, child, iter(sorted(child.children)), name))
            continue
        frames.pop()
        if not frames:
            return
        if own_name.startswith(WHITEOUT):
            _remove(frames[-1][0], own_name, is_root=len(frames) == 1)
        else:
            lower.size, lower.is_directory = upper.size, upper.is_directory


def _remove(directory: _Branch, whiteout: str, *, is_root: bool) -> None:
    """Apply a whiteout; one without a name hides the directory that it lies in, but not the root."""
    hidden = whiteout.removeprefix(WHITEOUT)
    if hidden:
        directory.children.pop(hidden, None)
    elif not is_root:
        directory.children.clear()
