"""Manifests pushed under tags and digests, and deleted, with the lists of referrers kept true."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urlencode

from tui.client.documents.image_manifest import Index, Manifest, manifest_digest, parse_manifest
from tui.client.errors import (
    BodyTooLargeError,
    DigestMismatchError,
    ParseBodyError,
    SchemaValidationError,
    UnknownMediaTypeError,
)
from tui.client.manifests import get_manifest, head_manifest
from tui.client.media_types import essence
from tui.client.names import Digest, Image, Tag
from tui.client.pushing.changes import delete_by_digest, put_document, put_refusal
from tui.client.pushing.content_stream import CHECK_SOURCE
from tui.client.pushing.referrers_list import add_referrer, remove_referrer
from tui.client.pushing.upload_session import check_digest, is_success
from tui.client.redaction import quoted
from tui.client.referrers import has_referrers_api

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.client.answers import RawResponse
    from tui.client.documents.descriptors import Descriptor
    from tui.client.names import Repository
    from tui.client.session import Session

__all__ = ["References", "delete_manifest", "put_manifest"]

References: TypeAlias = "Tag | Digest | Iterable[Tag] | None"
"""Under what a manifest is pushed: a tag, its digest, several tags, or nothing but the digest."""

MAX_TAGS: Final = 10
"""Tags of one request: as many as the specification wants registries to take."""

_TAGS_NOT_TAKEN: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_URI_TOO_LONG,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    }
)
"""What registries answer that take no tags along with a digest, or fewer."""


_UNREADABLE: Final = (
    ParseBodyError,
    SchemaValidationError,
    UnknownMediaTypeError,
    BodyTooLargeError,
    DigestMismatchError,
)


async def put_manifest(
    session: Session,
    repository: Repository,
    document: bytes | Index | Manifest,
    references: References = None,
    *,
    media_type: str = "",
    algorithm: str = "sha256",
) -> Descriptor:
    """Push a manifest ("Pushing Manifests"); see `tui.client.Registry.put_manifest`."""
    if isinstance(references, Digest):
        algorithm = references.algorithm
    raw = document if isinstance(document, bytes) else document.raw
    claimed = essence(media_type) or ("" if isinstance(document, bytes) else document.descriptor.media_type)
    digest = manifest_digest(raw, algorithm)
    if isinstance(references, Digest) and references != digest:
        raise DigestMismatchError(references, digest, remedy=CHECK_SOURCE)
    manifest = parse_manifest(raw, content_type=claimed or None, digest=digest)
    declared = manifest.descriptor.media_type
    if claimed and claimed != declared:
        raise UnknownMediaTypeError(
            claimed,
            f"the manifest says that it is {quoted(declared)}, and is to be pushed as {quoted(claimed)}",
        )
    responses = await _put(session, repository, manifest, _tags(references))
    subject = manifest.subject
    if subject is not None and not any(
        response.headers.get("OCI-Subject", "").strip() == subject.digest for response in responses
    ):
        await add_referrer(session, repository, manifest)
    return manifest.descriptor


async def delete_manifest(
    session: Session, repository: Repository, reference: Tag | Digest, *, referrers: bool = True
) -> None:
    """Delete a manifest ("Deleting Manifests"); see `tui.client.Registry.delete_manifest`."""
    if isinstance(reference, Digest):
        digest = reference
    else:
        digest = (await head_manifest(session, Image(repository, reference))).digest
    subject = await _listed_subject(session, repository, digest) if referrers else None
    await delete_by_digest(session, repository, digest)
    if subject is not None:
        await remove_referrer(session, repository, subject, digest)


def _tags(references: References) -> list[Tag]:
    if references is None or isinstance(references, Digest):
        return []
    if isinstance(references, Tag):
        return [references]
    tags = list(dict.fromkeys(references))
    if not all(isinstance(tag, Tag) for tag in tags):
        raise TypeError("a reference is a Tag or a Digest")
    return tags


async def _put(
    session: Session, repository: Repository, manifest: Index | Manifest, tags: list[Tag]
) -> list[RawResponse]:
    """Push a manifest by its digest, with the tags along where the registry knows that, else by each tag."""
    digest, media_type = manifest.descriptor.digest, manifest.descriptor.media_type
    responses: list[RawResponse] = []
    left = tags
    if len(tags) != 1 or digest.algorithm != "sha256":
        taken: set[str] = set()
        for batch in [tags[at : at + MAX_TAGS] for at in range(0, len(tags), MAX_TAGS)] or [[]]:
            query = urlencode([("tag", tag) for tag in batch])
            response = await put_document(session, repository, digest, manifest.raw, media_type, query=query)
            if is_success(response):
                check_digest(response, digest)
                responses.append(response)
            elif not batch or response.status not in _TAGS_NOT_TAKEN:
                raise put_refusal(response)
            more = _taken_tags(response)
            taken |= more
            if not more:
                break
        left = [tag for tag in tags if tag not in taken]
    for tag in left:
        response = await put_document(session, repository, tag, manifest.raw, media_type)
        if not is_success(response):
            raise put_refusal(response)
        check_digest(response, digest)
        responses.append(response)
    return responses


def _taken_tags(response: RawResponse) -> set[str]:
    """Read the tags that a registry has taken along with a digest (``OCI-Tag``)."""
    if not is_success(response):
        return set()
    values = ",".join(response.headers.get_list("OCI-Tag"))
    return {tag for value in values.split(",") if (tag := value.strip())}


async def _listed_subject(session: Session, repository: Repository, digest: Digest) -> Digest | None:
    """Tell on whose list of referrers a manifest stands; None where the registry keeps that itself.

    Raises:
        ManifestNotExistError: There is no such manifest.
        RegistryError: The registry is out of reach, or says no.
    """
    try:
        manifest = await get_manifest(session, Image(repository, digest))
    except _UNREADABLE:
        # It names no subject that anybody knows, and may be deleted all the more.
        return None
    subject = manifest.subject.digest if manifest.subject is not None else None
    if subject is None or await has_referrers_api(session, repository, subject):
        return None
    return subject
