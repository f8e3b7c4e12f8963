"""Work that may never end: threads that nobody has to wait for, and patience that has an end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import traceback

import pytest

from tui.credentials import patience as patience_module
from tui.credentials.aside import run_aside
from tui.credentials.patience import GoneOnError, wait_patiently


async def test_the_result_of_a_thread_comes_back() -> None:
    def work() -> tuple[str, bool]:
        return threading.current_thread().name, threading.current_thread().daemon

    assert await run_aside(work, name="somebody") == ("somebody", True)


async def test_an_error_of_a_thread_comes_without_what_was_in_its_frames() -> None:
    def work() -> None:
        password = "hunter2"
        try:
            int(password[:0])
        except ValueError as error:
            raise LookupError("not there") from error

    with pytest.raises(LookupError, match="not there") as caught:
        await run_aside(work, name="somebody")
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(told.format())
    assert "hunter2" not in text
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert f"raised in work, {__file__}:" in text


async def test_who_is_cancelled_goes_on_at_once() -> None:
    go = threading.Event()
    waiting = asyncio.ensure_future(run_aside(go.wait, name="somebody"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()


def test_a_program_ends_while_its_threads_wait() -> None:
    script = (
        "import asyncio, threading\n"
        "from tui.credentials.aside import run_aside\n"
        "async def main():\n"
        "    try:\n"
        "        async with asyncio.timeout(0.05):\n"
        "            await run_aside(threading.Event().wait, name='stuck')\n"
        "    except TimeoutError:\n"
        "        print('gone on')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("gone on\n", "")


async def test_an_answer_after_the_loop_has_been_closed_is_dropped() -> None:
    go, ended = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []
    failures: list[object] = []

    def work() -> None:
        threads.append(threading.current_thread())
        go.wait()

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await run_aside(work, name="stuck")

    def run() -> None:
        asyncio.run(leave())
        ended.set()

    threading.excepthook, before = failures.append, threading.excepthook
    try:
        other = threading.Thread(target=run)
        other.start()
        other.join()
        assert ended.is_set()
        go.set()
        threads[0].join()
    finally:
        threading.excepthook = before
    assert failures == []


# Patience


class Wait:
    """Something to wait for, and what happens around it."""

    def __init__(self) -> None:
        self.enough = asyncio.Event()
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.noticed = asyncio.Event()
        self.left: list[asyncio.Task[str]] = []

    async def work(self) -> str:
        return await self.answer

    async def patiently(self, seconds: float) -> str:
        return await wait_patiently(
            self.work(), seconds=seconds, enough=self.enough, notice=self.noticed.set, left=self.left.append
        )


async def test_what_comes_at_once_is_not_worth_a_word() -> None:
    wait = Wait()
    wait.answer.set_result("here")
    assert await wait.patiently(60) == "here"
    assert not wait.noticed.is_set()
    assert wait.left == []


async def test_what_takes_long_is_told_once_and_may_still_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience_module, "NOTICE_SECONDS", 0.01)
    wait = Wait()
    waiting = asyncio.ensure_future(wait.patiently(60))
    await wait.noticed.wait()
    wait.answer.set_result("here")
    assert await waiting == "here"


async def test_an_error_comes_as_it_is() -> None:
    wait = Wait()
    wait.answer.set_exception(LookupError("no"))
    with pytest.raises(LookupError):
        await wait.patiently(60)


@pytest.mark.parametrize("why", ["time", "enough", "cancelled"])
async def test_what_nobody_waits_for_any_more_goes_on(why: str) -> None:
    wait = Wait()
    waiting = asyncio.ensure_future(wait.patiently(0.01 if why == "time" else 60))
    await asyncio.sleep(0)
    if why == "enough":
        wait.enough.set()
    if why == "cancelled":
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError if why == "cancelled" else GoneOnError):
        await waiting
    (task,) = wait.left
    assert not task.done()
    wait.answer.set_result("late")
    assert await task == "late"
