import asyncio
import hashlib
import threading
from pathlib import Path

import pytest

from tui.contents import BytesSource, DamagedContentError, FileSource
from tui.contents.byte_source import ByteSource, Piece

DATA = bytes(range(256)) * 10_000
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


@pytest.fixture(params=["bytes", "file", "file without a digest"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> ByteSource:
    if request.param == "bytes":
        return BytesSource(DATA)
    path = tmp_path / "layer"
    path.write_bytes(DATA)
    return FileSource(path, DIGEST if request.param == "file" else "")


async def test_a_source_gives_its_bytes_whole_and_in_part(source: ByteSource) -> None:
    came = bytearray()
    told: list[int] = []
    await source.pump(came.extend, told.append)
    assert came == DATA
    assert sum(told) == source.size == len(DATA)
    assert await source.read(1_000, 50) == DATA[1_000:1_050]
    assert await source.read(len(DATA) - 5, 50) == DATA[-5:]
    assert await source.read(len(DATA), 50) == b""
    assert source.digest in {DIGEST, ""}


async def test_bytes_are_handed_over_on_a_thread_of_their_own(source: ByteSource) -> None:
    threads = set()
    await source.pump(lambda _: threads.add(threading.current_thread().name))
    assert threads == {"layer"}


async def test_what_the_taker_raises_ends_all_and_is_raised(source: ByteSource) -> None:
    pieces = []

    def write(piece: Piece) -> None:
        pieces.append(len(piece))
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        await source.pump(write)
    assert len(pieces) == 1


async def test_when_it_was_cancelled_nothing_is_handed_over_any_more(source: ByteSource) -> None:
    loop = asyncio.get_running_loop()
    begun, go_on = asyncio.Event(), threading.Event()
    pieces = []

    def write(piece: Piece) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()
        pieces.append(len(piece))

    transfer = asyncio.create_task(source.pump(write))
    await begun.wait()
    transfer.cancel()
    await asyncio.sleep(0)
    assert not transfer.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await transfer
    assert len(pieces) == 1


async def test_a_file_with_another_digest_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "layer"
    path.write_bytes(DATA + b"x")
    came = bytearray()
    with pytest.raises(DamagedContentError, match=f"not {DIGEST}"):
        await FileSource(path, DIGEST).pump(came.extend)
    assert came == DATA + b"x"


def test_a_file_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileSource(tmp_path / "nothing")
