"""The unfinished file: `NAME.part`, written by one download at a time, which becomes `NAME` or vanishes.

The methods block, and are called from worker threads; a `PartFile` may be discarded from one thread while
another one is still about to write it.

On POSIX the unfinished file is created exclusively and locked (`flock`) as long as it is written. One that is
there already and that nobody has locked was left behind by a program that ended: it is replaced. Windows does
not let a file be deleted that a program has open, which serves as the lock.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import threading
from typing import TYPE_CHECKING, Final

from tui.transfers.errors import (
    DiskFullError,
    FolderError,
    FolderMissingError,
    PartBlockedError,
    PartInUseError,
    TargetExistsError,
    TargetNameError,
    WriteError,
    write_error,
)

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["PART_SUFFIX", "PartFile", "check_target"]

PART_SUFFIX: Final = ".part"
"""What the name of an unfinished file ends with."""

_ATTEMPTS: Final = 8
"""How often a file that others remove under one's hands is created anew."""

_FLAGS: Final = (
    os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)
_LOCKS_UNSUPPORTED: Final = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_LINKS_UNSUPPORTED: Final = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def check_target(target: Path, *, overwrite: bool = False) -> None:
    """Look whether a download to `target` could begin; it may still turn out otherwise when it does.

    Args:
        target: The file.
        overwrite: Whether a file of that name is to be replaced.

    Raises:
        TargetNameError: The path ends with no name of a file.
        FolderError: The folder is missing, is none, or cannot be looked into.
        TargetExistsError: Something of that name is there.
    """
    if target.name in {"", ".", ".."} or "\0" in str(target):
        raise TargetNameError(target)
    folder = target.parent
    with _translated(target):
        try:
            found = folder.stat()
        except FileNotFoundError as error:
            raise FolderMissingError(folder) from error
        except NotADirectoryError as error:
            raise FolderError(folder) from error
        if not stat.S_ISDIR(found.st_mode):
            raise FolderError(folder)
        try:
            mode = target.lstat().st_mode
        except FileNotFoundError:
            return
    if stat.S_ISDIR(mode):
        raise TargetExistsError(target, replaceable=False)
    if not overwrite:
        raise TargetExistsError(target)


class PartFile:
    """The unfinished file beside a target.

    Args:
        target: The file that it becomes.
        overwrite: Whether to replace what has the target's name then; otherwise that is an error.
    """

    def __init__(self, target: Path, *, overwrite: bool = False) -> None:
        self.target = target
        self.path = target.with_name(target.name + PART_SUFFIX) if target.name else target
        self._overwrite = overwrite
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._ended = False

    def open(self, size: int | None = None) -> None:
        """Create the file and lock it.

        Args:
            size: The size that it will have, in bytes, where it is known.

        Raises:
            DownloadError: The target or its folder cannot be used, or somebody else writes it.
        """
        with self._lock, _translated(self.target):
            check_target(self.target, overwrite=self._overwrite)
            free = shutil.disk_usage(self.target.parent).free
            # Some file systems say 0 and mean that they do not know.
            if size is not None and 0 < free < size:
                raise DiskFullError(self.target.parent, needed=size, free=free)
            if not self._ended:
                self._descriptor = _create(self.path)

    def write(self, data: bytes) -> None:
        """Append to the file.

        Raises:
            DownloadError: The disk is full, or fails.
        """
        with self._lock, _translated(self.target):
            if self._descriptor is None:
                return
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def commit(self) -> None:
        """Make the file durable and give it the target's name, in one step that replaces nothing unasked.

        Raises:
            TargetExistsError: Something has got the target's name in the meantime.
            DownloadError: The disk fails.
        """
        with self._lock, _translated(self.target):
            if self._descriptor is None:
                return
            os.fsync(self._descriptor)
            if not _is_at(self._descriptor, self.path):
                raise WriteError(self.target, "the unfinished file was removed by another program")
            if sys.platform == "win32":
                self._close()
            _move(self.path, self.target, overwrite=self._overwrite)
            self._close()
            _sync_folder(self.target.parent)

    def discard(self) -> None:
        """Remove the file, unless it was committed; an `open` that comes later does nothing.

        Raises:
            DownloadError: The file cannot be removed.
        """
        with self._lock, _translated(self.target):
            self._ended = True
            if self._descriptor is None:
                return
            mine = _is_at(self._descriptor, self.path)
            if sys.platform == "win32":
                self._close()
            try:
                if mine:
                    self.path.unlink(missing_ok=True)
            finally:
                self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


@contextlib.contextmanager
def _translated(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise write_error(error, target) from error


def _create(path: Path) -> int:
    """Create the unfinished file, after removing one that was left behind, and lock it."""
    for _ in range(_ATTEMPTS):
        try:
            # The mode is that of any new file: the person's umask decides.
            descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            _remove_orphan(path)
            continue
        if _try_lock(descriptor) is False:
            os.close(descriptor)
            break
        if _is_at(descriptor, path):
            return descriptor
        # Between creation and lock somebody took it for left behind, and removed it.
        os.close(descriptor)
    raise PartInUseError(path)


def _remove_orphan(path: Path) -> None:
    """Remove an unfinished file that nobody writes any more."""
    if sys.platform == "win32":
        try:
            path.unlink(missing_ok=True)
        except PermissionError as error:
            raise PartInUseError(path) from error
        return
    try:
        descriptor = os.open(path, _FLAGS | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    except OSError as error:
        raise PartBlockedError(path, "it is no file that this program could have left behind") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PartBlockedError(path, "it is no regular file")
        locked = _try_lock(descriptor)
        if locked is False:
            raise PartInUseError(path)
        if locked is None:
            raise PartBlockedError(path, "this file system cannot tell whether another download writes it")
        if _is_at(descriptor, path):
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool | None:
    """Lock a file; False if somebody else has, None where there are no locks."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _LOCKS_UNSUPPORTED:
            return None
        raise
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Tell whether an open file is the one that a path names."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _move(part: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        # A symbolic link of that name is replaced itself, not what it leads to.
        try:
            part.replace(target)
        except IsADirectoryError as error:
            raise TargetExistsError(target, replaceable=False) from error
        return
    try:
        if sys.platform == "win32":
            part.rename(target)
            return
        try:
            os.link(part, target)
        except OSError as error:
            if error.errno not in _LINKS_UNSUPPORTED:
                raise
            # An empty file takes the name first, which only one can do, and is replaced by the whole one.
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            part.replace(target)
        else:
            part.unlink()
    except FileExistsError as error:
        raise TargetExistsError(target, replaceable=not target.is_dir()) from error


def _sync_folder(folder: Path) -> None:
    """Make the new name durable, where folders can be synchronised."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)
