"""The keys of the browser, each with an id to rebind it by and its name in footer, palette and help."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

BROWSER_KEYS: Final = (
    Binding(
        "right,l", "dive", "open", id="browser.dive", tooltip="Go into what the cursor is on", show=False
    ),
    # Before what it does otherwise, which it does while no image is chosen.
    Binding(
        "escape",
        "let_go",
        "let go",
        id="comparison.let-go",
        tooltip="Compare the image that was chosen with none",
        show=False,
    ),
    Binding(
        "left,escape,h",
        "back",
        "back",
        id="browser.back",
        tooltip="Go back to the list on the left",
        key_display="esc",
    ),
    Binding(
        "o",
        "open",
        "go to",
        id="browser.open",
        tooltip="Open a registry, repository, tag or digest by its name",
    ),
    Binding(
        "d",
        "download",
        "download",
        id="browser.download",
        tooltip="Download what the cursor is on, verified",
    ),
    Binding(
        "S",
        "save",
        "save",
        id="browser.save",
        tooltip="Save the image that the cursor is on, as an archive or an OCI layout",
    ),
    Binding(
        "c",
        "compare",
        "compare",
        id="comparison.choose",
        tooltip="Choose the image that the cursor is on; with a second one, see what differs",
    ),
    Binding(
        "L",
        "login",
        "log in",
        id="browser.login",
        tooltip="Log in to the registry, or out of it",
        show=False,
    ),
    Binding(
        "m",
        "detail",
        "details",
        id="browser.detail",
        tooltip="Go to the details of what the cursor is on",
    ),
    Binding(
        "z",
        "zoom",
        "zoom",
        id="browser.zoom",
        tooltip="Show what has the focus alone, or the rest again",
        show=False,
    ),
    Binding("t", "transfers", "transfers", id="browser.transfers", tooltip="Go to the downloads"),
    Binding("question_mark", "help", "help", id="browser.help", tooltip="Show all keys", key_display="?"),
    Binding("q", "app.quit", "quit", id="browser.quit", tooltip="Leave the program"),
)
