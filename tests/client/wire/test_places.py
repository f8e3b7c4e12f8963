from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tui.client.wire.places import Places, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable


class Queue:
    """Those who ask for places, and the order in which they get them."""

    def __init__(self, limit: int) -> None:
        self.places = Places(limit)
        self.got: list[str] = []
        self._releases: dict[str, Callable[[], None]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, *names: str) -> None:
        """Ask for a place for each; names that begin with ``b`` open blobs."""
        for name in names:
            self._tasks[name] = asyncio.create_task(self._take(name))
        await self.settle()

    async def release(self, *names: str) -> None:
        for name in names:
            self._releases.pop(name)()
        await self.settle()

    async def cancel(self, name: str) -> None:
        self._tasks[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._tasks[name]
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def _take(self, name: str) -> None:
        traffic = Traffic.BLOB if name.startswith("b") else Traffic.SMALL
        self._releases[name] = await self.places.acquire(traffic)
        self.got.append(name)


async def test_as_many_as_there_are_places_go_at_once() -> None:
    queue = Queue(2)
    await queue.ask("s1", "b1", "s2", "s3")
    assert queue.got == ["s1", "b1"]
    await queue.release("b1")
    assert queue.got == ["s1", "b1", "s2"]


async def test_small_requests_go_before_blobs_that_have_waited_longer() -> None:
    queue = Queue(2)
    await queue.ask("s1", "s2", "b1", "b2", "s3", "s4")
    await queue.release("s1", "s2")
    await queue.release("s3", "s4")
    assert queue.got == ["s1", "s2", "s3", "s4", "b1", "b2"]


async def test_blobs_have_their_turn_however_many_small_requests_come() -> None:
    queue = Queue(3)
    await queue.ask("s1", "s2", "s3", "b1")
    for number in range(4, 20):
        await queue.ask(f"s{number}")
        await queue.release(f"s{number - 3}")
        if "b1" in queue.got:
            break
    assert queue.got == ["s1", "s2", "s3", "s4", "s5", "s6", "b1"]


async def test_after_a_failure_one_goes_ahead_and_each_answer_lets_twice_as_many_follow() -> None:
    queue = Queue(16)
    queue.places.narrow()
    await queue.ask(*(f"s{number}" for number in range(30)))
    counts = [len(queue.got)]
    for _ in range(5):
        queue.places.widen()
        await queue.settle()
        counts.append(len(queue.got))
    assert counts == [1, 2, 4, 8, 16, 16]


async def test_requests_that_hang_from_before_a_failure_hold_nobody_up() -> None:
    queue = Queue(4)
    await queue.ask("s1", "s2", "s3")
    queue.places.narrow()
    await queue.ask("s4", "s5")
    assert queue.got == ["s1", "s2", "s3", "s4"]
    await queue.release("s1")
    assert queue.got == ["s1", "s2", "s3", "s4"]
    await queue.release("s4")
    assert queue.got == ["s1", "s2", "s3", "s4", "s5"]


async def test_there_are_never_more_than_there_are_places() -> None:
    queue = Queue(2)
    await queue.ask("s1", "s2")
    for _ in range(3):
        queue.places.narrow()
        await queue.ask(f"s{len(queue.got)}x")
        assert queue.got == ["s1", "s2"]


async def test_one_who_goes_away_while_waiting_takes_no_place() -> None:
    queue = Queue(1)
    await queue.ask("s1", "s2", "b1", "s3")
    await queue.cancel("s2")
    await queue.cancel("b1")
    await queue.release("s1")
    await queue.release("s3")
    await queue.ask("b2")
    assert queue.got == ["s1", "s3", "b2"]


async def test_one_who_goes_away_with_the_place_in_hand_gives_it_back() -> None:
    places = Places(1)
    release = await places.acquire(Traffic.SMALL)
    leaving = asyncio.create_task(places.acquire(Traffic.SMALL))
    await asyncio.sleep(0)
    release()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    (await places.acquire(Traffic.SMALL))()


async def test_a_place_that_was_given_before_a_failure_and_taken_after_it_is_one_from_before() -> None:
    queue = Queue(2)
    releases = [await queue.places.acquire(Traffic.SMALL) for _ in range(2)]
    taking = asyncio.create_task(queue.places.acquire(Traffic.SMALL))
    await queue.settle()
    releases[0]()
    queue.places.narrow()
    (await taking)()
    releases[1]()
    await queue.ask("s1", "s2")
    assert queue.got == ["s1"]
