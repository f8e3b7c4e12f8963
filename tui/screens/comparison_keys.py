"""The keys of two images side by side, each with an id to rebind it by."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

COMPARISON_KEYS: Final = (
    Binding(
        "escape",
        "back",
        "back",
        id="comparison.back",
        tooltip="Go back to what differs, end what is being fetched, or go back to the lists",
        key_display="esc",
    ),
    Binding(
        "m",
        "detail",
        "details",
        id="comparison.detail",
        tooltip="Go to the details of what differs, or back",
    ),
    Binding(
        "z",
        "zoom",
        "zoom",
        id="comparison.zoom",
        tooltip="Show the details alone, or what differs beside them again",
        show=False,
    ),
    Binding("question_mark", "help", "help", id="comparison.help", tooltip="Show all keys", key_display="?"),
    Binding("q", "app.quit", "quit", id="comparison.quit", tooltip="Leave the program"),
)
