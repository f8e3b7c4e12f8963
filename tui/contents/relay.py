"""What a worker thread makes of the bytes of a layer, handed to the event loop as it takes it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from tui.client.threads import finished, in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from tui.contents.byte_source import ByteSource, Piece

__all__ = ["EnoughError", "Relay", "relayed"]

PAUSE: Final = 0.05
"""Seconds between two batches that are small: nobody sees rows that are shown more often."""

_Value = TypeVar("_Value")


class EnoughError(Exception):
    """Raised on the worker thread by what takes the bytes: no more of them are needed."""


class Relay(Generic[_Value]):
    """Values that a worker thread makes for the event loop; the thread waits while too many wait.

    Args:
        most: The weight of waiting values from which on the thread waits.
        enough: The weight of those that are handed over without waiting for more.
    """

    def __init__(self, *, most: int, enough: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._enough = enough
        self._condition = threading.Condition()
        self._values: list[_Value] = []
        self._weight = 0
        self._stopped = False
        self._over = False
        self._paused = False
        self._some = asyncio.Event()
        self._many = asyncio.Event()

    def put(self, values: Sequence[_Value], weight: int) -> None:
        """Hand values over, on the worker thread; wait while too many wait to be taken.

        Args:
            values: What is handed over, in order.
            weight: What they count for.

        Raises:
            EnoughError: Nobody takes them any more.
        """
        with self._condition:
            while self._weight >= self._most and not self._stopped:
                self._condition.wait()
            if self._stopped:
                raise EnoughError
            before = self._weight
            self._values += values
            self._weight += weight
            if not before or before < self._enough <= self._weight:
                self._loop.call_soon_threadsafe(self._tell)

    def stop(self) -> None:
        """Let the worker thread go on to an `EnoughError`: nobody takes what it makes."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    def finish(self) -> None:
        """Take note that no more values come."""
        self._over = True
        self._tell()

    async def take(self) -> list[_Value]:
        """Wait for values: the first as soon as there are some, then many at a time; none come at the end."""
        await self._some.wait()
        if self._paused and not self._many.is_set():
            timer = self._loop.call_later(PAUSE, self._many.set)
            try:
                await self._many.wait()
            finally:
                timer.cancel()
        self._paused = True
        with self._condition:
            taken, self._values = self._values, []
            self._weight = 0
            self._condition.notify_all()
        if not self._over:
            self._some.clear()
            self._many.clear()
        return taken

    def _tell(self) -> None:
        self._some.set()
        if self._weight >= self._enough or self._over:
            self._many.set()


async def relayed(
    source: ByteSource,
    write: Callable[[Piece], object],
    relay: Relay[_Value],
    *,
    last: Callable[[], object],
    told: Callable[[int], object] | None = None,
) -> AsyncGenerator[list[_Value], None]:
    """Give what is made of a layer's bytes while they come; leaving it ends the transfer.

    Args:
        source: The layer's bytes.
        write: Takes them on a worker thread, and puts what it makes of them into `relay`; an `EnoughError`
            that it raises ends the transfer, and is no failure.
        relay: Takes what is made.
        last: Called on a worker thread after the last byte, unless the transfer ended too early.
        told: Called with the number of bytes that have come since the last call.

    Raises:
        Exception: What the source or `write` raises, after all that was made before.
    """

    async def run() -> None:
        try:
            await source.pump(write, told)
            await in_thread(last)
        except EnoughError:
            return
        finally:
            relay.finish()

    task = asyncio.create_task(run())
    try:
        while batch := await relay.take():
            yield batch
        await task
    finally:
        relay.stop()
        task.cancel()
        await finished(asyncio.ensure_future(asyncio.wait([task])))
        if not task.cancelled():
            task.exception()
