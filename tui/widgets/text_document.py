"""Text, and overviews of labels with values, as documents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content

from tui.sanitize import ELLIPSIS, TAB_WIDTH
from tui.widgets.cells import cleaned, fitted
from tui.widgets.document import Document, WrappingDocument
from tui.widgets.wrapping import breaks, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_LINE: Final = 65_536
"""Length of a line of text that is shown, in characters."""

LONGEST_VALUE: Final = 20_000
"""Length of a value that is shown, in characters; copying gives all of it."""

WIDEST_LABELS: Final = 24
"""The column of labels grows up to this many cells; a longer label takes a line of its own."""

LABEL_SHARE: Final = 3
"""The column of labels takes at most one part in this many of the width."""

INDENT: Final = 2
"""Cells before a label or a value that is set in under something."""

WRAPPED_LINES: Final = 1024
"""Lines of text whose wrapping is remembered; several screens."""


class TextDocument(WrappingDocument):
    """Lines of text, wrapped to the width of the view."""

    def __init__(self, lines: Iterable[str | Content], *, hang: int = 0, numbered: bool = False) -> None:
        """Keep lines.

        Args:
            lines: foreign text as `str`, one line each; or content.
            hang: cells by which what does not fit into the first line is indented.
            numbered: whether the number of each line stands before it.
        """
        super().__init__()
        self._source = list(lines)
        self._hang = hang
        self._digits = len(str(len(self._source))) if numbered else 0
        self._wrapped = lru_cache(WRAPPED_LINES)(self._wrap)

    @classmethod
    def from_text(cls, text: str | bytes, *, hang: int = 0, numbered: bool = False) -> TextDocument:
        r"""Split a text at its line breaks (`\n`, `\r\n`).

        Args:
            text: bytes are read as UTF-8; what is not UTF-8 is shown by its values.
            hang: as for the class.
            numbered: as for the class.
        """
        if isinstance(text, bytes):
            text = text.decode(errors="surrogateescape")
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        return cls([line.removesuffix("\r") for line in lines], hang=hang, numbered=numbered)

    def block_count(self) -> int:
        """Return how many lines the text has before wrapping."""
        return len(self._source)

    def block_heights(self, width: int) -> Sequence[int]:
        """Return how many lines each line of the text becomes."""
        room = self._room(width)
        return [self._height(line, room) for line in self._source]

    def block_line(self, block: int, row: int, width: int) -> Content:
        """Return a part of a line that fits into the width."""
        part = self._wrapped(block, self._room(width))[row]
        indent = " " * self._hang if row else ""
        if not self._digits:
            return Content.assemble(indent, part)
        number = "" if row else str(block + 1)
        return Content.assemble((f"{number:>{self._digits}}  ", ".line-view--muted"), indent, part)

    def block_raw(self, block: int) -> str:
        """Return a line of the text as it was received."""
        line = self._source[block]
        return line if isinstance(line, str) else line.plain

    def _room(self, width: int) -> int:
        return max(1, width - (self._digits + 2 if self._digits else 0))

    def _height(self, line: str | Content, width: int) -> int:
        # Most lines of most texts need no more than this to be known to fit.
        if isinstance(line, str) and len(line) <= width and line.isascii() and line.isprintable():
            return 1
        text = cleaned_line(line).plain
        return 1 if cell_len(text) <= width else len(breaks(text, width, self._hang))

    def _wrap(self, block: int, width: int) -> list[Content]:
        return wrapped(cleaned_line(self._source[block]), width, self._hang)


def cleaned_line(line: str | Content) -> Content:
    """Return a line of text as it is shown, tabs expanded.

    Args:
        line: foreign text as `str`, or content; without line breaks.
    """
    if isinstance(line, str):
        line = line[: LONGEST_LINE + 1].expandtabs(TAB_WIDTH)
    return cleaned(line, limit=LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class Field:
    """A value with its label."""

    label: str
    """What the value is; foreign text where keys of annotations are shown."""
    value: str | Content
    """Foreign text as `str`, of one line or several; or content."""


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that belong together."""

    title: str
    """Stands above the fields; empty for none."""
    fields: Sequence[Field]
    """From top to bottom."""


class FieldsDocument(Document):
    """An overview: sections of labels and values, the values aligned and wrapped."""

    def __init__(self, sections: Iterable[Section]) -> None:
        """Keep sections.

        Args:
            sections: from top to bottom; those without fields and title are left out.
        """
        self._sections = [section for section in sections if section.fields or section.title]
        self._width = -1
        self._lines: list[tuple[Content, str]] = []

    def line_count(self, width: int) -> int:
        """Return how many lines titles, fields and the space between sections take."""
        self._lay_out(width)
        return len(self._lines)

    def line(self, index: int, width: int) -> Content:
        """Return one line of the overview."""
        self._lay_out(width)
        return self._lines[index][0]

    def raw(self, index: int, width: int) -> str:
        """Return the whole value that the line belongs to, or the title."""
        self._lay_out(width)
        return self._lines[index][1]

    def _lay_out(self, width: int) -> None:
        if width == self._width:
            return
        self._width = width
        self._lines = []
        labels = self._label_width(width)
        for section in self._sections:
            if self._lines:
                self._lines.append((Content(""), ""))
            if section.title:
                title = cleaned(section.title).stylize(".line-view--heading")
                self._lines.append((title, section.title))
            for field in section.fields:
                self._lay_out_field(field, labels, width)

    def _label_width(self, width: int) -> int:
        most = min(WIDEST_LABELS, max(1, width // LABEL_SHARE))
        widths = [cell_len(cleaned(field.label).plain) for part in self._sections for field in part.fields]
        return max((label for label in widths if label <= most), default=most)

    def _lay_out_field(self, field: Field, labels: int, width: int) -> None:
        raw = field.value if isinstance(field.value, str) else field.value.plain
        label = cleaned(field.label).stylize(".line-view--label")
        before = Content(" " * (labels + INDENT))
        if cell_len(label.plain) > labels:
            self._lines.extend((part, raw) for part in wrapped(label, width))
            first = before
        else:
            first = Content.assemble(fitted(label, labels), " " * INDENT)
        for part in self._value_lines(field.value, width - labels - INDENT):
            self._lines.append((Content.assemble(first, part), raw))
            first = before

    @staticmethod
    def _value_lines(value: str | Content, width: int) -> Iterable[Content]:
        if isinstance(value, str):
            lines: Iterable[str | Content] = _cut(value).replace("\r\n", "\n").split("\n")
        else:
            lines = value.split("\n", allow_blank=True)
        for line in lines:
            yield from wrapped(cleaned_line(line), max(1, width))


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + ELLIPSIS
