"""Restart points of gzip layers: any range of any stream, for few bytes moved."""

from __future__ import annotations

import asyncio
import gzip
import random
import shutil
import signal
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contents.helpers import CountingSource
from tui.contents.errors import DamagedContentError, NoRangesError
from tui.contents.restart_finder import HEADER, MAGIC, POINT, SPACING
from tui.contents.restarts import RestartFinder, RestartPoint, RestartPoints, RestartsError, checked, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20


def words(size: int, seed: int = 1) -> bytes:
    """Make text that packs as text does."""
    chosen = random.Random(seed)  # noqa: S311 -- the same text each time
    known = [chosen.randbytes(chosen.randrange(2, 12)).hex().encode() for _ in range(3_000)]
    out = bytearray()
    while len(out) < size:
        out += b" ".join(chosen.choices(known, k=500))
    return bytes(out[:size])


def noise(size: int) -> bytes:
    """Make bytes that do not pack."""
    return random.Random(7).randbytes(size)  # noqa: S311 -- the same bytes each time


async def found(packed: bytes) -> RestartPoints:
    """Find the restart points of a stream as a layer does."""
    with RestartFinder(len(packed)) as finder:
        await CountingSource(packed).pump(finder.write)
        return await asyncio.to_thread(finder.points)


async def taken(points: RestartPoints, source: CountingSource, start: int, size: int) -> bytes:
    """Read a range by its restart points."""
    return b"".join([piece async for piece in points.pieces(source, start, size)])


TEXT = words(9 * MIB)


def full_flushed(data: bytes, size: int) -> bytes:
    """Pack as ``pigz -i`` does: blocks that refer to nothing before them, each begun at a whole byte."""
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    blocks = [
        packer.compress(data[at : at + size]) + packer.flush(zlib.Z_FULL_FLUSH)
        for at in range(0, len(data), size)
    ]
    return b"".join(blocks) + packer.flush()


def packed_by(*command: str) -> bytes:
    """Pack with a program."""
    return subprocess.run(command, input=TEXT, stdout=subprocess.PIPE, check=True).stdout


STREAMS = {
    "text": gzip.compress(TEXT, 6),
    "text packed well": gzip.compress(TEXT, 9),
    "text packed fast": gzip.compress(TEXT, 1),
    "stored blocks": gzip.compress(TEXT, 0),
    "noise": gzip.compress(noise(5 * MIB)),
    "few members": b"".join(gzip.compress(TEXT[at : at + 2 * MIB]) for at in range(0, len(TEXT), 2 * MIB)),
    "many members": b"".join(gzip.compress(TEXT[at : at + 70_001]) for at in range(0, len(TEXT), 70_001)),
    "empty members between": gzip.compress(b"") + gzip.compress(TEXT) + gzip.compress(b"") * 3,
    "little": gzip.compress(b"little"),
    "independent blocks": full_flushed(TEXT, 128 * 1024),
    "by GNU gzip": packed_by("gzip", "-n"),
    "by GNU gzip, rsyncable": packed_by("gzip", "-n", "--rsyncable"),
}
if shutil.which("pigz"):
    STREAMS["by pigz"] = packed_by("pigz")
    STREAMS["by pigz, independent"] = packed_by("pigz", "-i")


@pytest.fixture(scope="module")
def all_points() -> dict[str, RestartPoints]:
    return {name: asyncio.run(found(packed)) for name, packed in STREAMS.items()}


@pytest.mark.parametrize("name", STREAMS)
async def test_any_range_can_be_read_from_the_points(name: str, all_points: dict[str, RestartPoints]) -> None:
    packed, points = STREAMS[name], all_points[name]
    plain = gzip.decompress(packed)
    assert points.unpacked == len(plain)
    chosen = random.Random(name)  # noqa: S311 -- the same ranges each time
    ranges = [(0, len(plain)), (0, 1), (len(plain) - 1, 1), (len(plain), 5), (max(len(plain) - 10, 0), 100)]
    ranges += [(chosen.randrange(len(plain)), chosen.choice((1, 600, 80_000, 3 * MIB))) for _ in range(25)]
    ranges += [(point.unpacked + by, 40) for point in points.points[1:] for by in (-20, -1, 0)]
    for start, size in ranges:
        source = CountingSource(packed)
        assert await taken(points, source, start, size) == plain[start : start + size], (start, size)
        assert source.moved == points.cost(start, size)


