"""Folders and files that are made below one folder, and nowhere else, whatever others do there meanwhile.

Every step from folder to folder is taken from an open one, and follows no symbolic link: a path that is long,
or has ``..`` in it, is never given to the system as a whole. Nothing that is there is replaced.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DEEPEST", "Place", "PlaceRefusedError", "Unfinished"]

DEEPEST: Final = 512
"""Folders below each other; an archive of real files has no more than some thirty."""

FOLDER_MODE: Final = 0o755
"""Of a folder that is only named by what lies in it."""

OWNER: Final = 0o700
"""What the owner may always do with a folder, so that what was saved can be looked at and removed."""

_STEP: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | os.O_CLOEXEC
_LINKS_UNSUPPORTED: Final = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class PlaceRefusedError(Exception):
    """Something cannot have this place; the words say why."""


class _Made(dict[str, "_Made"]):
    """The folders that were made in a folder, by name."""


_NONE: Final = _Made()


class Place:
    """What is made below a folder."""

    def __init__(self, folder: Path) -> None:
        """Open the folder.

        Args:
            folder: One that is there; a symbolic link to one is followed.

        Raises:
            OSError: It cannot be opened.
        """
        self._root = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | os.O_CLOEXEC)
        self._made = _Made()
        self._recent: tuple[tuple[str, ...], int] = ((), self._root)

    def close(self) -> None:
        """Close what is open."""
        self._step_to((), self._root)
        os.close(self._root)

    def make_folder(self, parts: tuple[str, ...], mode: int) -> bool:
        """Make a folder, and those above it that are missing; tell whether it was not there before.

        Raises:
            PlaceRefusedError: It cannot have this place.
            OSError: The system refuses.
        """
        made = self._made
        known = all((made := made.get(part, _NONE)) is not _NONE for part in parts)
        self.folder(parts, mode)
        return not known

    def make_link(self, parts: tuple[str, ...], target: str) -> None:
        """Make a symbolic link; errors as for `make_folder`."""
        if "\0" in target or not target or not _is_written(target):
            raise PlaceRefusedError("it leads to what no path can be")
        at = self.folder(parts[:-1])
        os.symlink(target, _checked(parts[-1]), dir_fd=at)

    def folder(self, parts: tuple[str, ...], mode: int = FOLDER_MODE) -> int:
        """Open a folder that was made here, or make it; it stays open until the next one is.

        Raises:
            PlaceRefusedError: It cannot have this place.
            OSError: The system refuses.
        """
        if self._recent[0] == parts:
            return self._recent[1]
        if len(parts) > DEEPEST:
            raise PlaceRefusedError(f"it lies below more than {DEEPEST} folders")
        at, made = self._root, self._made
        try:
            for depth, part in enumerate(parts, 1):
                name = _checked(part)
                if name not in made:
                    os.mkdir(name, (mode if depth == len(parts) else FOLDER_MODE) & 0o777 | OWNER, dir_fd=at)
                    made[name] = _Made()
                made = made[name]
                above, at = at, os.open(name, _STEP, dir_fd=at)
                if above != self._root:
                    os.close(above)
        except BaseException:
            if at != self._root:
                os.close(at)
            raise
        self._step_to(parts, at)
        return at

    def _step_to(self, parts: tuple[str, ...], at: int) -> None:
        if self._recent[1] != self._root:
            os.close(self._recent[1])
        self._recent = (parts, at)


class Unfinished:
    """A file that has no name of its own until it is whole."""

    def __init__(self, place: Place, parts: tuple[str, ...], mode: int) -> None:
        """Make it beside where it will be.

        Args:
            place: Where it is made.
            parts: The folders that it lies in, and its name.
            mode: Its permissions, less those that the person's umask takes away.

        Raises:
            PlaceRefusedError: It cannot have this place.
            OSError: The system refuses.
        """
        self._name = _checked(parts[-1])
        # A folder of its own stays open: others are made while this file is written.
        self._at = os.dup(place.folder(parts[:-1]))
        self._part = f".{secrets.token_hex(8)}.part"
        self._file = -1
        try:
            _check_free(self._name, self._at)
            self._file = os.open(self._part, _NEW, mode & 0o777, dir_fd=self._at)
        except BaseException:
            os.close(self._at)
            raise

    def write(self, data: bytes) -> None:
        """Append some bytes.

        Raises:
            OSError: The system refuses.
        """
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def finish(self, mtime: float | None) -> None:
        """Give the file its name, unless something has it by now.

        Args:
            mtime: Seconds since 1970-01-01 UTC; None for now.

        Raises:
            OSError: The system refuses.
        """
        if mtime is not None and 0 <= mtime < 1 << 32:  # times that every file system can keep
            os.utime(self._file, (mtime, mtime))
        try:
            os.link(self._part, self._name, src_dir_fd=self._at, dst_dir_fd=self._at, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _LINKS_UNSUPPORTED:
                raise
            # An empty file takes the name first, which only one can do, and is replaced by the whole one.
            os.close(os.open(self._name, _NEW, 0o600, dir_fd=self._at))
            os.replace(self._part, self._name, src_dir_fd=self._at, dst_dir_fd=self._at)

    def close(self) -> None:
        """Close it; what has no name is gone then."""
        os.close(self._file)
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._part, dir_fd=self._at)
        finally:
            os.close(self._at)


def _check_free(name: str, at: int) -> None:
    """Refuse a name that something has, before much is written in vain."""
    try:
        os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _checked(part: str) -> str:
    """Return a name that a file can have.

    Raises:
        PlaceRefusedError: It is none.
    """
    if part in {"", ".", ".."} or "/" in part or "\0" in part or os.sep in part or (os.altsep or "/") in part:
        raise PlaceRefusedError("its path has a part that is no name of a file")
    if not _is_written(part):
        raise PlaceRefusedError("its name cannot be written on this system")
    return part


def _is_written(text: str) -> bool:
    """Tell whether a name can be turned into the system's bytes."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
