"""An httpx transport over httpcore's pool, with sockets that are closed whatever ends a handshake.

httpx's own transport takes no network backend, and its default one keeps a socket open when a request is
cancelled in the middle of a TLS handshake, and reads 64 KiB at a time.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any, Final

import anyio
import httpcore
import httpx

from tui.client.wire.origins import InwardError, is_internal_address

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import AsyncIterator, Iterable

__all__ = ["NetworkBackend", "PoolTransport"]

IDLE_CONNECTIONS: Final = 32
"""Connections kept for the next request: those of two hosts, a registry and its storage, under full load."""

IDLE_SECONDS: Final = 30.0
"""How long an unused connection is kept; servers and routers drop them after one to five minutes."""

READ_SIZE: Final = 256 * 1024
"""Bytes of one read: what asyncio takes from a socket at a time, so that no chunk is cut into four."""


class PoolTransport(httpx.AsyncBaseTransport):
    """Connections to servers, kept for the next request.

    Args:
        context: How certificates are checked.
        proxy: The proxy; None for direct connections.
        backend: Connects to servers.
    """

    def __init__(
        self, context: ssl.SSLContext, proxy: httpcore.Proxy | None, backend: NetworkBackend
    ) -> None:
        self._backend = backend
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=proxy,
            max_connections=None,
            max_keepalive_connections=IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=self._backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return its answer when the headers are there; errors are those of httpcore."""
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def adopt(self, host: str, port: int, stream: httpcore.AsyncNetworkStream) -> None:
        """Take over a connection that has been made, behind its TLS handshake, for the next request.

        Args:
            host: Where it leads.
            port: Its port there.
            stream: The connection.
        """
        self._backend.spare.setdefault((host, port), []).append((stream, time.monotonic()))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
        for streams in self._backend.spare.values():
            while streams:
                await streams.pop()[0].aclose()


class _Body(httpx.AsyncByteStream):
    """The body of an answer as it comes."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that closes itself when its TLS handshake is cancelled."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._socket = inner.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the parent's signature
        return await self._inner.read(max(max_bytes, READ_SIZE), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as above
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        # The pool asks this of each idle connection at each request; looking for the socket takes longest.
        if info == "is_readable" and self._socket is not None and hasattr(select, "poll"):
            return _is_readable(self._socket)
        return self._inner.get_extra_info(info)


def _is_readable(connection: socket.socket) -> bool:
    """Tell whether anything has arrived over a connection, its end for one, or it is closed."""
    if (descriptor := connection.fileno()) < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class _Ready(httpcore.AsyncNetworkStream):
    """A connection that has its TLS handshake behind it before it is asked for one."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - the parent's signature
        server_hostname: str | None = None,  # noqa: ARG002 - as above
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - as above
    ) -> httpcore.AsyncNetworkStream:
        return self._stream

    async def aclose(self) -> None:
        await self._stream.aclose()


class NetworkBackend(httpcore.AnyIOBackend):
    """Connects to servers.

    Args:
        outward: Whether no connection may lead to this machine or a private network.

    Attributes:
        spare: Connections that have been made and wait for a request, by host and port, and since when.
    """

    def __init__(self, *, outward: bool = False) -> None:
        self._outward = outward
        self.spare: dict[tuple[str, int], list[tuple[httpcore.AsyncNetworkStream, float]]] = {}

    async def connect_tcp(  # noqa: D102 - the parent's
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        spare = self.spare.get((host, port), [])
        while spare:
            stream, since = spare.pop()
            if time.monotonic() - since < IDLE_SECONDS:
                return _Ready(stream)
            await stream.aclose()
        return await self.open(host, port, timeout, local_address, socket_options)

    async def open(
        self,
        host: str,
        port: int,
        timeout: float | None,  # noqa: ASYNC109 - as above
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        """Make a connection; as `connect_tcp`, and never one that is spare."""
        made = _Stream(await super().connect_tcp(host, port, timeout, local_address, socket_options))
        if self._outward and is_internal_address(str(made.get_extra_info("server_addr")[0])):
            # Nothing has been sent yet.
            await made.aclose()
            raise InwardError
        return made
