"""Answers that are read on threads: in large pieces, and away from the event loop, which stays quick.

This is a transport of httpx as any other, so that login, redirects, retries and limits are those of every
request: it sends a request from a thread and gives the answer when its head is there, whatever that says.
The body that is wanted in the end is pumped: one thread reads it into memory that is used again and again and
writes it, another one hashes what has been written.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import time
from typing import TYPE_CHECKING, Final, TypeAlias

import httpcore
import httpx

from tui.client.threads import finished, spawn
from tui.client.wire.pool import IDLE_CONNECTIONS, IDLE_SECONDS
from tui.client.wire.sockets import READ_SIZE, Backend, Line, Stream, Trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractContextManager

__all__ = ["BulkBody", "BulkTransport", "Piece"]

Piece: TypeAlias = bytes | memoryview
"""Some bytes of a body; a view of memory that is used again for others, and so to be used at once."""

BUFFERS: Final = 4
"""Pieces that may have been written and not been hashed: neither thread waits for the other for long."""

FILL_SECONDS: Final = 0.05
"""How long a piece is filled before it is handed over: what comes slowly is not held back."""

TELL_SECONDS: Final = 0.05
"""Between two calls of the event loop to tell how far it is: enough for a bar, and little work."""

MIN_DIRECT: Final = 4 * 1024 * 1024
"""Bytes of a body that is read past the parser of HTTP, after which the connection serves no further request:
making another one takes less time than it saves."""


class BulkTransport(httpx.AsyncBaseTransport):
    """Connections to servers that are read on threads; HTTP/1.1.

    Args:
        make_context: Makes contexts for TLS, all alike.
        proxy: The proxy; None for direct connections.
        outward: Whether no connection may lead to this machine or a private network.
    """

    def __init__(
        self,
        make_context: Callable[[], ssl.SSLContext],
        proxy: httpcore.Proxy | None,
        *,
        outward: bool = False,
    ) -> None:
        trust = Trust(make_context)
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust.context,
            proxy=proxy,
            max_connections=None,
            max_keepalive_connections=IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=Backend(trust, outward=outward),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return its answer when the head is there; errors are those of httpcore."""
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.content,
            extensions=request.extensions,
        )
        line = Line()
        try:
            answer = await asyncio.wrap_future(spawn(line.ask, self._pool, sent, name="bulk request"))
        except asyncio.CancelledError:
            # The thread ends soon, or with its time limit where it waits for a name or a connection.
            line.give_up()
            raise
        timeout = request.extensions.get("timeout", {}).get("read")
        return httpx.Response(answer.status, headers=answer.headers, stream=BulkBody(answer, line, timeout))

    async def aclose(self) -> None:
        """Close all connections."""
        self._pool.close()