async def test_a_small_file_is_one_request_of_few_bytes(all_points: dict[str, RestartPoints]) -> None:
    packed, points = STREAMS["text"], all_points["text"]
    assert len(points.points) > 2
    for start in range(0, points.unpacked - 5_000, 200_003):
        source = CountingSource(packed)
        await taken(points, source, start, 5_000)
        assert len(source.reads) == 1 or points.cost(start, 5_000) > 4 * MIB
        assert source.moved <= 3 * SPACING


async def test_what_the_points_take_is_little_beside_the_layer(all_points: dict[str, RestartPoints]) -> None:
    points = all_points["text"]
    assert sum(len(point.window) for point in points.points) < len(STREAMS["text"]) / 10


async def test_bombs_have_few_points_and_come_out_in_pieces() -> None:
    packed = gzip.compress(bytes(200 * MIB))
    points = await found(packed)
    assert len(points.points) <= 200 / 16 + 1
    sizes = [len(piece) async for piece in points.pieces(CountingSource(packed), 0, 200 * MIB)]
    assert sum(sizes) == 200 * MIB
    assert max(sizes) <= MIB


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ranges_of_whatever_streams(data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.tuples(st.integers(0, 400_000), st.integers(0, 9)), min_size=1, max_size=5))
    packed = b"".join(
        gzip.compress(words(size, seed=number), level) for number, (size, level) in enumerate(parts)
    )
    plain = gzip.decompress(packed)
    start = data.draw(st.integers(0, len(plain)))
    size = data.draw(st.integers(0, 500_000))

    async def check() -> None:
        points = await found(packed)
        assert await taken(points, CountingSource(packed), start, size) == plain[start : start + size]

    asyncio.run(check())


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"no gzip at all",
        STREAMS["text"][: len(STREAMS["text"]) // 2],
        STREAMS["text"][:MIB] + b"\xff" * 1000 + STREAMS["text"][MIB + 1000 :],
    ],
    ids=["nothing", "no gzip", "cut off", "damaged"],
)
async def test_of_a_damaged_layer_no_points_are_found_and_that_is_said(packed: bytes) -> None:
    with pytest.raises(RestartsError):
        await found(packed)


