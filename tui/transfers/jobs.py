"""What a transfer does once it is its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from tui.transfers.download import Fetch, store
from tui.transfers.part import PartFile

if TYPE_CHECKING:
    from pathlib import Path

    from tui.client.local.image_parts import ImageParts
    from tui.client.models import Descriptor
    from tui.client.names import Digest, Repository
    from tui.transfers.download import BlobSource
    from tui.transfers.progress import Meter
    from tui.transfers.retries import Retries

__all__ = ["BlobJob", "DocumentJob", "ImageJob", "Job", "Kept"]


class Kept(Protocol):
    """What a job writes into, as whoever starts and interrupts jobs sees it."""

    @property
    def size(self) -> int:
        """Bytes that are there, from which a later run would go on."""
        ...

    def keep(self) -> None:
        """Close it and leave it for the next run, unless it was committed or is empty."""
        ...

    def remove(self) -> None:
        """Remove what was left behind."""
        ...


PartT = TypeVar("PartT", bound=Kept)


class Job(Protocol[PartT]):
    """What a transfer does once it is its turn."""

    @property
    def digest(self) -> Digest:
        """What the file will be verified against."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes of the whole, where they are known beforehand."""
        ...

    def part(self, target: Path, *, overwrite: bool) -> PartT:
        """Make what will become the target; it is not opened yet."""
        ...

    async def run(self, part: PartT, meter: Meter) -> None:
        """Fill it, and commit it."""
        ...

    def hurry(self) -> None:
        """End a wait before its time."""
        ...


class BlobJob:
    """Downloads a blob.

    Args:
        registry: Where it is.
        repository: The repository that has it.
        descriptor: Its digest and size.
        retries: How often a lost connection is made again.
    """

    def __init__(
        self, registry: BlobSource, repository: Repository, descriptor: Descriptor, retries: Retries
    ) -> None:
        self.repository = repository
        self.descriptor = descriptor
        self._registry = registry
        self._retries = retries
        self._fetch: Fetch | None = None

    @property
    def digest(self) -> Digest:
        """The blob's digest."""
        return self.descriptor.digest

    @property
    def size(self) -> int | None:
        """The size that its descriptor says."""
        return self.descriptor.size or None

    def part(self, target: Path, *, overwrite: bool) -> PartFile:
        """Make the unfinished file; what an earlier download left behind is gone on from."""
        return PartFile(target, digest=self.digest, overwrite=overwrite)

    async def run(self, part: PartFile, meter: Meter) -> None:
        """Fill a part file from the registry, and commit it."""
        self._fetch = Fetch(self._registry, self.repository, self.descriptor, self._retries)
        await self._fetch.run(part, meter)

    def hurry(self) -> None:
        """Try again now, where it waits for that."""
        if self._fetch is not None:
            self._fetch.hurry()


class DocumentJob:
    """Writes a document that is at hand.

    Args:
        raw: The document.
        digest: What it is verified against.
    """

    def __init__(self, raw: bytes, digest: Digest) -> None:
        self.digest = digest
        self.size = len(raw)
        self._raw = raw

    def part(self, target: Path, *, overwrite: bool) -> PartFile:
        """Make the unfinished file; what was left behind is replaced."""
        return PartFile(target, overwrite=overwrite)

    async def run(self, part: PartFile, meter: Meter) -> None:
        """Fill a part file with the document, and commit it."""
        await store(self._raw, self.digest, part, meter)

    def hurry(self) -> None:
        """Do nothing: it never waits."""


class ImageJob:
    """What jobs share that save an image, whatever they make of it.

    Args:
        source: Where the blobs are.
        repository: The repository that has them.
        parts: What the image consists of.
        retries: How often a lost connection is made again.
    """

    def __init__(
        self, source: BlobSource, repository: Repository, parts: ImageParts, retries: Retries
    ) -> None:
        self.source = source
        self.repository = repository
        self.parts = parts
        self._retries = retries
        self._fetch: Fetch | None = None

    @property
    def digest(self) -> Digest:
        """The digest of the image; each blob is verified against its own."""
        return self.parts.root.descriptor.digest

    def fetch(self, blob: Descriptor) -> Fetch:
        """Make what downloads one of the blobs; it is the one that is hurried."""
        self._fetch = Fetch(self.source, self.repository, blob, self._retries)
        return self._fetch

    def hurry(self) -> None:
        """Try again now, where it waits for that."""
        if self._fetch is not None:
            self._fetch.hurry()
