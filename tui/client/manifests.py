"""Manifests and indexes: by tag or digest, verified, and the children of an index side by side."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tui.client.answers import read_from, refusal
from tui.client.descriptors import Descriptor
from tui.client.errors import (
    DigestMismatchError,
    InvalidNameError,
    ManifestNotExistError,
)
from tui.client.image_manifest import Index, Manifest, manifest_digest, parse_manifest
from tui.client.limits import MAX_MANIFEST
from tui.client.media_types import MANIFEST_ACCEPT, essence, is_index, is_manifest
from tui.client.names import Digest, Image
from tui.client.session import Call
from tui.client.tokens import pull_scope

if TYPE_CHECKING:
    from tui.client.answers import RawResponse
    from tui.client.names import Repository
    from tui.client.session import Session

__all__ = ["get_child", "get_manifest", "get_manifests", "head_manifest"]

MAX_DEPTH: Final = 8
"""Indexes inside of indexes that are followed; digests allow no circles, but long chains."""

_log = logging.getLogger("tui.client")


async def get_manifest(session: Session, image: Image) -> Index | Manifest:
    """Fetch a manifest or an index (distribution specification, "Pulling manifests").

    What is asked for by digest is verified; of a signed schema 1 the digest covers the payload. For a tag the
    digest is computed, since headers of registries are often wrong about it.

    Raises:
        ManifestNotExistError: There is none.
        DigestMismatchError: The registry sent something else.
        UnsupportedAlgorithmError: The digest is of an algorithm that cannot be verified.
        RegistryError: The registry is out of reach, says no, or sends what cannot be read.
    """
    if isinstance(image.reference, Digest):
        image.reference.hasher()
    response = await session.fetch(_call("GET", image), limit=MAX_MANIFEST, what="manifest")
    if response.status == HTTPStatus.NOT_FOUND:
        raise refusal(response, ManifestNotExistError)
    response.raise_for_status()
    with read_from(response.request):
        return parse_manifest(
            response.body,
            content_type=response.headers.get("Content-Type"),
            digest=_verified_digest(response, image),
        )


async def head_manifest(session: Session, image: Image) -> Descriptor:
    """Describe a manifest without fetching it, or by fetching it where the answer to HEAD is of no use.

    Raises:
        ManifestNotExistError: There is none.
        RegistryError: The registry is out of reach, says no, or sends what cannot be read.
    """
    response = await session.fetch(_call("HEAD", image), limit=MAX_MANIFEST, what="manifest")
    if response.status == HTTPStatus.NOT_FOUND:
        raise refusal(response, ManifestNotExistError)
    if response.status == HTTPStatus.UNAUTHORIZED:
        raise refusal(response)
    described = _described(response) if response.status == HTTPStatus.OK else None
    if described is not None and (
        not isinstance(image.reference, Digest) or image.reference == described.digest
    ):
        return described
    return (await get_manifest(session, image)).descriptor


async def get_child(session: Session, repository: Repository, descriptor: Descriptor) -> Index | Manifest:
    """Fetch what an entry of an index names; from the entry itself where it holds the document.

    Raises:
        ManifestNotExistError: The registry does not have it.
        DigestMismatchError: The registry sent something else.
        RegistryError: The registry is out of reach, says no, or sends what cannot be read.
    """
    digest = descriptor.digest
    if descriptor.data is not None:
        actual = manifest_digest(descriptor.data, digest.algorithm)
        if actual == digest:
            return parse_manifest(descriptor.data, content_type=descriptor.media_type, digest=digest)
    return await get_manifest(session, Image(repository, digest))


async def get_manifests(session: Session, image: Image) -> tuple[Index | None, list[Manifest]]:
    """Fetch a manifest, or an index and all that it lists, side by side and through nested indexes.

    Children that the registry does not have are left out, and logged.

    Raises:
        ManifestNotExistError: The image itself does not exist.
        RegistryError: Anything else went wrong with one of them.
    """
    root = await get_manifest(session, image)
    if isinstance(root, Manifest):
        return None, [root]
    found: list[Manifest] = []
    level = [root]
    seen = {root.descriptor.digest}
    for _ in range(MAX_DEPTH):
        entries = [entry for index in level for entry in index.manifests if entry.digest not in seen]
        entries = list({entry.digest: entry for entry in entries}.values())
        seen.update(entry.digest for entry in entries)
        children = await _fetch_all(session, image.repository, entries)
        found += [child for child in children if isinstance(child, Manifest)]
        level = [child for child in children if isinstance(child, Index)]
        if not level:
            break
    return root, found


async def _fetch_all(
    session: Session, repository: Repository, entries: list[Descriptor]
) -> list[Index | Manifest]:
    async def fetch(entry: Descriptor) -> Index | Manifest | None:
        try:
            return await get_child(session, repository, entry)
        except ManifestNotExistError:
            _log.warning("%s/%s: the index names %s, which is absent", session.host, repository, entry.digest)
            return None

    tasks = [asyncio.create_task(fetch(entry)) for entry in entries]
    try:
        return [child for child in await asyncio.gather(*tasks) if child is not None]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
    length = response.headers.get("Content-Length", "")
    if not (is_index(media_type) or is_manifest(media_type)) or not length.isdigit() or int(length[:12]) == 0:
        return None
    try:
        digest = Digest(response.headers.get("Docker-Content-Digest", ""))
    except InvalidNameError:
        return None
    return Descriptor(media_type=media_type, digest=digest, size=int(length[:12]))
