import asyncio
import threading
from collections.abc import AsyncGenerator, Callable

import pytest

from tests.contents.helpers import CountingSource, gzipped
from tui.contents import DamagedContentError
from tui.contents.byte_source import ByteSource, Piece
from tui.contents.passing import Pass
from tui.contents.restarting import Points

DATA = b"".join(b"%07d " % number for number in range(200_000))
PACKED = gzipped(DATA, 1)


class FakePoints:
    def cost(self, start: int, size: int) -> int:
        return start + size

    async def pieces(
        self, source: ByteSource, start: int, size: int, moved: Callable[[int], object] | None = None
    ) -> AsyncGenerator[bytes, None]:
        del moved
        yield await source.read(start, size)


class FakeFinder:
    """Keeps what is handed to it."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fed = bytearray()
        self.closed = False
        self.fails = fails

    def write(self, piece: Piece) -> None:
        self.fed += piece

    def points(self) -> FakePoints:
        if self.fails:
            raise DamagedContentError("nothing can be found in this")
        return FakePoints()

    def close(self) -> None:
        self.closed = True


def passing(source: CountingSource, finder: FakeFinder | None = None) -> tuple[Pass, list[Points]]:
    found: list[Points] = []
    made = finder or FakeFinder()
    return Pass(source, lambda: made, lambda _: None, found.append), found


class Held:
    """A source that waits at a place until it is let go on."""

    def __init__(self, packed: bytes, at: int) -> None:
        loop = asyncio.get_running_loop()
        self.reached = asyncio.Event()
        self.go_on = threading.Event()
        self.source = CountingSource(packed, piece=10_000)

        def hold(place: int) -> None:
            if place >= at and not self.go_on.is_set():
                loop.call_soon_threadsafe(self.reached.set)
                self.go_on.wait()

        self.source.hold = hold


async def read(over: Pass, start: int, size: int) -> bytes:
    return b"".join([piece async for piece in over.pieces(start, size)])


async def test_a_file_is_served_as_it_passes_and_the_rest_is_built_behind_it() -> None:
    held = Held(PACKED, len(PACKED) // 2)
    finder = FakeFinder()
    told: list[int] = []
    found: list[Points] = []
    over = Pass(held.source, lambda: finder, told.append, found.append)
    assert await read(over, 1_000, 50_000) == DATA[1_000:51_000]
    assert not over.over
    held.go_on.set()
    await over.wait()
    assert (over.over, over.fruitless, len(found), finder.closed) == (True, False, 1, True)
    assert finder.fed == PACKED
    assert sum(told) == len(PACKED)


async def test_several_files_are_served_by_one_pass() -> None:
    source = CountingSource(PACKED, piece=10_000)
    over, _ = passing(source)
    wanted = [(0, 5), (1_000_000, 600_000), (4, 1_200_000), (len(DATA) - 3, 3)]
    found = await asyncio.gather(*(read(over, start, size) for start, size in wanted))
    assert found == [DATA[start : start + size] for start, size in wanted]
    assert source.pumps == 1


async def test_what_has_passed_already_is_not_served() -> None:
    held = Held(PACKED, len(PACKED) // 2)
    over, _ = passing(held.source)
    waiting = asyncio.create_task(read(over, len(DATA) - 10, 10))
    await held.reached.wait()
    assert not over.will_come_by(0)
    assert over.will_come_by(len(DATA) - 100)
    assert await read(over, 0, 10) == b""
    held.go_on.set()
    assert await waiting == DATA[-10:]


async def test_leaving_before_the_file_is_complete_ends_the_pass() -> None:
    held = Held(PACKED, len(PACKED) // 2)
    finder = FakeFinder()
    over, found = passing(held.source, finder)
    pieces = over.pieces(0, len(DATA))
    assert DATA.startswith(await anext(pieces))
    leaving = asyncio.create_task(pieces.aclose())
    await asyncio.sleep(0)
    held.go_on.set()
    await leaving
    assert (over.over, found, finder.closed, held.source.ended_pumps) == (True, [], True, 1)


async def test_leaving_does_not_end_what_somebody_else_waits_for() -> None:
    held = Held(PACKED, len(PACKED) // 2)
    over, _ = passing(held.source)
    pieces = over.pieces(0, len(DATA))
    await anext(pieces)
    waiting = asyncio.create_task(over.wait())
    await asyncio.sleep(0)
    await pieces.aclose()
    held.go_on.set()
    await waiting
    assert over.over


async def test_closing_ends_it_behind_a_file_that_was_complete() -> None:
    held = Held(PACKED, len(PACKED) // 2)
    over, found = passing(held.source)
    await read(over, 0, 10)
    await held.reached.wait()
    closing = asyncio.create_task(over.close())
    await asyncio.sleep(0)
    held.go_on.set()
    await closing
    assert (over.over, found) == (True, [])


async def test_where_no_points_can_be_found_the_file_is_served() -> None:
    source = CountingSource(PACKED, piece=10_000)
    finder = FakeFinder(fails=True)
    over, found = passing(source, finder)
    assert await read(over, 900_000, 10) == DATA[900_000:900_010]
    await over.wait()
    assert (over.fruitless, found, finder.closed) == (True, [], True)


async def test_a_lost_connection_is_raised_where_a_file_is_waited_for() -> None:
    source = CountingSource(PACKED, piece=10_000, broken_at=100_000)
    over, found = passing(source)
    with pytest.raises(ConnectionError):
        await read(over, 0, len(DATA))
    assert not found


async def test_damage_is_raised_where_a_file_is_waited_for() -> None:
    packed = bytearray(PACKED)
    packed[len(packed) // 2 : len(packed) // 2 + 50] = b"\xff" * 50
    over, _ = passing(CountingSource(bytes(packed)))
    with pytest.raises(DamagedContentError, match="damaged after"):
        await read(over, 0, len(DATA))


async def test_a_place_behind_the_end_is_no_place() -> None:
    over, _ = passing(CountingSource(PACKED))
    with pytest.raises(DamagedContentError, match="ends before the file"):
        await read(over, len(DATA), 1)
