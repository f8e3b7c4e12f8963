from __future__ import annotations

import asyncio

import pytest

from tui.client.sharing import Shared


class Work:
    def __init__(self) -> None:
        self.started = 0
        self.cancelled = 0
        self.running = asyncio.Event()
        self.finish: asyncio.Event = asyncio.Event()
        self.error: Exception | None = None

    async def run(self) -> str:
        self.started += 1
        self.running.set()
        try:
            await self.finish.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return "done"


async def test_all_who_wait_share_one_call() -> None:
    shared: Shared[str, str] = Shared()
    work = Work()
    waiters = [asyncio.create_task(shared.get("key", work.run)) for _ in range(5)]
    await work.running.wait()
    work.finish.set()
    assert await asyncio.gather(*waiters) == ["done"] * 5
    assert work.started == 1
    assert await shared.get("key", work.run) == "done"
    assert work.started == 2


async def test_keys_do_not_share() -> None:
    shared: Shared[str, str] = Shared()
    work = Work()
    work.finish.set()
    await asyncio.gather(shared.get("a", work.run), shared.get("b", work.run))
    assert work.started == 2


async def test_a_waiter_that_is_cancelled_takes_only_itself_away() -> None:
    shared: Shared[str, str] = Shared()
    work = Work()
    first, second = (asyncio.create_task(shared.get("key", work.run)) for _ in range(2))
    await work.running.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    work.finish.set()
    assert await second == "done"
    assert work.cancelled == 0


async def test_the_last_waiter_takes_the_call_away() -> None:
    shared: Shared[str, str] = Shared()
    work = Work()
    waiters = [asyncio.create_task(shared.get("key", work.run)) for _ in range(2)]
    await work.running.wait()
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    assert work.cancelled == 1
    work.finish.set()
    assert await shared.get("key", work.run) == "done"
    assert work.started == 2


async def test_a_failure_goes_to_all_and_is_not_kept() -> None:
    shared: Shared[str, str] = Shared()
    work = Work()
    work.error = ValueError("no")
    waiters = [asyncio.create_task(shared.get("key", work.run)) for _ in range(2)]
    await work.running.wait()
    work.finish.set()
    results = await asyncio.gather(*waiters, return_exceptions=True)
    assert results == [work.error, work.error]
    work.error = None
    assert await shared.get("key", work.run) == "done"
