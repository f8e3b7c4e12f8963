"""How a push of a blob begins: mounted from elsewhere, sent along at once, or by opening an upload."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tui.client.answers import refusal
from tui.client.errors import ConnectionLostError
from tui.client.limits import MAX_ERROR_BODY
from tui.client.login.tokens import pull_scope, push_scope
from tui.client.pushing.upload_session import OCTETS, UploadSession, check_digest, is_success
from tui.client.session import Call

if TYPE_CHECKING:
    from tui.client.answers import RawResponse
    from tui.client.names import Digest, Repository
    from tui.client.pushing.content import LastingContent
    from tui.client.session import Session
    from tui.client.wire.bodies import Body

__all__ = ["SINGLE", "Opening"]

SINGLE: Final = 64 * 1024
"""Bytes of a blob that are sent along with the first request: little is lost where they are ignored."""

_NO_SINGLE: Final = frozenset({400, 404, 405, 411, 415, 501})
"""What registries answer to a POST with a blob that want it with a PUT."""


class Opening:
    """The beginning of a push to a repository.

    Attributes:
        scopes: The rights that it needs.

    Args:
        session: The registry.
        repository: The repository.
        source: Another repository that may have the blob.
    """

    def __init__(self, session: Session, repository: Repository, source: Repository | None) -> None:
        self.scopes: tuple[str, ...] = (push_scope(repository),)
        self._session = session
        self._repository = repository
        self._source = source

    async def mount(self, digest: Digest) -> UploadSession | bool:
        """Ask for a blob of another repository (end-11).

        Returns:
            True where it is there now; else the upload that has begun instead, or False.

        Raises:
            RegistryError: The registry is out of reach, or lets nobody in who asks.
        """
        source = self._source
        if source is None or source == self._repository:
            return False
        # Rights for both: some token services look at the first alone, or give a token for one only.
        scopes = (*self.scopes, pull_scope(source))
        response = await self._post(f"mount={digest}&from={source}", scopes=scopes)
        if response.status == HTTPStatus.CREATED:
            check_digest(response, digest)
            return True
        if is_success(response) and "Location" in response.headers:
            return await UploadSession.of(self._session, self.scopes, response)
        return False

    async def begin(self, digest: Digest, small: LastingContent | None = None) -> UploadSession | None:
        """Open an upload; None where the blob is there without one.

        Args:
            digest: The blob's digest.
            small: The blob itself, where it may be sent along.

        Raises:
            RegistryError: The registry is out of reach, says no, or names a place that must not be gone to.
        """
        begun = await self.mount(digest)
        if begun is True:
            return None
        if isinstance(begun, UploadSession):
            return begun
        if small is not None and not self._session.wants_put:
            begun = await self._post_whole(digest, small)
            if begun is True:
                return None
            if isinstance(begun, UploadSession):
                return begun
        return await self.plain(digest.algorithm)

    async def _post_whole(self, digest: Digest, content: LastingContent) -> UploadSession | bool:
        """Send a small blob along with the POST (end-4b); True where it was taken."""
        try:
            response = await self._post(f"digest={digest}", content.part(0, content.size))
        except ConnectionLostError:
            return False
        if response.status == HTTPStatus.CREATED:
            check_digest(response, digest)
            return True
        if is_success(response) and "Location" in response.headers:
            self._session.wants_put = True
            return await UploadSession.of(self._session, self.scopes, response)
        self._session.wants_put = response.status in _NO_SINGLE
        return False

    async def plain(self, algorithm: str) -> UploadSession:
        """Open an upload (end-4a), for a digest of an algorithm (end-4c).

        Raises:
            RegistryError: The registry is out of reach, says no, or names a place that must not be gone to.
        """
        response = await self._post("" if algorithm == "sha256" else f"digest-algorithm={algorithm}")
        if not is_success(response):
            raise refusal(response)
        return await UploadSession.of(self._session, self.scopes, response)

    async def _post(
        self, query: str, body: Body | None = None, *, scopes: tuple[str, ...] | None = None
    ) -> RawResponse:
        target = f"/v2/{self._repository}/blobs/uploads/{'?' if query else ''}{query}"
        headers = {} if body is None else {"Content-Type": OCTETS}
        call = Call("POST", target, headers, scopes or self.scopes, body, again=body is None)
        return await self._session.fetch(call, limit=MAX_ERROR_BODY, what="answer")
