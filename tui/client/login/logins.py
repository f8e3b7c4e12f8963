"""The logins of one registry: that of the registry itself, and those of repositories that have their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.login.auth import RepositoryAuthProvider
from tui.client.login.login import Login
from tui.client.login.tokens import repository_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tui.client.login.auth import Authenticator, AuthProvider
    from tui.client.login.exchange import TokenQuery
    from tui.client.login.tokens import Token

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

    def of(self, wanted: tuple[str, ...]) -> Login:
        """Return the login that counts for a request.

        Args:
            wanted: The scopes that it needs.
        """
        repository = repository_of(wanted)
        if self._provider is None or not repository:
            return self._whole
        provider = self._provider.for_repository(repository)
        if provider is None:
            return self._whole
        if provider not in self._own:
            self._own[provider] = Login(provider, self._exchange)
        return self._own[provider]
