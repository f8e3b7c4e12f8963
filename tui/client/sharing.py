"""One call for all who wait for the same thing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

__all__ = ["Shared"]

_KeyT = TypeVar("_KeyT", bound="Hashable")
_ValueT = TypeVar("_ValueT")


@dataclass(slots=True)
class _Run(Generic[_ValueT]):
    task: asyncio.Task[_ValueT]
    waiters: int = 0


class Shared(Generic[_KeyT, _ValueT]):
    """Runs one coroutine for all who wait for a key; a waiter that is cancelled takes only itself away.

    When the last waiter has gone, the coroutine is cancelled.
    """

    def __init__(self) -> None:
        self._runs: dict[_KeyT, _Run[_ValueT]] = {}

    async def get(self, key: _KeyT, start: Callable[[], Coroutine[Any, Any, _ValueT]]) -> _ValueT:
        """Wait for the coroutine under way for `key`, or for the one that `start` makes.

        Args:
            key: What is waited for.
            start: Makes the coroutine if none is under way.
        """
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = _Run(asyncio.create_task(start()))
            run.task.add_done_callback(lambda _: self._forget(key, run))
        run.waiters += 1
        try:
            return await asyncio.shield(run.task)
        finally:
            run.waiters -= 1
            if run.waiters == 0 and not run.task.done():
                self._forget(key, run)
                run.task.cancel()
                await asyncio.gather(run.task, return_exceptions=True)

    def _forget(self, key: _KeyT, run: _Run[_ValueT]) -> None:
        """Let those who come from now on start anew."""
        if self._runs.get(key) is run:
            del self._runs[key]
