"""Where images come from: `Source` is the one face of a registry, a layout and an archive.

`tui.client.Registry` asks a registry, `tui.client.Layout` reads an OCI image layout in a folder or a tar,
`tui.client.DockerArchive` reads what ``docker save`` writes. Whoever lists,
shows, compares or saves images takes a `Source` and need not know which of them it is:

* Names are those of a registry. What a layout calls ``docker.io/library/alpine:3`` is the tag ``3`` of the
  repository ``docker.io/library/alpine``; a bare ``v1`` is a tag of the one repository that is called after
  the file or the folder. What has no name that can be a tag is among the `untagged`.
* Content is verified by its digest on the way, whoever gives it: manifests before they are returned, blobs at
  the end of their stream. A stream can be iterated over or pumped, from any offset. What is fetched from the
  middle of a blob alone cannot be verified by the blob's digest.
* What is absent is a `ManifestNotExistError`, a `BlobNotExistError` or a `RepositoryNotExistError`; what
  cannot be read is another `RegistryError`. The request that errors tell is HTTP's for a registry, and
  ``READ`` with the path for what lies on disk.
* Nothing blocks the event loop: files are read on threads.

What follows from one manifest or blob alone (the config of an image, the children of an index) is written
here, once for all of them.
"""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from tui.client.documents.image_config import parse_config
from tui.client.documents.image_manifest import Index, Manifest, manifest_digest, parse_manifest
from tui.client.errors import (
    BodyTooLargeError,
    InvalidIndexError,
    ManifestNotExistError,
    UnknownMediaTypeError,
)
from tui.client.limits import MAX_CONFIG
from tui.client.media_types import is_image_config
from tui.client.names import Image

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager
    from hashlib import _Hash

    from tui.client.blob_stream import BlobStream
    from tui.client.documents.descriptors import Descriptor
    from tui.client.documents.image_config import ImageConfig
    from tui.client.errors import RequestLine
    from tui.client.names import Digest, Repository, Tag
    from tui.client.pages import Page

__all__ = ["PAGE_SIZE", "Source"]

MAX_DEPTH: Final = 8
"""Indexes inside of indexes that are followed; digests allow no circles, but long chains."""

MAX_TOGETHER: Final = 10_000
"""Manifests that an index and those in it may list: the largest seen lists some fifty."""

MAX_BYTES_TOGETHER: Final = 64 * 1024 * 1024
"""Bytes of all these manifests: 10,000 of the usual size."""

PAGE_SIZE: Final = 100
"""Entries of a page of a listing: what ECR and GHCR send by themselves, and a few screens of them."""

_log = logging.getLogger("tui.client")


