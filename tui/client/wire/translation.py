"""Where the errors of httpx, httpcore and OpenSSL end: as sentences about a registry."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpcore
import httpx

from tui.client.errors import (
    CertificateError,
    ConnectionFailedError,
    ConnectionLostError,
    NetworkError,
    RequestLine,
    TimeoutExceededError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["causes", "is_no_tls", "page_about_certificate", "proxy_login_wanted", "translated"]

_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL says of a peer that does not speak TLS at all."""

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
        return _certificate_wanted(line)
    return _certificate_not_accepted(line, f": {alert.lower().replace('_', ' ')}")


def page_about_certificate(body: bytes, line: RequestLine, *, shown: bool) -> CertificateError | None:
    """Read what nginx says, with a 400, of a client certificate that it lacks or does not accept.

    Args:
        body: The page that came.
        line: The request.
        shown: Whether the server was shown a certificate.

    Returns:
        The error; None where the page is about something else.
    """
    if b"No required SSL certificate was sent" in body:
        return _certificate_wanted(line)
    if b"The SSL certificate error" in body:
        return _certificate_not_accepted(line) if shown else _certificate_wanted(line)
    return None


def _certificate_wanted(line: RequestLine) -> CertificateError:
    return CertificateError(
        "the server wants a client certificate",
        request=line,
        remedy="Give the certificate and its key that the registry's operator has issued.",
    )


def _certificate_not_accepted(line: RequestLine, reason: str = "") -> CertificateError:
    return CertificateError(
        f"the server does not accept the client certificate{reason}",
        request=line,
        remedy="Check that the certificate is for this registry, and has not expired.",
    )


def _connection_failed(error: Exception, line: RequestLine) -> NetworkError:
    message, remedy = f"no connection could be made: {error}", None
    if isinstance(error, httpx.ProxyError | httpcore.ProxyError):
        message, remedy = f"the proxy refused: {error}", "Check the proxy that the environment names."
        if str(error).startswith(str(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED.value)):
            return proxy_login_wanted(line)
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


def proxy_login_wanted(line: RequestLine) -> ConnectionFailedError:
    """Make the error for a proxy that does not let the request through without a login."""
    return ConnectionFailedError(
        "the proxy wants a login, or another one",
        request=line,
        remedy="Put the login into the URL of the proxy that the environment names.",
    )


def _broke_off(error: Exception) -> bool:
    """Tell an answer that ended early from one that is no HTTP; httpx has the same class for both."""
    text = str(error)
    return "disconnected" in text or "closed connection" in text
