"""The login of one registry: what its challenges asked for, and what answers them.

Who asks may be known from the start, or be told by a provider once a challenge has come. A provider is asked
again before each request, and once more when the registry refuses what it gave: a login that has changed
meanwhile is taken up in the middle of whatever is under way.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui.client.errors import DeniedError, ErrorResponse, UnauthorizedError
from tui.client.login.auth import Authenticator, AuthProvider, BasicAuth, IdentityKeeper, bearer
from tui.client.login.exchange import TokenQuery
from tui.client.login.identity import Identity
from tui.client.login.tokens import clean_scopes

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterable
    from typing import Any

    from tui.client.login.challenge import Challenge
    from tui.client.login.tokens import Token

__all__ = ["Login", "Proof"]

_SCOPE_REFUSALS: Final = frozenset({400, 401, 403})
"""What token services answer to scopes that they do not give, or not together."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is sent to the registry's own origin."""

    header: str = field(repr=False)
    """The value of ``Authorization``."""
    query: TokenQuery | None = None
    """The question whose answer the token is; None for what needs no exchange."""
    identity: Identity | None = field(default=None, repr=False, compare=False)
    """Who it was made for."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A 401, and what had been sent to get it."""

    challenges: tuple[Challenge, ...]
    wanted: tuple[str, ...]
    names_scope: bool
    rejected: Proof | None
    renewed: bool


