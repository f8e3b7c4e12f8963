"""Connections: pools for each trust, proxy and kind of traffic.

Requests go to httpx's transports without `httpx.AsyncClient` around them: it would add cookies, follow the
environment in ways of its own, and log whole URLs, signed ones too.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING, Final

from tui.client.errors import ConnectionFailedError
from tui.client.redaction import quoted, redacted_url
from tui.client.wire.bulk import BulkTransport
from tui.client.wire.origins import is_internal_address, is_internal_host, origin
from tui.client.wire.places import Traffic
from tui.client.wire.pool import NetworkBackend, PoolTransport
from tui.client.wire.proxies import UnusableProxyError, make_proxy, proxy_for
from tui.client.wire.shared import SharedTransport
from tui.client.wire.tls import Contexts
from tui.client.wire.tunnels import TunnelBackend

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import httpcore
    import httpx

    from tui.client.errors import RequestLine
    from tui.client.wire.tls import Tls

__all__ = ["Transports"]

JUDGED_SECONDS: Final = 60.0
"""How long it is known of a registry whether it is internal: a name leads elsewhere when a VPN comes up."""


class Transports:
    """Connections of one client, made when they are needed.

    Args:
        handed_in: A transport for all requests; it knows best about proxies, certificates and names.
    """

    def __init__(self, handed_in: httpx.AsyncBaseTransport | None = None) -> None:
        self._handed_in = handed_in
        self._made: dict[tuple[Tls, str | None, Traffic, bool], httpx.AsyncBaseTransport] = {}
        self._contexts = Contexts()
        self._judged: dict[str, tuple[float, bool]] = {}
        """Until when it is known of a registry whether it is internal."""

    def choose(
        self,
        url: httpx.URL,
        tls: Tls,
        line: RequestLine,
        traffic: Traffic = Traffic.SMALL,
        *,
        outward: bool = False,
    ) -> httpx.AsyncBaseTransport:
        """Find the transport for a URL.

        Args:
            url: Where the request goes.
            tls: Whom to trust, and which certificate to show.
            line: The request, for errors.
            traffic: What the answer brings; a transport that was handed in decides itself what that means.
            outward: Whether no connection may lead to this machine or a private network, unless a proxy or a
                transport that was handed in makes it.

        Raises:
            CertificateError: A file of certificates or keys cannot be read.
            ConnectionFailedError: The environment names a proxy that cannot be used.
        """
        if self._handed_in is not None:
            return self._handed_in
        proxy = proxy_for(url)
        is_plain = url.scheme == "http" or (proxy is not None and proxy.startswith("socks"))
        kind = Traffic.BLOB if traffic is Traffic.SMALL and is_plain else traffic
        key = (tls, proxy, kind, outward and proxy is None)
        if key not in self._made:
            try:
                # What a proxy behind TLS is shown is not what the registry is shown.
                made = None if proxy is None else make_proxy(proxy, partial(tls.for_others.context, line))
            except UnusableProxyError as error:
                shown = quoted(redacted_url(proxy or ""))
                raise ConnectionFailedError(
                    f"the proxy {shown} of the environment cannot be used: {error}",
                    request=line,
                    remedy="Check the proxy that the environment names.",
                ) from None
            get_context = partial(self._contexts.get, tls, line=line)
            self._made[key] = _make_transport(get_context, made, kind, outward=key[3], shows=bool(tls.shown))
        return self._made[key]

    async def is_internal(self, url: httpx.URL) -> bool:
        """Tell whether a URL leads to this machine or a private network; names are looked up.

        A name that a proxy or a transport that was handed in looks up itself counts as public.
        """
        literal = is_internal_host(url.host)
        if literal is not None:
            return literal
        if self._handed_in is not None or proxy_for(url) is not None:
            return False
        try:
            found = await asyncio.get_running_loop().getaddrinfo(url.host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return False
        return any(is_internal_address(str(address[0])) for *_, address in found)

    async def is_outward(self, url: httpx.URL, home: httpx.URL) -> bool:
        """Tell whether a request must not lead to this machine or a private network.

        Args:
            url: Where it goes.
            home: The registry's own URL: where that is internal, the others may be so too.
        """
        if origin(url) == origin(home):
            return False
        now = asyncio.get_running_loop().time()
        until, is_internal = self._judged.get(home.host, (now, False))
        if until <= now:
            is_internal = await self.is_internal(home)
            self._judged[home.host] = now + JUDGED_SECONDS, is_internal
        return not is_internal

    async def aclose(self) -> None:
        """Close all connections, also those of the transport that was handed in."""
        made = list(self._made.values())
        self._made.clear()
        for transport in made:
            await transport.aclose()
        if self._handed_in is not None:
            await self._handed_in.aclose()


def _make_transport(
    get_context: Callable[[str], ssl.SSLContext],
    proxy: httpcore.Proxy | None,
    traffic: Traffic,
    *,
    outward: bool,
    shows: bool,
) -> httpx.AsyncBaseTransport:
    if traffic is Traffic.BULK:
        return BulkTransport(partial(get_context, "bulk"), proxy, outward=outward)
    backend = NetworkBackend(outward=outward)
    if traffic is Traffic.SMALL:
        backend = backend if proxy is None else TunnelBackend(proxy)
        return SharedTransport(get_context("h2"), get_context("http/1.1"), backend, shows=shows)
    return PoolTransport(get_context("http/1.1"), proxy, backend)
