"""An image on its way into one archive, which is only ever appended to.

What the archive consists of is known beforehand, but for the bytes of its blobs. So what an interruption has
left can be gone through from its beginning: what is known is compared, blobs are hashed, and where something
is missing or wrong the archive goes on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.local.archive_writer import archive_pieces, archive_size
from tui.client.local.loadable import loadable_image
from tui.client.threads import in_thread
from tui.transfers.jobs import ImageJob
from tui.transfers.part import READ_SIZE, PartFile
from tui.transfers.progress import Share, State
from tui.transfers.small import fetch_small

if TYPE_CHECKING:
    from collections.abc import Iterator
    from hashlib import _Hash
    from pathlib import Path

    from tui.client.documents.descriptors import Descriptor, Platform
    from tui.client.local.image_parts import ImageParts
    from tui.client.names import Repository
    from tui.client.wire.bulk import Piece
    from tui.transfers.download import BlobSource
    from tui.transfers.progress import Meter
    from tui.transfers.retries import Retries

__all__ = ["ArchiveJob", "Slice"]


class ArchiveJob(ImageJob):
    """Saves an image as an archive that is an OCI layout, and that `docker load` and `podman load` take.

    Args:
        source: Where the blobs are.
        repository: The repository that has them.
        parts: What the image consists of.
        retries: How often a lost connection is made again.
        platform: Of several, which one `docker load` is given; this machine's where it is left out.

    Raises:
        NotLoadableError: There is no image that `docker load` takes.
    """

    def __init__(
        self,
        source: BlobSource,
        repository: Repository,
        parts: ImageParts,
        retries: Retries,
        *,
        platform: Platform | None = None,
    ) -> None:
        super().__init__(source, repository, parts, retries)
        self._pieces = archive_pieces(parts, loadable_image(parts, platform))

    @property
    def size(self) -> int:
        """Bytes of the archive."""
        return archive_size(self._pieces)

    def part(self, target: Path, *, overwrite: bool) -> PartFile:
        """Make the unfinished file; what an earlier run left behind is gone on from."""
        return PartFile(target, digest=self.digest, overwrite=overwrite)

    async def run(self, part: PartFile, meter: Meter) -> None:
        """Fill a part file, from where it ends, and commit it."""
        kept = await in_thread(part.open, self.size)
        meter.begin(self.size)
        if kept:
            meter.enter(State.CHECKING)
        small = await fetch_small(self.source, self.repository, self._behind(part.size))
        position = 0
        for piece in self._pieces:
            if isinstance(piece, bytes):
                await in_thread(settle, part, position, piece)
                meter.advance(len(piece))
                position += len(piece)
            else:
                fetch = self.fetch(small.get(piece.digest, piece))
                await fetch.run(Slice(part, position, piece.size), Share(meter, position, piece.size))
                position += piece.size
        meter.committing = True
        await in_thread(part.commit)

    def _behind(self, size: int) -> Iterator[Descriptor]:
        """List the blobs that a part file of some size does not have."""
        position = 0
        for piece in self._pieces:
            position += archive_size([piece])
            if not isinstance(piece, bytes) and position > size:
                yield piece


def settle(part: PartFile, position: int, known: bytes) -> None:
    """See to it that bytes that are known lie in a file, with nothing wrong behind them.

    Raises:
        DownloadError: The file cannot be read or written.
    """
    there = min(part.size - position, len(known))
    same = 0
    while same < there:
        block = part.read(position + same, min(there - same, READ_SIZE))
        if not block or block != known[same : same + len(block)]:
            part.cut(position + same)
            break
        same += len(block)
    part.write(memoryview(known)[same:])


class Slice:
    """A part of an unfinished file that has the bytes of one blob, or will have; what is behind it goes on.

    Args:
        part: The file, which has all that comes before.
        start: Where the blob begins.
        length: Bytes that it has.
    """

    def __init__(self, part: PartFile, start: int, length: int) -> None:
        self._part = part
        self._start = start
        self._length = length
        self._hashed = 0

    @property
    def size(self) -> int:
        """How many bytes of the blob are there."""
        return min(self._part.size - self._start, self._length)

    def open(self, size: int | None = None) -> int:
        """Tell how many bytes were left behind."""
        del size
        return self.size

    def hash_kept(self, hasher: _Hash, limit: int) -> int:
        """Hash some of what was left behind, from where the last call ended.

        Args:
            hasher: What hashes it.
            limit: The most bytes that are hashed by this call.

        Returns:
            How many were; 0 at the end.

        Raises:
            DownloadError: The file cannot be read.
        """
        done = 0
        while (rest := min(self.size - self._hashed, limit - done)) > 0:
            block = self._part.read(self._start + self._hashed, min(rest, READ_SIZE))
            if not block:
                # The file has become shorter under one's hands.
                self._part.cut(self._start + self._hashed)
                break
            hasher.update(block)
            self._hashed += len(block)
            done += len(block)
        return done

    def write(self, data: Piece) -> None:
        """Append to the file; errors as for `PartFile.write`."""
        self._part.write(data)

    def restart(self) -> None:
        """Throw away the blob and all that is behind it; errors as for `PartFile.cut`."""
        self._part.cut(self._start)

    def commit(self) -> None:
        """Leave the blob where it is: the file is made durable as a whole."""
