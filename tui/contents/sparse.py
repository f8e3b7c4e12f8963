"""Maps of sparse files in tars: which pieces of a file are stored, in all of GNU tar's ways to say it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.contents.tar_headers import MAX_NUMBER, read_number
from tui.contents.tar_members import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui.contents.entries import Entry

__all__ = [
    "BAD_MAP",
    "MAX_PIECES",
    "MAX_PIECES_OF_ALL",
    "MapInBody",
    "MapInHeaders",
    "SparseFiles",
    "numbers_of",
]

MAX_PIECES: Final = 65_536
"""Pieces of one file that are kept; sparse files of databases and virtual machines have hundreds."""

MAX_PIECES_OF_ALL: Final = 262_144
"""Pieces of all files of a layer, which take 128 bytes of memory each."""

MAX_DIGITS: Final = 20
"""Of a number in a map: 2^64 has as many."""

BAD_MAP: Final = "a map of its stored pieces that cannot be used"
TOO_MANY_PIECES: Final = "more stored pieces than are read"

_FIRST: Final = slice(386, 482)
_FURTHER: Final = slice(0, 504)
_FIRST_CONTINUED: Final = 482
_FURTHER_CONTINUED: Final = 504
_REAL_SIZE: Final = slice(483, 495)
_FIELD: Final = 12


class MapInHeaders:
    """The map of GNU's old format: in the header, and in blocks behind it.

    Args:
        header: 512 bytes.
    """

    def __init__(self, header: bytes) -> None:
        self.real = read_number(header[_REAL_SIZE])
        self.numbers: list[int | None] = []
        self.continued = bool(header[_FIRST_CONTINUED])
        """Whether another block of it follows."""
        self._take(header[_FIRST])

    def add(self, block: bytes) -> None:
        """Take the next block of it."""
        self.continued = bool(block[_FURTHER_CONTINUED])
        self._take(block[_FURTHER])

    def _take(self, fields: bytes) -> None:
        if len(self.numbers) <= 2 * MAX_PIECES:
            self.numbers.extend(
                read_number(fields[start : start + _FIELD]) for start in range(0, len(fields), _FIELD)
            )


class MapInBody:
    """The map of format 1.0: lines of digits at the beginning of the body, filled up to whole blocks."""

    def __init__(self) -> None:
        self.numbers: list[int | None] = []
        self.continued = True
        """Whether another block of it follows."""
        self._missing: int | None = None
        """Numbers that still have to come; None before it is known how many there are."""
        self._rest = b""

    def add(self, block: bytes) -> None:
        """Take the next block of it."""
        *lines, self._rest = (self._rest + block).split(b"\n")
        if self._missing is None and lines:
            count = _whole(lines.pop(0))
            self._missing = -1 if count is None else 2 * count
        if self._missing is not None and self._missing >= 0:
            lines = lines[: self._missing]
            self._missing -= len(lines)
            if len(self.numbers) <= 2 * MAX_PIECES:
                self.numbers.extend(map(_whole, lines))
        endless = len(self._rest) > MAX_DIGITS and self._missing != 0
        if self._missing == -1 or endless:
            self.numbers = [None]
            self._missing = 0
        self.continued = self._missing != 0


def numbers_of(values: Iterable[bytes]) -> list[int | None]:
    """Read the numbers of a map that stands in an extended header."""
    return [_whole(value) for value in values]


class SparseFiles:
    """Completes the entries of sparse files, as long as they have not too many pieces together."""

    def __init__(self) -> None:
        self._left = MAX_PIECES_OF_ALL

    def entry(self, entry: Entry, numbers: Sequence[int | None], real: int | None, stored: int) -> Entry:
        """Complete the entry of a sparse file.

        Args:
            entry: What is known without its map.
            numbers: Those of the map, None for what is none: place and size of each piece, in turn.
            real: Bytes that reading the file gives; None where that is not known.
            stored: Bytes of it that are stored.
        """
        if real is None or not 0 <= real <= MAX_NUMBER:
            return unreadable(replace(entry, size=0), BAD_MAP)
        entry = replace(entry, size=real)
        if len(numbers) > 2 * min(MAX_PIECES, self._left):
            return unreadable(entry, TOO_MANY_PIECES)
        pieces = _pieces(numbers, real, stored)
        if pieces is None:
            return unreadable(entry, BAD_MAP)
        self._left -= len(pieces)
        return replace(entry, sparse=pieces)


def _pieces(numbers: Sequence[int | None], real: int, stored: int) -> tuple[tuple[int, int], ...] | None:
    """Put the numbers of a map together as pieces; None where the map cannot be used."""
    if len(numbers) % 2:
        return None
    pieces = []
    end = total = 0
    for place, size in zip(numbers[::2], numbers[1::2], strict=True):
        if place is None or size is None or size < 0:
            return None
        if size == 0:
            continue
        total += size
        if place < end or place + size > real or total > stored:
            return None
        end = place + size
        pieces.append((place, size))
    return tuple(pieces)


def _whole(digits: bytes) -> int | None:
    if not digits.isdigit() or len(digits) > MAX_DIGITS:
        return None
    number = int(digits)
    return number if number <= MAX_NUMBER else None
