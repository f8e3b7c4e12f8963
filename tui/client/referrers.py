"""Referrers: the manifests that are about another one, by the API or by the tag that stands in for it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tui.client.answers import error_infos, read_from, refusal
from tui.client.documents.image_manifest import Index, parse_manifest
from tui.client.errors import (
    InvalidIndexError,
    ManifestNotExistError,
    RegistryError,
    RepositoryNotExistError,
)
from tui.client.limits import MAX_LISTING
from tui.client.login.tokens import pull_scope
from tui.client.manifests import get_manifest
from tui.client.media_types import OCI_INDEX, essence
from tui.client.names import Image
from tui.client.pages import Loaded, paged
from tui.client.referrers_tag import referrers_tag
from tui.client.session import Call

if TYPE_CHECKING:
    from tui.client.answers import RawResponse
    from tui.client.documents.descriptors import Descriptor
    from tui.client.names import Digest, Repository
    from tui.client.session import Session

__all__ = ["get_referrers", "has_referrers_api"]

_UNSUPPORTED: Final = frozenset({400, 401, 403, 404, 405, 406, 501})
"""What registries without the API answer: 404 mostly, Artifactory 406, Harbor before 2.8 401."""


async def get_referrers(
    session: Session, repository: Repository, digest: Digest, artifact_type: str | None = None
) -> tuple[Descriptor, ...]:
    """List the manifests whose subject is `digest` (distribution specification, "Listing Referrers").

    Where a registry has no API for it, that is asked once for each repository, and then the tag alone.

    Args:
        session: The registry.
        repository: The repository.
        digest: The subject.
        artifact_type: Only those of this type; all where it is left out.

    Raises:
        RegistryError: The registry is out of reach, or sends what cannot be read.
    """
    found = await _by_api(session, repository, digest, artifact_type)
    if found is None:
        found = await _by_tag(session, repository, digest)
    if artifact_type is not None:
        found = [entry for entry in found if entry.artifact_type == artifact_type]
    return tuple({entry.digest: entry for entry in found}.values())


async def has_referrers_api(session: Session, repository: Repository, digest: Digest) -> bool:
    """Ask whether the registry itself lists referrers, so that no tag has to stand in for that.

    Raises:
        RegistryError: The registry is out of reach, or sends what cannot be read.
    """
    return await _by_api(session, repository, digest, None) is not None


async def _by_api(
    session: Session, repository: Repository, digest: Digest, artifact_type: str | None
) -> list[Descriptor] | None:
    """Ask the API; None where the registry has none."""
    place = (repository, digest.algorithm)
    if place in session.without_referrers:
        return None
    first = f"/v2/{repository}/referrers/{digest}"
    if artifact_type is not None:
        first += f"?artifactType={quote(artifact_type, safe='')}"
    found: list[Descriptor] = []

    async def load(url: str) -> Loaded[Descriptor]:
        call = Call("GET", url, {"Accept": OCI_INDEX}, (pull_scope(repository),))
        response = await session.fetch(
            call, limit=MAX_LISTING, what="list of referrers", seconds=session.sender.timeouts.listing
        )
        if url == first:
            _check_support(response)
        response.raise_for_status()
        asked = str((await session.home()).join(url))
        return _read_page(response, asked, is_first=url == first)

    try:
        async for page in paged(first, load):
            found += page.items
    except _NoReferrersError as error:
        if error.lasting:
            session.without_referrers.add(place)
        return None
    return found


def _check_support(response: RawResponse) -> None:
    if response.status not in _UNSUPPORTED:
        return
    if any(info.code == "NAME_UNKNOWN" for info in error_infos(response.body)):
        raise refusal(response, RepositoryNotExistError)
    # One that offers a way in, or denies, may be a matter of the login.
    offers = response.status == HTTPStatus.UNAUTHORIZED and "WWW-Authenticate" in response.headers
    raise _NoReferrersError(lasting=not offers and response.status != HTTPStatus.FORBIDDEN)


def _read_page(response: RawResponse, asked: str, *, is_first: bool) -> Loaded[Descriptor]:
    try:
        with read_from(response.request):
            index = parse_manifest(response.body, content_type=OCI_INDEX)
            if not isinstance(index, Index):
                raise InvalidIndexError("the list of referrers is no index")
    except RegistryError as error:
        # A page, or whatever else a server sends for any path, is no answer of the API.
        if is_first and essence(response.headers.get("Content-Type")) not in {"", OCI_INDEX}:
            raise _NoReferrersError(lasting=True) from error
        raise
    return Loaded(index.manifests, len(index.problems), response.headers.get_list("Link"), asked)


async def _by_tag(session: Session, repository: Repository, digest: Digest) -> list[Descriptor]:
    try:
        index = await get_manifest(session, Image(repository, referrers_tag(digest)))
    except ManifestNotExistError:
        return []
    return list(index.manifests) if isinstance(index, Index) else []


class _NoReferrersError(Exception):
    """The registry does not have the API."""

    def __init__(self, *, lasting: bool) -> None:
        self.lasting = lasting
        """Whether that is so for whoever asks."""
        super().__init__()
