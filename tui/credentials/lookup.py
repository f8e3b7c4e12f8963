"""One lookup of a login in the sources that have to be asked: the keyring, then files and their helpers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.credentials.errors import HelperError, HelperTimeoutError, KeyringError, KeyringWaitingError
from tui.credentials.helpers import helper_program
from tui.credentials.patience import GoneOnError, wait_patiently

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tui.client.names import RegistryHost
    from tui.credentials.errors import CredentialsError
    from tui.credentials.keyring_store import KeyringStore
    from tui.credentials.logins import Login
    from tui.credentials.watched import WatchedFiles

__all__ = ["Lookup", "Sources"]


@dataclass(slots=True)
class Lookup:
    """A lookup under way."""

    host: RegistryHost
    """The registry."""
    notice: Callable[[], None]
    """Called when it waits for something long enough to say so."""
    waits_for: str = ""
    """What that is: `the keyring`, or a helper's program; "" for nothing."""
    problems: list[CredentialsError] = field(default_factory=list)
    """What went wrong so far."""
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody wants to go on without what it waits for."""

    def waits(self, what: str) -> None:
        """Say what it waits for."""
        self.waits_for = what
        self.notice()


class Sources:
    """What has to be asked for logins, in the order in which it is asked.

    Args:
        keyring: The keyring.
        files: The files of Docker and Podman.
        ask: Asks a credential helper, given its name and a registry.
        patience: How many seconds to wait for the keyring, and for a helper.
        answered: Called when a keyring has answered that had been given up.
    """

    def __init__(
        self,
        keyring: KeyringStore,
        files: WatchedFiles,
        ask: Callable[[str, RegistryHost], Coroutine[Any, Any, Login | None]],
        patience: float,
        answered: Callable[[], None],
    ) -> None:
        self._keyring = keyring
        self._files = files
        self._ask = ask
        self._patience = patience
        self._answered = answered
        self._given_up: set[asyncio.Task[Login | None]] = set()

    async def find(self, lookup: Lookup) -> Login | None:
        """Return the first login that there is; what goes wrong is added to the problems of the lookup."""
        login = await self._from_keyring(lookup)
        for file in self._files.logins():
            if login is None and (helper := file.helper(lookup.host)):
                login = await self._from_helper(helper, lookup)
            if login is None:
                login = file.find(lookup.host)
        return login

    async def aclose(self) -> None:
        """Wait for nothing any more."""
        given_up, self._given_up = self._given_up, set()
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)

    async def _from_keyring(self, lookup: Lookup) -> Login | None:
        if self._given_up:  # it has still not answered what it was asked before
            lookup.problems.append(KeyringWaitingError())
            return None
        try:
            return await wait_patiently(
                self._keyring.get(lookup.host),
                seconds=self._patience,
                enough=lookup.enough,
                notice=lambda: lookup.waits("the keyring"),
                left=self._give_up,
            )
        except GoneOnError:
            lookup.problems.append(KeyringWaitingError())
        except KeyringError as error:
            lookup.problems.append(error)
        finally:
            lookup.waits_for = ""
        return None

    async def _from_helper(self, helper: str, lookup: Lookup) -> Login | None:
        program = helper_program(helper)
        try:
            return await wait_patiently(
                self._ask(helper, lookup.host),
                seconds=self._patience,
                enough=lookup.enough,
                notice=lambda: lookup.waits(program),
                left=asyncio.Task.cancel,
            )
        except GoneOnError:
            lookup.problems.append(HelperTimeoutError(program))
        except HelperError as error:
            lookup.problems.append(error)
        finally:
            lookup.waits_for = ""
        return None

    def _give_up(self, task: asyncio.Task[Login | None]) -> None:
        """Leave the keyring to its dialog: when that has been answered, it is worth asking again."""
        self._given_up.add(task)
        task.add_done_callback(self._late)

    def _late(self, task: asyncio.Task[Login | None]) -> None:
        if task.cancelled() or task not in self._given_up:
            return
        self._given_up.discard(task)
        task.exception()  # what went wrong is told to those who ask from now on
        self._answered()
