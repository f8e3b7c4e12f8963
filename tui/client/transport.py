"""Connections: pools for each trust, proxy and kind of traffic, and where errors of httpx and httpcore end.

Requests go to httpx's transports without `httpx.AsyncClient` around them: it would add cookies, follow the
environment in ways of its own, and log whole URLs, signed ones too.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import httpcore
import httpx

from tui.client.bulk import BulkTransport
from tui.client.errors import (
    CertificateError,
    ConnectionFailedError,
    ConnectionLostError,
    NetworkError,
    RequestLine,
    TimeoutExceededError,
)
from tui.client.origins import is_internal_address, is_internal_host, origin
from tui.client.places import Traffic
from tui.client.pool import PoolTransport
from tui.client.proxies import proxy_for
from tui.client.redaction import quoted, redacted_url
from tui.client.shared import SharedTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tui.client.tls import Tls

__all__ = ["Transports", "causes", "translated"]

_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL says of a peer that does not speak TLS at all."""

JUDGED_SECONDS: Final = 60.0
"""How long it is known of a registry whether it is internal: a name leads elsewhere when a VPN comes up."""

_ABOUT_CERTIFICATES: Final = frozenset(
    {
        "ACCESS_DENIED",
        "BAD_CERTIFICATE",
        "CERTIFICATE_EXPIRED",
        "CERTIFICATE_REQUIRED",
        "CERTIFICATE_REVOKED",
        "CERTIFICATE_UNKNOWN",
        "NO_CERTIFICATE",
        "UNKNOWN_CA",
        "UNSUPPORTED_CERTIFICATE",
    }
)
"""What a server says of a client certificate that it lacks or does not accept (RFC 8446, section 6.2)."""


class Transports:
    """Connections of one client, made when they are needed.

    Args:
        handed_in: A transport for all requests; it knows best about proxies, certificates and names.
    """

    def __init__(self, handed_in: httpx.AsyncBaseTransport | None = None) -> None:
        self._handed_in = handed_in
        self._made: dict[tuple[Tls, str | None, Traffic, bool], httpx.AsyncBaseTransport] = {}
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
        kind = Traffic.BLOB if traffic is Traffic.SMALL and (proxy or url.scheme == "http") else traffic
        key = (tls, proxy, kind, outward and proxy is None)
        if key not in self._made:
            make_context = partial(tls.context, line)
            try:
                self._made[key] = _make_transport(make_context, proxy, kind, outward=key[3])
            except (ValueError, httpx.InvalidURL):
                # What is wrong with the URL would be told with the login in it.
                raise ConnectionFailedError(
                    f"the proxy {quoted(redacted_url(proxy or ''))} of the environment cannot be used",
                    request=line,
                    remedy="Check the proxy that the environment names.",
                ) from None
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
    make_context: Callable[[], ssl.SSLContext], proxy: str | None, traffic: Traffic, *, outward: bool
) -> httpx.AsyncBaseTransport:
    if traffic is Traffic.BULK:
        return BulkTransport(make_context, proxy, outward=outward)
    if traffic is Traffic.SMALL:
        return SharedTransport(make_context, outward=outward)
    return PoolTransport(make_context(), proxy, outward=outward)


@contextmanager
def translated(line: RequestLine, *, shown: bool = False) -> Iterator[None]:
    """Turn what httpx, httpcore and the operating system raise inside into a `NetworkError`.

    Args:
        line: The request that is under way.
        shown: Whether the server is shown a client certificate.

    Raises:
        NetworkError: The subclass that fits.
    """
    try:
        yield
    except (httpx.ConnectTimeout, httpcore.ConnectTimeout) as error:
        raise TimeoutExceededError("no connection could be made in time", request=line) from error
    except (httpx.TimeoutException, httpcore.TimeoutException) as error:
        raise TimeoutExceededError("the server went silent", request=line) from error
    except (httpx.ConnectError, httpx.ProxyError, httpcore.ConnectError, httpcore.ProxyError) as error:
        raise _refused_certificate(error, line, shown=shown) or _connection_failed(error, line) from error
    except (httpx.RemoteProtocolError, httpcore.RemoteProtocolError) as error:
        if _broke_off(error):
            raise ConnectionLostError(
                "the server broke off before its answer was complete", request=line
            ) from error
        raise NetworkError(
            "what came back is not HTTP", request=line, remedy="Check the name of the host and its port."
        ) from error
    except (httpx.NetworkError, httpcore.NetworkError, OSError) as error:
        if (refused := _refused_certificate(error, line, shown=shown)) is not None:
            raise refused from error
        if _alerts(error):
            raise _connection_failed(error, line) from error
        raise ConnectionLostError(
            "the connection was lost before the answer was complete", request=line
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, httpcore.ProtocolError, UnicodeError) as error:
        raise NetworkError(f"the request could not be sent: {error}", request=line) from error


