"""Bodies of requests that are not held as a whole: they have pieces, and some can be begun anew."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

__all__ = ["PIECE", "Body", "ContentFailedError", "Counted", "HeldBody", "Timed", "can_repeat"]

PIECE: Final = 256 * 1024
"""Bytes of one piece: enough that few steps are needed, and little enough that progress is seen."""


class ContentFailedError(Exception):
    """What was raised by the content itself, or by who is told of its progress: no fault of the registry.

    Args:
        inner: What it raised.
    """

    def __init__(self, inner: Exception) -> None:
        self.inner = inner
        super().__init__(str(inner))


class Body(ABC):
    """The body of a request.

    Attributes:
        size: Bytes; None where nobody knows, so that it is sent with ``Transfer-Encoding: chunked``.
        repeatable: Whether `pieces` can be called more than once.
    """

    size: int | None
    repeatable: bool

    @abstractmethod
    def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the pieces, from the first one on."""


class HeldBody(Body):
    """Bytes in memory.

    Args:
        data: The bytes.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        self.size = len(data)
        self.repeatable = True
        self._data = memoryview(data)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the pieces, from the first one on."""
        for start in range(0, len(self._data), PIECE):
            yield bytes(self._data[start : start + PIECE])


class Counted(Body):
    """A body that tells how much of it has been handed over.

    Args:
        inner: The body.
        told: Called with the bytes so far, 0 at first, whenever a piece has been taken. What it raises ends
            the request, as a `ContentFailedError`.
    """

    def __init__(self, inner: Body, told: Callable[[int], object]) -> None:
        self.size = inner.size
        self.repeatable = inner.repeatable
        self._inner = inner
        self._told = told

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the pieces, from the first one on."""
        handed_over = 0
        self._tell(handed_over)
        async with aclosing(self._inner.pieces()) as pieces:
            async for piece in pieces:
                yield piece
                handed_over += len(piece)
                self._tell(handed_over)

    def _tell(self, handed_over: int) -> None:
        try:
            self._told(handed_over)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again outside of HTTP
            failed = ContentFailedError(error)
        else:
            return
        raise failed


class Timed(Body):
    """A body while whose pieces are made no time limit runs, and after each of which it begins anew.

    Args:
        inner: The body.
        clock: The time limit.
        seconds: How long the registry may take for one piece, and for its answer after the last one.
    """

    def __init__(self, inner: Body, clock: asyncio.Timeout, seconds: float) -> None:
        self.size = inner.size
        self.repeatable = inner.repeatable
        self._inner = inner
        self._clock = clock
        self._seconds = seconds

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the pieces, from the first one on."""
        loop = asyncio.get_running_loop()
        self._clock.reschedule(None)
        async with aclosing(self._inner.pieces()) as pieces:
            async for piece in pieces:
                self._clock.reschedule(loop.time() + self._seconds)
                yield piece
                self._clock.reschedule(None)
        self._clock.reschedule(loop.time() + self._seconds)


def can_repeat(content: bytes | Body | None) -> bool:
    """Tell whether a request with this body can be sent more than once."""
    return not isinstance(content, Body) or content.repeatable
