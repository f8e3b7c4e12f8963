"""What the client asks for the login of a registry, or of a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.client.login.auth import Authenticator, IdentityToken
    from tui.client.names import RegistryHost
    from tui.credentials.store import LoginStore

__all__ = ["Provider"]


class Provider:
    """Tells the client who asks at one registry, or at a part of it.

    It is a `tui.client.RepositoryAuthProvider` and a `tui.client.IdentityKeeper`.

    Args:
        store: Knows the logins.
        host: The registry.
        part: The path of the part; "" for the registry.
    """

    def __init__(self, store: LoginStore, host: RegistryHost, part: str = "") -> None:
        self._store = store
        self._host = host
        self._part = part
        self._parts: dict[str, Provider] = {}

    def __repr__(self) -> str:
        return f"Provider({f'{self._host}/{self._part}'.removesuffix('/')!r})"

    def for_repository(self, repository: str) -> Provider | None:
        """Return who tells who asks for a repository; see `tui.client.RepositoryAuthProvider`."""
        part = self._store.part(self._host, repository)
        if not part:
            return None
        return self._parts.setdefault(part, Provider(self._store, self._host, part))

    async def provide(self, *, refused: bool = False) -> Authenticator | None:
        """Return who asks at present; see `tui.client.AuthProvider`."""
        if self._part:
            login = await self._store.find_part(self._host, self._part, again=refused)
        else:
            login = await (self._store.find_again if refused else self._store.find)(self._host)
        return login.auth if login is not None else None

    async def renewed(self, old: IdentityToken, new: IdentityToken) -> None:
        """Use another identity token from now on; see `tui.client.IdentityKeeper`."""
        self._store.renewed(self._host, old, new)
