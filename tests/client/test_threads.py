"""Calls on threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tui.client.threads import finished, in_thread, spawn


async def test_results_and_errors_come_back() -> None:
    assert await in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 7, 0)
    assert await asyncio.wrap_future(spawn(divmod, 7, 2, name="test")) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await asyncio.wrap_future(spawn(divmod, 7, 0, name="test"))


async def test_a_thread_of_its_own_does_not_keep_the_program_from_ending() -> None:
    seen: list[tuple[str, bool]] = []
    spawn(
        lambda: seen.append((threading.current_thread().name, threading.current_thread().daemon)), name="own"
    ).result()
    assert seen == [("own", True)]


@pytest.mark.parametrize("fails", [False, True])
async def test_who_is_cancelled_waits_until_the_call_has_returned(*, fails: bool) -> None:
    entered, go_on = threading.Event(), threading.Event()
    returned = False

    def work() -> None:
        nonlocal returned
        entered.set()
        go_on.wait(60)
        returned = True
        if fails:
            raise ValueError("nobody waits for this any more")

    task = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(entered.wait, 60)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert returned


async def test_what_was_opened_for_nobody_is_given_back() -> None:
    entered, go_on = threading.Event(), threading.Event()
    given_back: list[str] = []

    def work() -> str:
        entered.set()
        go_on.wait(60)
        return "opened"

    task = asyncio.create_task(in_thread(work, unwanted=given_back.append))
    await asyncio.to_thread(entered.wait, 60)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert given_back == ["opened"]
    assert await in_thread(str, 7, unwanted=given_back.append) == "7"
    assert given_back == ["opened"]


async def test_who_is_cancelled_can_say_so() -> None:
    go_on = threading.Event()
    future = asyncio.wrap_future(spawn(go_on.wait, 60, name="test"))
    task = asyncio.create_task(finished(future, go_on.set))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert future.result()
