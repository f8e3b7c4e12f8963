"""A server that is told byte by byte what to answer, and a proxy that damages what passes through it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

MAX_HEAD = 64 * 1024


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


class Exchange:
    """One request, and the connection on which to answer it."""

    def __init__(self, asked: Asked, transport: asyncio.Transport, protocol: _Protocol) -> None:
        self.asked = asked
        self.gone = protocol.gone
        """Set when the client has closed the connection."""
        self._transport = transport
        self._protocol = protocol

    async def send(self, data: bytes) -> None:
        """Send bytes as they are, and wait until the connection has taken them."""
        if not self.gone.is_set():
            self._transport.write(data)
            await self._protocol.writable.wait()

    async def reply(
        self,
        status: int = 200,
        body: bytes | str | object = b"",
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        *,
        length: int | None = None,
    ) -> None:
        """Answer with a body: bytes or text as they are, anything else as JSON.

        Args:
            status: The status.
            body: The body; not sent for HEAD.
            headers: Further headers.
            length: What Content-Length claims; the truth where it is left out.
        """
        if isinstance(body, str):
            data = body.encode()
        elif isinstance(body, bytes):
            data = body
        else:
            data = json.dumps(body).encode()
        fields = list(headers.items()) if isinstance(headers, Mapping) else list(headers or [])
        if not any(name.lower() == "content-length" for name, _ in fields):
            fields.append(("Content-Length", str(len(data) if length is None else length)))
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Odd"
        lines = [f"HTTP/1.1 {status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in fields]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        await self.send(head if self.asked.method == "HEAD" else head + data)

    def close(self) -> None:
        """Close the connection after what was sent."""
        self._transport.close()

    def reset(self) -> None:
        """Break the connection off with a reset."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


Handler = Callable[[Exchange], Awaitable[None]]


class _Protocol(asyncio.Protocol):
    def __init__(self, server: ScriptedServer) -> None:
        self.gone = asyncio.Event()
        self.writable = asyncio.Event()
        self._server = server
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.transports.add(transport)
        self._server.connections += 1
        self.writable.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the parent's signature
        self.gone.set()
        self.writable.set()
        if self._transport is not None:
            self._server.forget(self._transport)

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (asked := self._next()) is not None and self._transport is not None:
            self._server.handle(Exchange(asked, self._transport, self))

    def _next(self) -> Asked | None:
        head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not end:
            if len(head) > MAX_HEAD or (head and not head[:1].isalpha()):
                # Not HTTP: servers of plain HTTP hang up on a TLS handshake.
                assert self._transport is not None
                self._transport.close()
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._buffer = bytearray(rest[length:])
        return Asked(method, target, headers, rest[:length])


class ScriptedServer:
    """An HTTP server on a free port of 127.0.0.1 whose every answer is a coroutine of the test.

    Args:
        handler: Called with each request.
        tls: Makes it a server of HTTPS.
    """

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.asked: list[Asked] = []
        self.connections = 0
        self.failures: list[Exception] = []
        self.transports: set[asyncio.Transport] = set()
        self._tls = tls
        self._arrival = asyncio.Event()
        self._departure = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def host(self) -> str:
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://{self.host}"

    @property
    def lines(self) -> list[str]:
        """The requests so far, each as its method and path."""
        return [f"{asked.method} {asked.path}" for asked in self.asked]

    async def has_been_asked(self, times: int) -> None:
        """Wait until so many requests have arrived."""
        while len(self.asked) < times:
            self._arrival.clear()
            await self._arrival.wait()

    async def has_no_connections(self) -> None:
        """Wait until all connections are closed."""
        while self.transports:
            self._departure.clear()
            await self._departure.wait()

    def forget(self, transport: asyncio.Transport) -> None:
        self.transports.discard(transport)
        self._departure.set()

    def handle(self, exchange: Exchange) -> None:
        self.asked.append(exchange.asked)
        self._arrival.set()
        task = asyncio.ensure_future(self._run(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, exchange: Exchange) -> None:
        try:
            await self.handler(exchange)
        except Exception as error:  # noqa: BLE001 - the test shall end with this, not with what a client makes of it
            self.failures.append(error)
            exchange.close()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Protocol(self), "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for transport in list(self.transports):
            transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        for failure in self.failures:
            raise failure


@dataclass
class Damage:
    """What a proxy does to what the server sends."""

    cut_after: int | None = None
    """Bytes of the server's after which the connection is closed."""
    reset_after: int | None = None
    """Bytes of the server's after which the connection is reset."""
    silent_after: int | None = None
    """Bytes of the server's after which nothing more comes, and the connection stays."""
    flip_at: int | None = None
    """Position of a byte of the server's in which one bit is turned over."""
    flip_sent_at: int | None = None
    """Position of a byte of the client's in which one bit is turned over."""
    piece: int = 64 * 1024
    """Bytes that are passed on at a time."""
    pace: asyncio.Semaphore | None = None
    """Passes on one piece for each release; all at once where it is left out."""
    passed: int = field(default=0, init=False)
    """Bytes of the server's that went through, on all connections."""
    longest: int = field(default=0, init=False)
    """The most of them on one connection."""


class FaultProxy:
    """A TCP proxy on a free port of 127.0.0.1 that damages what passes.

    Args:
        upstream: ``host:port`` of the server.
        damage: What to do; may be changed while the proxy runs, and holds for each connection by itself.
        port: Where it listens; 0 for a free port.
    """

    def __init__(self, upstream: str, damage: Damage, port: int = 0) -> None:
        self.damage = damage
        self.closed = asyncio.Event()
        """Set when a client has closed a connection."""
        self._upstream = upstream
        self._port = port
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def host(self) -> str:
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task that is cancelled before it begins closes nothing.
        task.add_done_callback(lambda _: writer.close())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._upstream.rpartition(":")
        opening = asyncio.ensure_future(asyncio.open_connection(host, int(port)))
        try:
            up_reader, up_writer = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # One that was cancelled when it was just there would stay open.
            _, up_writer = await opening
            up_writer.transport.abort()
            raise
        up = asyncio.ensure_future(self._pass_on(reader, up_writer))
        down = asyncio.ensure_future(self._damage(up_reader, writer))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (up, down):
                task.cancel()
            up_writer.transport.abort()
            writer.close()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            position = 0
            while data := await reader.read(64 * 1024):
                writer.write(_flipped(data, self.damage.flip_sent_at, position))
                await writer.drain()
                position += len(data)
        finally:
            if reader.at_eof() or reader.exception() is not None:
                self.closed.set()

    async def _damage(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        position = 0
        while data := await reader.read(self.damage.piece):
            damage = self.damage
            data = _flipped(data, damage.flip_at, position)
            ends = [
                end for end in (damage.cut_after, damage.reset_after, damage.silent_after) if end is not None
            ]
            if ends and position + len(data) >= min(ends):
                data = data[: max(min(ends) - position, 0)]
            if damage.pace is not None:
                await damage.pace.acquire()
            writer.write(data)
            await writer.drain()
            position += len(data)
            damage.passed += len(data)
            damage.longest = max(damage.longest, position)
            if ends and position >= min(ends):
                if damage.reset_after == min(ends):
                    sock = writer.get_extra_info("socket")
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    writer.transport.abort()
                elif damage.silent_after == min(ends):
                    await asyncio.Event().wait()
                return


def _flipped(data: bytes, place: int | None, position: int) -> bytes:
    """Turn one bit over where bytes that begin at a position reach a place."""
    if place is None or not position <= place < position + len(data):
        return data
    at = place - position
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
