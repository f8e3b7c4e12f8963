"""Where to break a line of text that is too wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from tui.widgets.cells import cell_index

if TYPE_CHECKING:
    from textual.content import Content

LEAST_WIDTH: Final = 2
"""Cells that a line has at least, so that a wide character fits and wrapping comes to an end."""


JOINTS: Final = "/.:+-_@,=&"
"""Characters after which a long name may break: those between the parts of media types, references, URLs."""

LEAST_FILLED: Final = 0.6
"""How much of a line is filled at least where it breaks at a joint: less would look like a list."""


def breaks(text: str, width: int, hang: int = 0) -> list[tuple[int, int]]:
    """Return the parts of a text, as start and end, that make its lines.

    Lines break at spaces, which are left out there, and within words that are wider than a line: after a
    joint of the word where one is near the end of the line.

    Args:
        text: one line, as `cleaned` returns it.
        width: in cells.
        hang: cells by which all lines but the first are narrower.
    """
    parts: list[tuple[int, int]] = []
    start, room = 0, max(width, LEAST_WIDTH)
    while True:
        end = cell_index(text, room, start)
        if end >= len(text):
            parts.append((start, len(text)))
            return parts
        end = max(end, start + 1)
        space = text.rfind(" ", start, end + 1)
        if space > start and text[start:space].strip():
            parts.append((start, space))
            start = space + 1
        else:
            joint = 1 + max(text.rfind(joint, start, end) for joint in JOINTS)
            if joint > start + room * LEAST_FILLED:
                end = joint
            parts.append((start, end))
            start = end
        room = max(width - hang, LEAST_WIDTH)


def wrapped(content: Content, width: int, hang: int = 0) -> list[Content]:
    """Return the lines of content that is too wide for one; the hanging ones are not indented.

    Args:
        content: one line, as `cleaned` returns it.
        width: in cells.
        hang: cells by which all lines but the first are narrower.
    """
    if cell_len(content.plain) <= width:
        return [content]
    return [content[start:end] for start, end in breaks(content.plain, width, hang)]
