"""Pictures as Rich draws them, made the same on every machine: fixed names, local fonts, glyphs in cells."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Final

from rich.cells import cell_len

FONTS: Final = "'Fira Code', 'Noto Sans Symbols2', 'Noto Sans Math', 'Noto Sans Symbols', monospace"
"""All in Debian's fonts-firacode and fonts-noto-core; the others have what the first one lacks."""

PREFIX: Final = "ocitui"
"""Begins the name of every class and id."""

CELL_WIDTH: Final = 12.2
"""Width of a cell, in Rich's units."""

LINE_HEIGHT: Final = 24.4
"""Height of a line."""

BASE_LINE: Final = 20.0
"""Where the letters of the first line stand."""

TOP: Final = 1.5
"""Where the first line begins."""

_PREFIX: Final = re.compile(r"\bterminal-\d+")
_FONT_FACES: Final = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_FONT: Final = re.compile(r"font-family: Fira Code, monospace;")
_TITLE_FONT: Final = re.compile(r"font-size: 18px;\s*font-weight: bold;\s*font-family: arial;")
_TITLE: Final = re.compile(
    r'(?P<tag><text class="[^"]*-title") fill="[^"]*"(?P<rest>[^>]*)>[^<]*(?P<end></text>)'
)
_WINDOW: Final = re.compile(r'<rect fill="[^"]*" stroke="[^"]*"')
_TEXT: Final = re.compile(
    r'<text class="(?P<style>[^"]*)" x="(?P<x>[^"]*)" y="(?P<y>[^"]*)" textLength="[^"]*" '
    r'clip-path="(?P<clip>[^"]*)">(?P<text>[^<]*)</text>'
)
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
"""Blocks that fill a cell from the left, by how many eighths of it."""

_PARTS: Final = re.compile("([▏▎▍▌▋▊▉█]+)|([▴▾▸◂⊕⊖✗⇣⇡↵])|([^▏▎▍▌▋▊▉█▴▾▸◂⊕⊖✗⇣⇡↵]+)")
"""Bars, glyphs that Fira Code lacks, and what it has."""


def clean(svg: str, *, title: str, background: str) -> str:
    """Return a picture that depends on nothing but what it shows.

    Args:
        svg: as Rich exports it.
        title: what stands above the screen.
        background: the colour of the frame around the screen.
    """
    svg = _COMMENT.sub("", _FONT_FACES.sub("", svg))
    svg = _FONT.sub(f"font-family: {FONTS}; font-variant-ligatures: none;", svg)
    svg = _TITLE_FONT.sub(f"font-size: 16px; font-family: {FONTS};", svg)
    svg = _WINDOW.sub(f'<rect fill="{background}" stroke="rgba(128,128,128,0.5)"', svg, count=1)
    svg = _TITLE.sub(rf'\g<tag> fill="#8b98a9"\g<rest>>{escape(title)}\g<end>', svg)
    svg = _TEXT.sub(_in_cells, svg)
    svg = _PREFIX.sub(PREFIX, svg)
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip()) + "\n"


def screen_lines(svg: str) -> list[str]:
    """Return the text that a picture shows, line by line, blanks at the right left out."""
    rows: dict[int, list[tuple[int, str]]] = {}
    for match in _TEXT.finditer(svg):
        row = round((float(match["y"]) - BASE_LINE) / LINE_HEIGHT)
        text = unescape(match["text"]).replace("\N{NO-BREAK SPACE}", " ")
        rows.setdefault(row, []).append((round(float(match["x"]) / CELL_WIDTH), text))
    lines = []
    for row in range(max(rows, default=-1) + 1):
        line = ""
        for column, text in sorted(rows.get(row, ())):
            line += " " * (column - cell_len(line)) + text
        lines.append(line.rstrip())
    return lines


def _in_cells(match: re.Match[str]) -> str:
    """Set a text in parts, each as wide as its cells: bars without seams, strange glyphs in their middle."""
    style, clip, y = match["style"], match["clip"], match["y"]
    x, parts = float(match["x"]), []
    for part in _PARTS.finditer(unescape(match["text"])):
        bar, strange, _usual = part.groups()
        width = CELL_WIDTH * cell_len(part[0])
        text = escape(part[0]).replace("\N{NO-BREAK SPACE}", "&#160;")
        if bar:
            filled = CELL_WIDTH * sum(map(_EIGHTHS.index, bar)) / 8
            top = float(y) - BASE_LINE + TOP
            shape = f'y="{top:g}" width="{filled:.5g}" height="{LINE_HEIGHT}" shape-rendering="crispEdges"'
            parts.append(f'<rect class="{style}" x="{x:.5g}" {shape}/>\n')
        elif strange:
            parts.append(
                f'<text class="{style}" x="{x + width / 2:.5g}" y="{y}" text-anchor="middle" '
                f'clip-path="{clip}">{text}</text>\n'
            )
        elif part[0].strip("\N{NO-BREAK SPACE}"):
            parts.append(
                f'<text class="{style}" x="{x:.5g}" y="{y}" textLength="{width:.5g}" '
                f'clip-path="{clip}">{text}</text>\n'
            )
        x += width
    return "".join(parts)
