"""Who asks a registry, with the tokens that this one has got from it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.client.auth import BasicAuth, IdentityToken
from tui.client.sharing import Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tui.client.auth import Authenticator
    from tui.client.exchange import TokenQuery
    from tui.client.tokens import Token

    Exchange = Callable[[TokenQuery, Authenticator | None], Coroutine[Any, Any, Token]]

__all__ = ["Identity"]


@dataclass(slots=True)
class _Kept:
    token: Token
    until: float
    """The event loop's time at which it is renewed."""


class Identity:
    """One person's, or nobody's, tokens of one registry; equal questions are asked once.

    Args:
        auth: Who asks; None for nobody in particular.
        exchange: Makes the exchange of a login for a token.
    """

    def __init__(self, auth: Authenticator | None, exchange: Exchange) -> None:
        self.auth = auth
        self._current = auth
        self._exchange = exchange
        self._tokens: dict[TokenQuery, _Kept] = {}
        self._exchanges: Shared[TokenQuery, Token] = Shared()

    @property
    def is_sent_as_it_is(self) -> bool:
        """Whether the registry takes the login itself with every request, and no exchange is made."""
        return self.auth is not None and not isinstance(self.auth, BasicAuth | IdentityToken)

    async def token(self, query: TokenQuery) -> Token:
        """Return the token that answers a question, asked for anew where it is about to end.

        Raises:
            RegistryError: The exchange failed.
        """
        kept = self._tokens.get(query)
        if kept is not None and asyncio.get_running_loop().time() < kept.until:
            return kept.token
        return await self._exchanges.get(query, lambda: self._renew(query))

    def drop(self, query: TokenQuery, value: str) -> None:
        """Forget a token that was refused, unless another one has taken its place."""
        kept = self._tokens.get(query)
        if kept is not None and kept.token.value == value:
            del self._tokens[query]

    async def _renew(self, query: TokenQuery) -> Token:
        asked = asyncio.get_running_loop().time()
        token = await self._exchange(query, self._current)
        self._tokens[query] = _Kept(token, asked + token.seconds)
        if token.refresh and isinstance(self._current, IdentityToken):
            self._current = IdentityToken(token.refresh, self._current.username)
        return token
