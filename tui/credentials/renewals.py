"""Identity tokens that a token service has replaced: what counts from then on, and where it is kept.

A token from the keyring is replaced there. Files of Docker and Podman, their helpers and the environment are
only read: for a token of theirs the new one counts until the program ends.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final, overload

from tui.client.login.auth import IdentityToken
from tui.credentials.errors import KeyringError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.client.names import RegistryHost
    from tui.credentials.keyring_store import KeyringStore
    from tui.credentials.logins import Login

__all__ = ["Renewals"]

LAST_SECONDS: Final = 2.0
"""Seconds that the end of the program waits for the keyring: it takes 0.02 s where no dialog is open."""

MAX_REPLACED: Final = 1000
"""Replaced tokens that are remembered: where each exchange replaces one, those of a long day."""


class Renewals:
    """Knows what has replaced which token, and writes it where it belongs.

    Args:
        keyring: The keyring.
        kept: Told of a login that the keyring has taken.
        failed: Told of a registry for which it has not, and why.
    """

    def __init__(
        self,
        keyring: KeyringStore,
        kept: Callable[[RegistryHost, Login], None],
        failed: Callable[[RegistryHost, KeyringError], None],
    ) -> None:
        self._keyring = keyring
        self._kept = kept
        self._failed = failed
        self._current: dict[tuple[RegistryHost, IdentityToken], IdentityToken] = {}
        self._writing: dict[RegistryHost, asyncio.Task[None]] = {}

    @overload
    def applied(self, host: RegistryHost, login: Login) -> Login: ...
    @overload
    def applied(self, host: RegistryHost, login: None) -> None: ...
    def applied(self, host: RegistryHost, login: Login | None) -> Login | None:
        """Put the token that counts at present into the place of one that has been replaced."""
        if login is None or not isinstance(login.auth, IdentityToken):
            return login
        current = self._current.get((host, login.auth))
        return login if current is None else replace(login, auth=current)

    def note(self, host: RegistryHost, old: IdentityToken, new: IdentityToken) -> None:
        """Note that a token has been replaced."""
        for key, current in self._current.items():
            if key[0] == host and current == old:
                self._current[key] = new
        self._current[host, old] = new
        while len(self._current) > MAX_REPLACED:
            del self._current[next(iter(self._current))]

    def write(self, host: RegistryHost, login: Login) -> None:
        """Keep a login in the keyring, in the background, instead of one that is still to be kept."""
        self.drop(host)
        task = self._writing[host] = asyncio.create_task(self._write(host, login))
        task.add_done_callback(lambda done: self._forget(host, done))

    def drop(self, host: RegistryHost) -> None:
        """Keep nothing that is still to be kept for a registry: a person has decided something else."""
        if (task := self._writing.pop(host, None)) is not None:
            task.cancel()

    async def aclose(self) -> None:
        """Wait a moment for what is still to be kept."""
        writing = list(self._writing.values())
        if writing:
            await asyncio.wait(writing, timeout=LAST_SECONDS)
        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)

    async def _write(self, host: RegistryHost, login: Login) -> None:
        try:
            await self._keyring.set(host, login)
        except KeyringError as error:
            self._failed(host, error)
        else:
            self._kept(host, login)

    def _forget(self, host: RegistryHost, done: asyncio.Task[None]) -> None:
        if self._writing.get(host) is done:
            del self._writing[host]
