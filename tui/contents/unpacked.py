"""Some bytes of the unpacked layer, moving as few packed bytes as the packing allows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from tui.contents.errors import DamagedContentError, NoRangesError
from tui.contents.packing import HEAD, Packing, Unpacker, packing_of
from tui.contents.passing import CUT_OFF, ENOUGH, MOST_WAITING, Pass
from tui.contents.ranged import MOST_STEP, steps, unpacked_from, within
from tui.contents.relay import EnoughError, Relay, relayed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

    from tui.contents.byte_source import ByteSource, Piece
    from tui.contents.restarting import Finder, Points

__all__ = ["Unpacked"]


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
        self.points: Points | None = None
        """Places within a gzip stream where unpacking can begin; None until they are found."""
        self.finder: Callable[[], Finder] | None = None
        """Makes what finds them beside a pass through the layer; None where they are not wanted."""
        self.on_points: Callable[[Points], object] | None = None
        """Called with the points that were found."""
        self._pass: Pass | None = None
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
        if not self._ranges:
            return self._enough(start + size)
        if self.packing is Packing.TAR:
            return size
        if self._finds and self._detour(start) > MOST_STEP:
            return self._source.size
        direct = self._enough(start + size) - self._begin(start)[0]
        return direct if self.points is None else min(direct, self.points.cost(start, size))

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
        if self.packing is None and self._ranges:
            await self._look()
        came = 0
        for way in (self._ranged, self._passing, self._ranged, self._through):
            if came >= size:
                return
            pieces = way(start + came, size - came)
            try:
                async for piece in pieces:
                    came += len(piece)
                    yield piece
            except NoRangesError:
                self._ranges = False
            except DamagedContentError:
                # Points of an earlier visit may be wrong where the layer is not: its stream tells.
                if self.points is None:
                    raise
                self.points = None
            finally:
                await pieces.aclose()
        if came < size:
            raise DamagedContentError(CUT_OFF)

    async def settled(self) -> None:
        """Wait until what goes on behind a file that was complete is over."""
        if self._pass is not None:
            await self._pass.wait()

    async def close(self) -> None:
        """End what goes on behind a file that was complete."""
        if self._pass is not None:
            await self._pass.close()
            self._pass = None

    @property
    def _finds(self) -> bool:
        """Whether a pass through the layer will find restart points."""
        fruitless = self._pass is not None and self._pass.fruitless
        wanted = self.finder is not None and self.points is None and not fruitless
        return wanted and self._ranges and self.packing is Packing.GZIP

    def _begin(self, start: int) -> tuple[int, int]:
        """Tell the last place before a byte where unpacking can begin without anything else."""
        return self.starts[max(bisect_right(self.starts, start, key=_unpacked_place) - 1, 0)]

    def _enough(self, end: int) -> int:
        """Tell how many packed bytes are enough for so many unpacked ones."""
        found = bisect_left(self.places, end, key=_unpacked_place)
        return self.places[found][0] if found < len(self.places) else self._source.size

    def _detour(self, start: int) -> int:
        """Tell how many packed bytes lie between a byte and the place where unpacking begins for it."""
        return self._enough(start) - self._begin(start)[0]

    def _ranged(self, start: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give what can be had by ranges better than by reading from the beginning."""
        end = start + size
        if not self._ranges:
            return _nothing()
        if self.packing is Packing.TAR:
            return self._plain(steps(start, min(end, self._source.size)))
        packed, unpacked = self._begin(start)
        direct = self._enough(end) - packed
        if self.points is not None and self.points.cost(start, size) < direct:
            return self.points.pieces(self._source, start, size, self._told)
        if self._detour(start) > MOST_STEP and (self._finds or not packed):
            return _nothing()
        unpacker = Unpacker(self.packing, packed=packed, unpacked=unpacked)
        requests = steps(packed, self._source.size, packed + direct)
        return unpacked_from(self._read, unpacker, requests, start, end)

    async def _plain(self, requests: Iterator[tuple[int, int]]) -> AsyncGenerator[bytes, None]:
        for at, size in requests:
            yield await self._read(at, size)

    def _passing(self, start: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give what a pass comes by that finds restart points, or wait for them if that is not long."""
        if self.finder is None or not self._finds:
            return _nothing()
        if self._pass is None or self._pass.over:
            self._pass = Pass(self._source, self.finder, self._told, self._found)
        if self._pass.will_come_by(start):
            return self._pass.pieces(start, size)
        if 2 * self._enough(start + size) < self._source.size - self._pass.unpacker.packed:
            return _nothing()
        return _nothing(self._pass.wait())

    def _found(self, points: Points) -> None:
        self.points = points
        if self.on_points is not None:
            self.on_points(points)

    async def _through(self, start: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give what comes by while the layer is read from its beginning."""
        unpacker = Unpacker()
        relay: Relay[bytes] = Relay(most=MOST_WAITING, enough=ENOUGH)

        def put(pieces: Iterator[Piece]) -> None:
            for part in within(unpacker, pieces, start, start + size):
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

    async def _look(self) -> None:
        """Look how the layer is packed."""
        try:
            self.packing = packing_of(await self._read(0, HEAD))
        except NoRangesError:
            self._ranges = False

    async def _read(self, at: int, size: int) -> bytes:
        data = await self._source.read(at, size)
        self._told(len(data))
        return data


async def _nothing(after: Awaitable[None] | None = None) -> AsyncGenerator[bytes, None]:
    """Give nothing, after something else."""
    if after is not None:
        await after
    nothing: tuple[bytes, ...] = ()
    for piece in nothing:
        yield piece


def _unpacked_place(place: tuple[int, int]) -> int:
    return place[1]
