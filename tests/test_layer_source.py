"""A layer of any source as bytes for what reads layers: from a place, or all of them."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.client.helpers import client
from tests.client.layouts import Layout as Made
from tests.faults import Damage, Exchange, FaultProxy, ScriptedServer
from tui.client import (
    BlobNotExistError,
    ConnectionLostError,
    Descriptor,
    Digest,
    DigestMismatchError,
    ErrorResponse,
    Layout,
    Repository,
    SizeMismatchError,
)
from tui.client.ranges import MAX_RANGE
from tui.contents.errors import NoRangesError, TooLargeError
from tui.demo import DemoServer, Storage
from tui.layer_source import BlobSource
from tui.transfers import Retries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tui.contents.byte_source import ByteSource, Piece

    class Opened(Protocol):
        """Makes a layer of a registry, by the URL of that."""

        def __call__(self, url: str, layer: Descriptor = ...) -> BlobSource: ...


ALPHA = Repository("team/alpha")
CONTENT = bytes(range(251)) * 30_000
SIZE = len(CONTENT)
LAYER = Descriptor("application/vnd.oci.image.layer.v1.tar", Digest.of(CONTENT), SIZE)
BROKEN = 3_000_000
AT_ONCE = Retries(tries=3, first_wait=0.0)


class Taken:
    """What a pump has handed over."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.threads: set[int] = set()
        self.told: list[int] = []

    def write(self, piece: Piece) -> None:
        self.threads.add(threading.get_ident())
        self.bytes += piece


@pytest.fixture
def storage() -> Storage:
    storage = Storage()
    storage.put_blob(ALPHA, CONTENT)
    return storage


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Open a layer of a registry by the URL of that."""
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(client())
        yield lambda url, layer=LAYER: BlobSource(own.registry(url), ALPHA, layer, retries=AT_ONCE)


async def test_a_layer_is_read_in_any_place_and_as_a_whole(storage: Storage, opened: Opened) -> None:
    with DemoServer(storage) as server:
        layer: ByteSource = opened(server.url)
        assert (layer.digest, layer.size) == (LAYER.digest, SIZE)
        assert await layer.read(BROKEN, 1000) == CONTENT[BROKEN : BROKEN + 1000]
        assert await layer.read(SIZE - 10, 1000) == CONTENT[-10:]
        taken = Taken()
        await layer.pump(taken.write, taken.told.append)
    assert taken.bytes == CONTENT
    assert sum(taken.told) == SIZE
    assert threading.get_ident() not in taken.threads


async def test_what_has_come_is_counted(storage: Storage, opened: Opened) -> None:
    with DemoServer(storage) as server:
        layer = opened(server.url)
        await layer.read(5, 1000)
        await layer.read(SIZE - 10, 1000)
        assert layer.fetched == 1010
        await layer.pump(Taken().write)
        assert layer.fetched == 1010 + SIZE


async def test_a_small_layer_comes_too(opened: Opened) -> None:
    storage = Storage()
    small = Descriptor("", Digest(storage.put_blob(ALPHA, b"small")), 5)
    with DemoServer(storage) as server:
        layer = opened(server.url, small)
        taken = Taken()
        await layer.pump(taken.write, taken.told.append)
        assert await layer.read(1, 3) == b"mal"
    assert (bytes(taken.bytes), sum(taken.told), layer.fetched) == (b"small", 5, 8)


async def test_more_than_can_be_kept_in_memory_is_not_read_at_once(storage: Storage, opened: Opened) -> None:
    with DemoServer(storage) as server:
        with pytest.raises(TooLargeError):
            await opened(server.url).read(0, MAX_RANGE + 1)
        assert server.requests == ()


async def test_a_server_without_ranges_is_asked_for_one_once(storage: Storage, opened: Opened) -> None:
    with DemoServer(storage, ranges=False) as server:
        layer = opened(server.url)
        for _ in range(3):
            with pytest.raises(NoRangesError):
                await layer.read(BROKEN, 1000)
        assert len(server.requests) == 1
        assert layer.fetched == 0


async def test_a_server_that_fetches_the_layer_first_is_asked_for_ranges_again(opened: Opened) -> None:
    fetched: list[bool] = []

    async def answer(exchange: Exchange) -> None:
        if "range" in exchange.asked.headers and fetched:
            await exchange.reply(206, CONTENT[10:20], {"Content-Range": f"bytes 10-19/{SIZE}"})
            return
        fetched.append("range" not in exchange.asked.headers)
        await exchange.reply(200, CONTENT)
        if not fetched[-1]:
            fetched.clear()

    async with ScriptedServer(answer) as server:
        layer = opened(server.url)
        with pytest.raises(NoRangesError):
            await layer.read(10, 10)
        await layer.pump(Taken().write)
        assert await layer.read(10, 10) == CONTENT[10:20]


@pytest.mark.parametrize("damage", [Damage(cut_after=BROKEN), Damage(reset_after=BROKEN)])
async def test_a_transfer_that_is_lost_goes_on_from_where_it_was(
    storage: Storage, opened: Opened, damage: Damage
) -> None:
    with DemoServer(storage) as server:
        async with FaultProxy(server.url.removeprefix("http://"), damage) as proxy:
            layer = opened(f"http://{proxy.host}")
            taken = Taken()
            await layer.pump(taken.write, taken.told.append)
        starts = [int(one.headers["range"][6:-1]) for one in server.requests if "range" in one.headers]
    assert taken.bytes == CONTENT
    assert sum(taken.told) == layer.fetched == SIZE
    assert starts == sorted(starts)
    assert 0 < starts[0] <= BROKEN


async def test_a_transfer_that_gets_nowhere_is_given_up(storage: Storage, opened: Opened) -> None:
    with DemoServer(storage) as server:
        async with FaultProxy(server.url.removeprefix("http://"), Damage(cut_after=1000)) as proxy:
            with pytest.raises(ConnectionLostError):
                await opened(f"http://{proxy.host}").pump(Taken().write)
        assert len(server.requests) == 1 + AT_ONCE.tries


class Stumbling:
    """A registry without ranges that breaks off a few times, and may send something else then."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies)

    async def __call__(self, exchange: Exchange) -> None:
        body = self.bodies.pop(0)
        await exchange.reply(200, body, length=SIZE)
        if len(body) < SIZE:
            exchange.close()


