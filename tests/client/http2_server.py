"""A server that agrees on HTTP/2, and whose every frame is a test's; to others it speaks HTTP/1.1."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

if TYPE_CHECKING:
    import ssl
    from types import TracebackType


@dataclass
class Link:
    """One connection over which HTTP/2 was agreed."""

    writer: asyncio.StreamWriter
    h2: h2.connection.H2Connection
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    window: asyncio.Event = field(default_factory=asyncio.Event)
    resets: list[int] = field(default_factory=list)
    reset: asyncio.Event = field(default_factory=asyncio.Event)

    def flush(self) -> None:
        """Send what h2 has to send."""
        self.writer.write(self.h2.data_to_send())

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)


@dataclass
class Asked2:
    """One request, and the stream on which to answer it."""

    link: Link
    stream: int
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return self.headers[":path"]

    def begin(self, status: str = "200", headers: list[tuple[str, str]] | None = None) -> None:
        """Send the headers of an answer."""
        self.link.h2.send_headers(self.stream, [(":status", status), *(headers or [])])
        self.link.flush()

    async def body(self, data: bytes) -> None:
        """Send a body as fast as the client allows, and end the answer."""
        while data and not self.link.gone.is_set() and self.stream not in self.link.resets:
            room = min(self.link.h2.local_flow_control_window(self.stream), 16384)
            if room <= 0:
                self.link.window.clear()
                await self.link.window.wait()
                continue
            self.link.h2.send_data(self.stream, data[:room])
            data = data[room:]
            self.link.flush()
            await self.link.writer.drain()
        if not data:
            self.link.h2.end_stream(self.stream)
            self.link.flush()

    async def reply(self, data: bytes = b"{}", headers: list[tuple[str, str]] | None = None) -> None:
        """Answer with 200 and a body."""
        self.begin("200", headers)
        await self.body(data)


Handler2 = Callable[[Asked2], Awaitable[None]]


class Http2Server:
    """A server on a free port of 127.0.0.1.

    Args:
        handler: Called with each request over HTTP/2.
        tls: Its certificate.
        max_streams: How many requests it allows at a time.
        agrees: Whether it offers HTTP/2.
    """

    def __init__(
        self, handler: Handler2, tls: ssl.SSLContext, *, max_streams: int = 100, agrees: bool = True
    ) -> None:
        self.handler = handler
        self.asked: list[Asked2] = []
        self.lines: list[str] = []
        """The requests over HTTP/1.1, each as its method and path."""
        self.links: list[Link] = []
        self.connections = 0
        self.failures: list[BaseException] = []
        self._max_streams = max_streams
        self._tls = tls
        tls.set_alpn_protocols(["h2", "http/1.1"] if agrees else ["http/1.1"])
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrival = asyncio.Event()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def has_been_asked(self, times: int) -> None:
        """Wait until so many requests over HTTP/2 have arrived."""
        while len(self.asked) < times:
            self._arrival.clear()
            await self._arrival.wait()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
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
        if kind is None and self.failures:
            raise self.failures[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            agreed = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await (self._serve_2 if agreed == "h2" else self._serve_1)(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve_1(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.lines.append(" ".join(head.split(" ", 2)[:2]))
            length = [line for line in head.split("\r\n") if line.lower().startswith("content-length:")]
            if length:
                await reader.readexactly(int(length[0].partition(":")[2]))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()

    async def _serve_2(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(writer, h2.connection.H2Connection(h2.config.H2Configuration(client_side=False)))
        self.links.append(link)
        link.h2.local_settings = h2.settings.Settings(
            client=False,
            initial_values={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: self._max_streams},
        )
        link.h2.initiate_connection()
        link.flush()
        try:
            while data := await reader.read(65536):
                for event in link.h2.receive_data(data):
                    self._handle(link, event)
                link.flush()
        except h2.exceptions.ProtocolError:
            link.flush()
        finally:
            link.gone.set()
            link.window.set()

    def _handle(self, link: Link, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=int(stream), headers=list(headers)):
                fields = {bytes(name).decode(): bytes(value).decode() for name, value in headers}
                asked = Asked2(link, stream, fields)
                self.asked.append(asked)
                self._arrival.set()
                task = asyncio.create_task(self._run(asked))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case h2.events.WindowUpdated():
                link.window.set()
            case h2.events.StreamReset(stream_id=int(stream)):
                link.resets.append(stream)
                link.window.set()
                link.reset.set()

    async def _run(self, asked: Asked2) -> None:
        try:
            await self.handler(asked)
        except (h2.exceptions.ProtocolError, ConnectionError):
            # The client has gone, or has reset the stream.
            if not asked.link.gone.is_set() and asked.stream not in asked.link.resets:
                raise
        except Exception as error:  # noqa: BLE001 - the test shall end with this
            self.failures.append(error)
