"""Logins in the keyring of the operating system.

An entry's service is `ocitui`, its user the registry's host, its secret a JSON object of user name, secret
and kind. A keyring may wait for a person without limit: every call runs on a daemon thread, one after the
other, and whoever waits for it can be cancelled at any time.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from tui.client.login.auth import BasicAuth, IdentityToken, TokenAuth
from tui.credentials.aside import run_aside
from tui.credentials.backends import backend_name, choose_backend
from tui.credentials.errors import (
    CredentialsError,
    InvalidLoginError,
    KeyringEntryError,
    KeyringError,
    KeyringFailedError,
    KeyringLockedError,
    KeyringNotSetUpError,
    KeyringUnavailableError,
)
from tui.credentials.logins import Kind, Login, canonical, make_login
from tui.credentials.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyring.backend import KeyringBackend

    from tui.client.names import RegistryHost

__all__ = ["KEYRING", "KeyringStore"]

SERVICE: Final = "ocitui"
"""The service under which entries are kept."""

KEYRING: Final = "keyring"
"""The source of a login from the keyring."""

MAX_ENTRY: Final = 1024 * 1024
"""Characters of an entry: tokens that name groups and rights grow to hundreds of KiB."""

_ResultT = TypeVar("_ResultT")


@dataclass(eq=False, slots=True)
class _Call:
    """A call that somebody waits for, or no longer does."""

    abandoned: threading.Event = field(default_factory=threading.Event)


class KeyringStore:
    """Keeps logins in the keyring.

    Args:
        choose: Finds the keyring; it is called off the loop, when the keyring is first used.
    """

    def __init__(self, choose: Callable[[], KeyringBackend] = choose_backend) -> None:
        self._choose = choose
        self._turn = threading.Lock()
        self._backend: KeyringBackend | None = None

    async def name(self) -> str:
        """Tell which keyring is used, as people call it.

        Raises:
            KeyringUnavailableError: There is none that keeps secrets safe.
        """
        return await self._aside(lambda backend, _: backend_name(backend))

    async def get(self, host: RegistryHost) -> Login | None:
        """Return the login that is kept for a registry, None where none is.

        Raises:
            KeyringError: The keyring does not give it.
        """
        user = canonical(host)
        entry = await self._aside(lambda backend, _: _read(backend, user))
        return None if entry is None else _login(user, entry)

    async def set(self, host: RegistryHost, login: Login) -> str:
        """Keep a login for a registry, in the place of one that is there.

        Who stops waiting before the keyring was unlocked has not changed it.

        Returns:
            The name of the keyring that keeps it.

        Raises:
            KeyringError: The keyring does not take it.
        """
        user, entry = canonical(host), _entry(login)

        def write(backend: KeyringBackend, call: _Call) -> str:
            backend.get_password(SERVICE, user)  # a locked keyring asks now
            if not call.abandoned.is_set():
                backend.set_password(SERVICE, user, entry.reveal())
            return backend_name(backend)

        return await self._aside(write)

    async def delete(self, host: RegistryHost) -> bool:
        """Remove the login that is kept for a registry.

        Who stops waiting before the keyring was unlocked has not changed it.

        Returns:
            Whether there was one.

        Raises:
            KeyringError: The keyring does not remove it.
        """
        user = canonical(host)

        def remove(backend: KeyringBackend, call: _Call) -> bool:
            there = backend.get_password(SERVICE, user) is not None
            if there and not call.abandoned.is_set():
                backend.delete_password(SERVICE, user)
            return there

        return await self._aside(remove)

    async def _aside(self, function: Callable[[KeyringBackend, _Call], _ResultT]) -> _ResultT:
        call = _Call()

        def run() -> _ResultT:
            with self._turn:
                if call.abandoned.is_set():
                    raise KeyringUnavailableError("nobody waits for the keyring any more")
                if self._backend is None:
                    self._backend = self._choose()
                return function(self._backend, call)

        try:
            return await run_aside(run, name="keyring")
        except CredentialsError:
            raise
        except Exception as error:  # noqa: BLE001 - backends are other people's, and raise whatever they like
            failure = self._translated(error)
        finally:
            call.abandoned.set()
        # Raised here, so that the backend's error, which may hold anything, does not hang on it.
        raise failure

    def _translated(self, error: Exception) -> KeyringError:
        """Say in this program's terms what a backend raised, without its words, which may hold anything."""
        from keyring import errors  # noqa: PLC0415 - the keyring has been imported by now

        name = backend_name(self._backend) if self._backend is not None else "not yet chosen"
        if isinstance(error, errors.KeyringLocked):
            return KeyringLockedError(name)
        if isinstance(error, errors.InitError):
            return KeyringNotSetUpError(name)
        if isinstance(error, errors.NoKeyringError):
            return KeyringUnavailableError("there is no keyring on this machine that keeps secrets safe")
        return KeyringFailedError(name, type(error).__name__)


def _read(backend: KeyringBackend, user: str) -> Secret | None:
    entry = backend.get_password(SERVICE, user)
    return None if entry is None else Secret(entry)


def _entry(login: Login) -> Secret:
    """Write a login as the keyring keeps it."""
    auth = login.auth
    if isinstance(auth, TokenAuth):
        kind, secret = Kind.TOKEN, auth.token
    elif isinstance(auth, IdentityToken):
        kind, secret = Kind.IDENTITY_TOKEN, auth.token
    elif isinstance(auth, BasicAuth):
        kind, secret = Kind.PASSWORD, auth.password
    else:
        raise TypeError(f"a {type(auth).__name__} cannot be kept")
    return Secret(json.dumps({"username": login.username, "secret": secret, "kind": kind}))


def _login(host: RegistryHost, entry: Secret) -> Login:
    """Read what the keyring keeps.

    Raises:
        KeyringEntryError: It is not what `_entry` writes.
    """
    login = _parsed(entry)
    if login is None:
        # Raised here, so that no error that repeats the entry hangs on it.
        raise KeyringEntryError(host)
    return login


def _parsed(entry: Secret) -> Login | None:
    if len(entry.reveal()) > MAX_ENTRY:
        return None
    try:
        fields = json.loads(entry.reveal())
        username, secret = fields["username"], Secret(fields.pop("secret"))
        if not isinstance(username, str) or not isinstance(secret.reveal(), str):
            return None
        return make_login(username, secret, Kind(fields["kind"]), source=KEYRING)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, InvalidLoginError):
        return None