async def test_without_ranges_what_was_handed_over_is_left_out_the_second_time(opened: Opened) -> None:
    registry = Stumbling(CONTENT[:BROKEN], CONTENT[: BROKEN - 1_000_000], CONTENT[: BROKEN + 1], CONTENT)
    async with ScriptedServer(registry) as server:
        layer = opened(server.url)
        taken = Taken()
        await layer.pump(taken.write, taken.told.append)
    assert taken.bytes == CONTENT
    assert registry.bodies == []
    assert layer.fetched == 3 * BROKEN - 1_000_000 + 1 + SIZE


async def test_progress_never_counts_the_same_bytes_twice(opened: Opened) -> None:
    async with ScriptedServer(Stumbling(CONTENT[:BROKEN], CONTENT)) as server:
        taken = Taken()
        await opened(server.url).pump(taken.write, taken.told.append)
    assert sum(taken.told) == SIZE


async def test_a_layer_that_becomes_another_one_on_the_way_is_an_error(opened: Opened) -> None:
    # The bytes that came first were wrong; the right ones after them do not make them good.
    wrong = b"x" + CONTENT[1:BROKEN]
    async with ScriptedServer(Stumbling(wrong, CONTENT)) as server:
        taken = Taken()
        with pytest.raises(DigestMismatchError):
            await opened(server.url).pump(taken.write)
    assert taken.bytes == wrong


async def test_another_layer_is_an_error_at_its_end(opened: Opened) -> None:
    async with ScriptedServer(Stumbling(b"x" + CONTENT[1:])) as server:
        with pytest.raises(DigestMismatchError):
            await opened(server.url).pump(Taken().write)
        assert len(server.asked) == 1


async def test_a_layer_without_end_is_left_where_it_should_have_ended(opened: Opened) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not exchange.gone.is_set():
            await exchange.send(b"100000\r\n" + bytes(0x100000) + b"\r\n")

    async with ScriptedServer(answer) as server:
        taken = Taken()
        with pytest.raises(SizeMismatchError):
            await opened(server.url).pump(taken.write)
        assert len(taken.bytes) <= SIZE
        assert len(server.asked) == 1


async def test_an_absent_layer_is_told_as_the_registry_tells_it(opened: Opened) -> None:
    with DemoServer(Storage()) as server:
        layer = opened(server.url)
        with pytest.raises(BlobNotExistError):
            await layer.read(0, 10)
        with pytest.raises(ErrorResponse):
            await layer.pump(Taken().write)


async def test_what_the_reader_raises_ends_the_transfer_and_is_raised(
    storage: Storage, opened: Opened
) -> None:
    def refuse(_: Piece) -> None:
        raise ZeroDivisionError

    with DemoServer(storage) as server:
        with pytest.raises(ZeroDivisionError):
            await opened(server.url).pump(refuse)
        assert len(server.requests) == 1


async def test_cancelling_ends_the_transfer_and_nothing_is_handed_over_after_that(
    storage: Storage, opened: Opened
) -> None:
    pace = asyncio.Semaphore(5)
    come = asyncio.Event()
    taken = Taken()
    with DemoServer(storage) as server:
        async with FaultProxy(server.url.removeprefix("http://"), Damage(pace=pace)) as proxy:
            pumping = asyncio.create_task(
                opened(f"http://{proxy.host}").pump(taken.write, lambda _: come.set())
            )
            await come.wait()
            pumping.cancel()
            with pytest.raises(asyncio.CancelledError):
                await pumping
            before = len(taken.bytes)
            for _ in range(1000):
                pace.release()
            await proxy.closed.wait()
    assert len(taken.bytes) == before < SIZE


async def test_a_layer_of_a_layout_is_read_in_the_same_way(tmp_path: Path) -> None:
    made = Made()
    made.index(made.image(CONTENT))
    async with Layout(made.folder(tmp_path / "layout")) as layout:
        layer = BlobSource(layout, ALPHA, LAYER)
        taken = Taken()
        await layer.pump(taken.write, taken.told.append)
        assert taken.bytes == CONTENT
        assert await layer.read(BROKEN, 10) == CONTENT[BROKEN : BROKEN + 10]
        assert layer.fetched == SIZE + 10
        assert sum(taken.told) == SIZE
