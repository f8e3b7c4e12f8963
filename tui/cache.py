"""Documents by digest, kept in memory, bounded; and one request for all who wait for the same thing."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

KeyT = TypeVar("KeyT", bound="Hashable")
ValueT = TypeVar("ValueT")

DOCUMENTS_LIMIT = 64 * 1024 * 1024
"""Bytes of raw documents kept: thousands of usual manifests, some tens of the largest that are read."""


@dataclass(slots=True)
class _Run(Generic[ValueT]):
    task: asyncio.Task[ValueT]
    waiters: int = 0


class Shared(Generic[KeyT, ValueT]):
    """Runs one coroutine for all who wait for the same key, and cancels it when the last of them has gone."""

    def __init__(self) -> None:
        self._runs: dict[KeyT, _Run[ValueT]] = {}

    async def get(self, key: KeyT, start: Callable[[], Coroutine[Any, Any, ValueT]]) -> ValueT:
        """Wait for what the coroutine under way for `key` brings, and start it if there is none."""
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = _Run(asyncio.create_task(start()))
        run.waiters += 1
        try:
            return await asyncio.shield(run.task)
        finally:
            run.waiters -= 1
            if run.waiters == 0:
                # Whoever comes now starts anew; a cancelled run has nothing for them.
                if self._runs.get(key) is run:
                    del self._runs[key]
                run.task.cancel()


class Documents(Generic[KeyT, ValueT]):
    """Keeps the values used last, as many as fit into a number of bytes."""

    def __init__(self, limit: int = DOCUMENTS_LIMIT) -> None:
        self._limit = limit
        self._used = 0
        self._values: OrderedDict[KeyT, tuple[ValueT, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: KeyT) -> ValueT | None:
        """Return the value kept under a key, or None."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: KeyT, value: ValueT, size: int) -> None:
        """Keep a value that takes `size` bytes; the values unused for longest make room for it."""
        if key in self._values:
            self._used -= self._values.pop(key)[1]
        self._values[key] = (value, size)
        self._used += size
        while self._used > self._limit:
            _, (_, freed) = self._values.popitem(last=False)
            self._used -= freed
