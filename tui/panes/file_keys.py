"""The keys of the tree of files, each with an id to rebind it by."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

FILE_KEYS: Final = (
    Binding(
        "right,l",
        "unfold",
        "open",
        id="files.unfold",
        tooltip="Open the directory, or view the file; in a list, show where it is",
        show=False,
    ),
    Binding(
        "left,h",
        "fold",
        "close",
        id="files.fold",
        tooltip="Close the directory, or go to the one that this is in",
        show=False,
    ),
    Binding(
        "slash",
        "filter",
        "search",
        id="files.search",
        tooltip="Search all directories by name, or by a pattern such as *.conf",
    ),
    Binding("s", "sort", "sort", id="list.sort", tooltip="Show the list in another order"),
    Binding(
        "plus,a",
        "only('ADDED')",
        "added",
        id="files.added",
        tooltip="Show only what was added, or all again",
        key_display="+",
    ),
    Binding(
        "tilde,c",
        "only('CHANGED')",
        "changed",
        id="files.changed",
        tooltip="Show only what was changed, or all again",
        key_display="~",
    ),
    Binding(
        "minus,d",
        "only('REMOVED')",
        "removed",
        id="files.removed",
        tooltip="Show only what was removed, or all again",
        key_display="-",
    ),
    Binding("r", "reload", "reload", id="list.reload", tooltip="Ask the registry again", show=False),
)
