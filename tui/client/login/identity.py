"""Who asks a registry, with the tokens that this one has got from it."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.client.errors import DeniedError, UnauthorizedError
from tui.client.login.auth import BasicAuth, IdentityToken
from tui.client.sharing import Shared

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from tui.client.login.auth import Authenticator
    from tui.client.login.exchange import TokenQuery
    from tui.client.login.tokens import Token

    Renewed = Callable[[IdentityToken, IdentityToken], Awaitable[None]]
    Exchange = Callable[[TokenQuery, Authenticator | None], Coroutine[Any, Any, Token]]

__all__ = ["Identity"]

MAX_TOKENS: Final = 1000
"""Tokens that are kept, one for each repository that was asked: the oldest goes first."""


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
        renewed: Told of an identity token and of what the token service has put in its place.
    """

    def __init__(
        self, auth: Authenticator | None, exchange: Exchange, renewed: Renewed | None = None
    ) -> None:
        self.auth = auth
        self._current = auth
        self._exchange = exchange
        self._renewed = renewed
        self._turns: asyncio.Lock | None = None
        """For a service that replaces identity tokens: they may be good for one exchange only."""
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

    def is_of(self, auth: Authenticator | None) -> bool:
        """Tell whether the tokens are those of a login, or of an identity token that has replaced it."""
        return auth in (self.auth, self._current)

    async def _renew(self, query: TokenQuery) -> Token:
        async with self._turns or nullcontext():
            asked = asyncio.get_running_loop().time()
            token = await self._exchanged(query)
        self._tokens.pop(query, None)
        while len(self._tokens) >= MAX_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[query] = _Kept(token, asked + token.seconds)
        return token

    async def _exchanged(self, query: TokenQuery) -> Token:
        current = self._current
        try:
            token = await self._exchange(query, current)
        except (UnauthorizedError, DeniedError):
            if self._current is current:
                raise
            # Another exchange, begun before it was known that tokens are replaced, has used this one up.
            return await self._exchanged(query)
        if token.refresh and isinstance(current, IdentityToken) and token.refresh != current.token:
            self._turns = self._turns or asyncio.Lock()
            self._current = IdentityToken(token.refresh, current.username)
            if self._renewed is not None:
                await self._renewed(current, self._current)
        return token
