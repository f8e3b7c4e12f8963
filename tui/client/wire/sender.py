"""One request to one server: politeness, retries and the log of requests."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from tui.client.answers import Answer
from tui.client.errors import ConnectionLostError, RegistryError, RequestLine
from tui.client.wire.bodies import Body, can_repeat
from tui.client.wire.frames import WithoutFrames
from tui.client.wire.places import Places, Traffic
from tui.client.wire.retry import RETRY_STATUSES, backoff, repeats_after, retry_after
from tui.client.wire.tls import NO_TLS, Tls
from tui.client.wire.translation import proxy_login_wanted, translated

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from tui.client.limits import Limits, Timeouts
    from tui.client.wire.transport import Transports

__all__ = ["LoggedRequest", "Outgoing", "Sender"]


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request that was made, for a log that a person may read: no secrets."""

    request: RequestLine
    status: int | None
    """The HTTP status; None where no answer came."""
    seconds: float
    """From the start to the headers of the answer, without waiting for other requests."""
    error: str
    """What went wrong; empty where an answer came."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to one server, as it is sent; its `repr` shows no secrets."""

    method: str
    url: httpx.URL = field(repr=False)
    """Where to, as it is."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The headers, without those that concern the connection."""
    content: bytes | Body | None = field(default=None, repr=False)
    """The body."""
    again: bool = False
    """Whether it may be made again although its method has effects."""
    tls: Tls = NO_TLS
    """Whom to trust, and which certificate to show."""
    traffic: Traffic = Traffic.SMALL
    """What the answer brings."""
    patience: float | None = None
    """Seconds until the answer has to begin; the time limit of a pause where it is left out."""

    outward: bool = False
    """Whether it must not lead to this machine or a private network."""

    @property
    def line(self) -> RequestLine:
        """The request as it may be shown."""
        return RequestLine(self.method, str(self.url))


@dataclass(slots=True)
class _Host:
    """What is known of one server: how busy it is, and when it may be asked again."""

    places: Places
    blobs: asyncio.Semaphore
    """The places for blobs that are read."""
    uploads: asyncio.Semaphore
    """The places for content that is sent."""
    quiet_until: float = 0.0
    """The event loop's time before which the server is left alone."""

    def hold(self, seconds: float) -> None:
        """Leave the server alone for a while, and let one request see how it is then."""
        now = asyncio.get_running_loop().time()
        if self.quiet_until <= now:
            self.places.narrow()
        self.quiet_until = max(self.quiet_until, now + seconds)

    async def turn(self, traffic: Traffic) -> Callable[[], None]:
        """Wait until the server may be asked; returns what gives the place back."""
        release = await self.places.acquire(traffic)
        try:
            until = asyncio.get_running_loop().time()
            while self.quiet_until > until:
                seconds, until = self.quiet_until - until, self.quiet_until
                await asyncio.sleep(seconds)
        except BaseException:
            release()
            raise
        return release


