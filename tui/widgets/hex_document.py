"""Bytes as a document: where they stand, their values, and the letters among them."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from tui.widgets.document import Document

BYTES_IN_A_LINE: Final = (16, 8, 4)
"""As many of them stand in a line as there is room for."""

LEAST_DIGITS: Final = 4
"""Of an offset, in hexadecimal."""

GAP: Final = "  "
"""Between the offset, the values and the letters."""

GROUP: Final = 8
"""After so many bytes a second blank makes them easier to count."""

NO_LETTER: Final = "·"
"""Stands for a byte that is no letter of ASCII."""

_NO_LETTERS: Final = {
    byte: NO_LETTER for byte in range(256) if not (chr(byte).isascii() and chr(byte).isprintable())
}


class HexDocument(Document):
    """Bytes by their values, as many in a line as the width has room for."""

    def __init__(self, data: bytes, *, start: int = 0) -> None:
        """Keep bytes.

        Args:
            data: what is shown.
            start: the offset of the first byte.
        """
        self._data = data
        self._start = start
        digits = len(f"{start + max(0, len(data) - 1):x}")
        self._digits = max(LEAST_DIGITS, digits + digits % 2)

    def line_count(self, width: int) -> int:
        """Return how many lines all bytes take."""
        return -(-len(self._data) // self._in_a_line(width))

    def line(self, index: int, width: int) -> Content:
        """Return the offset, the values and the letters of some bytes."""
        wanted = self._in_a_line(width)
        at = index * wanted
        piece = self._data[at : at + wanted]
        groups = [piece[begin : begin + GROUP].hex(" ") for begin in range(0, len(piece), GROUP)]
        values = "  ".join(groups).ljust(_values_width(wanted))
        return Content.assemble(
            (f"{self._start + at:0{self._digits}x}", ".line-view--muted"),
            GAP,
            values,
            GAP,
            (piece.decode("latin-1").translate(_NO_LETTERS), ".line-view--string"),
        )

    def raw(self, index: int, width: int) -> str:
        """Return the values of the bytes of a line."""
        wanted = self._in_a_line(width)
        return self._data[index * wanted : (index + 1) * wanted].hex(" ")

    def reflowed(self, index: int, old_width: int, new_width: int) -> int:
        """Return the line in which the same bytes stand at another width."""
        return index * self._in_a_line(old_width) // self._in_a_line(new_width)

    def _in_a_line(self, width: int) -> int:
        for number in BYTES_IN_A_LINE:
            if self._digits + 2 * len(GAP) + _values_width(number) + number <= width:
                return number
        return BYTES_IN_A_LINE[-1]


def _values_width(number: int) -> int:
    """Tell how many cells the values of some bytes take."""
    return 3 * number - 1 + (number - 1) // GROUP
