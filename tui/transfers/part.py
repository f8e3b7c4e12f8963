"""The unfinished file beside a target, written by one download at a time, which becomes the target.

The unfinished file of a blob is called `NAME.DIGEST.part`, with the beginning of the digest, so that what is
kept of one blob is never taken for the beginning of another; where the name has the digest itself, as those
that the program chooses, it is `NAME.part`.

It only ever grows at its end, in the order of the blob, and is only cut back: however a program ends, what it
leaves is the beginning of the blob. When a machine goes down, some file systems leave zeros, or other bytes,
where the last ones never reached the disk: zeros at the end are cut off, and the rest is hashed before it is
used, so that damage shows at the latest in the digest of the whole, and the download begins again. The file
is synchronised with the disk once, before it gets its name; what is kept is not.

The methods block, and are called from worker threads; a `PartFile` may be discarded from one thread while
another one is still about to write it.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Final

from tui.transfers.errors import WriteError
from tui.transfers.locking import is_at, open_locked
from tui.transfers.placing import check_room, check_target, move, sync_folder, translated

if TYPE_CHECKING:
    from hashlib import _Hash
    from pathlib import Path

    from tui.client.names import Digest
    from tui.client.wire.bulk import Piece

__all__ = ["PART_SUFFIX", "PartFile", "kept_size", "part_path"]

PART_SUFFIX: Final = ".part"
"""What the name of an unfinished file ends with."""

READ_SIZE: Final = 1024 * 1024
"""Bytes that are read at once from what was kept."""


WRITE_BACK_SIZE: Final = 8 * 1024 * 1024
"""Bytes after which the system is asked to begin writing them to the disk: few are waited for at the end."""

CACHED_SIZE: Final = 64 * 1024 * 1024
"""Bytes of a file that the system is to keep in memory while it is written: it should not push others out."""


def part_path(target: Path, digest: Digest | None) -> Path:
    """Tell where the unfinished file of a target lies.

    Args:
        target: The file.
        digest: The blob's digest; None for what is never continued.
    """
    if not target.name:
        return target
    told = "" if digest is None or digest.short in target.name else f".{digest.short}"
    return target.with_name(f"{target.name}{told}{PART_SUFFIX}")


def kept_size(target: Path, digest: Digest) -> int:
    """Tell how many bytes of a blob lie beside a target, from which a download would go on; 0 for none."""
    path = part_path(target, digest)
    try:
        return path.lstat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:
        # What cannot be looked at is not gone on from; the download itself tells why.
        return 0


class PartFile:
    """The unfinished file beside a target.

    Args:
        target: The file that it becomes.
        digest: The blob's digest, for a download that goes on from what an earlier one left behind; what was
            left is replaced where the digest is left out.
        overwrite: Whether to replace what has the target's name then; otherwise that is an error.

    Attributes:
        path: The unfinished file.
        size: How many bytes it has.
        committed: Whether it has become the target.
    """

    def __init__(self, target: Path, *, digest: Digest | None = None, overwrite: bool = False) -> None:
        self.target = target
        self.path = part_path(target, digest)
        self.size = 0
        self.committed = False
        self._overwrite = overwrite
        self._reuse = digest is not None
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._intact = True
        self._hashed = 0
        self._started = 0
        self._ended = False

    def open(self, size: int | None = None) -> int:
        """Create the file, or open what was left behind, and lock it.

        What was left behind is to be hashed, with `hash_kept`, before more is written.

        Args:
            size: The size that it will have, in bytes, where it is known.

        Returns:
            How many bytes were left behind.

        Raises:
            DownloadError: The target or its folder cannot be used, or somebody else writes it.
        """
        with self._lock, translated(self.target):
            self._remove_second_name()
            check_target(self.target, overwrite=self._overwrite)
            if self._ended:
                return 0
            self._descriptor, self.size = open_locked(self.path, reuse=self._reuse)
            try:
                if self.size:
                    self._cut_back(size)
                if size is not None:
                    check_room(self.target.parent, size - self.size)
            except BaseException:
                self._release(remove=not self.size)
                raise
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
        while done < limit:
            with self._lock, translated(self.target):
                if self._descriptor is None:
                    return done
                os.lseek(self._descriptor, self._hashed, os.SEEK_SET)
                block = os.read(self._descriptor, min(READ_SIZE, limit - done))
                if not block:
                    self.size = self._started = self._hashed
                    return done
                self._hashed += len(block)
            hasher.update(block)
            done += len(block)
        return done

    def write(self, data: Piece) -> None:
        """Append to the file; without effect when it is closed.

        Raises:
            DownloadError: The disk is full, or fails, now or before: nothing is written behind a gap.
        """
        with self._lock, translated(self.target):
            if self._descriptor is None:
                return
            if not self._intact:
                raise WriteError(self.target, "the disk has failed before")
            self._intact = False
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            rest = memoryview(data)
            while rest:
                written = os.write(self._descriptor, rest)
                self.size += written
                rest = rest[written:]
            self._intact = True
            if self.size - self._started >= WRITE_BACK_SIZE:
                _let_go(self._descriptor, self._started, self.size)
                self._started = self.size

    def read(self, start: int, size: int) -> bytes:
        """Read some of what is there; nothing where it is closed.

        Args:
            start: The first byte.
            size: The most bytes that are read.

        Raises:
            DownloadError: The file cannot be read.
        """
        with self._lock, translated(self.target):
            if self._descriptor is None:
                return b""
            os.lseek(self._descriptor, start, os.SEEK_SET)
            return os.read(self._descriptor, size)

    def restart(self) -> None:
        """Throw away what has been written, and begin at the first byte; errors as for `cut`."""
        self.cut(0)

    def cut(self, size: int) -> None:
        """Throw away what is behind some bytes, and go on there.

        Raises:
            DownloadError: The disk fails.
        """
        with self._lock, translated(self.target):
            if self._descriptor is not None:
                os.ftruncate(self._descriptor, size)
                self.size = self._started = size
                self._intact = True

    def commit(self) -> None:
        """Make the file durable and give it the target's name, in one step that replaces nothing unasked.

        Raises:
            TargetExistsError: Something has got the target's name in the meantime.
            DownloadError: The disk fails.
        """
        with self._lock, translated(self.target):
            if self._descriptor is None:
                return
            os.fsync(self._descriptor)
            if not is_at(self._descriptor, self.path):
                raise WriteError(self.target, "the unfinished file was removed by another program")
            if sys.platform == "win32":
                self._close()
            move(self.path, self.target, overwrite=self._overwrite)
            self._close()
            self.size = 0
            self.committed = True
            sync_folder(self.target.parent)

    def keep(self) -> None:
        """Close the file and leave it for the next download, unless it was committed or is empty.

        An `open` that comes later does nothing.

        Raises:
            DownloadError: The file cannot be closed.
        """
        with self._lock, translated(self.target):
            self._ended = True
            self._release(remove=not self.size)

    def discard(self) -> None:
        """Remove the file, unless it was committed; an `open` that comes later does nothing.

        Raises:
            DownloadError: The file cannot be removed.
        """
        with self._lock, translated(self.target):
            self._ended = True
            self._release(remove=True)

    def remove(self) -> None:
        """Remove what was left behind, unless somebody else writes it; without effect where nothing was.

        Raises:
            DownloadError: The file cannot be removed.
        """
        with self._lock, translated(self.target):
            if self._descriptor is None and os.path.lexists(self.path):
                self._descriptor, _ = open_locked(self.path, reuse=self._reuse)
            self._release(remove=True)

    def _remove_second_name(self) -> None:
        """Finish the commit of a program that ended between giving the name and taking the other away."""
        try:
            if os.path.samestat(self.path.lstat(), self.target.lstat()):
                self.path.unlink(missing_ok=True)
        except (OSError, ValueError):
            # One of them is not there, or cannot be one of a file, which `check_target` tells.
            return

    def _cut_back(self, size: int | None) -> None:
        """Cut off what cannot be the beginning of the blob."""
        if self._descriptor is None:
            return
        whole = (
            0 if size is not None and self.size > size else _end_without_zeros(self._descriptor, self.size)
        )
        if whole < self.size:
            os.ftruncate(self._descriptor, whole)
            self.size = whole

    def _release(self, *, remove: bool) -> None:
        if self._descriptor is None:
            return
        mine = remove and is_at(self._descriptor, self.path)
        if sys.platform == "win32":
            self._close()
        try:
            if mine:
                self.path.unlink(missing_ok=True)
                self.size = 0
        finally:
            self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _let_go(descriptor: int, start: int, end: int) -> None:
    """Let the system write a range to the disk, and forget what was long before, where it can be asked to.

    Linux begins to write what is not on the disk yet, without waiting for it, and forgets what is.
    """
    if sys.platform == "linux":
        os.posix_fadvise(descriptor, start, end - start, os.POSIX_FADV_DONTNEED)
        old = end - CACHED_SIZE
        if old > 0:
            since = max(old - 2 * (end - start), 0)
            os.posix_fadvise(descriptor, since, old - since, os.POSIX_FADV_DONTNEED)


def _end_without_zeros(descriptor: int, size: int) -> int:
    """Find the end of a file without the zeros that its last bytes may be."""
    end = size
    while end:
        start = max(end - READ_SIZE, 0)
        os.lseek(descriptor, start, os.SEEK_SET)
        block = os.read(descriptor, end - start)
        kept = len(block.rstrip(b"\0"))
        if kept:
            return start + kept
        end = start
    return 0
