import asyncio
import random
import threading
import zlib
from collections.abc import AsyncGenerator, Callable

import pytest

from tests.contents.helpers import CountingSource, gzipped
from tui.contents import DamagedContentError
from tui.contents import unpacked as unpacked_module
from tui.contents.byte_source import ByteSource, Piece
from tui.contents.packing import Packing
from tui.contents.unpacked import Unpacked

RANDOM = random.Random(4)  # noqa: S311 - it is always the same
STEP = 1 << 20
DATA = RANDOM.randbytes(12 * STEP)


def flushed(data: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """Pack with gzip so that nothing refers to what stands before each MiB, and tell where these begin."""
    packer = zlib.compressobj(1, wbits=31)
    packed, points = b"", []
    for at in range(0, len(data), STEP):
        packed += packer.compress(data[at : at + STEP]) + packer.flush(zlib.Z_FULL_FLUSH)
        points.append((len(packed), min(at + STEP, len(data))))
    return packed + packer.flush(), points[:-1]


PACKED, POINTS = flushed(DATA)


class Points:
    """The points, as they are known."""

    def cost(self, start: int, size: int) -> int:
        begin, _ = self._before(start)
        return min((at for at, out in POINTS if out >= start + size), default=len(PACKED)) - begin

    async def pieces(
        self, source: ByteSource, start: int, size: int, moved: Callable[[int], object] | None = None
    ) -> AsyncGenerator[bytes, None]:
        begin, out = self._before(start)
        data = await source.read(begin, self.cost(start, size))
        if moved is not None:
            moved(len(data))
        yield zlib.decompressobj(-15 if begin else 31).decompress(data)[start - out : start - out + size]

    def _before(self, start: int) -> tuple[int, int]:
        return max((point for point in POINTS if point[1] <= start), default=(0, 0))


class Finder:
    """Stands for what finds the points: they are known, once all bytes have been handed over."""

    made = 0

    def __init__(self, *, fails: bool = False) -> None:
        Finder.made += 1
        self.fed = bytearray()
        self.fails = fails

    def write(self, piece: Piece) -> None:
        self.fed += piece

    def points(self) -> Points:
        if self.fails:
            raise DamagedContentError("nothing can be found")
        assert self.fed == PACKED
        return Points()

    def close(self) -> None:
        pass


def opened(source: CountingSource) -> Unpacked:
    unpacked = Unpacked(source, lambda _: None)
    unpacked.packing = Packing.GZIP
    unpacked.finder = Finder
    Finder.made = 0
    return unpacked


async def read(unpacked: Unpacked, start: int, size: int) -> bytes:
    return b"".join([piece async for piece in unpacked.pieces(start, size)])


async def test_the_first_file_is_one_pass_and_each_further_one_is_one_request() -> None:
    source = CountingSource(PACKED)
    unpacked = opened(source)
    assert unpacked.cost(9 * STEP, 100) == len(PACKED)
    assert await read(unpacked, 9 * STEP, 100) == DATA[9 * STEP : 9 * STEP + 100]
    await unpacked.settled()
    for place in (STEP - 5, 3 * STEP + 7, 9 * STEP, len(DATA) - 10):
        cost = unpacked.cost(place, 10)
        source.reads.clear()
        assert await read(unpacked, place, 10) == DATA[place : place + 10]
        assert [size for _, size in source.reads] == ([cost] if source.reads else [])
        assert cost <= 2.1 * STEP
    assert (source.pumps, source.finished_pumps, Finder.made) == (1, 1, 1)


async def test_a_file_near_the_beginning_is_one_request_and_builds_nothing() -> None:
    source = CountingSource(PACKED)
    unpacked = opened(source)
    unpacked.places = [(at, out) for at, out in POINTS]
    assert await read(unpacked, STEP, 10) == DATA[STEP : STEP + 10]
    assert (source.pumps, len(source.reads), Finder.made) == (0, 1, 0)


async def test_a_second_file_that_is_still_to_come_is_served_by_the_same_pass() -> None:
    source = CountingSource(PACKED)
    unpacked = opened(source)
    first, second = await asyncio.gather(read(unpacked, 8 * STEP, 5_000), read(unpacked, 10 * STEP, 2 * STEP))
    assert (first, second) == (DATA[8 * STEP : 8 * STEP + 5_000], DATA[10 * STEP :])
    assert (source.pumps, source.reads) == (1, [])


async def test_a_second_file_that_has_passed_waits_for_the_points() -> None:
    source = CountingSource(PACKED)
    unpacked = opened(source)
    go_on = threading.Event()
    source.hold = lambda at: at > 11 * STEP and go_on.wait()
    await read(unpacked, 8 * STEP, 5)
    second = asyncio.create_task(read(unpacked, 5 * STEP, 5))
    await asyncio.sleep(0)
    assert not second.done()
    go_on.set()
    assert await second == DATA[5 * STEP : 5 * STEP + 5]
    assert (source.pumps, len(source.reads)) == (1, 1)


async def test_a_file_that_comes_after_one_that_is_complete_is_served_by_the_same_pass() -> None:
    source = CountingSource(PACKED)
    unpacked = opened(source)
    go_on = threading.Event()
    source.hold = lambda at: at > 9 * STEP and go_on.wait()
    await read(unpacked, 6 * STEP, 5)
    second = asyncio.create_task(read(unpacked, 11 * STEP, 5))
    await asyncio.sleep(0)
    go_on.set()
    assert await second == DATA[11 * STEP : 11 * STEP + 5]
    assert (source.pumps, source.reads) == (1, [])


async def test_a_file_that_is_nearer_to_the_beginning_than_the_pass_to_its_end_does_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unpacked_module, "MOST_STEP", STEP)
    source = CountingSource(PACKED)
    unpacked = opened(source)
    unpacked.places = list(POINTS)
    go_on = threading.Event()
    source.hold = lambda at: at > 4 * STEP and go_on.wait()
    await read(unpacked, 3 * STEP, 5)
    assert await read(unpacked, 2 * STEP, 5) == DATA[2 * STEP : 2 * STEP + 5]
    assert (source.pumps, source.ended_pumps, source.reads) == (2, 1, [])
    go_on.set()
    await unpacked.settled()
    assert unpacked.points is not None


