"""Who one is at a registry, and where that comes from: all sources of logins behind one face.

First found, first used: what was entered for this run, the environment, the keyring, then the files of Docker
and Podman, each with the helpers that it names. The first two and the files are at hand; the keyring and the
helpers are asked when a registry wants a login, and for each registry once, however many requests wait for
it. What they said is kept until a login changes, in this program or in another one, or is refused.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from tui.client.sharing import Shared
from tui.credentials.environment import EnvironmentLogins
from tui.credentials.errors import KeyringUnavailableError, KeyringWaitingError
from tui.credentials.files import login_files
from tui.credentials.helpers import ask_helper
from tui.credentials.keyring_store import KEYRING, KeyringStore
from tui.credentials.logins import KnownHost, Login, canonical
from tui.credentials.lookup import Lookup, Sources
from tui.credentials.provider import Provider
from tui.credentials.renewals import Renewals
from tui.credentials.watched import WatchedFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tui.client.login.auth import IdentityToken
    from tui.client.names import RegistryHost
    from tui.credentials.errors import CredentialsError, KeyringError
    from tui.credentials.watched import Stamp

__all__ = ["LoginStore"]

PATIENCE_SECONDS: Final = 30.0
"""Seconds after which a lookup goes on without a keyring or a helper: time enough to answer a dialog."""

AGAIN_SECONDS: Final = 1.0
"""Seconds after a lookup in which a refusal starts none: what was refused has just been looked up."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a lookup found."""

    login: Login | None
    stamp: Stamp
    """What the files looked like before it."""
    problems: tuple[CredentialsError, ...] = ()
    at: float = field(default_factory=time.monotonic)
    """When it ended."""


