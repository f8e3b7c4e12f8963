"""The name of a download: whether it can be had, and giving it to the verified file in one step."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING, Final

from tui.transfers.errors import (
    DiskFullError,
    FolderError,
    FolderMissingError,
    TargetExistsError,
    TargetNameError,
    write_error,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["check_room", "check_target", "move", "sync_folder", "translated"]

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
    with translated(target):
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


def check_room(folder: Path, needed: int) -> None:
    """Look whether a folder has room for some bytes more.

    Raises:
        DiskFullError: It has not.
        OSError: Nobody knows.
    """
    free = shutil.disk_usage(folder).free
    # Some file systems say 0 and mean that they do not know.
    if 0 < free < needed:
        raise DiskFullError(folder, needed=needed, free=free)


@contextlib.contextmanager
def translated(target: Path) -> Iterator[None]:
    """Turn what the system says while `target` is written into a `DownloadError`."""
    try:
        yield
    except OSError as error:
        raise write_error(error, target) from error


def move(part: Path, target: Path, *, overwrite: bool) -> None:
    """Give an unfinished file the target's name, in one step that replaces nothing unasked.

    Raises:
        TargetExistsError: Something of that name is there.
        OSError: The system refuses.
    """
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


def sync_folder(folder: Path) -> None:
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
