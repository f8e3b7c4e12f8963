"""How many requests are under way to one host, and which of those that wait goes next."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Places", "Traffic"]


class Traffic(Enum):
    """What a request brings, which decides how it is sent."""

    SMALL = auto()
    """A manifest, a token, a listing, a small blob: before all others, many over one connection."""
    BLOB = auto()
    """A blob that is read at the reader's pace: a connection of its own."""
    BULK = auto()
    """A blob that is pumped: a connection of its own that is read on threads."""


class Places:
    """The places for requests to one host: a queue in which small requests go before those that open blobs.

    After a failure there is one place only, until the host answers again; from then on there are twice as
    many with each answer. Those who have waited together therefore do not ask together, and requests that
    were under way at the time, and may hang, do not hold the others up.

    Args:
        limit: How many requests may be under way.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._allowed = limit
        self._failures = 0
        self._taken_since = 0
        self._small: deque[asyncio.Future[int]] = deque()
        self._blobs: deque[asyncio.Future[int]] = deque()
        self._overtaken = 0

    async def acquire(self, traffic: Traffic) -> Callable[[], None]:
        """Wait for a place; returns what gives it back, to be called once."""
        queue = self._small if traffic is Traffic.SMALL else self._blobs
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._give()
        try:
            failures = await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                queue.remove(turn)
            else:
                self._release(turn.result())
            raise
        return partial(self._release, failures)

    def narrow(self) -> None:
        """Note that the host has failed: one request at a time from now on."""
        self._allowed = 1
        self._failures += 1
        self._taken_since = 0

    def widen(self) -> None:
        """Note that the host has answered."""
        if self._allowed < self._limit:
            self._allowed = min(self._allowed * 2, self._limit)
            self._give()

    def _release(self, failures: int) -> None:
        """Give back a place that was taken after so many failures."""
        self._taken -= 1
        if failures == self._failures:
            self._taken_since -= 1
        self._give()

    def _give(self) -> None:
        """Give the free places to those who are next."""
        while (
            self._taken < self._limit
            and self._taken_since < self._allowed
            and (turn := self._next()) is not None
        ):
            self._taken += 1
            self._taken_since += 1
            turn.set_result(self._failures)

    def _next(self) -> asyncio.Future[int] | None:
        """Take the next one: a small request, and a blob after as many of these as there are places."""
        small, blob = _first(self._small), _first(self._blobs)
        if blob is not None and (small is None or self._overtaken >= self._limit):
            self._overtaken = 0
            self._blobs.remove(blob)
            return blob
        if small is not None:
            self._overtaken += blob is not None
            self._small.remove(small)
        return small


def _first(queue: deque[asyncio.Future[int]]) -> asyncio.Future[int] | None:
    """Find who has waited longest; those who were cancelled leave by themselves, a moment later."""
    return next((turn for turn in queue if not turn.done()), None)
