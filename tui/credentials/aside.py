"""Work that may block without an end, on threads that never keep the program from ending."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import traceback
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run_aside"]

_ResultT = TypeVar("_ResultT")


async def run_aside(function: Callable[[], _ResultT], *, name: str) -> _ResultT:
    """Run a function on a daemon thread and wait for what it returns.

    Who is cancelled while waiting goes on at once; the thread stays behind, and what it returns is dropped.
    An error arrives without the frames of the thread, because these may hold secrets and a crash report
    shows local variables; a note on it tells where it was raised.

    Args:
        function: What may block.
        name: What to call the thread.

    Raises:
        BaseException: Whatever the function raises.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_ResultT] = loop.create_future()

    def succeed(result: _ResultT) -> None:
        if not future.done():
            future.set_result(result)

    def fail(error: BaseException) -> None:
        if not future.done():
            future.set_exception(error)

    def run() -> None:
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the one who waits
            bare = _without_frames(error)
            tell = lambda: fail(bare)  # noqa: E731 - one of two answers
        else:
            tell = lambda: succeed(result)  # noqa: E731 - as above
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits any more
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future


def _without_frames(error: BaseException) -> BaseException:
    """Take from an error what leads to local variables, and leave the place where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    if frames:
        error.add_note(f"raised in {frames[-1].name}, {frames[-1].filename}:{frames[-1].lineno}")
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
