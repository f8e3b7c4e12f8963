"""Whether a registry speaks HTTPS or plain HTTP.

Plain HTTP is for registries for which a person has asked for it, and for those on loopback. There HTTPS comes
first: a handshake succeeds or fails within milliseconds, while an answer over HTTP proves nothing, because
servers of HTTPS give one too, a page about the mistake. Where HTTPS hangs, HTTP is tried beside it after a
moment, as in go-containerregistry. The answer is remembered.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx

from tui.client.errors import CertificateError, NetworkError
from tui.client.sharing import Shared
from tui.client.wire.sender import Outgoing
from tui.client.wire.translation import is_no_tls

if TYPE_CHECKING:
    from tui.client.names import RegistryHost
    from tui.client.wire.sender import Sender
    from tui.client.wire.tls import Tls

__all__ = ["Schemes"]

HTTP_DELAY: Final = 0.3
"""Seconds after which HTTP is tried beside an HTTPS that has not answered; on loopback it takes 0.01 s."""


class Schemes:
    """What is known of the schemes of registries.

    Args:
        sender: Sends the requests that find out.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._known: dict[RegistryHost, str] = {}
        self._searches: Shared[RegistryHost, str] = Shared()

    def known(self, host: RegistryHost) -> str | None:
        """Return the scheme of a registry if it has been found."""
        return self._known.get(host)

    async def find(self, host: RegistryHost, tls: Tls) -> str:
        """Find the scheme of a registry: what is known, else HTTPS, or what answers on loopback.

        Raises:
            NetworkError: A registry on loopback is out of reach.
        """
        if host not in self._known:
            if not host.is_loopback:
                return "https"
            self._known[host] = await self._searches.get(host, lambda: self._search(host, tls))
        return self._known[host]

    async def _search(self, host: RegistryHost, tls: Tls) -> str:
        https = asyncio.create_task(self._try("https", host, tls))
        tasks = [https]
        try:
            await asyncio.wait(tasks, timeout=HTTP_DELAY)
            if https.done() and not _speaks_no_tls(https):
                await https
                return "https"
            http = asyncio.create_task(self._try("http", host, tls))
            tasks.append(http)
            while True:
                if https.done() and (https.exception() is None or _is_about_certificates(https)):
                    await https
                    return "https"
                if http.done() and (https.done() or _is_served(http)):
                    # What HTTP met says more than that the server does not speak TLS, and less than what is
                    # wrong with its certificate.
                    await http
                    return "http"
                waiting = {task for task in tasks if not task.done()}
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _try(self, scheme: str, host: RegistryHost, tls: Tls) -> int:
        """Return the status of the answer if the host gives one over a scheme."""
        answer = await self._sender.send(Outgoing("GET", httpx.URL(f"{scheme}://{host}/v2/"), tls=tls))
        await self._sender.discard(answer)
        return answer.status


def _is_served(task: asyncio.Task[int]) -> bool:
    """Tell an answer over HTTP from the 400 of a server of HTTPS, which may be far away behind a tunnel."""
    return task.exception() is None and task.result() != HTTPStatus.BAD_REQUEST


def _is_about_certificates(task: asyncio.Task[int]) -> bool:
    return isinstance(task.exception(), CertificateError)


def _speaks_no_tls(task: asyncio.Task[int]) -> bool:
    error = task.exception()
    return isinstance(error, NetworkError) and is_no_tls(error)
