"""The face of the client: `Client` owns the connections, `Registry` asks one registry under one login."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlencode

import tui
from tui.client import listings, referrers, support
from tui.client.asking import PageSizes
from tui.client.limits import MAX_LISTING, Limits, Timeouts
from tui.client.login.tokens import pull_scope, push_scope
from tui.client.mirror_location import MirrorLocation
from tui.client.mirrors import Mirror, Mirrored, MirrorSession, hasty
from tui.client.names import RegistryHost, Repository
from tui.client.registry_content import RegistryContent
from tui.client.registry_writes import RegistryWrites
from tui.client.session import Call, Session
from tui.client.source import PAGE_SIZE, Source
from tui.client.wire.certs import CertsFolders
from tui.client.wire.schemes import Schemes
from tui.client.wire.sender import Sender
from tui.client.wire.tls import Tls
from tui.client.wire.transport import Transports

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import httpx

    from tui.client.answers import RawResponse
    from tui.client.documents.descriptors import Descriptor
    from tui.client.errors import RequestLine
    from tui.client.login.auth import Authenticator, AuthProvider
    from tui.client.names import Digest, Tag
    from tui.client.notices import RateLimit
    from tui.client.pages import Page
    from tui.client.wire.sender import LoggedRequest

__all__ = ["Client", "Registry"]

DEFAULT_TIMEOUTS: Final = Timeouts()
DEFAULT_LIMITS: Final = Limits()
DEFAULT_USER_AGENT: Final = f"ocitui/{tui.__version__}"

_REPOSITORY_PATH: Final = re.compile(r"/v2/(?P<repository>.+)/(?:manifests|blobs|tags|referrers)/")


class Client:
    """Connections to registries; an async context manager that closes them.

    Args:
        transport: Used for all requests, and closed with the client. Where it is left out, connections are
            made directly or through the proxies that the environment names, and certificates are checked
            against the operating system's store.
        timeout: How long to wait.
        user_agent: What the client calls itself.
        limits: How many requests at a time, and how often again.
        log: Told about each request that was made; its URLs are redacted.
        certs_folders: Where certificates lie by host, as in Docker's and Podman's ``certs.d``; the first
            folder that knows a host counts. `tui.client.certs_folders` lists theirs.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        timeout: Timeouts = DEFAULT_TIMEOUTS,
        user_agent: str = DEFAULT_USER_AGENT,
        limits: Limits = DEFAULT_LIMITS,
        log: Callable[[LoggedRequest], None] | None = None,
        certs_folders: Sequence[Path] = (),
    ) -> None:
        self._certs = CertsFolders(tuple(certs_folders))
        self._transports = Transports(transport)
        self._sender = Sender(self._transports, timeout, limits, user_agent, log)
        self._schemes = Schemes(self._sender)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transports.aclose()

    def registry(
        self,
        host: str | RegistryHost,
        auth: Authenticator | AuthProvider | None = None,
        *,
        plain_http: bool = False,
        ca_file: Path | None = None,
        client_certificate: Path | None = None,
        client_key: Path | None = None,
        mirrors: Iterable[str | Mirror] = (),
    ) -> Registry:
        """Give access to a registry; nothing is sent yet.

        Args:
            host: ``host[:port]`` or a URL. ``http://`` stands for `plain_http`.
            auth: Who asks, or who can tell once the registry wants to know; None for nobody in particular.
            plain_http: Whether the registry speaks plain HTTP. On loopback that is found out.
            ca_file: Certificates in PEM that are trusted beside those of the operating system.
            client_certificate: A certificate in PEM that the registry is shown; no other server sees it.
            client_key: Its key in PEM, without a passphrase; left out where both are in one file.
            mirrors: Asked before the registry itself for manifests and blobs, in their order, and without its
                login. A text is a mirror that wants no login of its own.

        Raises:
            InvalidNameError: The host is none, or that of a mirror.
            ValueError: There is a key without a certificate.
        """
        given = Tls.of(ca_file, client_certificate, client_key)
        parsed = host if isinstance(host, RegistryHost) else RegistryHost.parse(host)
        written = "" if isinstance(host, RegistryHost) else host.strip().partition("://")[0].lower()
        scheme = "http" if plain_http or written == "http" else "https" if written == "https" else None
        session = Session(
            parsed,
            auth,
            sender=self._sender,
            schemes=self._schemes,
            scheme=scheme,
            tls=lambda: given + self._certs.tls(parsed),
        )
        mirrored = Mirrored(session)
        for mirror in mirrors:
            mirrored.add(self._mirror_session(mirror, parsed))
        return Registry(session, auth, mirrored)

    def _mirror_session(self, given: str | Mirror, mirrored: RegistryHost) -> MirrorSession:
        mirror = Mirror(given) if isinstance(given, str) else given
        location = MirrorLocation.parse(mirror.location)
        tls = Tls.of(mirror.ca_file, mirror.client_certificate, mirror.client_key)
        return MirrorSession(
            location,
            mirrored,
            mirror.auth,
            sender=hasty(self._sender),
            schemes=self._schemes,
            scheme="http" if mirror.plain_http else location.scheme,
            tls=lambda: tls + self._certs.tls(location.host),
        )