@dataclass(slots=True)
class Sender:
    """Sends single requests for all registries of a client, and shares what is known of each server.

    Attributes:
        transports: The connections.
        timeouts: How long to wait.
        limits: How many requests at a time, and how often again.
        user_agent: What the client calls itself.
        log: Told about each request that was made.
    """

    transports: Transports
    timeouts: Timeouts
    limits: Limits
    user_agent: str
    log: Callable[[LoggedRequest], None] | None = None
    _hosts: dict[str, _Host] = field(default_factory=dict)

    async def send(self, outgoing: Outgoing) -> Answer:
        """Send a request, again where that helps, and wait for the headers of the answer.

        GET and HEAD, and what says that it may, are repeated when the connection breaks off and on statuses
        that pass; others where the server has done nothing, and none whose body cannot be sent twice. While
        one waits for that, so do all other requests to the same server, and after that one goes ahead.

        Args:
            outgoing: The request.

        Raises:
            NetworkError: No answer came.
        """
        host = self._host(outgoing.url)
        left = self.limits.retries if can_repeat(outgoing.content) else 0
        attempt = 0
        while True:
            attempt += 1
            left -= 1
            try:
                answer = await self._send_once(host, outgoing)
            except ConnectionLostError:
                if left < 0 or not repeats_after(outgoing.method, None, again=outgoing.again):
                    raise
                host.hold(backoff(attempt, self.limits))
                continue
            if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                await self.discard(answer)
                raise proxy_login_wanted(answer.line)
            if answer.status not in RETRY_STATUSES:
                host.places.widen()
                return answer
            wanted = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC)) or 0.0
            if wanted > self.limits.max_retry_after:
                return answer
            if left < 0 or not repeats_after(outgoing.method, answer.status, again=outgoing.again):
                host.hold(wanted)
                return answer
            await self.discard(answer)
            host.hold(max(wanted, backoff(attempt, self.limits)))

    def hold(self, url: httpx.URL, attempt: int) -> None:
        """Leave a server alone for a while after an answer that broke off.

        Args:
            url: Any URL of the server.
            attempt: How many attempts at the request have failed so far, from 1.
        """
        self._host(url).hold(backoff(attempt, self.limits))

    def blobs(self, home: httpx.URL) -> asyncio.Semaphore:
        """Give the places for blobs of a registry, wherever it sends those who ask for them.

        Args:
            home: The registry's own URL.
        """
        return self._host(home).blobs

    def uploads(self, home: httpx.URL) -> asyncio.Semaphore:
        """Give the places for content that is sent to a registry, so that small requests find one, too.

        They are others than those for reading: what is sent may come from a blob that is being read.

        Args:
            home: The registry's own URL.
        """
        return self._host(home).uploads

    async def discard(self, answer: Answer) -> None:
        """Read an answer that nobody needs, so that its connection can serve again, or close it."""
        try:
            await answer.read_refusal(self.timeouts.refusal)
        finally:
            await answer.aclose()

    async def _send_once(self, host: _Host, outgoing: Outgoing) -> Answer:
        line = outgoing.line
        own = {"User-Agent": self.user_agent, "Accept": "*/*"}
        release = _Once(await host.turn(outgoing.traffic))
        started = time.monotonic()
        status: int | None = None
        failure = ""
        try:
            with translated(line, shown=bool(outgoing.tls.shown)), WithoutFrames():
                async with _sending(outgoing.content, release) as (content, about):
                    request = httpx.Request(
                        outgoing.method,
                        outgoing.url,
                        headers={**own, **about, **outgoing.headers, "Accept-Encoding": "identity"},
                        content=content,
                        extensions={"timeout": self._timeout(outgoing.patience)},
                    )
                    transport = self.transports.choose(
                        outgoing.url, outgoing.tls, line, outgoing.traffic, outward=outgoing.outward
                    )
                    response = await transport.handle_async_request(request)
            status = response.status_code
            return Answer(response, outgoing.url, line, release)
        except RegistryError as error:
            failure = error.message
            raise
        finally:
            if status is None:
                release()
            if self.log is not None:
                self.log(LoggedRequest(line, status, time.monotonic() - started, failure))

    def _timeout(self, patience: float | None) -> dict[str, float | None]:
        pause = self.timeouts.pause
        read = pause if patience is None else patience
        return httpx.Timeout(pause, connect=self.timeouts.connect, read=read, pool=None).as_dict()

    def _host(self, url: httpx.URL) -> _Host:
        key = url.netloc.decode("ascii")
        if key not in self._hosts:
            blobs, uploads = (asyncio.Semaphore(self.limits.blobs) for _ in range(2))
            self._hosts[key] = _Host(Places(self.limits.in_flight), blobs, uploads)
        return self._hosts[key]


class _Once:
    """Calls a function the first time that it is called itself."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def __call__(self) -> None:
        function, self._function = self._function, None
        if function is not None:
            function()


@asynccontextmanager
async def _sending(
    content: bytes | Body | None, begun: Callable[[], None]
) -> AsyncGenerator[tuple[bytes | AsyncGenerator[bytes, None] | None, dict[str, str]], None]:
    """Give a body as httpx takes it, and the headers that describe it; what is left of it is closed.

    Args:
        content: The body.
        begun: Called when the first of its pieces is wanted, if it has pieces: it takes as long as it takes
            from then on, and others need not wait for that.
    """
    if not isinstance(content, Body):
        yield content, {}
        return
    async with aclosing(_pieces(content, begun)) as pieces:
        yield pieces, {} if content.size is None else {"Content-Length": str(content.size)}


async def _pieces(content: Body, begun: Callable[[], None]) -> AsyncGenerator[bytes, None]:
    begun()
    async with aclosing(content.pieces()) as pieces:
        async for piece in pieces:
            yield piece
