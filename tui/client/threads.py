"""Calls that block, on threads, awaited on the event loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["finished", "in_thread", "spawn"]

_Result = TypeVar("_Result")


async def in_thread(
    function: Callable[..., _Result],
    *arguments: object,
    unwanted: Callable[[_Result], object] | None = None,
) -> _Result:
    """Call a function on a worker thread; when cancelled, however often, wait until it has returned.

    Args:
        function: What is called.
        *arguments: Its arguments.
        unwanted: Given the result that nobody gets because the wait was cancelled, to close what was opened.
    """
    future = asyncio.get_running_loop().run_in_executor(None, function, *arguments)
    try:
        return await finished(future)
    except asyncio.CancelledError:
        if unwanted is not None and not future.cancelled() and future.exception() is None:
            unwanted(future.result())
        raise


async def finished(future: asyncio.Future[_Result], stop: Callable[[], None] | None = None) -> _Result:
    """Wait for what goes on elsewhere; when cancelled, however often, wait until it has ended.

    Args:
        future: Its outcome.
        stop: Called when the wait is cancelled, so that it ends soon.
    """
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if stop is not None:
            stop()
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError:
                continue
        if not future.cancelled():
            future.exception()
        raise


def spawn(function: Callable[..., _Result], *arguments: object, name: str) -> Future[_Result]:
    """Call a function on a thread of its own that does not keep the program from ending.

    Args:
        function: What is called.
        *arguments: Its arguments.
        name: The name of the thread.
    """
    future: Future[_Result] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = function(*arguments)
        except BaseException as error:  # noqa: BLE001 - it is raised where the outcome is waited for
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
