"""Mirrors: servers that are asked before the registry itself for what may be read.

As with containerd and Podman, manifests and blobs are asked of the mirrors in their order, by tag as well as
by digest, and of the registry itself where none of them has given the answer. Listings, referrers and what
writes go to the registry alone: a cache lists only what it has been asked for. What is asked for by digest is
verified, whoever sends it; what a tag means is what the first mirror that knows it says.
"""

from __future__ import annotations

import math
import time
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

from tui.client import blobs
from tui.client.errors import (
    DigestMismatchError,
    NetworkError,
    RegistryError,
    SizeMismatchError,
)
from tui.client.redaction import printable
from tui.client.session import Session

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
    from hashlib import _Hash
    from pathlib import Path

    from tui.client.answers import Answer
    from tui.client.blob_stream import BlobStream
    from tui.client.details import RequestLine
    from tui.client.documents.descriptors import Descriptor
    from tui.client.login.auth import Authenticator, AuthProvider
    from tui.client.mirror_location import MirrorLocation
    from tui.client.names import Digest, RegistryHost, Repository
    from tui.client.session import Call
    from tui.client.wire.places import Traffic
    from tui.client.wire.schemes import Schemes
    from tui.client.wire.sender import Sender
    from tui.client.wire.tls import Tls

__all__ = ["Mirror", "MirrorSession", "Mirrored", "hasty"]

REST: Final = 60.0
"""Seconds for which a mirror is not asked that was out of reach, or broke off: one that hangs costs its time
each time, and a download that goes on does so elsewhere."""

MAX_TOLD: Final = 200
"""Characters of a mirror's error beside that of the registry."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror of a registry, with a login and a trust of its own."""

    location: str
    """``host[:port]`` or a URL; what stands behind the host comes before the names of repositories there."""
    auth: Authenticator | AuthProvider | None = None
    """Who asks there; the registry's own login is not used."""
    plain_http: bool = False
    """Whether it speaks plain HTTP. On loopback that is found out, and ``http://`` says it, too."""
    ca_file: Path | None = None
    """Certificates in PEM that are trusted beside those of the operating system."""
    client_certificate: Path | None = None
    """A certificate in PEM that the mirror is shown."""
    client_key: Path | None = None
    """Its key in PEM, without a passphrase; left out where both are in one file."""


def hasty(sender: Sender) -> Sender:
    """Make a sender of one that shares all it knows of servers, and does not insist: others can be asked.

    Args:
        sender: The one that sends to registries.
    """
    timeouts = sender.timeouts
    seconds = min(timeouts.mirror, timeouts.small)
    return replace(
        sender,
        timeouts=replace(timeouts, connect=min(timeouts.connect, seconds), small=seconds),
        limits=replace(sender.limits, retries=0),
    )


class MirrorSession(Session):
    """The requests to one mirror; each says which registry it is about.

    Args:
        location: Where it is.
        mirrored: The registry whose content it has.
        auth: Who asks there.
        sender: Sends the requests.
        schemes: Knows whether the mirror speaks HTTPS.
        scheme: ``http`` or ``https`` where that is not to be found out.
        tls: Tells whom to trust, and which certificate the mirror itself is shown.
    """

    follows_urls = False

    def __init__(
        self,
        location: MirrorLocation,
        mirrored: RegistryHost,
        auth: Authenticator | AuthProvider | None,
        *,
        sender: Sender,
        schemes: Schemes,
        scheme: str | None,
        tls: Callable[[], Tls],
    ) -> None:
        super().__init__(location.host, auth, sender=sender, schemes=schemes, scheme=scheme, tls=tls)
        self.location = location
        self._mark = f"ns={quote(mirrored, safe=':')}"

    def line(self, call: Call) -> RequestLine:
        """Show a request, as far as it is known by now how it is made."""
        return super().line(self._about(call))

    async def _open(self, call: Call, clock: asyncio.Timeout) -> Answer:
        return await super()._open(self._about(call), clock)

    def _about(self, call: Call) -> Call:
        """Name the registry, as containerd does, for mirrors of more than one."""
        if call.target.endswith(self._mark):
            return call
        return replace(call, target=f"{call.target}{'&' if '?' in call.target else '?'}{self._mark}")


@dataclass(slots=True)
class _Site:
    """A mirror, and whether it may be asked."""

    session: MirrorSession
    rests_until: float = -math.inf

    def note(self, error: RegistryError) -> None:
        """Heed that the mirror did not give the answer."""
        if isinstance(error, NetworkError):
            self.rests_until = time.monotonic() + REST
        elif isinstance(error, DigestMismatchError | SizeMismatchError):
            # It sends other content than it was asked for, and nobody knows for how long.
            self.rests_until = math.inf


@dataclass(slots=True)
class Mirrored:
    """A registry and its mirrors: who is asked first, and who next."""

    origin: Session
    """The registry itself."""
    sites: list[_Site] = field(default_factory=list)
    """Its mirrors, from the first one that is asked."""

    def add(self, session: MirrorSession) -> None:
        """Ask a further mirror, after those that there are."""
        self.sites.append(_Site(session))

    async def ask(
        self, repository: Repository, question: Callable[[Session, Repository], Awaitable[_Answer]]
    ) -> _Answer:
        """Put a question to the mirrors, and to the registry where none has answered it.

        Args:
            repository: The repository that it is about.
            question: Asks one of them, by the name that the repository has there.

        Raises:
            RegistryError: What the registry itself says, or why it is out of reach.
        """
        failed: list[tuple[_Site, RegistryError]] = []
        for site in self._awake():
            try:
                return await question(site.session, site.session.location.repository(repository))
            except RegistryError as error:
                site.note(error)
                failed.append((site, error))
        with _telling(failed):
            return await question(self.origin, repository)

    @asynccontextmanager
    async def open_blob(
        self,
        repository: Repository,
        blob: Digest | Descriptor,
        *,
        offset: int,
        hasher: _Hash | None,
        traffic: Traffic,
    ) -> AsyncGenerator[BlobStream, None]:
        """Open a blob at the first mirror that has it, or at the registry, as `blobs.open_blob` does."""
        answering: list[_Site] = []

        async def enter(session: Session, name: Repository) -> BlobStream:
            opened = blobs.open_blob(session, name, blob, offset=offset, hasher=hasher, traffic=traffic)
            stream = await stack.enter_async_context(opened)
            answering.extend(site for site in self.sites if site.session is session)
            return stream

        async with AsyncExitStack() as stack:
            stream = await self.ask(repository, enter)
            try:
                yield stream
            except RegistryError as error:
                for site in answering if error.request == stream.line else ():
                    site.note(error)
                raise

    def _awake(self) -> Iterator[_Site]:
        now = time.monotonic()
        return (site for site in self.sites if site.rests_until <= now)


@contextmanager
def _telling(failed: list[tuple[_Site, RegistryError]]) -> Iterator[None]:
    """Tell, where the registry itself is out of reach, that its mirrors did not give the answer either."""
    try:
        yield
    except NetworkError as error:
        for site, before in failed[-1:]:
            told = printable(before.message, MAX_TOLD)
            error.remedy = f"{error.remedy} The mirror {site.session.host} did not help: {told}.".strip()
        raise
