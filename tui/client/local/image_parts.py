"""All that an image consists of, each once: its manifests, and the blobs that they name."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from tui.client.documents.descriptors import Descriptor, is_attestation
from tui.client.documents.image_manifest import Index, Manifest
from tui.client.documents.parsing import Problems, read_json
from tui.client.errors import ManifestNotExistError
from tui.client.local.saving_errors import AbsentManifestsError, UnsavableError
from tui.client.media_types import OCI_ARTIFACT_MANIFEST
from tui.client.names import Digest
from tui.client.source import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from tui.client.documents.descriptors import Platform
    from tui.client.names import Repository, Tag

__all__ = ["ImageParts", "PartsSource", "gather_parts"]

MAX_MANIFESTS: Final = 2_000
"""Manifests of one image: those with the most platforms have some tens of them, and as many attestations."""

MAX_DOCUMENTS: Final = 64 * 1024 * 1024
"""Bytes of all manifests together, which are held in memory: a thousand large ones."""


MAX_BLOBS: Final = 50_000
"""Blobs of one image: a hundred platforms of a hundred layers each have a fifth of it."""


class SizedStream(Protocol):
    """A stream that knows how long it is."""

    @property
    def size(self) -> int | None:
        """Bytes of the whole; None where nobody has said."""
        ...


class PartsSource(Protocol):
    """Where manifests and blobs come from: `tui.client.Registry` is one, and so is every `Source`."""

    async def get_child(self, repository: Repository, descriptor: Descriptor, /) -> Index | Manifest:
        """Fetch what an entry of an index names."""
        ...

    def get_blob(
        self, repository: Repository, blob: Descriptor, /
    ) -> AbstractAsyncContextManager[SizedStream]:
        """Open the stream of a blob."""
        ...


@dataclass(frozen=True, slots=True)
class ImageParts:
    """An image, or an index of several, as a whole."""

    root: Index | Manifest
    """What is saved."""
    documents: tuple[Index | Manifest, ...]
    """The root and all that it lists, also through nested indexes; those that list others come first."""
    blobs: tuple[Descriptor, ...]
    """Configs and layers in the order of the manifests; sizes are known."""
    absent: tuple[Descriptor, ...] = ()
    """What the indexes list and the source does not have."""
    name: str = ""
    """The full name: ``registry.example.com/team/app:1.2``; empty for none."""
    tag: Tag | None = None
    """The tag in it."""
    platform: Platform | None = None
    """What the image runs on, where an index has said so of the root."""
    platforms: Mapping[Digest, Platform] = field(default_factory=dict, hash=False)
    """What the indexes say that each manifest runs on."""

    @property
    def size(self) -> int:
        """Bytes of all manifests and blobs."""
        documents = sum(len(document.raw) for document in self.documents)
        return documents + sum(blob.size for blob in self.blobs)


async def gather_parts(
    source: PartsSource,
    repository: Repository,
    root: Index | Manifest,
    *,
    name: str = "",
    tag: Tag | None = None,
    platform: Platform | None = None,
    attestations: bool = True,
    absent: bool = False,
) -> ImageParts:
    """Find all that an image consists of; manifests are fetched side by side.

    Args:
        source: Where the image is.
        repository: The repository that has it.
        root: Its manifest, or an index.
        name: The full name that it is to have.
        tag: The tag in that name.
        platform: What it runs on, where the index that it was found in says so.
        attestations: Whether what BuildKit attests about platforms belongs to it.
        absent: Whether it may lack manifests that an index lists and the source does not have.

    Raises:
        UnsavableError: It is a schema 1 manifest, a document does not say all that belongs to it, or there
            is more than anybody can mean.
        AbsentManifestsError: Manifests are missing, which was not allowed.
        UnsupportedAlgorithmError: A digest is of an algorithm that cannot be verified.
        RegistryError: The source is out of reach, says no, or sends something else.
    """
    gathering = _Gathering(source, repository, root, attestations=attestations)
    await gathering.run()
    documents, missing = tuple(gathering.found.values()), tuple(gathering.absent)
    if missing and not absent:
        raise AbsentManifestsError(missing, len(documents) + len(missing) - 1)
    blobs = {
        blob.digest: blob
        for document in documents
        for blob in _blobs(document)
        if blob.digest not in gathering.found
    }
    if len(blobs) > MAX_BLOBS:
        raise UnsavableError(f"it has more than {MAX_BLOBS:,} blobs")
    return ImageParts(
        root,
        documents,
        tuple([await _sized(source, repository, blob) for blob in blobs.values()]),
        absent=missing,
        name=name,
        tag=tag,
        platform=platform,
        platforms=gathering.platforms,
    )


class _Gathering:
    """Follows an index down, level by level."""

    def __init__(
        self, source: PartsSource, repository: Repository, root: Index | Manifest, *, attestations: bool
    ) -> None:
        self.found: dict[Digest, Index | Manifest] = {}
        self.absent: list[Descriptor] = []
        self.platforms: dict[Digest, Platform] = {}
        self._source = source
        self._repository = repository
        self._root = root
        self._attestations = attestations
        self._bytes = 0

    async def run(self) -> None:
        """Fetch all that there is."""
        self._take(self._root)
        level: list[Index | Manifest] = [self._root]
        for _ in range(MAX_DEPTH):
            entries = self._unknown(level)
            if not entries:
                return
            if len(self.found) + len(self.absent) + len(entries) > MAX_MANIFESTS:
                raise UnsavableError(f"it lists more than {MAX_MANIFESTS:,} manifests")
            children = await self._fetch_all(entries)
            level = []
            for entry, child in zip(entries, children, strict=True):
                if child is None:
                    self.absent.append(entry)
                elif child.descriptor.digest not in self.found:
                    self.found[child.descriptor.digest] = child
                    level.append(child)
        if self._unknown(level):
            raise UnsavableError(f"its indexes lie more than {MAX_DEPTH} deep in each other")

    def _unknown(self, level: Iterable[Index | Manifest]) -> list[Descriptor]:
        """List what the indexes of a level name, each once, without what is known already."""
        wanted: dict[Digest, Descriptor] = {}
        known = {*self.found, *(entry.digest for entry in self.absent)}
        for index in level:
            for entry in index.manifests if isinstance(index, Index) else ():
                if entry.platform is not None:
                    self.platforms.setdefault(entry.digest, entry.platform)
                if entry.digest not in known and (self._attestations or not is_attestation(entry)):
                    wanted.setdefault(entry.digest, entry)
        return list(wanted.values())

    async def _fetch_all(self, entries: list[Descriptor]) -> list[Index | Manifest | None]:
        tasks = [asyncio.create_task(self._fetch(entry)) for entry in entries]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch(self, entry: Descriptor) -> Index | Manifest | None:
        try:
            child = await self._source.get_child(self._repository, entry)
        except ManifestNotExistError:
            return None
        self._check(child)
        return child

    def _take(self, document: Index | Manifest) -> None:
        self._check(document)
        self.found[document.descriptor.digest] = document

    def _check(self, document: Index | Manifest) -> None:
        """Refuse what a layout cannot hold, and what does not say all that belongs to it."""
        self._bytes += len(document.raw)
        if self._bytes > MAX_DOCUMENTS:
            raise UnsavableError(f"its manifests have more than {MAX_DOCUMENTS:,} bytes together")
        digest = document.descriptor.digest
        if isinstance(document, Manifest) and document.is_schema1:
            raise UnsavableError("a manifest of schema 1 has no place in an OCI layout")
        if Digest.of(document.raw, digest.algorithm) != digest:
            raise UnsavableError(f"the digest {digest.algorithm}:{digest.short}… is not that of the document")
        read = len(document.manifests) if isinstance(document, Index) else len(list(_blobs(document)))
        if read != _listed(document):
            what = "an entry" if isinstance(document, Index) else "a config or a layer"
            raise UnsavableError(f"{digest.algorithm}:{digest.short}… lists {what} without a valid digest")


def _blobs(document: Index | Manifest) -> Iterator[Descriptor]:
    """List what a manifest names, in its order."""
    if isinstance(document, Manifest):
        if document.config is not None:
            yield document.config
        yield from document.layers


def _listed(document: Index | Manifest) -> int:
    """Count what a document lists, whether or not it could be read; it has been read as an object before."""
    members = read_json(document.raw, Problems())
    if isinstance(document, Index):
        return len(members.get("manifests") or ())
    if document.descriptor.media_type == OCI_ARTIFACT_MANIFEST:
        return len(members.get("blobs") or ())
    return ("config" in members) + len(members.get("layers") or ())


async def _sized(source: PartsSource, repository: Repository, blob: Descriptor) -> Descriptor:
    """Find out the size of a blob whose descriptor does not say it."""
    blob.digest.hasher()
    if blob.size or blob.digest == Digest.of(b"", blob.digest.algorithm):
        return blob
    async with source.get_blob(repository, blob) as stream:
        if stream.size is None:
            raise UnsavableError(f"nobody says how long {blob.digest.algorithm}:{blob.digest.short}… is")
        return replace(blob, size=stream.size)
