import asyncio
import threading
from collections.abc import AsyncGenerator

import pytest

from tests.contents.helpers import CountingSource
from tui.contents import relay as relay_module
from tui.contents.byte_source import Piece
from tui.contents.relay import EnoughError, Relay, relayed


def sizes(source: CountingSource, relay: Relay[int], last: list[int]) -> AsyncGenerator[list[int], None]:
    return relayed(
        source,
        lambda piece: relay.put([len(piece)], 1),
        relay,
        last=lambda: relay.put(last, len(last)),
    )


async def test_everything_comes_once_and_in_order() -> None:
    relay: Relay[int] = Relay(most=10, enough=4)
    source = CountingSource(bytes(50_500), piece=1_000)
    batches = [batch async for batch in sizes(source, relay, [-1])]
    assert [size for batch in batches for size in batch] == [1_000] * 50 + [500, -1]
    assert max(len(batch) for batch in batches) <= 11


async def test_the_first_comes_at_once_and_more_when_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "PAUSE", 10_000)
    relay: Relay[int] = Relay(most=100, enough=4)
    relay.put([1], 1)
    assert await relay.take() == [1]
    taking = asyncio.create_task(relay.take())
    for value in (2, 3, 4):
        relay.put([value], 1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not taking.done()
    relay.put([5], 1)
    assert await taking == [2, 3, 4, 5]
    relay.put([6], 1)
    relay.finish()
    assert await relay.take() == [6]
    assert await relay.take() == []


async def test_a_few_come_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "PAUSE", 0.001)
    relay: Relay[int] = Relay(most=100, enough=100)
    relay.put([1], 1)
    assert await relay.take() == [1]
    relay.put([2], 1)
    assert await relay.take() == [2]


async def test_a_thread_that_waits_for_room_goes_on_when_some_is_taken_and_ends_when_nobody_takes() -> None:
    relay: Relay[int] = Relay(most=1, enough=1)
    put: list[int] = []
    ended = threading.Event()

    def run() -> None:
        try:
            for value in range(100):
                relay.put([value], 1)
                put.append(value)
        except EnoughError:
            ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert await relay.take() == [0]
    assert await relay.take() == [1]
    relay.stop()
    await asyncio.to_thread(thread.join)
    assert ended.is_set()
    assert len(put) <= 3


async def test_having_enough_is_no_failure_and_ends_the_transfer() -> None:
    relay: Relay[int] = Relay(most=10, enough=4)
    source = CountingSource(bytes(50_000), piece=1_000)

    def write(piece: Piece) -> None:
        relay.put([len(piece)], 1)
        raise EnoughError

    lasts: list[int] = []
    batches = relayed(source, write, relay, last=lambda: lasts.append(1))
    assert [batch async for batch in batches] == [[1_000]]
    assert (source.ended_pumps, lasts) == (1, [])


async def test_a_failure_comes_after_all_that_was_made_before() -> None:
    relay: Relay[int] = Relay(most=100, enough=4)
    source = CountingSource(bytes(50_000), piece=1_000, broken_at=20_000)
    came: list[int] = []

    async def take() -> None:
        async for batch in sizes(source, relay, []):
            came.extend(batch)

    with pytest.raises(ConnectionError):
        await take()
    assert came == [1_000] * 20


async def test_cancelling_who_waits_ends_the_transfer() -> None:
    relay: Relay[int] = Relay(most=2, enough=1)
    source = CountingSource(bytes(50_000), piece=1_000)
    begun = asyncio.Event()

    async def take() -> None:
        async for _ in sizes(source, relay, []):
            begun.set()
            await asyncio.Event().wait()

    taking = asyncio.create_task(take())
    await begun.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    await source.ended.wait()
    assert source.finished_pumps == 0
