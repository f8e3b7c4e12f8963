"""The bytes of a file whose parts can be fetched alone: a table of contents says where, and their digests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from tui.client.redaction import quoted
from tui.client.threads import in_thread
from tui.contents.errors import DamagedContentError, TooLargeError
from tui.contents.files import holes
from tui.contents.packing import Packing, Unpacker
from tui.contents.ranged import MOST_STEP, cut

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence

    from tui.contents.entries import Chunk, Entry

__all__ = ["chunked_cost", "chunked_pieces"]

MOST_HELD: Final = 16 << 20
"""Bytes of a part that is given only after it was checked: builders of images make parts of 4 MiB at most."""
MOST_PACKED: Final = 64 << 20
"""Packed bytes of a part."""

_ALGORITHM: Final = "sha256:"


def chunked_cost(entry: Entry) -> int:
    """Tell how many packed bytes reading a file moves.

    Args:
        entry: One with chunks.
    """
    return sum(last - first for first, last, _ in _requests(entry.chunks))


async def chunked_pieces(
    entry: Entry, start: int, end: int, packing: Packing, read: Callable[[int, int], Awaitable[bytes]]
) -> AsyncGenerator[bytes, None]:
    """Give a part of a file; what does not have the digest that was promised is not given.

    Only the bytes of parts of more than 16 MiB are given before they are checked.

    Args:
        entry: One with chunks.
        start: The first byte of the file that is wanted.
        end: The byte after the last one that is wanted.
        packing: How the chunks are packed.
        read: Reads packed bytes: the place of the first one, and how many.

    Raises:
        DamagedContentError: They are not there, or other ones than were promised.
        TooLargeError: A part has more than 64 MiB, packed.
        NoRangesError: The source gives its bytes from the beginning only.
    """
    wanted = [chunk for chunk in entry.chunks if chunk.start < end and chunk.start + chunk.size > start]
    at = start
    for first, last, chunks in _requests(wanted):
        if last - first > MOST_PACKED:
            raise TooLargeError(f"A part of {quoted(entry.path)} has too many bytes: {last - first:,}.")
        data = memoryview(await read(first, last - first) if last > first else b"")
        for chunk in chunks:
            if chunk.start > at:
                break
            packed = data[chunk.at - first : chunk.at - first + chunk.packed]
            parts = _zeros(chunk) if not chunk.packed else _unpacked(entry, chunk, packed, packing)
            place = chunk.start
            while part := await in_thread(next, parts, b""):
                place += len(part)
                if given := bytes(cut(part, place, at, end)):
                    at += len(given)
                    yield given
    if at < end:
        raise DamagedContentError(f"The table of contents does not have all parts of {quoted(entry.path)}.")


def _requests(chunks: Sequence[Chunk]) -> Iterator[tuple[int, int, list[Chunk]]]:
    """Divide chunks into requests: the first packed byte, the one after the last, and the chunks of each."""
    together: list[Chunk] = []
    first = last = 0
    for chunk in chunks:
        end = chunk.at + chunk.packed
        follows = not chunk.packed or (
            chunk.at <= last <= end and end - first <= MOST_STEP and chunk.at >= first
        )
        if together and last > first and not follows:
            yield first, last, together
            together = []
            first = last = 0
        if chunk.packed:
            first, last = (first, end) if last > first else (chunk.at, end)
        together.append(chunk)
    if together:
        yield first, last, together


def _zeros(chunk: Chunk) -> Iterator[bytes]:
    """Give a part that is not stored, since it has zeros only."""
    yield from holes(chunk.size)


def _unpacked(entry: Entry, chunk: Chunk, packed: memoryview, packing: Packing) -> Iterator[bytes]:
    """Give a part, checked, at once or, if it is large, in pieces."""
    hasher = hashlib.sha256()
    held = bytearray()
    size = 0
    for piece in _inside(chunk, packed, packing):
        hasher.update(piece)
        size += len(piece)
        if chunk.size > MOST_HELD:
            yield bytes(piece)
        else:
            held += piece
    if size < chunk.size:
        raise DamagedContentError(
            f"A part of {quoted(entry.path)} is shorter than its table of contents says."
        )
    if chunk.digest.startswith(_ALGORITHM) and chunk.digest != _ALGORITHM + hasher.hexdigest():
        raise DamagedContentError(f"A part of {quoted(entry.path)} has another digest than its table says.")
    if held:
        yield bytes(held)


def _inside(chunk: Chunk, packed: memoryview, packing: Packing) -> Iterator[memoryview]:
    """Unpack a part, and leave out what lies before and behind it."""
    unpacker = Unpacker(packing)
    end = chunk.skip + chunk.size
    for piece in unpacker.feed(packed):
        if wanted := cut(piece, unpacker.unpacked, chunk.skip, end):
            yield wanted
        if unpacker.unpacked >= end:
            return
