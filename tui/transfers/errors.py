"""Everything that goes wrong with a file on disk, as one tree.

* DownloadError
  * TargetNameError          the name cannot be one of a file
  * TargetExistsError        something of that name is there already
  * FolderError              the folder cannot be used
    * FolderMissingError
    * FolderDeniedError
  * PartInUseError           another download writes the same file
  * PartBlockedError         something that is no download of this program is in the way
  * DiskFullError
  * WriteError               the system refuses for another reason

`str()` of each is one sentence without a full stop; `remedy` is one more sentence: what a person can try.
What goes wrong between the program and a registry, a wrong digest too, is a
`tui.client.errors.RegistryError`.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, ClassVar, Final

from tui.client.redaction import printable
from tui.files import short_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "DiskFullError",
    "DownloadError",
    "FolderDeniedError",
    "FolderError",
    "FolderMissingError",
    "PartBlockedError",
    "PartInUseError",
    "TargetExistsError",
    "TargetNameError",
    "WriteError",
]

MAX_PATH_SHOWN: Final = 300
"""Characters of a path in a message."""


class DownloadError(Exception):
    """The root of the tree.

    Args:
        message: What is wrong, as a phrase that follows the path.
        path: The file or folder that it is about.
    """

    default_remedy: ClassVar[str] = "Choose another folder or name."
    """What a person can try."""

    def __init__(self, message: str, path: Path, *, remedy: str | None = None) -> None:
        self.path = path
        self.remedy = self.default_remedy if remedy is None else remedy
        super().__init__(printable(f"{printable(short_path(path), MAX_PATH_SHOWN)} {message}"))


class TargetNameError(DownloadError):
    """The name cannot be one of a file in the folder."""

    def __init__(self, path: Path, message: str = "cannot be the name of a file") -> None:
        super().__init__(message, path)


class TargetExistsError(DownloadError):
    """Something of that name is there already; it is as it was.

    Args:
        path: The file.
        replaceable: Whether it may be replaced when a person wants that: a folder never is.
    """

    default_remedy = "Replace it, or choose another folder or name."

    def __init__(self, path: Path, *, replaceable: bool = True) -> None:
        self.replaceable = replaceable
        if replaceable:
            super().__init__("exists already", path)
        else:
            super().__init__("is a folder", path, remedy=DownloadError.default_remedy)


class FolderError(DownloadError):
    """The folder cannot be used: it is a file, say."""

    def __init__(self, path: Path, message: str = "is no folder") -> None:
        super().__init__(message, path)


class FolderMissingError(FolderError):
    """There is no such folder."""

    default_remedy = "Create it, or choose another folder."

    def __init__(self, path: Path) -> None:
        super().__init__(path, "does not exist")


class FolderDeniedError(FolderError):
    """The system does not let this program write into the folder."""

    default_remedy = "Choose a folder that you may write to."

    def __init__(self, path: Path, reason: str = "permission denied") -> None:
        super().__init__(path, f"cannot be written to: {reason}")


class PartInUseError(DownloadError):
    """Another download, here or in another running program, writes the same file."""

    default_remedy = "Wait for it, or choose another folder."

    def __init__(self, path: Path) -> None:
        super().__init__("is being written by another download", path)


class PartBlockedError(DownloadError):
    """Where the unfinished file should be, there is something that is no unfinished download."""

    default_remedy = "Move it away, or choose another folder."

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"is in the way: {what}", path)


class DiskFullError(DownloadError):
    """There is no room for the file.

    Args:
        path: The folder.
        needed: The bytes that were still to come, where that is known.
        free: What was free before it began, in bytes, where it is known.
    """

    default_remedy = "Make room, or choose a folder on another disk."

    def __init__(self, path: Path, *, needed: int | None = None, free: int | None = None) -> None:
        self.needed = needed
        self.free = free
        if needed is not None and free is not None:
            message = f"has no room: {needed:,} bytes are to come, and {free:,} are free"
        else:
            message = "has no room left: the disk or the quota is full"
        super().__init__(message, path)


class WriteError(DownloadError):
    """The system refuses to write, for a reason of its own."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot be written: {reason}", path)


_FULL: Final = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED: Final = {errno.EACCES, errno.EPERM, errno.EROFS}
_BAD_NAME: Final = {errno.ENAMETOOLONG, errno.EILSEQ}


def write_error(error: OSError, target: Path) -> DownloadError:
    """Translate what the system said when it should write `target` or the unfinished file beside it."""
    reason = (error.strerror or type(error).__name__).lower()
    if error.errno in _FULL:
        return DiskFullError(target.parent)
    if error.errno in _DENIED:
        return FolderDeniedError(target.parent, reason)
    if error.errno in _BAD_NAME:
        return TargetNameError(target, f"cannot be the name of a file: {reason}")
    return WriteError(target, reason)
