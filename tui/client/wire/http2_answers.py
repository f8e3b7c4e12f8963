"""The answers of an HTTP/2 connection, each read at the pace of its reader."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

import h2.exceptions
import httpcore
import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

__all__ = ["Http2Answer", "NotProcessedError", "as_read_timeout"]


class NotProcessedError(Exception):
    """The server says that it has not looked at a request, which may be sent as if for the first time."""


class _Connection(Protocol):
    """What an answer needs of its connection."""

    def taken(self, number: int, count: int) -> None:
        """Let the server send as many bytes more of an answer as its reader has taken."""

    def leave(self, answer: Http2Answer) -> None:
        """Forget an answer."""

    def retire(self) -> None:
        """Send nothing more over the connection."""


class Http2Answer(httpx.AsyncByteStream):
    """An answer on its way.

    Args:
        connection: The connection that it comes over.
        number: The number of its stream.
        timeout: How long the server may be silent, in seconds.
    """

    def __init__(self, connection: _Connection, number: int, timeout: float | None) -> None:
        self.number = number
        self.is_complete = False
        """Whether the server has sent it to its end, or has given it up."""
        self._connection = connection
        self._timeout = timeout
        self._head: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._body = bytearray()
        self._untaken = 0
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def begin(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Take the status and the headers.

        Raises:
            h2.exceptions.ProtocolError: There is no status.
        """
        status = next((value for name, value in headers if name == b":status"), b"")
        if len(status) != 3 or not status.isdigit():  # noqa: PLR2004 - digits of a status
            raise h2.exceptions.ProtocolError("an answer without a status")
        self._head = int(status), [(name, value) for name, value in headers if not name.startswith(b":")]
        self._news.set()

    def feed(self, data: bytes, count: int) -> None:
        """Take a part of the body, and how many bytes it is in the server's reckoning."""
        self._body += data
        self._untaken += count
        self._news.set()

    def end(self) -> None:
        """Note that all has come."""
        self.is_complete = True
        self._news.set()

    def fail(self, error: Exception) -> None:
        """Note that no more comes."""
        if not self.is_complete:
            self.is_complete = True
            self._error = error
            self._news.set()

    async def head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Wait for the status and the headers."""
        while self._head is None:
            if self._error is not None:
                raise self._error
            await self._wait()
        return self._head

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            if self._body:
                data = bytes(self._body)
                self._body.clear()
                self._take()
                yield data
            elif self._error is not None:
                raise _as_lost(self._error)
            elif self.is_complete:
                self._connection.leave(self)
                return
            else:
                await self._wait()

    async def aclose(self) -> None:
        """End the answer; the connection serves others."""
        self._take()
        self._connection.leave(self)

    def _take(self) -> None:
        count, self._untaken = self._untaken, 0
        self._connection.taken(self.number, count)

    async def _wait(self) -> None:
        self._news.clear()
        try:
            with as_read_timeout():
                async with asyncio.timeout(self._timeout):
                    await self._news.wait()
        except httpcore.ReadTimeout:
            # The server, or the way to it, may be gone for all.
            self._connection.retire()
            raise


@contextlib.contextmanager
def as_read_timeout() -> Iterator[None]:
    """Tell of time that has run out as httpcore does."""
    try:
        yield
    except TimeoutError as error:
        raise httpcore.ReadTimeout("the server is silent") from error


def _as_lost(error: Exception) -> Exception:
    """Tell of an answer that ended in its middle."""
    return httpcore.ReadError("the server went away") if isinstance(error, NotProcessedError) else error