class Registry(RegistryContent, RegistryWrites, Source):
    """One registry, asked under one login.

    Attributes:
        host: The registry, by the name that people use.
        auth: Who asks, or who can tell; None for nobody in particular.
    """

    def __init__(
        self,
        session: Session,
        auth: Authenticator | AuthProvider | None,
        mirrored: Mirrored | None = None,
    ) -> None:
        RegistryWrites.__init__(self, session)
        RegistryContent.__init__(self, mirrored or Mirrored(session))
        self.host = session.host
        self.auth = auth

    @property
    def name(self) -> str:
        """The registry's host, as a plain text."""
        return str(self.host)

    def __repr__(self) -> str:
        return f"Registry({str(self.host)!r}, {self.auth!r})"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the registry warned of, each once (distribution specification, "Warnings"); its own words."""
        return self._session.warnings.texts

    @property
    def rate_limit(self) -> RateLimit | None:
        """How many requests the registry allows, where it has said so."""
        return self._session.warnings.rate_limit

    async def verify(self) -> None:
        """Check that the host is a registry, and that it lets in who asks.

        Raises:
            NotOCIError: It is something else.
            UnauthorizedError: It wants a login, or another one.
            RegistryError: It is out of reach, or refuses for another reason.
        """
        await support.verify(self._session)

    async def verify_login(self) -> bool:
        """Check that the registry accepts the login, rather than letting in everybody.

        Returns:
            Whether it wanted a login; False where it did not look at the one that there is.

        Raises:
            NotOCIError: It is something else.
            UnauthorizedError: It, or its token service, refuses the login.
            RegistryError: It is out of reach, or refuses for another reason.
        """
        return await support.verify_login(self._session)

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> RawResponse:
        """Make one raw request under the registry's login and rules; whatever the answer's status, return it.

        Args:
            method: The HTTP method.
            path: From ``/v2/`` on; it may have a query.
            headers: Further headers.
            params: Added to the query.
            content: The body.

        Raises:
            RegistryError: No answer came, or one that must not be followed or is longer than any listing.
        """
        if params:
            path += ("&" if "?" in path else "?") + urlencode(params)
        match = _REPOSITORY_PATH.match(path)
        scopes: tuple[str, ...] = ()
        if match is not None:
            scope = pull_scope if method in {"GET", "HEAD"} else push_scope
            scopes = (scope(match["repository"]),)
        call = Call(method, path, dict(headers or {}), scopes, content)
        timeouts = self._session.sender.timeouts
        return await self._session.fetch(call, limit=MAX_LISTING, what="answer", seconds=timeouts.listing)

    def repositories(
        self,
        *,
        page_size: int | None = PAGE_SIZE,
        largest_page: int | None = None,
        whole: Callable[[], bool] | None = None,
    ) -> AsyncGenerator[Page[Repository], None]:
        """List the repositories, page by page; each is asked for when the one before has been used.

        Args:
            page_size: How many entries to ask for at a time; the registry may send fewer or more. None for as
                many as it gives, so that the whole list comes in as few requests as possible.
            largest_page: Up to how many to ask for, each time twice as many; by default always as many.
            whole: Asked before each page but the first: whether the rest is wanted in as few requests as
                possible.

        Raises:
            CatalogUnsupportedError: The registry has no catalog, or not for who asks.
            RegistryError: The registry is out of reach, says no, or sends something else.
        """
        return listings.list_repositories(self._session, PageSizes(page_size, largest_page, whole))

    def tags(
        self,
        repository: Repository,
        *,
        page_size: int | None = PAGE_SIZE,
        largest_page: int | None = None,
        whole: Callable[[], bool] | None = None,
    ) -> AsyncGenerator[Page[Tag], None]:
        """List the tags of a repository, page by page; each is asked for when the one before has been used.

        Args:
            repository: The repository.
            page_size: How many entries to ask for at a time; the registry may send fewer or more. None for as
                many as it gives, so that the whole list comes in as few requests as possible.
            largest_page: Up to how many to ask for, each time twice as many; by default always as many.
            whole: Asked before each page but the first: whether the rest is wanted in as few requests as
                possible.

        Raises:
            RepositoryNotExistError: There is no such repository.
            RegistryError: The registry is out of reach, says no, or sends something else.
        """
        return listings.list_tags(self._session, repository, PageSizes(page_size, largest_page, whole))

    async def untagged(self, repository: Repository) -> tuple[Descriptor, ...]:  # noqa: ARG002
        """List nothing: the distribution specification has no way to ask for manifests without a tag."""
        return ()

    async def get_referrers(
        self, repository: Repository, digest: Digest, artifact_type: str | None = None
    ) -> tuple[Descriptor, ...]:
        """List the manifests that are about another one: signatures, SBOMs, attestations.

        Args:
            repository: The repository.
            digest: What they are about.
            artifact_type: Only those of this type; all where it is left out.

        Raises:
            RegistryError: The registry is out of reach, or sends what cannot be read.
        """
        return await referrers.get_referrers(self._session, repository, digest, artifact_type)

    def blob_line(self, repository: Repository, digest: Digest) -> RequestLine:
        """Tell the request by which a blob is fetched, for the message of an error."""
        return self._session.line(Call("GET", f"/v2/{repository}/blobs/{digest}"))
