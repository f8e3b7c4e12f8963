"""Which proxy a URL is reached through: the environment's, or the operating system's."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
from typing import TYPE_CHECKING, Final
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from tui.client.hosts import is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

__all__ = ["UnusableProxyError", "make_proxy", "proxy_for"]

_PORTS: Final = {"http": 80, "https": 443}
_SOCKS: Final = frozenset({"socks5", "socks5h"})


class UnusableProxyError(Exception):
    """A proxy that cannot be used; `str()` says why, without the proxy's URL, which may hold a login."""


def proxy_for(url: httpx.URL) -> str | None:
    """Find the proxy for a URL: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY``, less what ``NO_PROXY`` names.

    Loopback is never reached through a proxy: the proxy's loopback is another machine's. ``NO_PROXY`` takes
    hosts, domains, both with or without a port, ``*``, addresses and networks (``10.0.0.0/8``).

    Args:
        url: Where the request goes.

    Returns:
        The proxy's URL, or None for a direct connection.
    """
    if is_loopback(url.host):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or _goes_directly(url):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def make_proxy(text: str, make_context: Callable[[], ssl.SSLContext]) -> httpcore.Proxy:
    """Read the URL of a proxy.

    Args:
        text: The URL; it may hold a login.
        make_context: Makes the context for a proxy behind TLS.

    Raises:
        UnusableProxyError: It cannot be used.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise UnusableProxyError("it is no URL") from None
    if url.scheme not in {*_PORTS, *_SOCKS} or not url.host:
        raise UnusableProxyError("it is a URL of neither http, https nor socks5")
    if url.scheme in _SOCKS and importlib.util.find_spec("socksio") is None:
        raise UnusableProxyError("SOCKS needs the Python package socksio, which is not installed")
    return httpcore.Proxy(
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"),
        auth=(url.username.encode(), url.password.encode()) if url.username or url.password else None,
        ssl_context=make_context() if url.scheme == "https" else None,
    )


def _goes_directly(url: httpx.URL) -> bool:
    """Tell whether a URL is among those that are reached without a proxy."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = url.port or _PORTS.get(url.scheme, 0)
    # The one that knows the operating system's settings compares ports only where one is written.
    if proxy_bypass(host) or proxy_bypass(f"{host}:{port}"):
        return True
    try:
        address = ipaddress.ip_address(url.host)
    except ValueError:
        return False
    for entry in (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(","):
        try:
            network = ipaddress.ip_network(entry.strip().strip("[]"), strict=False)
        except ValueError:
            continue
        if address in network:
            return True
    return False
