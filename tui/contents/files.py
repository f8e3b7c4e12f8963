"""The bytes of a file, from those that the layer stores of it."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

from tui.client.redaction import quoted
from tui.contents.entries import Kind
from tui.contents.errors import NotInLayerError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence

    from tui.contents.entries import Entry

__all__ = ["Links", "holes", "stored_size", "with_holes"]

MOST_ZEROS: Final = 256 * 1024
"""Zeros of a hole that are given at once."""

_ZEROS: Final = bytes(MOST_ZEROS)


class Links:
    """Finds what the hard links of a layer stand for: what was there before them.

    Args:
        entries: Those of the layer, in its order; more may be added behind them.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._last: dict[str, int] = {}
        self._previous: dict[int, int] = {}
        self._known = 0

    def find(self, entry: Entry) -> Entry:
        """Give the entry that has the bytes: itself, or what a hard link stands for within the layer.

        Args:
            entry: One of the layer's.

        Raises:
            NotInLayerError: It is nothing that has bytes, or links to what is not in the layer before it.
        """
        found = entry
        before: int | None = None
        while found.kind is Kind.HARDLINK and found.offset is None and not found.chunks:
            if before is None:
                before = self._place(found)
            before = self._before(found.target, before)
            if before is None:
                raise NotInLayerError(
                    f"{quoted(entry.path)} links to {quoted(found.target)}, which this layer does not hold."
                )
            found = self._entries[before]
        _check(entry, found)
        return found

    def _place(self, entry: Entry) -> int:
        """Tell where an entry stands; behind all others, if it is none of the layer's."""
        for same in (operator.is_, operator.eq):
            place = self._before(entry.path, len(self._entries))
            while place is not None:
                if same(self._entries[place], entry):
                    return place
                place = self._previous.get(place)
        return len(self._entries)

    def _before(self, path: str, before: int) -> int | None:
        """Tell where the last entry of a path stands that stands before a place."""
        for place in range(self._known, len(self._entries)):
            name = self._entries[place].path
            if name in self._last:
                self._previous[place] = self._last[name]
            self._last[name] = place
        self._known = len(self._entries)
        found = self._last.get(path)
        while found is not None and found >= before:
            found = self._previous.get(found)
        return found


def _check(entry: Entry, found: Entry) -> None:
    """Refuse what has no bytes."""
    if found.kind is Kind.SYMLINK:
        raise NotInLayerError(
            f"{quoted(entry.path)} is a symbolic link to {quoted(found.target)}: where that leads "
            "depends on the other layers."
        )
    if found.kind not in {Kind.FILE, Kind.HARDLINK}:
        raise NotInLayerError(f"{quoted(entry.path)} is a {found.kind.value}: it has no bytes.")
    if found.size and found.offset is None and not found.chunks:
        raise NotInLayerError(f"Where the bytes of {quoted(entry.path)} lie is not known.")


def stored_size(entry: Entry) -> int:
    """Tell how many bytes the layer stores of a file: those of holes are not among them.

    Args:
        entry: One that has bytes.
    """
    return entry.size if entry.sparse is None else sum(size for _, size in entry.sparse)


async def with_holes(
    entry: Entry, start: int, end: int, stored: Callable[[int, int], AsyncGenerator[bytes, None]]
) -> AsyncGenerator[bytes, None]:
    """Give a part of a file from the bytes that are stored of it, and zeros where none are.

    Args:
        entry: One that says where its bytes lie.
        start: The first byte of the file that is wanted.
        end: The byte after the last one that is wanted, within the file.
        stored: Gives unpacked bytes of the layer: the first one, and how many.
    """
    segments = list(_segments(entry, start, end))
    length = sum(to - at for at, to, _ in segments)
    pieces = stored(segments[0][2] if segments else 0, length)
    piece = b""
    at = start
    try:
        for begin, to, _ in segments:
            for zeros in holes(begin - at):
                yield zeros
            at = begin
            while at < to:
                piece = piece or await anext(pieces)
                part = piece[: to - at]
                piece = piece[to - at :]
                at += len(part)
                yield part
        for zeros in holes(end - at):
            yield zeros
    finally:
        await pieces.aclose()


def _segments(entry: Entry, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Give the stored parts of a range: where each begins and ends in the file, and where it is stored."""
    stored = entry.offset or 0
    for place, size in ((0, entry.size),) if entry.sparse is None else entry.sparse:
        begin, to = max(place, start), min(place + size, end)
        if begin < to:
            yield begin, to, stored + begin - place
        stored += size


def holes(size: int) -> Iterator[bytes]:
    """Give zeros, some at a time.

    Args:
        size: How many.
    """
    while size > 0:
        yield _ZEROS[:size]
        size -= MOST_ZEROS