def causes(error: BaseException) -> Iterator[BaseException]:
    """Go through an exception, what it was made of and what led to it, each once."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [arg for arg in current.args if isinstance(arg, BaseException)]
        if isinstance(current, BaseExceptionGroup):
            inner += current.exceptions
        waiting += [e for e in (current.__cause__, current.__context__, *inner) if e is not None]


def is_no_tls(error: NetworkError) -> bool:
    """Tell whether a connection failed because the server does not speak TLS, and for no other reason."""
    found = list(causes(error))
    if not any(isinstance(cause, httpx.ConnectError | httpcore.ConnectError) for cause in found):
        return False
    if any(
        isinstance(cause, ssl.SSLCertVerificationError | ConnectionRefusedError | socket.gaierror)
        for cause in found
    ):
        return False
    faults = [cause for cause in found if isinstance(cause, ssl.SSLError)]
    return not faults or any(
        isinstance(fault, ssl.SSLEOFError) or (fault.reason or "") in _NOT_TLS for fault in faults
    )


def _alerts(error: Exception) -> list[str]:
    """Find what the server said of a TLS handshake that it ended, in OpenSSL's words."""
    reasons = [cause.reason or "" for cause in causes(error) if isinstance(cause, ssl.SSLError)]
    return [reason.partition("ALERT_")[2] for reason in reasons if "ALERT_" in reason]


def _refused_certificate(error: Exception, line: RequestLine, *, shown: bool) -> CertificateError | None:
    """Tell a server that is not content with the client certificate, or with there being none."""
    alert = next((alert for alert in _alerts(error) if alert in _ABOUT_CERTIFICATES), None)
    if alert is None:
        return None
    if not shown or alert == "CERTIFICATE_REQUIRED":
        return CertificateError(
            "the server wants a client certificate",
            request=line,
            remedy="Give the certificate and its key that the registry's operator has issued.",
        )
    return CertificateError(
        f"the server does not accept the client certificate: {alert.lower().replace('_', ' ')}",
        request=line,
        remedy="Check that the certificate is for this registry, and has not expired.",
    )


def _connection_failed(error: Exception, line: RequestLine) -> NetworkError:
    message, remedy = f"no connection could be made: {error}", None
    if isinstance(error, httpx.ProxyError | httpcore.ProxyError):
        message, remedy = f"the proxy refused: {error}", "Check the proxy that the environment names."
    for cause in causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return CertificateError(
                    f"the certificate is not trusted: {cause.verify_message}", request=line
                )
            case ssl.SSLError(reason=reason) if reason in _NOT_TLS:
                message = "the server does not speak TLS on this port"
                remedy = "If the registry is meant to be used over plain HTTP, say so."
            case ssl.SSLEOFError():
                message = "the server broke off instead of speaking TLS"
                remedy = "If the registry is meant to be used over plain HTTP, say so."
            case ssl.SSLError():
                return CertificateError(f"TLS failed: {cause.reason or cause}", request=line)
            case socket.gaierror():
                message = "the name of the host is not known"
            case ConnectionRefusedError():
                message = "nothing listens on this port"
    return ConnectionFailedError(message, request=line, remedy=remedy)


def _broke_off(error: Exception) -> bool:
    """Tell an answer that ended early from one that is no HTTP; httpx has the same class for both."""
    text = str(error)
    return "disconnected" in text or "closed connection" in text