class Login:
    """Answers a registry's challenges, and sends what they want before they come again.

    Args:
        auth: Who asks, or who can tell; None for nobody in particular.
        exchange: Makes the exchange of a login for a token.
    """

    def __init__(
        self,
        auth: Authenticator | AuthProvider | None,
        exchange: Callable[[TokenQuery, Authenticator | None], Coroutine[Any, Any, Token]],
    ) -> None:
        self._provider = auth if isinstance(auth, AuthProvider) else None
        self._exchange = exchange
        self._renewed = auth.renewed if isinstance(auth, IdentityKeeper) else None
        self._identity = Identity(None if isinstance(auth, AuthProvider) else auth, exchange)
        self._challenge: Challenge | None = None
        self._scopes: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._one_scope = False
        """Whether the token service refuses questions with several scopes."""

    async def proof(self, wanted: tuple[str, ...], clock: asyncio.Timeout | None = None) -> Proof | None:
        """Make what is sent with a first request: of a provider, nothing before a challenge has come.

        Args:
            wanted: The scopes that the request needs.
            clock: The time limit of the request; it stands still while the provider is asked.

        Raises:
            RegistryError: A token is needed, and the exchange failed.
        """
        if self._challenge is not None:
            await self._ask(clock)
        if self._identity.is_sent_as_it_is:
            return self._as_it_is()
        if self._challenge is None:
            return None
        return await self._meet(self._challenge, self._scopes.get(wanted, wanted), clock)

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
        """Answer the challenge of a 401.

        Args:
            challenges: What the registry offers, in its order.
            wanted: The scopes that the request needs.
            rejected: What was sent with the request.
            renewed: Whether `rejected` was made for this very request, so that it cannot be too old.
            names_scope: Whether the challenge was for this request, so that the scope in it counts.
            clock: The time limit of the request; it stands still while the provider is asked.

        Returns:
            What to send with one more attempt; None where nothing is left to try.

        Raises:
            RegistryError: The exchange failed.
        """
        refusal = _Refusal(tuple(challenges), wanted, names_scope, rejected, renewed)
        first_sight = _Refusal(refusal.challenges, wanted, names_scope, None, renewed=False)
        await self._ask(clock)
        if rejected is not None and rejected.identity is not self._identity:
            refusal = first_sight
        asking = self._identity
        proof = await self._answer(refusal, clock)
        if proof is None:
            if self._identity is asking:
                await self._ask(clock, refused=True)
            if self._identity is not asking:
                proof = await self._answer(first_sight, clock)
        return proof

    async def _answer(self, refusal: _Refusal, clock: asyncio.Timeout | None) -> Proof | None:
        rejected, wanted = refusal.rejected, refusal.wanted
        challenge = self._choose(refusal.challenges)
        if self._identity.is_sent_as_it_is:
            self._challenge = challenge or next(iter(refusal.challenges), None)
            return self._as_it_is() if rejected is None else None
        if challenge is None:
            return None
        self._challenge = challenge
        scopes = self._scopes.get(wanted, wanted)
        if refusal.names_scope:
            # What the registry names comes first: some token services look at the first scope alone.
            scopes = clean_scopes([challenge.parameters.get("scope", ""), *wanted])
            if scopes != wanted:
                self._scopes[wanted] = scopes
        if rejected is not None and rejected.query is not None:
            self._identity.drop(rejected.query, rejected.header.removeprefix("Bearer "))
            if refusal.renewed and rejected.query.scopes == self._askable(scopes):
                return None
        proof = await self._meet(challenge, scopes, clock)
        return (
            None if proof is not None and rejected is not None and proof.header == rejected.header else proof
        )

    async def _ask(self, clock: asyncio.Timeout | None, *, refused: bool = False) -> None:
        """Ask the provider who asks at present."""
        if self._provider is None:
            return
        with _standing_still(clock):
            auth = await self._provider.provide(refused=refused)
        if not self._identity.is_of(auth):
            self._identity = Identity(auth, self._exchange, self._renewed)
            if self._challenge is not None and self._choose([self._challenge]) is None:
                self._challenge = None

    def _choose(self, challenges: Iterable[Challenge]) -> Challenge | None:
        for challenge in challenges:
            if challenge.scheme == "basic" and isinstance(self._identity.auth, BasicAuth):
                return challenge
            if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
                return challenge
        return None

    def _as_it_is(self) -> Proof | None:
        auth = self._identity.auth
        return Proof(auth.authorization(), identity=self._identity) if auth is not None else None

    async def _meet(
        self, challenge: Challenge, scopes: tuple[str, ...], clock: asyncio.Timeout | None
    ) -> Proof | None:
        """Answer a challenge; a login that the token service refuses may be another one by now."""
        asking = self._identity
        try:
            return await self._meet_as(asking, challenge, scopes)
        except (UnauthorizedError, DeniedError):
            if self._identity is asking:
                await self._ask(clock, refused=True)
            if self._identity is asking:
                raise
        return await self._meet_as(self._identity, challenge, scopes)

    async def _meet_as(
        self, identity: Identity, challenge: Challenge, scopes: tuple[str, ...]
    ) -> Proof | None:
        if challenge.scheme == "basic" or identity.is_sent_as_it_is:
            return self._as_it_is()
        try:
            return await self._exchanged(identity, challenge, self._askable(scopes))
        except ErrorResponse as error:
            if self._one_scope or len(scopes) < 2 or error.status not in _SCOPE_REFUSALS:  # noqa: PLR2004 - several
                raise
        proof = await self._exchanged(identity, challenge, scopes[:1])
        self._one_scope = True
        return proof

    async def _exchanged(self, identity: Identity, challenge: Challenge, scopes: tuple[str, ...]) -> Proof:
        query = TokenQuery(challenge.parameters["realm"], challenge.parameters.get("service", ""), scopes)
        token = await identity.token(query)
        return Proof(bearer(token.value), query, identity)

    def _askable(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Leave the first scope where the token service gives a token for one only."""
        return scopes[:1] if self._one_scope else scopes


@contextmanager
def _standing_still(clock: asyncio.Timeout | None) -> Generator[None, None, None]:
    """Stop a time limit for a while."""
    end = clock.when() if clock is not None else None
    if clock is None or end is None:
        yield
        return
    loop = asyncio.get_running_loop()
    begun = loop.time()
    clock.reschedule(None)
    try:
        yield
    finally:
        clock.reschedule(end + loop.time() - begun)
