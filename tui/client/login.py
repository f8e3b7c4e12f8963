"""The login of one registry: what its challenges asked for, and the tokens that answered them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui.client.auth import Authenticator, BasicAuth, IdentityToken, bearer
from tui.client.exchange import TokenQuery
from tui.client.sharing import Shared
from tui.client.tokens import Token, clean_scopes

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

    from tui.client.challenge import Challenge

__all__ = ["Login", "Proof"]

_SUPPORTED: Final = frozenset({"basic", "bearer"})


@dataclass(frozen=True, slots=True)
class Proof:
    """What is sent to the registry's own origin."""

    header: str = field(repr=False)
    """The value of ``Authorization``."""
    query: TokenQuery | None = None
    """The question whose answer the token is; None for what needs no exchange."""


@dataclass(slots=True)
class _Kept:
    token: Token
    until: float
    """The event loop's time at which it is renewed."""


class Login:
    """Answers a registry's challenges, and sends what they want before they come again.

    Args:
        auth: Who asks; None for nobody in particular.
        exchange: Makes the exchange of a login for a token.
    """

    def __init__(
        self,
        auth: Authenticator | None,
        exchange: Callable[[TokenQuery, Authenticator | None], Coroutine[Any, Any, Token]],
    ) -> None:
        self._auth = auth
        self._exchange = exchange
        self._challenge: Challenge | None = None
        self._scopes: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._tokens: dict[TokenQuery, _Kept] = {}
        self._exchanges: Shared[TokenQuery, Token] = Shared()

    async def proof(self, wanted: tuple[str, ...]) -> Proof | None:
        """Make what is sent with a first request: nothing before a challenge has come.

        Args:
            wanted: The scopes that the request needs.

        Raises:
            RegistryError: A token is needed, and the exchange failed.
        """
        if self._is_sent_as_it_is:
            return Proof(self._auth.authorization()) if self._auth else None
        if self._challenge is None:
            return None
        return await self._meet(self._challenge, self._scopes.get(wanted, wanted))

    async def answer(
        self,
        challenges: Iterable[Challenge],
        wanted: tuple[str, ...],
        rejected: Proof | None,
        *,
        renewed: bool,
        names_scope: bool = True,
    ) -> Proof | None:
        """Answer the challenge of a 401.

        Args:
            challenges: What the registry offers, in its order.
            wanted: The scopes that the request needs.
            rejected: What was sent with the request.
            renewed: Whether `rejected` was made for this very request, so that it cannot be too old.
            names_scope: Whether the challenge was for this request, so that the scope in it counts.

        Returns:
            What to send with one more attempt; None where nothing is left to try.

        Raises:
            RegistryError: The exchange failed.
        """
        challenge = self._choose(challenges)
        if challenge is None or (self._is_sent_as_it_is and rejected is not None):
            return None
        self._challenge = challenge
        scopes = self._scopes.get(wanted, wanted)
        named = clean_scopes([challenge.parameters.get("scope", "")])
        if names_scope and named:
            scopes = named
            if named != wanted:
                self._scopes[wanted] = named
        if rejected is not None and rejected.query is not None:
            kept = self._tokens.get(rejected.query)
            if kept is not None and bearer(kept.token.value) == rejected.header:
                del self._tokens[rejected.query]
            if renewed and rejected.query.scopes == scopes:
                return None
        proof = await self._meet(challenge, scopes)
        return (
            None if proof is not None and rejected is not None and proof.header == rejected.header else proof
        )

    @property
    def _is_sent_as_it_is(self) -> bool:
        return self._auth is not None and not isinstance(self._auth, BasicAuth | IdentityToken)

    def _choose(self, challenges: Iterable[Challenge]) -> Challenge | None:
        for challenge in challenges:
            if challenge.scheme == "basic" and isinstance(self._auth, BasicAuth):
                return challenge
            if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
                return challenge
        return None

    async def _meet(self, challenge: Challenge, scopes: tuple[str, ...]) -> Proof | None:
        if challenge.scheme == "basic":
            return Proof(self._auth.authorization()) if self._auth else None
        query = TokenQuery(challenge.parameters["realm"], challenge.parameters.get("service", ""), scopes)
        token = await self._token(query)
        return Proof(bearer(token.value), query)

    async def _token(self, query: TokenQuery) -> Token:
        kept = self._tokens.get(query)
        if kept is not None and asyncio.get_running_loop().time() < kept.until:
            return kept.token
        return await self._exchanges.get(query, lambda: self._renew(query))

    async def _renew(self, query: TokenQuery) -> Token:
        asked = asyncio.get_running_loop().time()
        token = await self._exchange(query, self._auth)
        self._tokens[query] = _Kept(token, asked + token.seconds)
        if token.refresh and isinstance(self._auth, IdentityToken):
            self._auth = IdentityToken(token.refresh, self._auth.username)
        return token
