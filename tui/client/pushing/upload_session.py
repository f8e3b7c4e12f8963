"""One upload on a registry, and the requests that it takes once it has been opened."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tui.client.answers import refusal
from tui.client.errors import DigestMismatchError, InvalidNameError, RegistryError
from tui.client.limits import MAX_ERROR_BODY
from tui.client.names import Digest
from tui.client.pushing.locations import minimum_chunk, next_location, received, stays_at_home, with_digest
from tui.client.session import Call
from tui.client.wire.places import Traffic

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx

    from tui.client.answers import RawResponse
    from tui.client.session import Session
    from tui.client.wire.bodies import Body

__all__ = ["OCTETS", "UploadSession", "check_digest", "is_success"]

OCTETS: Final = "application/octet-stream"


@dataclass(slots=True)
class UploadSession:
    """An upload that a registry has opened.

    Attributes:
        session: The registry.
        scopes: The rights that its requests need.
        url: Where it goes on.
        minimum: Bytes that each chunk but the last one should have.
        at_home: Whether the registry itself has named the place. What another server says, to which the
            registry has redirected, must not make this client use its login.
    """

    session: Session
    scopes: tuple[str, ...]
    url: httpx.URL = field(repr=False)
    minimum: int
    at_home: bool
    is_cancelled: bool = False

    @classmethod
    async def of(cls, session: Session, scopes: tuple[str, ...], response: RawResponse) -> UploadSession:
        """Take up the upload that an answer to POST has opened.

        Raises:
            ParseBodyError: The answer does not say where.
            RefusedRedirectError: It names a place that is not safe to go to.
        """
        home = await session.home()
        url = await next_location(response, home, session.sender.transports.is_internal)
        return cls(session, scopes, url, minimum_chunk(response.headers), stays_at_home(response, home))

    async def send(self, body: Body, start: int | None) -> RawResponse:
        """Send a chunk (end-5), and take up where the registry wants to go on.

        Args:
            body: The chunk.
            start: The number of its first byte; None for a chunk without an end that is known.
        """
        headers = {"Content-Type": OCTETS}
        if start is not None and body.size:
            headers["Content-Range"] = f"{start}-{start + body.size - 1}"
        response = await self._fetch(self.call("PATCH", headers, body))
        if is_success(response) or response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            await self._go_on(response)
        return response

    async def ask(self) -> int | None:
        """Ask how many bytes the registry has (end-13), and where the upload goes on; None if it won't tell.

        Raises:
            ErrorResponse: The registry does not know the upload any more, or says no.
        """
        response = await self._fetch(self.call("GET"))
        if not is_success(response):
            raise refusal(response)
        await self._go_on(response)
        return received(response.headers)

    async def finish(self, digest: Digest, body: Body | None = None) -> RawResponse:
        """Send the closing PUT (end-6), with all of the blob or with nothing.

        Args:
            digest: The digest of the whole blob.
            body: The blob; None where chunks have brought it.
        """
        headers = {} if body is None else {"Content-Type": OCTETS}
        return await self._fetch(self.call("PUT", headers, body, url=with_digest(self.url, digest)))

    @contextlib.asynccontextmanager
    async def cancelled_on_failure(self) -> AsyncGenerator[None, None]:
        """Cancel the upload if anything is raised inside."""
        try:
            yield
        except BaseException:
            await self.cancel()
            raise

    async def cancel(self) -> None:
        """Tell the registry that nothing more will come (end-14), as far as it listens; once."""
        if self.is_cancelled:
            return
        self.is_cancelled = True
        # The specification wants failures to be ignored: registries clear up by themselves in the end.
        with contextlib.suppress(RegistryError, TimeoutError):
            async with asyncio.timeout(self.session.sender.timeouts.refusal):
                await self._fetch(self.call("DELETE"))

    async def _go_on(self, response: RawResponse) -> None:
        home = await self.session.home()
        is_internal = self.session.sender.transports.is_internal
        self.url = await next_location(response, home, is_internal, before=self.url)
        self.minimum = max(self.minimum, minimum_chunk(response.headers))
        self.at_home = self.at_home and stays_at_home(response, home)

    def call(
        self,
        method: str,
        headers: dict[str, str] | None = None,
        body: Body | None = None,
        *,
        url: httpx.URL | None = None,
    ) -> Call:
        """Make a request to where the upload goes on, or to what was made of that."""
        return Call(
            method,
            str(url or self.url),
            headers or {},
            self.scopes,
            body,
            anonymous=not self.at_home,
            traffic=Traffic.SMALL if body is None else Traffic.BLOB,
            patience=self.session.sender.timeouts.upload,
        )

    async def _fetch(self, call: Call) -> RawResponse:
        sender = self.session.sender
        async with (
            contextlib.nullcontext() if call.content is None else sender.uploads(await self.session.home())
        ):
            return await self.session.fetch(
                call, limit=MAX_ERROR_BODY, what="answer", seconds=sender.timeouts.upload
            )


def is_success(response: RawResponse) -> bool:
    """Tell whether a status is one of success, whichever of them a registry has chosen."""
    return 200 <= response.status < 300  # noqa: PLR2004 - the bounds of success are the protocol's


def check_digest(response: RawResponse, digest: Digest) -> None:
    """Hold the digest that a registry gives to what it has taken against the true one.

    One of another algorithm, or that is none, says nothing.

    Raises:
        DigestMismatchError: The registry has something else.
    """
    try:
        stated = Digest(response.headers.get("Docker-Content-Digest", ""))
    except InvalidNameError:
        return
    if stated.algorithm == digest.algorithm and stated != digest:
        raise DigestMismatchError(
            digest, stated, request=response.request, remedy="Tell those who run the registry."
        )
