"""Some bytes of the unpacked layer, moving as few packed bytes as the packing allows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from tui.client.threads import in_thread
from tui.contents.errors import DamagedContentError, NoRangesError
from tui.contents.packing import HEAD, Packing, Unpacker, packing_of
from tui.contents.relay import EnoughError, Relay, relayed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from tui.contents.byte_source import ByteSource, Piece

__all__ = ["Unpacked"]

FIRST_STEP: Final = 256 * 1024
"""Bytes of the first request where more may follow: what is shown of a file at first."""
MOST_STEP: Final = 4 << 20
"""Bytes of a request, after one of half as many: no more than that is asked for in vain."""
MOST_WAITING: Final = 4 << 20
"""Unpacked bytes that wait to be taken while the transfer goes on."""
ENOUGH: Final = 256 * 1024
"""Unpacked bytes that are handed over without waiting for more."""


class Unpacked:
    """The unpacked bytes of a layer, to be read from any place.

    Args:
        source: The layer's packed bytes.
        told: Called with the number of packed bytes that were moved since the last call.
    """

    def __init__(self, source: ByteSource, told: Callable[[int], object]) -> None:
        self.packing: Packing | None = None
        """None until it is known."""
        self.starts: list[tuple[int, int]] = [(0, 0)]
        """Where unpacking can begin anew, packed and unpacked place, in order."""
        self.places: list[tuple[int, int]] = []
        """Packed bytes that are enough for so many unpacked ones, in order."""
        self._source = source
        self._told = told
        self._ranges = True

    def learn(self, unpacker: Unpacker) -> None:
        """Take over what a pass through the layer has found out.

        Args:
            unpacker: It began at the layer's first byte.
        """
        self.packing = unpacker.packing
        self.starts = unpacker.starts or [(0, 0)]
        self.places = unpacker.places

    def cost(self, start: int, size: int) -> int:
        """Estimate how many packed bytes reading will move.

        Args:
            start: The first unpacked byte that is wanted.
            size: How many are wanted.
        """
        if size <= 0:
            return 0
        if self.packing is Packing.TAR and self._ranges:
            return size
        found = bisect_left(self.places, start + size, key=_unpacked_place)
        end = self.places[found][0] if found < len(self.places) else self._source.size
        return max(end - self._start_before(start)[0], 0)

    async def pieces(self, start: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give the bytes piece by piece; leaving it ends the transfer.

        Args:
            start: The first unpacked byte that is wanted.
            size: How many are wanted.

        Raises:
            UnreadableLayerError: The layer is packed in a way that is not known.
            DamagedContentError: They are not there, or cannot be unpacked.
            Exception: What the source raises.
        """
        came = 0
        for way in (self._ranged, self._through):
            pieces = way(start + came, size - came)
            try:
                async for piece in pieces:
                    came += len(piece)
                    yield piece
            except NoRangesError:
                self._ranges = False
            finally:
                await pieces.aclose()
            if came >= size:
                return
        raise DamagedContentError("The layer ends before the file does.")

    def _start_before(self, start: int) -> tuple[int, int]:
        if not self._ranges:
            return 0, 0
        return self.starts[max(bisect_right(self.starts, start, key=_unpacked_place) - 1, 0)]

    async def _ranged(self, start: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give what can be had by ranges better than by reading from the beginning."""
        if size <= 0 or not self._ranges:
            return
        if self.packing is None:
            self.packing = packing_of(await self._read(0, HEAD))
        if self.packing is Packing.TAR:
            for at, length in _steps(start, start + size):
                yield await self._read(at, length)
            return
        packed, unpacked = self._start_before(start)
        if not packed:
            return
        unpacker = Unpacker(self.packing, packed=packed, unpacked=unpacked)
        expected = packed + max(self.cost(start, size), 1)
        for at, length in _steps(packed, self._source.size, expected):
            data = await self._read(at, length)
            parts = _cut(unpacker, unpacker.feed(data), start, start + size)
            while gathered := await in_thread(_gather, parts):
                for part in gathered:
                    yield part
            if unpacker.unpacked >= start + size:
                return

    async def _through(self, start: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give what comes by while the layer is read from its beginning."""
        if size <= 0:
            return
        unpacker = Unpacker()
        relay: Relay[bytes] = Relay(most=MOST_WAITING, enough=ENOUGH)

        def put(pieces: Iterator[Piece]) -> None:
            for part in _cut(unpacker, pieces, start, start + size):
                relay.put([bytes(part)], len(part))
            if unpacker.unpacked >= start + size:
                raise EnoughError

        batches = relayed(
            self._source,
            lambda piece: put(unpacker.feed(piece)),
            relay,
            last=lambda: put(unpacker.end()),
            told=self._told,
        )
        try:
            async for batch in batches:
                for piece in batch:
                    yield piece
        finally:
            await batches.aclose()
            if not self.places or unpacker.unpacked > self.places[-1][1]:
                self.learn(unpacker)

    async def _read(self, at: int, size: int) -> bytes:
        data = await self._source.read(at, size)
        self._told(len(data))
        return data


def _unpacked_place(place: tuple[int, int]) -> int:
    return place[1]


def _steps(start: int, end: int, expected: int | None = None) -> Iterator[tuple[int, int]]:
    """Divide a range into requests: place and size of each.

    Args:
        start: Where it begins.
        end: Where it ends at the latest.
        expected: Where it will end, as far as is known; a little more than that is not asked for in vain.
    """
    step = FIRST_STEP if expected is None else min(max(expected - start, FIRST_STEP), MOST_STEP)
    while start < end:
        size = min(step, end - start)
        yield start, size
        start += size
        step = min(2 * step, MOST_STEP)


def _cut(unpacker: Unpacker, pieces: Iterator[Piece], start: int, end: int) -> Iterator[Piece]:
    """Give of pieces that are unpacked what lies between two places, and no more than is needed for it."""
    for piece in pieces:
        at = unpacker.unpacked - len(piece)
        wanted = memoryview(piece)[max(start - at, 0) : max(end - at, 0)]
        if wanted:
            yield wanted
        if unpacker.unpacked >= end:
            return


def _gather(parts: Iterator[Piece]) -> list[bytes]:
    """Take about a MiB of parts, on a worker thread; none are left where none come."""
    gathered = []
    size = 0
    for part in parts:
        gathered.append(bytes(part))
        size += len(part)
        if size >= MOST_WAITING // 4:
            break
    return gathered