class BulkBody(httpx.AsyncByteStream):
    """The body of an answer: pumped, or read chunk by chunk as any other.

    Args:
        answer: The answer, of which nothing but the head has been read.
        line: What it holds of the network.
        timeout: How long the server may be silent, in seconds.
    """

    def __init__(self, answer: httpcore.Response, line: Line, timeout: float | None) -> None:
        self._answer = answer
        self._chunks = answer.iter_stream()
        self._line = line
        self._timeout = timeout

    async def pump(
        self,
        write: Callable[[Piece], object],
        then: Callable[[Piece], object],
        told: Callable[[int], object] | None,
        guard: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Hand the body over, in order; when cancelled, wait until nothing is handed over any more.

        Args:
            write: Takes each piece first, on the thread that reads; what it raises ends the request.
            then: Takes each piece that `write` has taken, on another thread, whatever ends the request.
            told: Called on the event loop, now and then, with the number of bytes handed over since.
            guard: Makes what stands around the reading, and translates its errors.
        """
        length = _length(self._answer)
        stream = self._answer.extensions["network_stream"]
        source: _Parsed | _Direct
        if length >= MIN_DIRECT and isinstance(stream, Stream):
            source = _Direct(stream, length, self._line, self._timeout)
        else:
            source = _Parsed(self._chunks, self._line)
        pump = _Pump(source, write, then, told, guard)
        try:
            await finished(asyncio.wrap_future(spawn(pump.run, name="bulk writer")), self._line.cut)
        finally:
            pump.tell_rest()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        source = _Parsed(self._chunks, self._line)
        while True:
            reading = asyncio.wrap_future(spawn(source.read, name="bulk reader"))
            chunk = await finished(reading, self._line.cut)
            if not chunk:
                return
            yield chunk

    async def aclose(self) -> None:
        """End the request; a connection whose answer is complete is kept."""
        self._line.give_up()


class _Parsed:
    """A body as httpcore gives it."""

    def __init__(self, chunks: Iterator[bytes], line: Line) -> None:
        self.line = line
        self._chunks = chunks

    def read(self) -> bytes:
        """Read the next piece; nothing at the end."""
        self.line.enter()
        for chunk in self._chunks:
            if chunk:
                return chunk
        self.line.let_go()
        return b""

    def release(self, piece: Piece) -> None:
        """Forget a piece."""


class _Direct:
    """A body of known length, read into memory that is used again and again."""

    def __init__(self, stream: Stream, length: int, line: Line, timeout: float | None) -> None:
        self.line = line
        self._stream = stream
        self._left = length
        self._timeout = timeout
        self._free: queue.Queue[bytearray] = queue.Queue()
        for _ in range(BUFFERS + 1):
            self._free.put(bytearray(READ_SIZE))

    def read(self) -> memoryview:
        """Read the next piece, which has to be released; nothing at the end."""
        self.line.enter()
        view = memoryview(self._free.get())[: self._left]
        size = self._read_some(view, self._timeout) if view else 0
        until = time.monotonic() + FILL_SECONDS
        # An end or an error that comes now comes again with the next piece.
        with contextlib.suppress(httpcore.NetworkError, httpcore.ProtocolError, httpcore.ReadTimeout):
            while size < len(view) and time.monotonic() < until:
                size += self._read_some(view[size:], FILL_SECONDS)
        self._left -= size
        return view[:size]

    def _read_some(self, view: memoryview, timeout: float | None) -> int:
        count = self._stream.read_into(view, timeout)
        if not count:
            raise httpcore.RemoteProtocolError("the server closed connection in the middle of the body")
        return count

    def release(self, piece: Piece) -> None:
        """Let the memory of a piece be used again."""
        if isinstance(piece, memoryview) and isinstance(piece.obj, bytearray):
            self._free.put(piece.obj)


class _Pump:
    """One thread that reads and writes, and one that hashes what has been written.

    Args:
        source: What is read.
        write: As for `BulkBody.pump`, as the others.
        then: See there.
        told: See there.
        guard: See there.
    """

    def __init__(
        self,
        source: _Parsed | _Direct,
        write: Callable[[Piece], object],
        then: Callable[[Piece], object],
        told: Callable[[int], object] | None,
        guard: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._source = source
        self._write = write
        self._then = then
        self._told = told
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._pieces: queue.Queue[Piece] = queue.Queue(BUFFERS)
        self._untold = 0
        self._told_at = 0.0

    def run(self) -> None:
        """Hand over all that comes, and then raise what ended it, if it was an error."""
        reading = spawn(self._read, name="bulk reader")
        while piece := self._pieces.get():
            self._then(piece)
            self._tell(len(piece))
            self._source.release(piece)
        reading.result()

    def tell_rest(self) -> None:
        """Tell of what has been handed over since the last time; on the event loop, after the run."""
        if self._told is not None and self._untold:
            self._told(self._untold)

    def _read(self) -> None:
        try:
            while piece := self._next():
                self._write(piece)
                self._pieces.put(piece)
        finally:
            self._pieces.put(b"")

    def _next(self) -> Piece:
        with self._guard():
            return self._source.read()

    def _tell(self, count: int) -> None:
        self._untold += count
        now = time.monotonic()
        if self._told is not None and now - self._told_at >= TELL_SECONDS:
            self._loop.call_soon_threadsafe(self._told, self._untold)
            self._untold = 0
            self._told_at = now


def _length(answer: httpcore.Response) -> int:
    """Read the length of a body that is nothing but its bytes; 0 where it is not told, or it is framed."""
    fields = {name.lower(): value for name, value in answer.headers}
    length = fields.get(b"content-length", b"")
    return int(length[:19]) if length.isdigit() and b"transfer-encoding" not in fields else 0
