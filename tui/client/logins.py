"""The logins of one registry: that of the registry itself, and those of repositories that have their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.auth import RepositoryAuthProvider
from tui.client.login import Login
from tui.client.tokens import repository_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

    from tui.client.auth import Authenticator, AuthProvider
    from tui.client.challenge import Challenge
    from tui.client.exchange import TokenQuery
    from tui.client.login import Proof
    from tui.client.tokens import Token

__all__ = ["Logins"]


class Logins:
    """Chooses the login by the right that a request needs first.

    Args:
        auth: Who asks, or who can tell; None for nobody in particular.
        exchange: Makes the exchange of a login for a token.
    """

    def __init__(
        self,
        auth: Authenticator | AuthProvider | None,
        exchange: Callable[[TokenQuery, Authenticator | None], Coroutine[Any, Any, Token]],
    ) -> None:
        self._whole = Login(auth, exchange)
        self._provider = auth if isinstance(auth, RepositoryAuthProvider) else None
        self._exchange = exchange
        self._own: dict[AuthProvider, Login] = {}

    async def proof(self, wanted: tuple[str, ...], clock: asyncio.Timeout | None = None) -> Proof | None:
        """Make what is sent with a first request; see `Login.proof`."""
        return await self._choose(wanted).proof(wanted, clock)

    async def answer(
        self,
        challenges: Iterable[Challenge],
        wanted: tuple[str, ...],
        rejected: Proof | None,
        *,
        renewed: bool,
        names_scope: bool = True,
        clock: asyncio.Timeout | None = None,
    ) -> Proof | None:
        """Answer the challenge of a 401; see `Login.answer`."""
        return await self._choose(wanted).answer(
            challenges, wanted, rejected, renewed=renewed, names_scope=names_scope, clock=clock
        )

    def _choose(self, wanted: tuple[str, ...]) -> Login:
        repository = repository_of(wanted)
        if self._provider is None or not repository:
            return self._whole
        provider = self._provider.for_repository(repository)
        if provider is None:
            return self._whole
        if provider not in self._own:
            self._own[provider] = Login(provider, self._exchange)
        return self._own[provider]
