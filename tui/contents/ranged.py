"""Unpacked bytes from a place where unpacking can begin, by requests for ranges of a bounded size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.client.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator

    from tui.contents.byte_source import ByteSource, Piece
    from tui.contents.packing import Unpacker

__all__ = ["MOST_STEP", "CountedReads", "cut", "steps", "unpacked_from", "within"]

FIRST_STEP: Final = 256 * 1024
"""Bytes of the first request where more may follow: what is shown of a file at first."""
MOST_STEP: Final = 4 << 20
"""Bytes of a request, after one of half as many: no more than that is asked for in vain."""
GATHERED: Final = 1 << 20
"""Unpacked bytes that one call on a worker thread gives."""


class CountedReads:
    """A source whose requests for ranges are counted.

    Args:
        source: Where the bytes come from.
        told: Called with the number of bytes of each request.
    """

    def __init__(self, source: ByteSource, told: Callable[[int], object]) -> None:
        self._source = source
        self._told = told
        self.digest = source.digest
        """The digest of all bytes."""
        self.size = source.size
        """How many bytes there are."""
        self.pump = source.pump
        """Hands over all bytes."""

    async def read(self, offset: int, size: int) -> bytes:
        """Read some bytes from a place, in one request.

        Args:
            offset: The first byte that is wanted.
            size: How many are wanted.
        """
        data = await self._source.read(offset, size)
        self._told(len(data))
        return data


def steps(start: int, end: int, expected: int | None = None) -> Iterator[tuple[int, int]]:
    """Divide a range into requests: the place and the size of each.

    Args:
        start: Where it begins.
        end: Where it ends at the latest.
        expected: Where it will end, as far as is known: one request goes so far, if that is not too much.
    """
    step = FIRST_STEP if expected is None else min(max(expected - start, FIRST_STEP), MOST_STEP)
    while start < end:
        size = min(step, end - start)
        yield start, size
        start += size
        step = min(2 * step, MOST_STEP)


def cut(piece: Piece, after: int, start: int, end: int) -> memoryview:
    """Give what lies of a piece between two places.

    Args:
        piece: Unpacked bytes.
        after: The place after its last byte.
        start: The first byte that is wanted.
        end: The byte after the last one that is wanted.
    """
    at = after - len(piece)
    return memoryview(piece)[max(start - at, 0) : max(end - at, 0)]


def within(unpacker: Unpacker, pieces: Iterable[Piece], start: int, end: int) -> Iterator[memoryview]:
    """Give of pieces that are unpacked what lies between two places, and take no more than are needed for it.

    Args:
        unpacker: What gives the pieces.
        pieces: Its pieces.
        start: The first byte that is wanted.
        end: The byte after the last one that is wanted.
    """
    for piece in pieces:
        if wanted := cut(piece, unpacker.unpacked, start, end):
            yield wanted
        if unpacker.unpacked >= end:
            return


async def unpacked_from(
    read: Callable[[int, int], Awaitable[bytes]],
    unpacker: Unpacker,
    requests: Iterable[tuple[int, int]],
    start: int,
    end: int,
) -> AsyncGenerator[bytes, None]:
    """Give unpacked bytes, and make no more requests than are needed for them.

    Args:
        read: Makes a request, for a place and a size.
        unpacker: Unpacks from the place of the first request.
        requests: All that may be made, in order.
        start: The first unpacked byte that is wanted.
        end: The byte after the last one that is wanted.
    """
    for at, size in requests:
        parts = within(unpacker, unpacker.feed(await read(at, size)), start, end)
        while gathered := await in_thread(_gather, parts):
            for part in gathered:
                yield part
        if unpacker.unpacked >= end:
            return


def _gather(parts: Iterator[memoryview]) -> list[bytes]:
    """Take about a MiB of parts, on a worker thread; none are left where none come."""
    gathered = []
    size = 0
    for part in parts:
        gathered.append(bytes(part))
        size += len(part)
        if size >= GATHERED:
            break
    return gathered
