"""Connections to servers behind TLS through the tunnel of a proxy (RFC 9110, section 9.3.6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import anyio
import httpcore

from tui.client.limits import KIB
from tui.client.wire.pool import NetworkBackend

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TunnelBackend"]

MAX_HEAD: Final = 64 * KIB
"""Bytes of the head of a proxy's answer."""

_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_STATUS: Final = re.compile(rb"HTTP/1\.[0-9] +(?P<status>[0-9]{3})(?: +(?P<reason>[^\r\n]{0,200}))?\r?\n")


class TunnelBackend(NetworkBackend):
    """Connects to servers through a proxy.

    Args:
        proxy: The proxy, of HTTP.
    """

    def __init__(self, proxy: httpcore.Proxy) -> None:
        super().__init__()
        self._proxy = proxy

    async def open(
        self,
        host: str,
        port: int,
        timeout: float | None,  # noqa: ASYNC109 - the parent's signature
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        """Make a connection to the proxy, and let it lead to a server.

        Raises:
            httpcore.ProxyError: The proxy refuses, in its words.
            httpcore.RemoteProtocolError: It says something else, or hangs up.
        """
        url = self._proxy.url
        default = 443 if url.scheme == b"https" else 80
        name = url.host.decode("ascii")
        stream = await super().open(name, url.port or default, timeout, local_address, socket_options)
        try:
            if url.scheme == b"https" and self._proxy.ssl_context is not None:
                stream = await stream.start_tls(self._proxy.ssl_context, name, timeout)
            place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            lines = [f"CONNECT {place} HTTP/1.1".encode(), f"Host: {place}".encode()]
            lines += [name + b": " + value for name, value in self._proxy.headers]
            await stream.write(b"\r\n".join([*lines, b"", b""]), timeout)
            await _read_answer(stream, timeout)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await stream.aclose()
            raise
        return stream


async def _read_answer(stream: httpcore.AsyncNetworkStream, timeout: float | None) -> None:  # noqa: ASYNC109 - as above
    """Read the head of a proxy's answer; behind it, the server waits to be spoken to."""
    head = b""
    while _HEAD_END.search(head) is None:
        data = await stream.read(MAX_HEAD, timeout)
        if not data:
            raise httpcore.RemoteProtocolError("the proxy closed connection")
        head += data
        if len(head) > MAX_HEAD:
            raise httpcore.RemoteProtocolError("the head of the proxy's answer has no end")
    match = _STATUS.match(head)
    if match is None:
        raise httpcore.RemoteProtocolError("the proxy does not speak HTTP")
    if not match["status"].startswith(b"2"):
        words = (match["status"], match["reason"] or b"")
        raise httpcore.ProxyError(" ".join(word.decode("ascii", "replace") for word in words).strip())
