"""Text in cells: cleaned, measured and cut to a width.

`sanitize` leaves no character that changes the width of another one, so the width of a text is the sum
of the widths of its characters.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from rich.cells import cell_len
from textual.content import Content, Span

from tui.sanitize import ELLIPSIS, one_line

Cut = Literal["end", "middle"]
"""Where a text that is too long loses its characters."""

Align = Literal["left", "right"]


def cleaned(text: str | Content, *, limit: int = 4096) -> Content:
    """Return content without markup in which nothing is hidden or reordered.

    Args:
        text: foreign text, or content that may hold some; styles of content stay where they were.
        limit: length in characters beyond which the text is cut.
    """
    if isinstance(text, str):
        return Content(one_line(text, limit=limit), strip_control_codes=False)
    plain = text.plain
    if one_line(plain, limit=limit) == plain:
        return text
    if not text.spans:
        return cleaned(plain, limit=limit)
    return _cleaned_in_pieces(text, limit)


def fitted(content: Content, width: int, *, align: Align = "left", cut: Cut = "end") -> Content:
    """Return content that is exactly `width` cells wide.

    Args:
        content: one line, as `cleaned` returns it.
        width: in cells; 0 gives nothing.
        align: the side that the text stands on.
        cut: where `…` stands when the text is too wide.
    """
    if width <= 0:
        return Content("")
    if (used := cell_len(content.plain)) > width:
        content = _cut_middle(content, width) if cut == "middle" else _cut_end(content, width)
        used = cell_len(content.plain)
    space = " " * (width - used)
    if not space:
        return content
    return Content.assemble(space, content) if align == "right" else Content.assemble(content, space)


def cell_index(text: str, cells: int, start: int = 0) -> int:
    """Return where in a text a number of cells is used up; marks stay with the letter that carries them.

    Args:
        text: as `one_line` returns it.
        cells: room for characters from `start` on.
        start: index of the first character that counts.
    """
    if text.isascii():
        return min(len(text), start + max(cells, 0))
    for index in range(start, len(text)):
        cells -= cell_len(text[index])
        if cells < 0:
            return index
    return len(text)


def _cut_end(content: Content, width: int) -> Content:
    return Content.assemble(content[: cell_index(content.plain, width - 1)], ELLIPSIS)


def _cut_middle(content: Content, width: int) -> Content:
    text = content.plain
    tail = (width - 1) // 2
    start = len(text)
    while start and (tail := tail - cell_len(text[start - 1])) >= 0:
        start -= 1
    while start < len(text) and not cell_len(text[start]):
        start += 1
    head = cell_index(text, width - 1 - cell_len(text[start:]))
    return Content.assemble(content[:head], ELLIPSIS, content[start:])


def _cleaned_in_pieces(content: Content, limit: int) -> Content:
    """Clean the text between the edges of the spans, and move the spans along."""
    plain = content.plain[: limit * 4]
    edges = sorted({0, len(plain), *(min(edge, len(plain)) for span in content.spans for edge in span[:2])})
    pieces: list[str] = []
    moved = {0: 0}
    room = limit
    for start, end in pairwise(edges):
        piece = one_line(plain[start:end], limit=room)
        pieces.append(piece)
        room -= len(piece)
        moved[end] = limit - room
    spans = [
        Span(moved[min(start, len(plain))], moved[min(end, len(plain))], style)
        for start, end, style in content.spans
    ]
    return Content(
        "".join(pieces),
        [span for span in spans if span.start < span.end],
        strip_control_codes=False,
    )