async def test_leaving_the_first_file_ends_the_transfer_and_the_next_one_begins_again() -> None:
    source = CountingSource(PACKED)
    unpacked = opened(source)
    pieces = unpacked.pieces(6 * STEP, 6 * STEP)
    await anext(pieces)
    await pieces.aclose()
    assert (source.ended_pumps, source.finished_pumps) == (1, 0)
    assert await read(unpacked, 6 * STEP, 5) == DATA[6 * STEP : 6 * STEP + 5]
    await unpacked.close()


async def test_closing_ends_the_building() -> None:
    source = CountingSource(PACKED)
    unpacked = opened(source)
    go_on = threading.Event()
    source.hold = lambda at: at > 11 * STEP and go_on.wait()
    await read(unpacked, 8 * STEP, 5)
    closing = asyncio.create_task(unpacked.close())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    assert (source.ended_pumps, unpacked.points) == (1, None)


async def test_where_no_points_can_be_built_each_file_is_read_from_the_beginning() -> None:
    source = CountingSource(PACKED)
    unpacked = opened(source)
    unpacked.finder = lambda: Finder(fails=True)
    for place in (8 * STEP, 7 * STEP, 9 * STEP):
        assert await read(unpacked, place, 5) == DATA[place : place + 5]
    assert Finder.made == 1


class WrongPoints(Points):
    """Points of another layer."""

    async def pieces(
        self, source: ByteSource, start: int, size: int, moved: Callable[[int], object] | None = None
    ) -> AsyncGenerator[bytes, None]:
        async for piece in super().pieces(source, start, size, moved):
            yield piece[:2]
            raise DamagedContentError("it cannot be unpacked from there")


async def test_where_points_turn_out_wrong_the_stream_tells() -> None:
    source = CountingSource(PACKED)
    unpacked = opened(source)
    unpacked.points = WrongPoints()
    assert await read(unpacked, 8 * STEP, 5) == DATA[8 * STEP : 8 * STEP + 5]
    await unpacked.settled()
    assert (source.pumps, Finder.made, type(unpacked.points)) == (1, 1, Points)


async def test_without_ranges_nothing_is_built() -> None:
    source = CountingSource(PACKED, ranges=False)
    unpacked = opened(source)
    unpacked.packing = None
    for place in (8 * STEP, 7 * STEP):
        assert await read(unpacked, place, 5) == DATA[place : place + 5]
    assert (Finder.made, source.refused, source.pumps) == (0, 1, 2)


async def test_a_place_behind_the_end_is_damage_and_ends() -> None:
    unpacked = opened(CountingSource(PACKED))
    with pytest.raises(DamagedContentError, match="ends before the file"):
        await read(unpacked, len(DATA), 1)
    small = Unpacked(CountingSource(gzipped(b"data")), lambda _: None)
    with pytest.raises(DamagedContentError, match="ends before the file"):
        await read(small, 2, 10)
