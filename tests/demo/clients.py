"""HTTP clients without proxies and without the certificates that plain HTTP does not need."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tui.demo import DemoServer

# To load the system's certificates takes longer than most tests here.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def connect(server: DemoServer) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.url, verify=_NO_CERTIFICATES, trust_env=False)


def connect_sync(server: DemoServer) -> httpx.Client:
    return httpx.Client(base_url=server.url, verify=_NO_CERTIFICATES, trust_env=False)
