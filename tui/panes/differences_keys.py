"""The keys of what differs between two images, each with an id to rebind it by."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

from tui.panes.file_keys import FILE_KEYS
from tui.panes.tabs import TabsPane

DIFFERENCES_KEYS: Final = (
    *(one for one in TabsPane.BINDINGS if isinstance(one, Binding)),
    *(one for one in FILE_KEYS if one.id in {"files.added", "files.changed", "files.removed"}),
    Binding("r", "reload", "reload", id="list.reload", tooltip="Ask the registry again", show=False),
)