@runtime_checkable
class Source(Protocol):
    """Images by repository, tag and digest, wherever they lie."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What people call it: a registry's host, or the path of a layout or an archive."""
        ...

    @property
    @abstractmethod
    def warnings(self) -> tuple[str, ...]:
        """What there was to warn of until now, each once; foreign words."""
        ...

    @abstractmethod
    def repositories(
        self,
        *,
        page_size: int | None = PAGE_SIZE,
        largest_page: int | None = None,
        whole: Callable[[], bool] | None = None,
    ) -> AsyncGenerator[Page[Repository], None]:
        """List the repositories, page by page.

        Args:
            page_size: How many entries of a page to ask for; there may be fewer or more. None for as many as
                there are to be had at once.
            largest_page: Up to how many to ask for, each time twice as many; by default always as many.
            whole: Asked before each page but the first: whether the rest should come in as few as possible.

        Raises:
            CatalogUnsupportedError: There is no list, or not for who asks.
            RegistryError: It cannot be read.
        """
        ...

    @abstractmethod
    def tags(
        self,
        repository: Repository,
        *,
        page_size: int | None = PAGE_SIZE,
        largest_page: int | None = None,
        whole: Callable[[], bool] | None = None,
    ) -> AsyncGenerator[Page[Tag], None]:
        """List the tags of a repository, page by page.

        Args:
            repository: The repository.
            page_size: How many entries of a page to ask for; there may be fewer or more. None for as many as
                there are to be had at once.
            largest_page: Up to how many to ask for, each time twice as many; by default always as many.
            whole: Asked before each page but the first: whether the rest should come in as few as possible.

        Raises:
            RepositoryNotExistError: There is no such repository.
            RegistryError: It cannot be read.
        """
        ...

    @abstractmethod
    async def untagged(self, repository: Repository) -> tuple[Descriptor, ...]:
        """List the manifests of a repository that are listed without a tag; a registry tells of none.

        Raises:
            RegistryError: They cannot be read.
        """
        ...

    @abstractmethod
    async def get_manifest(self, image: Image, *, strict: bool = False) -> Index | Manifest:
        """Fetch a manifest or an index, verified where it is asked for by digest.

        Args:
            image: The repository, and a tag or a digest.
            strict: Whether every violation of the image specification is an error (see `validate`).

        Raises:
            ManifestNotExistError: There is none.
            DigestMismatchError: What came is something else.
            ValidationError: The document has violations, and `strict` was asked for.
            RegistryError: It cannot be read.
        """
        ...

    @abstractmethod
    async def manifest_exists(self, image: Image) -> Descriptor:
        """Describe a manifest without fetching it, where that is possible.

        Raises:
            ManifestNotExistError: There is none.
            RegistryError: It cannot be read.
        """
        ...

    @abstractmethod
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
            RegistryError: It cannot be read, or is another one.
        """
        ...

    @abstractmethod
    def get_blob(
        self,
        repository: Repository,
        blob: Digest | Descriptor,
        *,
        offset: int = 0,
        hasher: _Hash | None = None,
        bulk: bool = False,
    ) -> AbstractAsyncContextManager[BlobStream]:
        """Open a blob as a stream that is verified at its end; leaving the context ends the reading.

        Args:
            repository: The repository.
            blob: Its digest, or a descriptor, whose size is then held against what comes.
            offset: The first byte that is wanted; look at the stream's own `offset` for what comes.
            hasher: For an offset: a hash of the blob's algorithm that has been fed with the bytes before it.
            bulk: Whether the stream is to be pumped, not iterated over.

        Raises:
            BlobNotExistError: There is no such blob.
            SizeMismatchError: It has another size than the descriptor says.
            RegistryError: It cannot be read.
        """
        ...

    @abstractmethod
    async def get_blob_range(
        self, repository: Repository, blob: Digest | Descriptor, offset: int, size: int
    ) -> bytes:
        """Fetch some bytes from the middle of a blob, in one request for exactly these.

        The digest covers the blob as a whole: nothing of a range is verified by it.

        Args:
            repository: The repository.
            blob: Its digest, or a descriptor, whose size is then held against what is there.
            offset: The first byte that is wanted.
            size: How many are wanted, up to 64 MiB; there are fewer only where the blob ends.

        Raises:
            BlobNotExistError: There is no such blob.
            RangesUnsupportedError: Where the blob lies, it can be read from its beginning only.
            BodyTooLargeError: More than that are wanted.
            SizeMismatchError: The blob has another size than the descriptor says.
            RegistryError: It cannot be read.
        """
        ...

    @abstractmethod
    async def verify_blob(self, repository: Repository, digest: Digest) -> Descriptor:
        """Ask whether a blob exists, and how large it is.

        Raises:
            BlobNotExistError: There is no such blob.
            RegistryError: It cannot be read.
        """
        ...

    @abstractmethod
    async def get_referrers(
        self, repository: Repository, digest: Digest, artifact_type: str | None = None
    ) -> tuple[Descriptor, ...]:
        """List the manifests that are about another one: signatures, SBOMs, attestations.

        Args:
            repository: The repository.
            digest: What they are about.
            artifact_type: Only those of this type; all where it is left out.

        Raises:
            RegistryError: They cannot be read.
        """
        ...

    @abstractmethod
    def blob_line(self, repository: Repository, digest: Digest) -> RequestLine:
        """Tell the request by which a blob is read, for the message of an error."""
        ...

    async def get_config(
        self, repository: Repository, manifest: Manifest, *, strict: bool = False
    ) -> ImageConfig:
        """Fetch the config of an image, verified (image specification, "OCI Image Configuration").

        Args:
            repository: The repository.
            manifest: The manifest that names the config.
            strict: Whether every violation of the image specification is an error (see `validate`).

        Raises:
            ValidationError: The config has violations, and `strict` was asked for.
            UnknownMediaTypeError: The manifest has no config of an image.
            BodyTooLargeError: The config is longer than 4 MiB.
            RegistryError: It cannot be read.
        """
        if manifest.config is None:
            raise UnknownMediaTypeError("", "the manifest has no config")
        if not is_image_config(manifest.config.media_type):
            raise UnknownMediaTypeError(manifest.config.media_type)
        raw = await self.get_blob_bytes(repository, manifest.config)
        line = self.blob_line(repository, manifest.config.digest)
        return parse_config(raw, manifest.config, request=line, strict=strict)

    async def get_child(self, repository: Repository, descriptor: Descriptor) -> Index | Manifest:
        """Fetch what an entry of an index names; from the entry itself where it holds the document.

        Raises:
            ManifestNotExistError: There is none.
            DigestMismatchError: What came is something else.
            RegistryError: It cannot be read.
        """
        digest = descriptor.digest
        if descriptor.data is not None:
            actual = manifest_digest(descriptor.data, digest.algorithm)
            if actual == digest:
                return parse_manifest(descriptor.data, content_type=descriptor.media_type, digest=digest)
        return await self.get_manifest(Image(repository, digest))

    async def get_manifests(self, image: Image) -> tuple[Index | None, list[Manifest]]:
        """Fetch a manifest, or an index and all that it lists, side by side and through nested indexes.

        Children that are absent are left out, and logged.

        Raises:
            ManifestNotExistError: The image itself does not exist.
            RegistryError: Anything else went wrong with one of them.
        """
        root = await self.get_manifest(image)
        if isinstance(root, Manifest):
            return None, [root]
        found: list[Manifest] = []
        level = [root]
        seen = {root.descriptor.digest}
        room = _Room()
        for _ in range(MAX_DEPTH):
            entries = [entry for index in level for entry in index.manifests if entry.digest not in seen]
            entries = list({entry.digest: entry for entry in entries}.values())
            seen.update(entry.digest for entry in entries)
            if len(seen) > MAX_TOGETHER:
                raise InvalidIndexError(
                    f"the index and those in it list more than {MAX_TOGETHER:,} manifests"
                )
            children = await _fetch_all(self, image.repository, entries, room)
            found += [child for child in children if isinstance(child, Manifest)]
            level = [child for child in children if isinstance(child, Index)]
            if not level:
                break
        return root, found


class _Room:
    """What an index may take in memory with all that it lists."""

    def __init__(self) -> None:
        self._left = MAX_BYTES_TOGETHER

    def take(self, child: Index | Manifest) -> None:
        self._left -= len(child.raw)
        if self._left < 0:
            raise BodyTooLargeError(MAX_BYTES_TOGETHER, what="index with all that it lists")


async def _fetch_all(
    source: Source, repository: Repository, entries: list[Descriptor], room: _Room
) -> list[Index | Manifest]:
    async def fetch(entry: Descriptor) -> Index | Manifest | None:
        try:
            child = await source.get_child(repository, entry)
        except ManifestNotExistError:
            _log.warning("%s/%s: the index names %s, which is absent", source.name, repository, entry.digest)
            return None
        room.take(child)
        return child

    tasks = [asyncio.create_task(fetch(entry)) for entry in entries]
    try:
        return [child for child in await asyncio.gather(*tasks) if child is not None]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
