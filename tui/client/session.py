"""The exchange with one registry: login above redirects, and redirects by rules.

A request goes to the registry's own origin with its login. Redirects are followed one by one; from the first
that leaves this origin on, nothing of the login is sent, and no challenge is answered.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Final
from weakref import WeakValueDictionary

import httpx

from tui.client.errors import (
    ConnectionLostError,
    RefusedRedirectError,
    RequestLine,
    TimeoutExceededError,
)
from tui.client.login.challenge import parse_challenges
from tui.client.login.exchange import REDIRECTS, Exchange
from tui.client.login.logins import Logins
from tui.client.notices import Warnings
from tui.client.redaction import quoted, redacted_url
from tui.client.wire.bodies import Body, Timed, can_repeat
from tui.client.wire.origins import checked_redirect, is_upgrade, origin
from tui.client.wire.places import Traffic
from tui.client.wire.retry import RETRY_METHODS
from tui.client.wire.sender import Outgoing
from tui.client.wire.tls import NO_TLS
from tui.client.wire.translation import page_about_certificate

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from tui.client.answers import Answer, RawResponse
    from tui.client.login.auth import Authenticator, AuthProvider
    from tui.client.login.challenge import Challenge
    from tui.client.login.exchange import TokenQuery
    from tui.client.login.login import Proof
    from tui.client.login.tokens import Token
    from tui.client.names import RegistryHost, Repository
    from tui.client.wire.schemes import Schemes
    from tui.client.wire.sender import Sender
    from tui.client.wire.tls import Tls

__all__ = ["Call", "Session"]

LOGIN_ROUNDS: Final = 3
"""Attempts at one request: as it is, after the challenge, and with the rights that it names then."""

_BODY_STATUSES: Final = frozenset({307, 308})
"""Redirects that keep method and body; after others, a request with a body would be another request."""

_PRIVATE_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the protocol wants it, before login and redirects."""

    method: str
    target: str
    """Path and query on the registry, or a whole URL; outside of the registry there is no login."""
    headers: Mapping[str, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    """The rights that it needs."""
    content: bytes | Body | None = field(default=None, repr=False)
    again: bool = False
    """Whether it may be made again although its method has effects."""
    anonymous: bool = False
    """Whether the login is left out wherever the request goes."""
    traffic: Traffic = Traffic.SMALL
    """What the answer brings."""
    patience: float | None = None
    """Seconds until the answer has to begin, once the body has been sent; else the limit of a pause."""


class Session:
    """The requests to one registry under one login.

    Attributes:
        host: The registry.
        sender: Sends the requests.
        warnings: What the registry has said by the way.

    Args:
        host: The registry.
        auth: Who asks, or who can tell; None for nobody in particular.
        sender: Sends the requests.
        schemes: Knows whether the registry speaks HTTPS.
        scheme: ``http`` or ``https`` where that is not to be found out.
        tls: Tells whom to trust, and which certificate the registry itself is shown; asked once it is needed.
    """

    follows_urls: ClassVar = True
    """Whether the other places of a blob are tried where the registry does not have it."""

    def __init__(
        self,
        host: RegistryHost,
        auth: Authenticator | AuthProvider | None,
        *,
        sender: Sender,
        schemes: Schemes,
        scheme: str | None = None,
        tls: Callable[[], Tls] = lambda: NO_TLS,
    ) -> None:
        self.host = host
        self.sender = sender
        self.warnings = Warnings()
        self.small_pages: set[str] = set()
        """What is listed of which the registry gives few entries where it is not asked for more."""
        self.without_referrers: set[tuple[Repository, str]] = set()
        """Repositories, and algorithms of digests, for which the registry has no API of referrers."""
        self.wants_put = False
        """Whether the registry was found to take no blob along with the POST that opens an upload."""
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._schemes = schemes
        self._scheme = scheme
        self._find_tls = tls
        self._found_tls: Tls | None = None
        self._logins = Logins(auth, self._exchange)

    async def home(self) -> httpx.URL:
        """Find the registry's own URL, which may take a request to see whether it speaks HTTPS.

        Raises:
            NetworkError: The registry is out of reach, or what there is of certificates for it is incomplete.
        """
        scheme = self._scheme or await self._schemes.find(self.host, self._tls)
        return httpx.URL(f"{scheme}://{self.host.api_host}/")

    def lock(self, what: str) -> asyncio.Lock:
        """Give the lock for something on the registry that is read, changed and written back."""
        return self._locks.setdefault(what, asyncio.Lock())

    @property
    def _tls(self) -> Tls:
        """Whom to trust, and which certificate the registry itself is shown."""
        if self._found_tls is None:
            self._found_tls = self._find_tls()
        return self._found_tls

    def line(self, call: Call) -> RequestLine:
        """Show a request, as far as it is known by now how it is made."""
        scheme = self._scheme or self._schemes.known(self.host) or "https"
        own = f"{scheme}://{self.host.api_host}" if call.target.startswith("/") else ""
        return RequestLine(call.method, own + call.target)

    async def fetch(self, call: Call, *, limit: int, what: str, seconds: float | None = None) -> RawResponse:
        """Make a request and read its whole answer, whatever its status.

        Args:
            call: The request.
            limit: The most bytes of a body; one that explains a refusal is cut instead.
            what: What the body is, for errors.
            seconds: How long all of it may take; the limit for small answers where it is left out. While
                a body is being sent, the time begins anew with each piece of it.

        Raises:
            RegistryError: No answer came, not all of it, or one that must not be followed.
        """
        seconds = self.sender.timeouts.small if seconds is None else seconds
        limits = self.sender.limits
        retries = limits.retries if call.method in RETRY_METHODS else 0
        try:
            async with asyncio.timeout(seconds) as clock:
                if isinstance(call.content, Body):
                    call = replace(call, content=Timed(call.content, clock, seconds))
                for attempt in range(1, retries + 1):
                    try:
                        return await self._fetch_once(call, limit, what, clock)
                    except _BodyLostError as error:
                        self.sender.hold(error.url, attempt)
                return await self._fetch_once(call, limit, what, clock)
        except _BodyLostError as error:
            raise error.lost from error
        except TimeoutError as error:
            raise self._too_late(call, seconds) from error

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncGenerator[Answer, None]:
        """Make a request and hand out its answer as soon as its headers are there, whatever its status.

        A blob waits for its place without a time limit, and counts as a request under way no longer from then
        on. Leaving the context ends the answer, down to the connection.

        Raises:
            RegistryError: No answer came, or one that must not be followed.
        """
        seconds = self.sender.timeouts.small
        is_blob = call.traffic is not Traffic.SMALL
        async with self.sender.blobs(await self.home()) if is_blob else nullcontext():
            try:
                async with asyncio.timeout(seconds) as clock:
                    answer = await self._open(call, clock)
            except TimeoutError as error:
                raise self._too_late(call, seconds) from error
            if is_blob:
                answer.release()
            try:
                yield answer
            finally:
                await answer.aclose()

    async def _fetch_once(self, call: Call, limit: int, what: str, clock: asyncio.Timeout) -> RawResponse:
        answer = await self._open(call, clock)
        try:
            if not 200 <= answer.status < 300:  # noqa: PLR2004 - the bounds of success are the protocol's
                return await answer.read_refusal(self.sender.timeouts.refusal)
            try:
                return await answer.read(limit, what)
            except ConnectionLostError as error:
                raise _BodyLostError(error, answer.url) from error
        finally:
            await answer.aclose()

    async def _open(self, call: Call, clock: asyncio.Timeout) -> Answer:
        """Get the headers of an answer, under the registry's login; asking for that stops the clock."""
        home = await self.home()
        line = self.line(call)
        first = await checked_redirect(home, call.target, home, self.sender.transports.is_internal, line)
        with_login = origin(first) == origin(home) and not call.anonymous
        proof = await self._logins.of(call.scopes).proof(call.scopes, clock) if with_login else None
        left = LOGIN_ROUNDS
        while True:
            left -= 1
            answer, at_home = await self._follow(call, first, home, proof)
            try:
                if at_home:
                    self.warnings.note(answer.headers)
                    await self._check_certificate(answer)
                if answer.status != HTTPStatus.UNAUTHORIZED or not (at_home and with_login) or left == 0:
                    return answer
                if not can_repeat(call.content):
                    return answer
                await answer.read_refusal(self.sender.timeouts.refusal)
                proof = await self._answer(answer, call, proof, clock, renewed=left < LOGIN_ROUNDS - 1)
            except BaseException:
                await answer.aclose()
                raise
            if proof is None:
                return answer
            if (now := await self.home()) != home:
                home, first = now, now.join(call.target)

    async def _check_certificate(self, answer: Answer) -> None:
        """Look whether a refusal is about the client certificate.

        Raises:
            CertificateError: The registry wants one, or another one.
        """
        if answer.status == HTTPStatus.BAD_REQUEST and answer.url.scheme == "https":
            page = await answer.read_refusal(self.sender.timeouts.refusal)
            shown = bool(self._tls.shown)
            if (refused := page_about_certificate(page.body, answer.line, shown=shown)) is not None:
                raise refused

    async def _answer(
        self, answer: Answer, call: Call, rejected: Proof | None, clock: asyncio.Timeout, *, renewed: bool
    ) -> Proof | None:
        login = self._logins.of(call.scopes)
        challenges = parse_challenges(answer.headers.get_list("WWW-Authenticate"))
        if challenges:
            return await login.answer(challenges, call.scopes, rejected, renewed=renewed, clock=clock)
        if rejected is not None:
            return None
        challenges = await self._ping()
        return await login.answer(
            challenges, call.scopes, rejected, renewed=renewed, names_scope=not call.scopes, clock=clock
        )

    async def _ping(self) -> list[Challenge]:
        """Ask for the challenge of the API's root, for registries that leave it out elsewhere."""
        home = await self.home()
        answer, at_home = await self._follow(Call("GET", "/v2/"), home.join("/v2/"), home, None)
        await self.sender.discard(answer)
        return parse_challenges(answer.headers.get_list("WWW-Authenticate")) if at_home else []

    async def _follow(
        self, call: Call, first: httpx.URL, home: httpx.URL, proof: Proof | None
    ) -> tuple[Answer, bool]:
        """Send a request and follow its redirects.

        Returns:
            The answer, and whether it comes from the registry's own origin without having left it.
        """
        url = first
        at_home = origin(url) == origin(home)
        for _ in range(self.sender.limits.redirects + 1):
            outgoing = Outgoing(
                call.method,
                url,
                _headers(call, proof, at_home=at_home),
                call.content,
                call.again,
                self._tls if at_home else self._tls.for_others,
                call.traffic,
                call.patience,
                outward=await self.sender.transports.is_outward(url, home),
            )
            answer = await self.sender.send(outgoing)
            try:
                location = answer.headers.get("Location")
                if not location or answer.status not in REDIRECTS:
                    return answer, at_home
                if call.method not in RETRY_METHODS and answer.status not in _BODY_STATUSES:
                    return answer, at_home
                target = await checked_redirect(
                    url, location, home, self.sender.transports.is_internal, answer.line
                )
                _check_repeatable(call, target, answer)
            except BaseException:
                await answer.aclose()
                raise
            await self.sender.discard(answer)
            if at_home and is_upgrade(url, target):
                self._scheme = "https"
                home = target
            at_home = at_home and origin(target) == origin(home)
            url = target
        raise RefusedRedirectError(
            f"more than {self.sender.limits.redirects} redirects",
            request=RequestLine(call.method, str(first)),
        )

    async def _exchange(self, query: TokenQuery, auth: Authenticator | None) -> Token:
        return await Exchange(self.sender, await self.home(), self._tls).token(query, auth)

    def _too_late(self, call: Call, seconds: float) -> TimeoutExceededError:
        message = f"the answer was not complete within {seconds:g} s"
        return TimeoutExceededError(message, request=self.line(call))


def _headers(call: Call, proof: Proof | None, *, at_home: bool) -> dict[str, str]:
    if not at_home:
        return {name: value for name, value in call.headers.items() if name.lower() not in _PRIVATE_HEADERS}
    return {**({"Authorization": proof.header} if proof else {}), **call.headers}


def _check_repeatable(call: Call, target: httpx.URL, answer: Answer) -> None:
    """Check that the body of a request can follow a redirect.

    Raises:
        RefusedRedirectError: It has been used up.
    """
    if not can_repeat(call.content):
        raise RefusedRedirectError(
            f"redirected to {quoted(redacted_url(str(target)))}, and what was sent cannot be sent again",
            request=answer.line,
            remedy="Give the content as bytes or as a file.",
        )


class _BodyLostError(Exception):
    """A body that broke off, where the whole request may be made again."""

    def __init__(self, lost: ConnectionLostError, url: httpx.URL) -> None:
        self.lost = lost
        self.url = url
        super().__init__(str(lost))
