"""Streams that are pumped without threads of their own: what transports give that were handed in."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from typing import TYPE_CHECKING

import pytest

from tui.client.blob_stream import PIECE, BlobStream
from tui.client.errors import ConnectionLostError, DigestMismatchError, RequestLine, SizeMismatchError
from tui.client.names import Digest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tui.client.wire.bulk import Piece

LINE = RequestLine("GET", "https://registry.example/v2/a/blobs/sha256:0")
LOST = ConnectionLostError("it broke", request=LINE)
DATA = hashlib.shake_256(b"stream").digest(3 * PIECE + 12_345)


async def chunks(data: bytes, error: Exception | None = None, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
    if error is not None:
        raise error


def stream(
    source: AsyncIterator[bytes], *, size: int | None = len(DATA), digest: Digest | None = None
) -> BlobStream:
    digest = digest or Digest.of(DATA)
    return BlobStream(source, digest, size=size, offset=0, hasher=digest.hasher(), line=LINE)


async def test_bytes_are_handed_over_in_large_pieces_off_the_event_loop() -> None:
    pieces: list[bytes] = []
    threads: set[int] = set()
    told: list[int] = []

    def write(piece: Piece) -> None:
        threads.add(threading.get_ident())
        pieces.append(bytes(piece))

    await stream(chunks(DATA)).pump(write, told.append)
    assert b"".join(pieces) == DATA
    assert all(len(piece) >= PIECE for piece in pieces[:-1])
    assert sum(told) == len(DATA)
    assert threading.get_ident() not in threads


async def test_what_came_before_an_error_is_handed_over_and_hashed() -> None:
    taken = bytearray()
    broken = stream(chunks(DATA[:1_500_000], LOST))
    with pytest.raises(ConnectionLostError):
        await broken.pump(taken.extend)
    assert taken == DATA[:1_500_000]
    assert broken.hasher is not None
    assert broken.hasher.digest() == hashlib.sha256(taken).digest()


async def test_what_comes_is_verified() -> None:
    wrong = b"x" + DATA[1:]
    with pytest.raises(DigestMismatchError):
        await stream(chunks(wrong)).pump(lambda _: None)
    with pytest.raises(SizeMismatchError):
        await stream(chunks(DATA[:-1])).pump(lambda _: None)
    taken = bytearray()
    with pytest.raises(SizeMismatchError):
        await stream(chunks(DATA + b"x")).pump(taken.extend)
    assert len(taken) <= len(DATA)
    await stream(chunks(DATA), size=None).pump(lambda _: None)


@pytest.mark.parametrize("error", [None, LOST])
async def test_after_a_refusal_nothing_more_is_handed_over(error: Exception | None) -> None:
    calls = 0

    def refuse(_: Piece) -> None:
        nonlocal calls
        calls += 1
        raise OSError(28, "full")

    with pytest.raises(OSError, match="full"):
        await stream(chunks(DATA, error)).pump(refuse)
    assert calls == 1


@pytest.mark.parametrize("times", [1, 3])
async def test_cancelling_waits_for_what_is_being_written(times: int) -> None:
    entered, go_on = threading.Event(), threading.Event()
    taken = bytearray()
    never = asyncio.Event()

    async def stall() -> AsyncIterator[bytes]:
        yield DATA[: PIECE + 5]
        yield b"12345"
        await never.wait()

    def write(piece: Piece) -> None:
        entered.set()
        go_on.wait(60)
        taken.extend(piece)

    pumping = stream(stall())
    task = asyncio.create_task(pumping.pump(write))
    await asyncio.to_thread(entered.wait, 60)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pumping.hasher is not None
    assert pumping.hasher.digest() == hashlib.sha256(taken).digest()
    assert taken.startswith(DATA[: PIECE + 5])
