"""The part of a registry's face that reads manifests and blobs, which its mirrors may have, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client import blobs, manifests
from tui.client.blob_ranges import get_blob_range
from tui.client.errors import RangesUnsupportedError, RegistryError
from tui.client.limits import MAX_CONFIG
from tui.client.names import Image
from tui.client.wire.places import Traffic

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from hashlib import _Hash

    from tui.client.blob_stream import BlobStream
    from tui.client.documents.descriptors import Descriptor
    from tui.client.documents.image_manifest import Index, Manifest
    from tui.client.mirrors import Mirrored
    from tui.client.names import Digest, Repository
    from tui.client.session import Session

__all__ = ["RegistryContent"]


class RegistryContent:
    """The part of `tui.client.Registry` that mirrors are asked for, before the registry itself.

    Args:
        mirrored: The registry and its mirrors.
    """

    def __init__(self, mirrored: Mirrored) -> None:
        self._mirrored = mirrored

    async def get_manifest(self, image: Image, *, strict: bool = False) -> Index | Manifest:
        """Fetch a manifest or an index, verified where it is asked for by digest.

        Args:
            image: The repository, and a tag or a digest.
            strict: Whether every violation of the image specification is an error (see `validate`).

        Raises:
            ManifestNotExistError: There is none.
            DigestMismatchError: The registry sent something else.
            ValidationError: The document has violations, and `strict` was asked for.
            RegistryError: The registry is out of reach, says no, or sends what cannot be read.
        """
        return await self._mirrored.ask(
            image.repository,
            lambda session, repository: manifests.get_manifest(
                session, Image(repository, image.reference), strict=strict
            ),
        )

    async def manifest_exists(self, image: Image) -> Descriptor:
        """Describe a manifest without fetching it, where the registry allows that.

        Raises:
            ManifestNotExistError: There is none.
            RegistryError: The registry is out of reach, says no, or sends what cannot be read.
        """
        return await self._mirrored.ask(
            image.repository,
            lambda session, repository: manifests.head_manifest(session, Image(repository, image.reference)),
        )

    async def get_blob_bytes(
        self, repository: Repository, descriptor: Descriptor, *, limit: int = MAX_CONFIG
    ) -> bytes:
        """Fetch a small blob as a whole, verified.

        Args:
            repository: The repository.
            descriptor: The blob.
            limit: The most bytes that are read.

        Raises:
            BodyTooLargeError: The blob is longer than that.
            BlobNotExistError: There is no such blob.
            RegistryError: The registry is out of reach, says no, or sends another blob.
        """
        return await self._mirrored.ask(
            repository, lambda session, name: blobs.get_blob_bytes(session, name, descriptor, limit=limit)
        )

    def get_blob(
        self,
        repository: Repository,
        blob: Digest | Descriptor,
        *,
        offset: int = 0,
        hasher: _Hash | None = None,
        bulk: bool = False,
    ) -> AbstractAsyncContextManager[BlobStream]:
        """Open a blob as a stream that is verified at its end; leaving the context ends the request.

        Args:
            repository: The repository.
            blob: Its digest, or a descriptor, whose size is then held against what comes, and whose other
                places are tried, without a login, where the registry does not have the blob.
            offset: The first byte that is wanted; look at the stream's own `offset` for what comes.
            hasher: For an offset: a hash of the blob's algorithm that has been fed with the bytes before it.
            bulk: Whether the stream is to be pumped, not iterated over: it is then read on threads.

        Raises:
            BlobNotExistError: There is no such blob.
            SizeMismatchError: The registry announces another size than the descriptor.
            RegistryError: The registry is out of reach, or says no.
        """
        return self._mirrored.open_blob(
            repository,
            blob,
            offset=offset,
            hasher=hasher,
            traffic=Traffic.BULK if bulk else Traffic.BLOB,
        )

    async def get_blob_range(
        self, repository: Repository, blob: Digest | Descriptor, offset: int, size: int
    ) -> bytes:
        """Fetch some bytes from the middle of a blob, in one request for exactly these.

        The digest covers the blob as a whole: nothing of a range is verified by it.

        Args:
            repository: The repository.
            blob: Its digest, or a descriptor, whose size is then held against what the registry says, and
                whose other places are tried, without a login, where the registry does not have the blob.
            offset: The first byte that is wanted.
            size: How many are wanted, up to 64 MiB; there are fewer only where the blob ends.

        Raises:
            BlobNotExistError: There is no such blob.
            RangesUnsupportedError: The registry gives the blob from its beginning only; none of it is read.
            BodyTooLargeError: More than that are wanted.
            SizeMismatchError: The blob has another size than the descriptor says, or the range has.
            RegistryError: The registry is out of reach, or says no.
        """
        without: list[RangesUnsupportedError] = []

        async def fetch(session: Session, name: Repository) -> bytes:
            try:
                return await get_blob_range(session, name, blob, offset, size)
            except RangesUnsupportedError as error:
                without.append(error)
                raise

        try:
            return await self._mirrored.ask(repository, fetch)
        except RegistryError as error:
            # Who has the blob, if only as a whole, is worth more than a registry that does not give it.
            if without:
                raise without[0] from error
            raise

    async def verify_blob(self, repository: Repository, digest: Digest) -> Descriptor:
        """Ask whether a blob exists, and how large it is.

        Raises:
            BlobNotExistError: There is no such blob.
            RegistryError: The registry is out of reach, or says no.
        """
        return await self._mirrored.ask(
            repository, lambda session, name: blobs.verify_blob(session, name, digest)
        )
