from __future__ import annotations

import asyncio

import pytest

from tui.cache import Documents, Shared


async def test_all_who_wait_for_a_key_share_one_run() -> None:
    shared: Shared[str, int] = Shared()
    gate = asyncio.Event()
    runs = 0

    async def work() -> int:
        nonlocal runs
        runs += 1
        await gate.wait()
        return 7

    waiting = [asyncio.create_task(shared.get("key", work)) for _ in range(5)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*waiting) == [7] * 5
    assert runs == 1


async def test_one_who_leaves_does_not_take_it_from_the_others_and_the_last_one_ends_it() -> None:
    shared: Shared[str, int] = Shared()
    started = asyncio.Event()
    ended = asyncio.Event()

    async def work() -> int:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 1

    first, second = (asyncio.create_task(shared.get("key", work)) for _ in range(2))
    await started.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not ended.is_set()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await ended.wait()


async def test_an_error_reaches_all_and_is_not_kept() -> None:
    shared: Shared[str, int] = Shared()

    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("no")

    async def work() -> int:
        return 1

    results = await asyncio.gather(*(shared.get("key", fail) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3
    assert await shared.get("key", work) == 1


def test_what_was_unused_for_longest_makes_room() -> None:
    documents: Documents[str, str] = Documents(limit=10)
    documents.put("a", "A", 4)
    documents.put("b", "B", 4)
    assert documents.get("a") == "A"
    documents.put("c", "C", 4)
    assert documents.get("b") is None
    assert documents.get("a") == "A"
    assert documents.get("c") == "C"
    documents.put("a", "A2", 2)
    documents.put("d", "D", 4)
    assert len(documents) == 3
    documents.put("huge", "H", 11)
    assert len(documents) == 0
