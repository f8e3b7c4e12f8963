"""Unfinished files have one writer: they are created exclusively, and locked as long as they are written.

On POSIX the lock is `flock`'s, which ends with the process that holds it, however that ends. Windows locks a
byte far behind any end of the file instead.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import TYPE_CHECKING, Final

from tui.transfers.errors import PartBlockedError, PartInUseError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_at", "lock", "open_locked"]

_ATTEMPTS: Final = 8
"""How often a file that others remove under one's hands is created anew."""

_FLAGS: Final = (
    os.O_RDWR
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
"""Without waiting: what lies there may be a pipe."""

_LOCKS_UNSUPPORTED: Final = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_LOCKED_BYTE: Final = 1 << 62


def open_locked(path: Path, *, reuse: bool) -> tuple[int, int]:
    """Open an unfinished file for reading and writing, alone.

    Args:
        path: The file.
        reuse: Whether to go on with one that was left behind; otherwise such a file is replaced.

    Returns:
        The file's descriptor, at its beginning, and how many bytes it has.

    Raises:
        PartInUseError: Somebody else writes it.
        PartBlockedError: It is nothing that this program could have left behind.
        OSError: The system refuses.
    """
    for _ in range(_ATTEMPTS):
        try:
            # The mode is that of any new file: the person's umask decides.
            descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            found = _open_orphan(path, reuse=reuse)
            if found is not None:
                return found
            continue
        if _try_lock(descriptor) is False:
            os.close(descriptor)
            break
        if is_at(descriptor, path):
            return descriptor, 0
        # Between creation and lock somebody took it for left behind, and removed it.
        os.close(descriptor)
    raise PartInUseError(path)


def lock(path: Path) -> int | None:
    """Lock a file that stays where it is, for what belongs to it.

    Args:
        path: The file; it is neither read nor written.

    Returns:
        A descriptor, whose end is that of the lock; None where the file system has no locks.

    Raises:
        PartInUseError: Somebody else has locked it.
        PartBlockedError: It is no regular file.
        OSError: The system refuses.
    """
    descriptor = os.open(path, _FLAGS)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PartBlockedError(path, "it is no regular file")
        match _try_lock(descriptor):
            case True:
                stack.pop_all()
                return descriptor
            case False:
                raise PartInUseError(path)
    return None


def is_at(descriptor: int, path: Path) -> bool:
    """Tell whether an open file is the one that a path names."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _open_orphan(path: Path, *, reuse: bool) -> tuple[int, int] | None:
    """Take over a file that nobody writes any more, or remove it; None where it is gone."""
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PartBlockedError(path, "it is no file that this program could have left behind") from error
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, descriptor)
        _check_own(path, os.fstat(descriptor))
        locked = _try_lock(descriptor)
        if locked is False:
            raise PartInUseError(path)
        if locked is None:
            raise PartBlockedError(path, "this file system cannot tell whether another download writes it")
        if not is_at(descriptor, path):
            return None
        found = os.fstat(descriptor)
        if sys.platform == "win32" and not reuse:
            # There, what is open cannot be removed.
            os.ftruncate(descriptor, 0)
            stack.pop_all()
            return descriptor, 0
        # One with a second name may be a finished file, which is not to be written any more.
        if reuse and found.st_nlink <= 1:
            stack.pop_all()
            return descriptor, found.st_size
        path.unlink(missing_ok=True)
    return None


def _check_own(path: Path, found: os.stat_result) -> None:
    """Refuse what is no file, and what another person could change after it was verified."""
    if not stat.S_ISREG(found.st_mode):
        raise PartBlockedError(path, "it is no regular file")
    if sys.platform != "win32" and found.st_uid != os.geteuid():
        raise PartBlockedError(path, "it belongs to another user")


def _try_lock(descriptor: int) -> bool | None:
    """Lock a file; False if somebody else has, None where there are no locks."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno in _LOCKS_UNSUPPORTED:
            return None
        raise
    return True
