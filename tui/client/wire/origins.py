"""Where a URL leads, and where a redirect or a token service may lead: pure rules.

Internal is what only this machine or its network reaches: loopback, link-local, private and other addresses
that are not global. A registry on the internet must not steer requests there.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final, NamedTuple

import httpcore
import httpx

from tui.client.errors import RefusedRealmError, RefusedRedirectError, RequestLine
from tui.client.redaction import quoted, redacted_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = [
    "InwardError",
    "Origin",
    "checked_realm",
    "checked_redirect",
    "is_internal_address",
    "is_internal_host",
    "is_upgrade",
    "origin",
]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAX_PORT: Final = 65535
_HOST: Final = re.compile(r"[A-Za-z0-9._-]*|[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class Origin(NamedTuple):
    """Scheme, host and port: what a login belongs to."""

    scheme: str
    host: str
    port: int


def origin(url: httpx.URL) -> Origin:
    """Take the origin of a URL, with the scheme's port where it names none."""
    return Origin(url.scheme, url.host.lower().rstrip("."), url.port or _DEFAULT_PORTS.get(url.scheme, 0))


def is_upgrade(source: httpx.URL, target: httpx.URL) -> bool:
    """Tell whether a redirect only goes from HTTP to HTTPS on the same host, on the ports of both."""
    before, after = origin(source), origin(target)
    return before.host == after.host and before[::2] == ("http", 80) and after[::2] == ("https", 443)


def is_internal_address(text: str) -> bool:
    """Tell whether an IP address is internal; also inside of IPv6 forms that carry an IPv4 address."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return not address.is_global or address.is_multicast


def is_internal_host(host: str) -> bool | None:
    """Tell whether a host is internal without looking it up; None for names that only a lookup can judge."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return is_internal_address(name.strip("[]"))
    except ValueError:
        return None


class InwardError(httpcore.ConnectError):
    """A connection that led to an internal address when it was made, and must not.

    A name may lead elsewhere by then than when it was checked.
    """

    def __init__(self) -> None:
        super().__init__("the name leads to a private address, where the internet must not send requests")


async def checked_redirect(
    source: httpx.URL,
    location: str,
    home: httpx.URL,
    is_internal: Callable[[httpx.URL], Awaitable[bool]],
    line: RequestLine,
) -> httpx.URL:
    """Resolve a ``Location`` and check that it may be followed (distribution specification, "Redirects").

    Args:
        source: The URL that answered with the redirect.
        location: The header, relative or absolute.
        home: The registry's own URL.
        is_internal: Tells whether a URL leads to this machine or a private network.
        line: The request, for errors.

    Raises:
        RefusedRedirectError: It is no URL, leads from HTTPS to something else, or from the internet inwards.
    """
    try:
        target = _plain(source.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise RefusedRedirectError(
            f"redirected to {quoted(location)}, which is no URL", request=line
        ) from error
    shown = quoted(redacted_url(str(target)))
    if target.scheme not in _DEFAULT_PORTS or not target.host:
        raise RefusedRedirectError(f"redirected to {shown}, which is neither http nor https", request=line)
    if source.scheme == "https" and target.scheme != "https":
        raise RefusedRedirectError(f"redirected from HTTPS to plain HTTP, {shown}", request=line)
    if origin(target) != origin(source) and await is_internal(target) and not await is_internal(home):
        raise RefusedRedirectError(
            f"redirected from the internet to a private address, {shown}", request=line
        )
    return target


async def checked_realm(
    realm: str,
    home: httpx.URL,
    is_internal: Callable[[httpx.URL], Awaitable[bool]],
    line: RequestLine,
    *,
    base: httpx.URL | None = None,
) -> httpx.URL:
    """Resolve a challenge's realm and check that a login may be sent there.

    Args:
        realm: The parameter, relative or absolute.
        home: The registry's own URL.
        is_internal: Tells whether a URL leads to this machine or a private network.
        line: The request, for errors.
        base: What a relative realm is relative to; the registry where it is left out.

    Raises:
        RefusedRealmError: It is no URL, plain HTTP for a registry on HTTPS, or internal for a public one.
    """
    try:
        target = _plain((base or home).join(realm))
    except (httpx.InvalidURL, ValueError) as error:
        raise RefusedRealmError(f"the token service {quoted(realm)} is no URL", request=line) from error
    shown = quoted(redacted_url(str(target)))
    if target.scheme not in _DEFAULT_PORTS or not target.host:
        raise RefusedRealmError(f"the token service {shown} is neither http nor https", request=line)
    if origin(target) == origin(home):
        return target
    if target.scheme == "http" and home.scheme != "http":
        raise RefusedRealmError(
            f"the token service {shown} is on plain HTTP, the registry is not", request=line
        )
    if await is_internal(target) and not await is_internal(home):
        raise RefusedRealmError(f"the token service {shown} has a private address", request=line)
    return target


def _plain(url: httpx.URL) -> httpx.URL:
    """Drop a URL's user, which would be a login of somebody else's choice, and its fragment.

    Raises:
        ValueError: Host or port are such that no connection can be made.
    """
    host = url.raw_host.decode("ascii")
    if not _HOST.fullmatch(host) or not 0 < (url.port or 1) <= _MAX_PORT:
        raise ValueError("no host")
    return url.copy_with(userinfo=b"", fragment=None)
