"""Connections that threads wait for, and that any other thread can wake them from.

They plug into httpcore as its network backend, and do two things more than its own one. Shutting a socket
down wakes a thread that waits for it. And the head of an answer is handed out alone: what follows stays here,
so that a body whose length is known can be read into memory at hand, without passing through a parser.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

import httpcore

from tui.client.wire.origins import InwardError, is_internal_address
from tui.client.wire.tls import SHARES_CONTEXTS

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

__all__ = ["READ_SIZE", "Backend", "Line", "Stream", "Trust"]

READ_SIZE: Final = 256 * 1024
"""Bytes of one read: with fewer, more time goes into asking than into moving them; more leave the processor's
cache before they are hashed and written."""

FIRST_SECONDS: Final = 3.0
"""Seconds for an address while others are left to try: where IPv6 leads nowhere, IPv4 should not wait."""

_HEAD_END: Final = re.compile(rb"\n\r?\n")
_INFORMATIONAL: Final = re.compile(rb"HTTP/1\.[0-9] 1")
_GIVEN_UP: Final = "nobody waits for the answer any more"


class Line:
    """What one request holds of the network, by which the thread that waits there is woken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answer: httpcore.Response | None = None
        self._stream: Stream | None = None
        self._cut = False

    def ask(self, pool: httpcore.ConnectionPool, request: httpcore.Request) -> httpcore.Response:
        """Send a request, and wait for the head of the answer; on a thread.

        Raises:
            httpcore.ReadError: The request was given up.
        """
        self.enter()
        answer = pool.handle_request(request)
        with self._lock:
            if not self._cut:
                self._answer = answer
                return answer
        answer.close()
        raise httpcore.ReadError(_GIVEN_UP)

    def enter(self) -> None:
        """Let the thread of this moment be the one that is woken, whatever connection it waits for."""
        _here.line = self

    def hold(self, stream: Stream) -> None:
        """Note the connection that is about to be waited for.

        Raises:
            httpcore.ReadError: The request was given up.
        """
        with self._lock:
            if self._cut:
                raise httpcore.ReadError(_GIVEN_UP)
            self._stream = stream

    def let_go(self) -> None:
        """Note that the answer is complete, and the connection free for another request."""
        with self._lock:
            self._stream = None

    def cut(self) -> None:
        """Wake the thread and let it go no further; from any thread."""
        with self._lock:
            self._cut = True
            if self._stream is not None:
                self._stream.wake()

    def give_up(self) -> None:
        """End the request, unless its answer is complete; no thread reads that any more."""
        self.cut()
        with self._lock:
            answer, self._answer = self._answer, None
        if answer is not None:
            answer.close()


class _Here(threading.local):
    """The request that the thread of this moment is about."""

    line: Line | None = None


_here: Final = _Here()


class Stream(httpcore.NetworkStream):
    """One connection.

    Args:
        inner: What reads and writes it.
        handle: A second handle of its socket, which stays when TLS takes the first one over.
        trust: How certificates are checked.
        layers: How many layers of TLS it has.
    """

    def __init__(
        self, inner: httpcore.NetworkStream, handle: socket.socket, trust: Trust, layers: int = 0
    ) -> None:
        self._inner = inner
        self._handle = handle
        self._trust = trust
        self._layers = layers
        self._closing = threading.Lock()
        self._in_head = False
        self._head = b""
        self._rest = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what comes next; of the head of an answer, nothing of what follows."""
        self._hold()
        data, self._rest = self._rest, b""
        data = data or self._inner.read(max(max_bytes, READ_SIZE), timeout)
        return self._take_head(data) if self._in_head else data

    def read_into(self, view: memoryview, timeout: float | None = None) -> int:
        """Read what comes next into memory; returns how many bytes, 0 at the end of the connection.

        Raises:
            httpcore.ReadTimeout: Nothing came in time.
            httpcore.ReadError: The connection is lost, or was shut down.
        """
        self._hold()
        if self._rest or self._layers > 1:
            # Two layers of TLS are read by httpcore alone.
            data = self._rest or self._inner.read(len(view), timeout)
            size = min(len(data), len(view))
            view[:size] = data[:size]
            self._rest = data[size:]
            return size
        sock: socket.socket = self._inner.get_extra_info("socket")
        try:
            if sock.gettimeout() != timeout:
                sock.settimeout(timeout)
            return sock.recv_into(view)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(error) from error
        except OSError as error:
            raise httpcore.ReadError(error) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write a request, or a part of it; what is read next is the head of its answer."""
        if not buffer:
            return
        self._hold()
        # What proxies of SOCKS are told is no text.
        self._in_head = buffer[:1].isalpha()
        self._head = b""
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()
        with self._closing:
            self._handle.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Put a layer of TLS upon the connection."""
        try:
            self._hold()
            context = self._trust.own_context(ssl_context)
            inner = self._inner.start_tls(context, server_hostname, timeout)
        except BaseException:
            self.close()
            raise
        return Stream(inner, self._handle, self._trust, self._layers + 1)

    def get_extra_info(self, info: str) -> Any:
        """Tell something about the connection."""
        if info == "is_readable" and self._rest:
            return True
        return self._inner.get_extra_info(info)

    def wake(self) -> None:
        """Let whoever waits for the connection find it closed; from any thread."""
        # Nobody waits for one that is closed already.
        with self._closing, contextlib.suppress(OSError):
            self._handle.shutdown(socket.SHUT_RDWR)

    def _hold(self) -> None:
        if _here.line is not None:
            _here.line.hold(self)

    def _take_head(self, data: bytes) -> bytes:
        """Cut what follows the head off, and keep it for the next read."""
        before = len(self._head)
        self._head += data
        end = _HEAD_END.search(self._head, max(before - 2, 0))
        if end is None:
            return data
        size = end.end() - before
        self._rest = data[size:]
        # After some heads another one comes.
        self._in_head = _INFORMATIONAL.match(self._head) is not None
        self._head = b""
        return data[:size]


class Trust:
    """How certificates are checked, with a context for each connection.

    Where the operating system checks certificates, a context is locked during a whole handshake: on threads,
    one that takes long would hold all the others up.

    Args:
        make_context: Makes contexts that are all alike.

    Attributes:
        context: The one that stands for all of them.
    """

    def __init__(self, make_context: Callable[[], ssl.SSLContext]) -> None:
        self.context = make_context()
        self._make_context = make_context

    def own_context(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """Give a context of its own for the one that stands for all; others are given back."""
        if context is not self.context or SHARES_CONTEXTS:
            return context
        own = self._make_context()
        own.set_alpn_protocols(["http/1.1"])
        return own


class Backend(httpcore.SyncBackend):
    """Connects to servers.

    Args:
        trust: How certificates are checked.
        outward: Whether no connection may lead to this machine or a private network.
    """

    def __init__(self, trust: Trust, *, outward: bool = False) -> None:
        self._trust = trust
        self._outward = outward

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers; all but the last have little time for it."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(error) from error
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        if self._outward and any(is_internal_address(address) for address in addresses):
            raise InwardError
        for address in addresses[:-1]:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._connect(address, port, FIRST_SECONDS, local_address, socket_options)
        return self._connect(addresses[-1], port, timeout, local_address, socket_options)

    def _connect(
        self,
        address: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> Stream:
        inner = super().connect_tcp(address, port, timeout, local_address, socket_options)
        return Stream(inner, inner.get_extra_info("socket").dup(), self._trust)
