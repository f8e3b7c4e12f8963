"""The files of logins, read anew when they change, and a mark by which running programs tell each other."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from tui.credentials.files import FileLogins, LoginFile, read_login_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["Stamp", "WatchedFiles"]

Stamp = tuple[tuple[int, int, int] | None, ...]
"""What files look like from outside: for each its time, size and number, None where there is none."""

LOOK_SECONDS: Final = 1.0
"""Seconds for which files are taken not to have changed, so that many requests look at them once."""


class WatchedFiles:
    """Files of logins.

    Args:
        files: Where they may be, in the order in which they are asked.
        mark: A file without content, written when a login in the keyring changes; None for no such file.
    """

    def __init__(self, files: Iterable[LoginFile], mark: Path | None = None) -> None:
        self._files = tuple(files)
        self._mark = mark
        self._stamp: Stamp = ()
        self._looked_at = float("-inf")
        self._logins: tuple[FileLogins, ...] = ()
        self._read_at: Stamp | None = None

    def stamp(self, *, fresh: bool = False) -> Stamp:
        """Tell what the files look like from outside: it differs after every change of a login.

        Args:
            fresh: Whether to look now, however short ago they were looked at.
        """
        now = time.monotonic()
        if fresh or now - self._looked_at >= LOOK_SECONDS:
            paths = [file.path for file in self._files] + ([self._mark] if self._mark else [])
            self._stamp = tuple(_look_at(path) for path in paths)
            self._looked_at = now
        return self._stamp

    def logins(self) -> tuple[FileLogins, ...]:
        """Return what the files say at present."""
        stamp = self.stamp()
        if self._read_at != stamp:
            self._logins = tuple(read_login_file(file) for file in self._files)
            self._read_at = stamp
        return self._logins

    def touch(self) -> Stamp:
        """Tell other running programs that a login in the keyring has changed, and look anew."""
        if self._mark is not None:
            # Where it cannot be written, the others learn of it when a registry refuses them.
            with contextlib.suppress(OSError):
                self._mark.parent.mkdir(parents=True, exist_ok=True)
                self._mark.touch()
        return self.stamp(fresh=True)


def _look_at(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a variable that names the file holds a NUL
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
