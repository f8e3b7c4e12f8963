"""The keys of what is inside a layer, each with an id to rebind it by."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

CONTENTS_KEYS: Final = (
    Binding(
        "escape",
        "back",
        "back",
        id="contents.back",
        tooltip="Go back to the files, or to the layers",
        key_display="esc",
    ),
    Binding(
        "t",
        "merged",
        "layer/merged",
        id="contents.merged",
        tooltip="Show this layer alone, or merged with those below it, as a container sees them",
    ),
    Binding(
        "b",
        "biggest",
        "biggest",
        id="contents.biggest",
        tooltip="List the biggest files of the layer, or of the image where it is merged",
    ),
    Binding(
        "w",
        "wasted",
        "wasted",
        id="contents.wasted",
        tooltip="Count the space that the image wastes, and list the files behind the figure",
    ),
    Binding(
        "x",
        "save",
        "save",
        id="contents.save",
        tooltip="Save the file, or the directory with all that is in it",
    ),
    Binding(
        "i",
        "image",
        "image",
        id="contents.image",
        tooltip="Tell which system the image has, and which packages",
    ),
    Binding(
        "m",
        "detail",
        "details",
        id="contents.detail",
        tooltip="Go to what is in the file, or back to the files",
    ),
    Binding(
        "p",
        "problems",
        "problems",
        id="contents.problems",
        tooltip="List what is wrong with the layer and with single entries",
    ),
    Binding(
        "z",
        "zoom",
        "zoom",
        id="contents.zoom",
        tooltip="Show the file alone, or the files beside it again",
        show=False,
    ),
    Binding("question_mark", "help", "help", id="contents.help", tooltip="Show all keys", key_display="?"),
    Binding("q", "app.quit", "quit", id="contents.quit", tooltip="Leave the program"),
)