def test_a_process_that_would_take_too_much_memory_ends(tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    packed.write_bytes(STREAMS["text"])
    program = (
        "from tui.contents import restart_finder as finder; finder.MOST_MEMORY = 100 << 20; finder.main()"
    )
    with packed.open("rb") as stream:
        ended = subprocess.run(
            [sys.executable, "-c", program, str(packed.stat().st_size)],
            stdin=stream,
            capture_output=True,
            check=False,
        )
    assert ended.returncode
    assert not ended.stdout


def test_a_process_that_stands_still_ends() -> None:
    program = (
        "import os, threading\n"
        "from tui.contents import restart_finder as finder\n"
        "finder.PATIENCE = 1\n"
        "finder.Window(0, 10).read(1)\n"
        "threading.Event().wait()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], input=b"x", check=False)
    assert ended.returncode == -signal.SIGALRM


def test_waiting_for_bytes_is_no_standing_still() -> None:
    program = (
        "import signal\n"
        "from tui.contents import restart_finder as finder\n"
        "read = finder.os.read\n"
        "def slow(*arguments):\n"
        "    assert signal.alarm(0) == 0, 'it would end while it waits'\n"
        "    return read(*arguments)\n"
        "finder.os.read = slow\n"
        "window = finder.Window(0, 2)\n"
        "assert window.read(2) == b'xy'\n"
        "assert 0 < signal.alarm(0) <= finder.PATIENCE\n"
    )
    subprocess.run([sys.executable, "-c", program], input=b"xy", check=True)


async def test_a_layer_that_is_another_one_is_told_from_the_points(
    all_points: dict[str, RestartPoints],
) -> None:
    points = all_points["text"]
    with pytest.raises(DamagedContentError):
        await taken(points, CountingSource(noise(points.packed)), 5 * MIB, MIB)
    with pytest.raises(DamagedContentError):
        await taken(points, CountingSource(STREAMS["text"][: 2 * MIB]), 0, points.unpacked)


async def test_a_source_without_ranges_says_so(all_points: dict[str, RestartPoints]) -> None:
    with pytest.raises(NoRangesError):
        await taken(all_points["text"], CountingSource(STREAMS["text"], ranges=False), MIB, 10)


async def test_leaving_ends_the_process() -> None:
    with RestartFinder(len(STREAMS["text"])) as finder:
        finder.write(STREAMS["text"][:MIB])
    assert finder._process.returncode is not None
    finder.write(b"more")  # It is left alone.
    finder.close()


async def test_what_a_transfer_raises_ends_the_process() -> None:
    source = CountingSource(STREAMS["text"], broken_at=MIB)
    with pytest.raises(ConnectionError), RestartFinder(source.size) as finder:
        await source.pump(finder.write)
    assert finder._process.returncode is not None


def answers() -> Iterator[bytes]:
    """Make what a process that went wrong could write."""
    point = POINT.pack(10, 0, 0, 0)
    whole = HEADER.pack(MAGIC, 100, 1) + point
    yield b""
    yield whole[:-1]
    yield whole + b"x"
    yield HEADER.pack(b"foreign!", 100, 1) + point
    yield HEADER.pack(MAGIC, 100, 0)
    yield HEADER.pack(MAGIC, 100, 1_000_000) + point
    yield HEADER.pack(MAGIC, 100, 1) + POINT.pack(10, 8, 0, 0)
    yield HEADER.pack(MAGIC, 100, 1) + POINT.pack(10_000, 0, 0, 0)
    yield HEADER.pack(MAGIC, 100, 1) + POINT.pack(10, 0, 7, 0)
    yield HEADER.pack(MAGIC, 100, 2) + point * 2
    yield HEADER.pack(MAGIC, 100, 1) + POINT.pack(10, 0, 0, 50)


@pytest.mark.parametrize("answer", list(answers()))
def test_points_that_make_no_sense_are_none(answer: bytes) -> None:
    with pytest.raises(RestartsError):
        parsed(answer, 1_000)


def test_points_that_make_sense_are_taken() -> None:
    answer = HEADER.pack(MAGIC, 100, 2) + POINT.pack(10, 0, 0, 0) + POINT.pack(50, 3, 60, 2) + b"ab"
    assert parsed(answer, 1_000) == checked(
        [RestartPoint(10, 0, 0, b""), RestartPoint(50, 3, 60, b"ab")], packed=1_000, unpacked=100
    )


async def test_a_window_that_is_too_long_is_read_no_further() -> None:
    packed = zlib.compress(b"x")
    bomb = zstandard.ZstdCompressor().compress(bytes(100 * MIB))
    points = RestartPoints((RestartPoint(1, 0, 0, bomb),), len(packed), 10)
    with pytest.raises(DamagedContentError):
        await taken(points, CountingSource(packed), 0, 10)


async def test_bytes_that_are_stored_as_they_are_can_be_read_behind_a_point_within_a_byte() -> None:
    alike = noise(MIB)
    data = b"".join(alike[number:] + b"some words %d" % number * 50 for number in range(24))
    source = CountingSource(gzip.compress(data, 1, mtime=0))
    points = await found(source._data)
    assert len({point.bits for point in points.points}) > 4
    for place in range(0, len(data) - 50, 1_000_003):
        assert await taken(points, source, place, 50) == data[place : place + 50]
