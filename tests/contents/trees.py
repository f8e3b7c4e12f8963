"""Entries and layers that tests of trees are made of, in a few letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.contents.entries import Entry, Kind
from tui.contents.tree import LayerTree

if TYPE_CHECKING:
    from tui.contents.nodes import Change, Node


def file(path: str, size: int = 1, **fields: Any) -> Entry:
    return Entry(path, size=size, **{"mode": 0o644, **fields})


def folder(path: str, **fields: Any) -> Entry:
    return Entry(path, Kind.DIRECTORY, **{"mode": 0o755, **fields})


def symlink(path: str, target: str, **fields: Any) -> Entry:
    return Entry(path, Kind.SYMLINK, target=target, **fields)


def hardlink(path: str, target: str, **fields: Any) -> Entry:
    return Entry(path, Kind.HARDLINK, target=target, **fields)


def layer(number: int, *entries: Entry) -> LayerTree:
    tree = LayerTree(number)
    tree.add(entries)
    return tree


def stack_of(*layers: tuple[Entry, ...]) -> list[LayerTree]:
    return [layer(number, *entries) for number, entries in enumerate(layers, 1)]


def paths(root: Node, *, there: bool = True) -> list[str]:
    """All paths below a node, sorted: those that are there, or those that are only shown."""
    found = []
    waiting = [(root, "")]
    while waiting:
        node, path = waiting.pop()
        if node.parent is not None and node.is_there is there:
            found.append(path)
        waiting += ((child, f"{path}/{name}" if path else name) for name, child in node.children.items())
    return sorted(found)


def changes(root: Node) -> dict[str, Change]:
    """The change of each path that has one."""
    found = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.change is not None:
            found[node.path] = node.change
        waiting += node.children.values()
    return found
