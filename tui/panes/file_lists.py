"""Lists of files that are no tree: the biggest ones, and those that waste space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.contents.finding import biggest
from tui.figures import counted, size
from tui.panes.file_rows import FileRow, listed
from tui.panes.files_tree import FlatList

if TYPE_CHECKING:
    from tui.contents.nodes import Node
    from tui.contents.wasted import Wasted, WastedFile

MOST_BIG: Final = 500
"""Of the biggest files so many are listed: more nobody looks at."""

MOST_WASTEFUL: Final = 2_000
"""Of files that waste space so many are listed."""


def biggest_files(root: Node) -> FlatList:
    """List the biggest files of a tree, the biggest first."""
    rows = listed(biggest(root, MOST_BIG))
    return FlatList(
        "biggest files", rows, "" if rows else "there are no files with anything in them", "biggest"
    )


def wasted_files(wasted: Wasted, root: Node) -> FlatList:
    """List the files that are in several layers, with the bytes that they take in all of them.

    Args:
        wasted: What was counted.
        root: The merged tree; what is in it no more is listed, too.
    """
    title = f"{size(wasted.size)} wasted · score {wasted.score:.1%}"
    rows = [_wasteful(file, root) for file in wasted.files[:MOST_WASTEFUL]]
    share = (
        f", {wasted.share:.1%} of what the layers above the lowest bring" if wasted.share is not None else ""
    )
    note = f"{counted(len(wasted.files), 'path')} in more than one layer: {size(wasted.size)}{share}"
    nothing = "no path is in more than one layer: nothing is wasted"
    return FlatList(title, rows, note if rows else nothing, "wasted")


def _wasteful(file: WastedFile, root: Node) -> FileRow:
    path = file.path.strip("/")
    node, found = root, root.find(path)
    if found is None:
        parts = path.split("/")
        for part in parts:
            if (below := node.children.get(part)) is None:
                break
            node = below
    return FileRow(found or node, called=path, figure=file.size, note=counted(file.count, "layer"))
