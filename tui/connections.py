"""Registries, made when they are first needed, under the settings and the logins that the person has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from tui.client import Client, Registry
    from tui.client.names import RegistryHost
    from tui.config import Settings
    from tui.credentials import Login


class SettingsConnections:
    """Makes the registries of one run.

    The client and what it stands on are imported with the first registry: the first frame needs neither.
    """

    def __init__(
        self,
        settings: Settings,
        find_login: Callable[[RegistryHost], Login | None],
        *,
        ca_file: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare to connect.

        Args:
            settings: Per registry: whether it speaks plain http, and whose certificates to trust.
            find_login: Looks up who the person is at a host.
            ca_file: Certificate authorities to trust for every registry of this run.
            transport: What carries the requests, instead of the network.
        """
        self._settings = settings
        self._find_login = find_login
        self._ca_file = ca_file
        self._transport = transport
        self._insecure: set[RegistryHost] = set()
        self._logins: dict[RegistryHost, Login | None] = {}
        self._client: Client | None = None
        self._registries: dict[RegistryHost, Registry] = {}

    def allow_plain_http(self, host: RegistryHost) -> None:
        """Speak plain http with a host in this run."""
        self._insecure.add(host)

    def speaks_plain_http(self, host: RegistryHost) -> bool:
        """Tell whether the person allowed plain http for a host."""
        return host in self._insecure or self._settings.registry(host).insecure_http

    def login(self, host: RegistryHost) -> Login | None:
        """Return the login for a host, looked up once."""
        if host not in self._logins:
            self._logins[host] = self._find_login(host)
        return self._logins[host]

    def login_label(self, host: RegistryHost) -> str:
        """Tell who one is at a host, and where that login comes from; "" for nobody."""
        login = self.login(host)
        return f"{login.username or 'token'} ({login.source})" if login is not None else ""

    def registry(self, host: RegistryHost) -> Registry:
        """Return the registry of a host, the same one at every call."""
        registry = self._registries.get(host)
        if registry is None:
            login = self.login(host)
            registry = self._registries[host] = self._open_client().registry(
                host,
                login.auth if login is not None else None,
                plain_http=self.speaks_plain_http(host),
                ca_file=self._ca_file or self._settings.registry(host).ca_file,
            )
        return registry

    def _open_client(self) -> Client:
        if self._client is None:
            from tui.client import Client  # noqa: PLC0415  # see the class's docstring

            self._client = Client(self._transport)
        return self._client

    async def aclose(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
            self._registries.clear()
