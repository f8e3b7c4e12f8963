"""What of a tree of files is saved to disk: a file, or a directory with all that is in it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tui.contents.entries import Kind
from tui.contents.saving import ToSave

if TYPE_CHECKING:
    from tui.contents.nodes import Node
    from tui.inside import Inside, Located

WITH_BYTES = (Kind.FILE, Kind.HARDLINK)


def files_to_save(inside: Inside, node: Node, name: str) -> list[ToSave]:
    """List a node and all that is in it, directories before what is in them; nothing that was removed.

    Args:
        inside: Finds the bytes.
        node: A file, a link to one, or a directory.
        name: What it is called on disk.
    """
    located = inside.located(node)
    if located.directory is not None:
        node = located.directory
    elif node.kind is Kind.SYMLINK and located.bytes_of is not None:
        return [_with_bytes((name,), located)]
    things: list[ToSave] = []
    waiting: list[tuple[Node, tuple[str, ...]]] = [(node, (name,))]
    while waiting:
        below, parts = waiting.pop()
        located = inside.located(below)
        if located.entry.kind in WITH_BYTES:
            things.append(_with_bytes(parts, located, as_it_is=True))
        else:
            things.append(ToSave(parts, located.entry))
        children = [child for child in below.by_name() if child.is_there]
        waiting.extend((child, (*parts, child.name)) for child in reversed(children))
    return things


def bytes_to_save(things: list[ToSave]) -> int:
    """Tell how many bytes all files have together."""
    return sum(thing.content.size for thing in things if thing.content is not None)


def _with_bytes(parts: tuple[str, ...], located: Located, *, as_it_is: bool = False) -> ToSave:
    content = located.bytes_of
    if content is None or located.layer is None:
        return ToSave(parts, located.entry)
    entry = located.entry if as_it_is else content
    return ToSave(parts, entry, content, partial(located.layer.chunks, content))
