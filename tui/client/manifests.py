"""Manifests and indexes of a registry: by tag or digest, verified."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tui.client.answers import read_from, refusal, told_length
from tui.client.documents.descriptors import Descriptor
from tui.client.documents.image_manifest import manifest_digest, parse_manifest
from tui.client.errors import (
    DigestMismatchError,
    InvalidNameError,
    ManifestNotExistError,
)
from tui.client.limits import MAX_MANIFEST
from tui.client.login.tokens import pull_scope
from tui.client.media_types import MANIFEST_ACCEPT, essence, is_index, is_manifest
from tui.client.names import Digest, Image
from tui.client.session import Call
from tui.client.support import not_found

if TYPE_CHECKING:
    from tui.client.answers import RawResponse
    from tui.client.documents.image_manifest import Index, Manifest
    from tui.client.session import Session

__all__ = ["get_manifest", "head_manifest"]


async def get_manifest(session: Session, image: Image, *, strict: bool = False) -> Index | Manifest:
    """Fetch a manifest or an index (distribution specification, "Pulling manifests").

    What is asked for by digest is verified; of a signed schema 1 the digest covers the payload. For a tag the
    digest is computed, since headers of registries are often wrong about it.

    Raises:
        ManifestNotExistError: There is none.
        DigestMismatchError: The registry sent something else.
        UnsupportedAlgorithmError: The digest is of an algorithm that cannot be verified.
        ValidationError: The document has violations, and `strict` was asked for.
        RegistryError: The registry is out of reach, says no, or sends what cannot be read.
    """
    if isinstance(image.reference, Digest):
        image.reference.hasher()
    response = await session.fetch(_call("GET", image), limit=MAX_MANIFEST, what="manifest")
    if response.status == HTTPStatus.NOT_FOUND:
        raise await not_found(session, response, ManifestNotExistError)
    response.raise_for_status()
    with read_from(response.request):
        return parse_manifest(
            response.body,
            content_type=response.headers.get("Content-Type"),
            digest=_verified_digest(response, image),
            strict=strict,
        )


async def head_manifest(session: Session, image: Image) -> Descriptor:
    """Describe a manifest without fetching it, or by fetching it where the answer to HEAD is of no use.

    Raises:
        ManifestNotExistError: There is none.
        RegistryError: The registry is out of reach, says no, or sends what cannot be read.
    """
    response = await session.fetch(_call("HEAD", image), limit=MAX_MANIFEST, what="manifest")
    if response.status == HTTPStatus.NOT_FOUND:
        raise await not_found(session, response, ManifestNotExistError)
    if response.status == HTTPStatus.UNAUTHORIZED:
        raise refusal(response)
    described = _described(response) if response.status == HTTPStatus.OK else None
    if described is not None and (
        not isinstance(image.reference, Digest) or image.reference == described.digest
    ):
        return described
    return (await get_manifest(session, image)).descriptor


def _call(method: str, image: Image) -> Call:
    return Call(
        method,
        f"/v2/{image.repository}/manifests/{image.reference}",
        {"Accept": MANIFEST_ACCEPT},
        (pull_scope(image.repository),),
    )


def _verified_digest(response: RawResponse, image: Image) -> Digest | None:
    if not isinstance(image.reference, Digest):
        return None
    actual = manifest_digest(response.body, image.reference.algorithm)
    if actual != image.reference:
        raise DigestMismatchError(image.reference, actual, request=response.request)
    return image.reference


def _described(response: RawResponse) -> Descriptor | None:
    """Read the headers of an answer to HEAD; None where one is missing or cannot be true."""
    media_type = essence(response.headers.get("Content-Type"))
    length = told_length(response.headers)
    if not (is_index(media_type) or is_manifest(media_type)) or not length:
        return None
    try:
        digest = Digest(response.headers.get("Docker-Content-Digest", ""))
    except InvalidNameError:
        return None
    return Descriptor(media_type=media_type, digest=digest, size=length)
