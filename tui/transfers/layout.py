"""An image on its way into an OCI layout: blob by blob, each unfinished beside its final name.

What is whole has its name, and is verified again before it is counted on. The layout lists the image when all
of it is there; until then, what lies in the folder is what a later run goes on from.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.client.local.layout_format import LAYOUT_FILE, blob_path
from tui.client.local.layout_writer import READ_SIZE, LayoutWriter
from tui.client.local.saving_errors import NameTakenError
from tui.client.threads import in_thread
from tui.transfers.download import CHECK_SIZE
from tui.transfers.errors import FolderError, TargetExistsError
from tui.transfers.jobs import ImageJob
from tui.transfers.locking import lock
from tui.transfers.part import PartFile, kept_size, part_path
from tui.transfers.placing import check_room, check_target, sync_folder, translated
from tui.transfers.progress import Share
from tui.transfers.small import fetch_small

if TYPE_CHECKING:
    from hashlib import _Hash
    from pathlib import Path
    from typing import BinaryIO

    from tui.client.documents.descriptors import Descriptor
    from tui.client.local.image_parts import ImageParts
    from tui.client.names import Digest, Repository
    from tui.transfers.download import BlobSource
    from tui.transfers.progress import Meter
    from tui.transfers.retries import Retries

__all__ = ["LayoutJob", "LayoutPart", "check_layout"]

REPLACED = "fetched again: a blob that was there is damaged"


def check_layout(target: Path, parts: ImageParts, *, overwrite: bool = False) -> None:
    """Look whether an image could be saved into a layout; it may still turn out otherwise when it is.

    Args:
        target: The folder that is a layout, or will be.
        parts: The image.
        overwrite: Whether another image of that layout may lose its name to this one.

    Raises:
        DownloadError: The folder cannot be made or used.
        LayoutInvalidError: It holds something else.
        NameTakenError: The layout has another image of that name.
    """
    try:
        check_target(target)
    except TargetExistsError as error:
        if error.replaceable:
            raise FolderError(target) from error
        with translated(target):
            writer = LayoutWriter(target)
            writer.check()
            name = str(parts.tag or "")
            present = writer.names().get(name, parts.root.descriptor.digest)
            if name and present != parts.root.descriptor.digest and not overwrite:
                raise NameTakenError(name, present) from error


@dataclass(slots=True)
class Own:
    """What one job has put into a folder, and may take away again."""

    blobs: set[Digest] = field(default_factory=set)
    layout: bool = False
    """Whether it has made the layout itself."""


class LayoutPart:
    """A layout while an image is saved into it; one program at a time does that.

    Args:
        target: The folder.
        parts: The image.
        own: What the job has put there in earlier attempts.
        overwrite: Whether another image may lose its name to this one.

    Attributes:
        size: Bytes that are there, from which a later run would go on; told when it has been closed.
    """

    def __init__(self, target: Path, parts: ImageParts, own: Own, *, overwrite: bool) -> None:
        self.target = target
        self.size = 0
        self._writer = LayoutWriter(target)
        self._parts = parts
        self._own = own
        self._overwrite = overwrite
        self._lock: int | None = None
        self._is_open = False

    def open(self) -> None:
        """Make the layout, or open the one that is there, and lock it.

        Raises:
            DownloadError: The folder cannot be used, has no room, or somebody else saves into it.
            SavingError: It holds something else, or another image of that name.
        """
        check_layout(self.target, self._parts, overwrite=self._overwrite)
        with translated(self.target):
            self._own.layout |= self._writer.mark()
            self._lock = lock(self.target / LAYOUT_FILE)
            self._is_open = True
            self._writer.create()
            check_room(self.target, sum(map(self._missing, self._parts.blobs)))

    def missing(self) -> list[Descriptor]:
        """List the blobs that have not got their names yet."""
        return [blob for blob in self._parts.blobs if self._missing(blob)]

    def open_blob(self, blob: Descriptor) -> BinaryIO | None:
        """Open a blob that has its name already, and the right size; None where there is none.

        Raises:
            DownloadError: It cannot be read.
        """
        with translated(self.target):
            file = self._writer.open_blob(blob.digest)
            if file is not None and os.fstat(file.fileno()).st_size != blob.size:
                file.close()
                return None
            return file

    def part_file(self, blob: Descriptor) -> PartFile:
        """Make the unfinished file of a blob; what has its name and is damaged will be replaced.

        Raises:
            DownloadError: The folder that it belongs into cannot be made.
        """
        with translated(self.target):
            return PartFile(self._writer.path(blob.digest), digest=blob.digest, overwrite=True)

    def add_blob(self, digest: Digest) -> None:
        """Note that a blob has come."""
        self._own.blobs.add(digest)

    def commit(self) -> None:
        """Write the manifests, and let the layout list the image.

        Raises:
            DownloadError: The disk fails.
            SavingError: The index that is there cannot be read, or has another image of that name.
        """
        with translated(self.target):
            digests = [document.descriptor.digest for document in self._parts.documents]
            self._own.blobs.update(digest for digest in digests if not self._path(digest).exists())
            self._writer.put_documents(self._parts)
            self._writer.add(self._parts, replace=self._overwrite)
            sync_folder(self.target)
        self._own.blobs.clear()
        self._own.layout = False
        self._close()

    def keep(self) -> None:
        """Close it and leave what has come for the next run; a layout without anything in it goes.

        Raises:
            DownloadError: It cannot be closed.
            LayoutInvalidError: Somebody has damaged its index in the meantime.
        """
        if not self._is_open:
            return
        with translated(self.target):
            self.size = sum(map(self._kept, self._parts.blobs))
            if self._own.layout and not self.size:
                self._writer.discard()
                self._own.layout = False
        self._close()

    def remove(self) -> None:
        """Remove what has come; also what an earlier run left, in a layout that lists nothing yet.

        Raises:
            DownloadError: It cannot be removed, or somebody else saves into it.
            LayoutInvalidError: The folder holds something else by now.
        """
        with translated(self.target):
            if not self._writer.check():
                return
            if not self._is_open:
                self._lock = lock(self.target / LAYOUT_FILE)
                self._is_open = True
            try:
                nobodys = self._writer.is_empty()
                documents = (document.descriptor for document in self._parts.documents)
                for digest in [one.digest for one in (*self._parts.blobs, *documents)]:
                    part_path(self._path(digest), digest).unlink(missing_ok=True)
                    if nobodys or digest in self._own.blobs:
                        self._path(digest).unlink(missing_ok=True)
                self._own.blobs.clear()
                self.size = 0
                if self._own.layout:
                    self._writer.discard()
                    self._own.layout = False
            finally:
                self._close()

    def _path(self, digest: Digest) -> Path:
        return self.target / blob_path(digest)

    def _kept(self, blob: Descriptor) -> int:
        """Tell how many bytes of a blob are there."""
        return blob.size - self._missing(blob)

    def _missing(self, blob: Descriptor) -> int:
        """Tell how many bytes of a blob are to come, if what is there is not damaged."""
        if self._path(blob.digest).is_file():
            return 0
        return max(blob.size - kept_size(self._path(blob.digest), blob.digest), 0)

    def _close(self) -> None:
        self._is_open = False
        descriptor, self._lock = self._lock, None
        if descriptor is not None:
            os.close(descriptor)


class LayoutJob(ImageJob):
    """Saves an image into an OCI layout.

    Args:
        source: Where the blobs are.
        repository: The repository that has them.
        parts: What the image consists of.
        retries: How often a lost connection is made again.
    """

    def __init__(
        self, source: BlobSource, repository: Repository, parts: ImageParts, retries: Retries
    ) -> None:
        super().__init__(source, repository, parts, retries)
        self._own = Own()

    @property
    def size(self) -> int:
        """Bytes of all blobs and manifests."""
        return self.parts.size

    def part(self, target: Path, *, overwrite: bool) -> LayoutPart:
        """Make what opens the folder; what an earlier run left behind is gone on from."""
        return LayoutPart(target, self.parts, self._own, overwrite=overwrite)

    async def run(self, part: LayoutPart, meter: Meter) -> None:
        """Bring what is missing, and let the layout list the image."""
        await in_thread(part.open)
        meter.begin(self.size)
        small = await fetch_small(self.source, self.repository, await in_thread(part.missing))
        position = 0
        for blob in self.parts.blobs:
            share = Share(meter, position, blob.size)
            if not await self._is_there(part, blob, share):
                await self._bring(part, small.get(blob.digest, blob), share)
            position += blob.size
        meter.committing = True
        await in_thread(part.commit)
        meter.advance(self.size - position)

    async def _is_there(self, part: LayoutPart, blob: Descriptor, share: Share) -> bool:
        """Tell whether a blob is there, whole and undamaged."""
        hasher = blob.digest.hasher()
        file = await in_thread(part.open_blob, blob)
        if file is None:
            return False
        try:
            share.check()
            while done := await in_thread(hash_some, file, hasher, part.target):
                share.advance(done)
        finally:
            await in_thread(file.close)
        if hasher.hexdigest() == blob.digest.hex:
            return True
        share.notice = REPLACED
        return False

    async def _bring(self, part: LayoutPart, blob: Descriptor, share: Share) -> None:
        fetch = self.fetch(blob)
        file = await in_thread(part.part_file, blob)
        try:
            await fetch.run(file, share)
        finally:
            await in_thread(file.keep)
            if file.committed:
                part.add_blob(blob.digest)


def hash_some(file: BinaryIO, hasher: _Hash, target: Path) -> int:
    """Hash the next bytes of a file; tell how many, 0 at the end.

    Raises:
        DownloadError: It cannot be read.
    """
    done = 0
    with translated(target):
        while done < CHECK_SIZE and (block := file.read(READ_SIZE)):
            hasher.update(block)
            done += len(block)
    return done
