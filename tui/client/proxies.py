"""Which proxy a URL is reached through: the environment's, or the operating system's."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

from tui.client.names import RegistryHost

if TYPE_CHECKING:
    import httpx

__all__ = ["proxy_for"]


def proxy_for(url: httpx.URL) -> str | None:
    """Find the proxy for a URL: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY``, less what ``NO_PROXY`` names.

    Loopback is never reached through a proxy: the proxy's loopback is another machine's. ``NO_PROXY`` takes
    hosts, domains, ``*`` and networks (``10.0.0.0/8``).

    Args:
        url: Where the request goes.

    Returns:
        The proxy's URL, or None for a direct connection.
    """
    host = f"[{url.host}]" if ":" in url.host else url.host
    if RegistryHost(host).is_loopback:
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.netloc.decode("ascii")) or _in_direct_network(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _in_direct_network(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    for entry in (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(","):
        try:
            network = ipaddress.ip_network(entry.strip(), strict=False)
        except ValueError:
            continue
        if address in network:
            return True
    return False