class LoginStore:
    """Answers who one is at a registry, and keeps what a person enters.

    All methods belong to the event loop's thread; what may block is done elsewhere.

    Args:
        environment: The logins of the environment; none where they are left out.
        keyring: The keyring.
        files: The files of Docker and Podman; those of `login_files` where they are left out.
        ask: Asks a credential helper, given its name and a registry.
        patience: How many seconds to wait for the keyring, and for a helper.
    """

    def __init__(
        self,
        environment: EnvironmentLogins | None = None,
        *,
        keyring: KeyringStore | None = None,
        files: WatchedFiles | None = None,
        ask: Callable[[str, RegistryHost], Coroutine[Any, Any, Login | None]] = ask_helper,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._environment = environment or EnvironmentLogins()
        self._keyring = keyring or KeyringStore()
        self._files = files or WatchedFiles(login_files())
        self._sources = Sources(self._keyring, self._files, ask, patience, self._keyring_answered)
        self._run: dict[RegistryHost, Login] = {}
        self._known: dict[RegistryHost, _Known] = {}
        self._lookups: Shared[RegistryHost, Login | None] = Shared()
        self._under_way: dict[RegistryHost, Lookup] = {}
        self._renewals = Renewals(self._keyring, self._note_kept, self._note_unkept)
        self._changes = 0
        """How often this program has changed what the keyring keeps."""
        self._listeners: list[Callable[[RegistryHost], None]] = []

    # What is at hand.

    @property
    def hosts(self) -> tuple[KnownHost, ...]:
        """The registries that environment and files mention, each once, by the first that does."""
        hosts: dict[RegistryHost, KnownHost] = {}
        in_files = (known for file in self._files.logins() for known in file.hosts)
        for known in (*self._environment.hosts, *in_files):
            hosts.setdefault(known.host, known)
        return tuple(hosts.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with environment and files: a sentence each, without full stop and secrets."""
        of_files = (warning for file in self._files.logins() for warning in file.warnings)
        return (*self._environment.warnings, *of_files)

    def peek(self, host: RegistryHost, repository: str = "") -> Login | None:
        """Return the login for a registry as far as it is known without asking anybody.

        The keyring's and the helpers' are known once the registry has wanted a login; `is_known` tells.

        Args:
            host: The registry.
            repository: A repository of it, at which one may be somebody else; none where it is left out.
        """
        host = canonical(host)
        if (login := self._entered(host)) is not None:
            return login
        known = self._known.get(host)
        if known is not None and (self._is_kept(known.login) or not self.part(host, repository)):
            return self._renewals.applied(host, known.login)
        return self._in_files(host, repository)

    def is_known(self, host: RegistryHost) -> bool:
        """Tell whether all sources have been asked for a registry, so that what `peek` returns is final."""
        host = canonical(host)
        return self._entered(host) is not None or host in self._known

    def problems(self, host: RegistryHost) -> tuple[CredentialsError, ...]:
        """Return what went wrong when the keyring and the helpers were last asked for a registry.

        That there is no keyring is among them, and worth a word only where the registry then says no.
        """
        known = self._known.get(canonical(host))
        return known.problems if known is not None else ()

    def waits_for(self, host: RegistryHost) -> str:
        """Tell what a lookup has been waiting for long enough to say so: `the keyring`; "" for nothing."""
        lookup = self._under_way.get(canonical(host))
        return lookup.waits_for if lookup is not None else ""

    def subscribe(self, listener: Callable[[RegistryHost], None]) -> Callable[[], None]:
        """Have somebody told of each registry whose login has become known, has changed, or is waited for.

        Args:
            listener: Called on the event loop's thread.

        Returns:
            What ends it.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # What may have to be asked for.

    async def find(self, host: RegistryHost) -> Login | None:
        """Return the login for a registry, from the first source that has one.

        It waits for the keyring and the helpers, up to its patience or until `go_on_without`. What goes wrong
        with them is told by `problems`, and the sources after them are used.

        Args:
            host: The registry.
        """
        host = canonical(host)
        if (login := self._entered(host)) is not None:
            return login
        known = self._known.get(host)
        if known is not None and known.stamp == self._files.stamp():
            return self._renewals.applied(host, known.login)
        return await self._lookups.get(host, lambda: self._look_up(host))

    async def find_again(self, host: RegistryHost) -> Login | None:
        """Return the login for a registry after the one that was found has been refused.

        Args:
            host: The registry.
        """
        host = canonical(host)
        known = self._known.get(host)
        if known is not None and time.monotonic() - known.at >= AGAIN_SECONDS:
            del self._known[host]
        return await self.find(host)

    def part(self, host: RegistryHost, repository: str) -> str:
        """Return the part of a registry at which one is somebody else than at the registry.

        Podman's files may name one; the first file with a login for the repository counts.

        Args:
            host: The registry.
            repository: A repository, or such a part.

        Returns:
            The path under which it lies; "" where one is who one is at the registry.
        """
        parts = (file.part(host, repository) for file in self._files.logins())
        return next((part for part in parts if part is not None), "")

    async def find_part(self, host: RegistryHost, part: str, *, again: bool = False) -> Login | None:
        """Return the login for a part of a registry.

        What was entered, and what environment and keyring have for the registry, counts more than any file.

        Args:
            host: The registry.
            part: What `part` returned.
            again: Whether the login that was found has been refused.
        """
        host = canonical(host)
        login = await (self.find_again(host) if again else self.find(host))
        if self._entered(host) is not None or self._is_kept(login):
            return login
        return self._in_files(host, part) or login

    def go_on_without(self, host: RegistryHost) -> None:
        """Let the lookup for a registry go on without what it waits for."""
        if (lookup := self._under_way.get(canonical(host))) is not None:
            lookup.enough.set()

    def provider(self, host: RegistryHost) -> Provider:
        """Return what `Client.registry` asks for the login of a registry, whenever it wants to know."""
        return Provider(self, canonical(host))

    # What a person enters.

    async def keyring_name(self) -> str:
        """Tell which keyring `keep` would use, as people call it.

        Raises:
            KeyringUnavailableError: There is none that keeps secrets safe.
            KeyringError: It cannot be told for another reason.
        """
        return await self._keyring.name()

    def keep_for_run(self, host: RegistryHost, login: Login) -> None:
        """Use a login at a registry until the program ends; it is kept in memory alone."""
        host = canonical(host)
        self._renewals.drop(host)
        self._run[host] = login
        self._tell(host)

    async def keep(self, host: RegistryHost, login: Login) -> str:
        """Keep a login for a registry in the keyring, and use it from now on.

        It waits for a dialog of the keyring without an end. Who cancels it has kept nothing.

        Args:
            host: The registry.
            login: The login.

        Returns:
            The name of the keyring.

        Raises:
            KeyringError: The keyring does not take it.
        """
        host = canonical(host)
        login = self._renewals.applied(host, login)
        self._renewals.drop(host)
        name = await self._keyring.set(host, login)
        kept = Login(login.auth, login.username, KEYRING)
        self._run.pop(host, None)
        if self._environment.find(host) is not None:
            self._run[host] = kept  # what has just been entered counts more than what was there before
        self._changes += 1
        self._known[host] = _Known(kept, self._files.touch())
        self._tell(host)
        return name

    async def forget(self, host: RegistryHost) -> bool:
        """Remove a login that this program keeps for a registry: from this run, and from the keyring.

        It waits for a dialog of the keyring without an end. Other sources may still have a login.

        Args:
            host: The registry.

        Returns:
            Whether there was one.

        Raises:
            KeyringError: The keyring does not remove it.
        """
        host = canonical(host)
        self._renewals.drop(host)
        entered = self._run.pop(host, None) is not None
        if entered:
            self._tell(host)
        try:
            kept = await self._keyring.delete(host)
        except KeyringUnavailableError:
            kept = False  # where there is no keyring, it keeps nothing
        if kept:
            self._files.touch()
        self._changes += 1
        self._known.pop(host, None)
        self._tell(host)
        return entered or kept

    def renewed(self, host: RegistryHost, old: IdentityToken, new: IdentityToken) -> None:
        """Use another identity token in the place of one that the token service has replaced.

        One from the keyring is replaced there, in the background; `problems` tells what goes wrong with that.

        Args:
            host: The registry.
            old: The token that was used.
            new: The token that counts from now on.
        """
        host = canonical(host)
        self._renewals.note(host, old, new)
        login = self.peek(host)
        if login is not None and login.auth == new and login.source == KEYRING:
            self._renewals.write(host, login)

    async def aclose(self) -> None:
        """Wait for nothing any more, but a moment for the keyring to take what it should keep."""
        await self._renewals.aclose()
        await self._sources.aclose()

    # How it is found.

    def _in_files(self, host: RegistryHost, repository: str) -> Login | None:
        found = (file.find(host, repository) for file in self._files.logins())
        return self._renewals.applied(host, next((login for login in found if login is not None), None))

    def _is_kept(self, login: Login | None) -> bool:
        return login is not None and login.source == KEYRING

    def _entered(self, host: RegistryHost) -> Login | None:
        return self._renewals.applied(host, self._run.get(host) or self._environment.find(host))

    async def _look_up(self, host: RegistryHost) -> Login | None:
        lookup = self._under_way[host] = Lookup(host, lambda: self._tell(host))
        try:
            while True:
                stamp, changes = self._files.stamp(fresh=True), self._changes
                login = await self._sources.find(lookup)
                if changes == self._changes:
                    break
                lookup.problems.clear()
        finally:
            del self._under_way[host]
        self._known[host] = _Known(login, stamp, tuple(lookup.problems))
        self._tell(host)
        return self._entered(host) or self._renewals.applied(host, login)

    def _note_kept(self, host: RegistryHost, login: Login) -> None:
        self._changes += 1
        self._known[host] = _Known(login, self._files.touch())

    def _note_unkept(self, host: RegistryHost, error: KeyringError) -> None:
        if (known := self._known.get(host)) is not None:
            self._known[host] = replace(known, problems=(*known.problems, error))
            self._tell(host)

    def _keyring_answered(self) -> None:
        """Have those registries looked up again that had to go on without the keyring."""
        for host, known in tuple(self._known.items()):
            if any(isinstance(problem, KeyringWaitingError) for problem in known.problems):
                del self._known[host]
                self._tell(host)

    def _tell(self, host: RegistryHost) -> None:
        for listener in tuple(self._listeners):
            listener(host)
