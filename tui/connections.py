"""Registries, made when they are first needed, under the settings and the logins that the person has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.local.local_path import LocalPath
from tui.client.mirror_location import MirrorLocation

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tui.client import (
        Authenticator,
        AuthProvider,
        Client,
        IdentityToken,
        LocalSource,
        Mirror,
        Registry,
        Source,
    )
    from tui.client.local.local_path import SourceName
    from tui.client.names import RegistryHost
    from tui.config import Settings
    from tui.credentials import Login, LoginStore


class _Given:
    """Gives a login that is being checked, and has it noted where the check replaces an identity token.

    Args:
        logins: Told of what replaces it.
        host: The registry.
        login: The login.
    """

    def __init__(self, logins: LoginStore, host: RegistryHost, login: Login) -> None:
        self._logins = logins
        self._host = host
        self._auth = login.auth

    async def provide(self, *, refused: bool = False) -> Authenticator:  # noqa: ARG002 - there is no other one
        return self._auth

    async def renewed(self, old: IdentityToken, new: IdentityToken) -> None:
        self._auth = new
        self._logins.renewed(self._host, old, new)


class SettingsConnections:
    """Makes the registries of one run.

    The client and what it stands on are imported with the first registry: the first frame needs neither.
    """

    def __init__(
        self,
        settings: Settings,
        logins: LoginStore,
        *,
        ca_file: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare to connect.

        Args:
            settings: Per registry: whether it speaks plain http, whose certificates to trust, which one to
                show, and its mirrors.
            logins: Knows who the person is at a host; asked when the registry wants to know.
            ca_file: Certificate authorities to trust for every registry of this run.
            transport: What carries the requests, instead of the network.
        """
        self._settings = settings
        self._logins = logins
        self._ca_file = ca_file
        self._transport = transport
        self._insecure: set[RegistryHost] = set()
        self._client: Client | None = None
        self._registries: dict[RegistryHost, Registry] = {}
        self._local: dict[LocalPath, LocalSource] = {}

    def allow_plain_http(self, host: RegistryHost) -> None:
        """Speak plain http with a host in this run."""
        self._insecure.add(host)

    def speaks_plain_http(self, host: RegistryHost) -> bool:
        """Tell whether the person allowed plain http for a host."""
        return host in self._insecure or self._settings.registry(host).insecure_http

    def login_label(self, host: SourceName, repository: str = "") -> str:
        """Tell who one is at a host, or at a repository there, and where that login comes from.

        The keyring and the helpers are asked when the registry wants a login. What lies on this machine takes
        none.

        Args:
            host: The registry, or a path.
            repository: A repository of the registry; none where it is left out.

        Returns:
            A few words; "" for nobody, and while it is unknown.
        """
        login = self._logins.peek(host, repository) if not isinstance(host, LocalPath) else None
        return login.label if login is not None else ""

    def local(self, path: LocalPath) -> LocalSource:
        """Return the layout or the archive at a path, the same one at every call."""
        source = self._local.get(path)
        if source is None:
            from tui.client import open_local  # noqa: PLC0415  # see the class's docstring

            source = self._local[path] = open_local(path)
        return source

    def registry(self, host: SourceName) -> Source:
        """Return the registry of a host, or what lies at a path; the same one at every call."""
        if isinstance(host, LocalPath):
            return self.local(host)
        registry = self._registries.get(host)
        if registry is None:
            registry = self._registries[host] = self._connect(host, self._logins.provider(host))
        return registry

    async def check_login(self, host: RegistryHost, login: Login) -> bool:
        """Ask a registry whether it accepts a login, whatever other logins there are.

        Args:
            host: The registry.
            login: The login, which is not kept.

        Returns:
            Whether the registry looked at it; False where it lets in everybody, so that nobody can tell.

        Raises:
            UnauthorizedError: The registry, or its token service, refuses the login.
            RegistryError: The registry is out of reach, says no for another reason, or is none.
        """
        return await self._connect(host, _Given(self._logins, host, login)).verify_login()

    def _connect(self, host: RegistryHost, auth: Authenticator | AuthProvider) -> Registry:
        settings = self._settings.registry(host)
        return self._open_client().registry(
            host,
            auth,
            plain_http=self.speaks_plain_http(host),
            ca_file=self._ca_file or settings.ca_file,
            client_certificate=settings.client_certificate,
            client_key=settings.client_key,
            mirrors=[self._mirror(location) for location in settings.mirrors],
        )

    def _mirror(self, location: str) -> Mirror:
        """Put together what is known of a mirror, which is as good as a registry of its own."""
        from tui.client import Mirror  # noqa: PLC0415  # see the class's docstring

        host = MirrorLocation.parse(location).host
        settings = self._settings.registry(host)
        return Mirror(
            location,
            self._logins.provider(host),
            plain_http=self.speaks_plain_http(host),
            ca_file=self._ca_file or settings.ca_file,
            client_certificate=settings.client_certificate,
            client_key=settings.client_key,
        )

    def _open_client(self) -> Client:
        if self._client is None:
            from tui.client import Client, certs_folders  # noqa: PLC0415  # see the class's docstring

            self._client = Client(self._transport, certs_folders=certs_folders())
        return self._client

    async def aclose(self) -> None:
        """Close all connections, and let go of all files."""
        while self._local:
            await self._local.popitem()[1].aclose()
        if self._client is not None:
            await self._client.aclose()
            self._client = None
            self._registries.clear()
