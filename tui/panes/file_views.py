"""The tabs of a file: formatted where that makes it easier to read, as text, by its bytes, and its facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from tui.contents.kinds import Form, as_text, form_of
from tui.figures import size
from tui.panes.views import View
from tui.sanitize import TAB_WIDTH
from tui.widgets.hex_document import HexDocument
from tui.widgets.json_document import JsonDocument
from tui.widgets.text_document import LONGEST_LINE, TextDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.widgets.document import Document

TEXT: Final = "text"
"""The name of the tab of text."""

PREVIEW_BYTES: Final = 1 << 20
"""Of a file so much is fetched and shown: what a person reads, and no machine minds."""


class CodeDocument(TextDocument):
    """Lines of text, numbered, that may get colours later."""

    def __init__(self, lines: Sequence[str], whole: str) -> None:
        """Keep lines.

        Args:
            lines: as they are shown.
            whole: what is said after the last one; "" where it is the last one of the file.
        """
        self.code = list(lines)
        self._more = [Content.styled(whole, ".line-view--muted")] if whole else []
        super().__init__([*lines, *self._more], numbered=True)

    def colour(self, lines: Sequence[Content]) -> None:
        """Show the same lines in colours."""
        self._source = [*lines, *self._more]
        self._wrapped.cache_clear()


def of_file(name: str, data: bytes, whole: int) -> tuple[View, ...]:
    """Make the tabs of a file, the one that it is read best in first.

    Args:
        name: of the file, without folders.
        data: its first bytes, as many as are shown.
        whole: bytes of the whole file.
    """
    more = cut_note(len(data), whole)
    formatted = None if more else _formatted(form_of(name, data), data)
    text = as_text(data, cut=bool(more))
    shown = []
    if formatted is not None:
        shown.append(View("formatted", "Formatted", lambda: formatted))
    if text is not None:
        code = CodeDocument(_lines(text), more)
        shown.append(View(TEXT, "Text", lambda: code))
    shown.append(View("bytes", "Bytes", lambda: HexDocument(data)))
    return tuple(shown)


def cut_note(shown: int, whole: int) -> str:
    """Say how much of a file is shown; "" for all."""
    return f"… {size(whole - shown)} of {size(whole)} are not shown" if shown < whole else ""


def _formatted(form: Form, data: bytes) -> Document | None:
    if form is Form.JSON:
        document = JsonDocument(data)
        if document.is_valid and document.folds:
            return document
    if form is Form.XML:
        from tui.widgets.xml_lines import XmlReadError, xml_lines  # noqa: PLC0415  # few files are XML

        try:
            return TextDocument(xml_lines(data), hang=2)
        except XmlReadError:
            # It shows as the text that it is.
            return None
    return None


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r")[: LONGEST_LINE + 1].expandtabs(TAB_WIDTH) for line in lines]
