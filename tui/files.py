"""Small files of a person: read with a limit, written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Final

__all__ = ["UnreadableFileError", "read_small_file", "short_path", "write_whole_file"]

_MIB: Final = 1024 * 1024


class UnreadableFileError(Exception):
    """A file that is there and cannot be read; the message is a phrase that fits behind the file's name."""


def read_small_file(path: Path, limit: int) -> bytes:
    """Read a file of at most `limit` bytes; never waits for a pipe, never reads from a device.

    Raises:
        FileNotFoundError: There is no such file.
        UnreadableFileError: It is larger, no regular file, or the system refuses.
    """
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnreadableFileError("it is no regular file")
            data = file.read(limit + 1)
    except NotADirectoryError as error:
        raise FileNotFoundError(*error.args) from error
    except FileNotFoundError:
        raise
    except IsADirectoryError as error:
        raise UnreadableFileError("it is a folder") from error
    except OSError as error:
        raise UnreadableFileError(_reason(error)) from error
    if len(data) > limit:
        raise UnreadableFileError(f"it is larger than {limit / _MIB:g} MiB")
    return data


def write_whole_file(path: Path, data: bytes) -> None:
    """Put `data` in the place of a file, so that at any moment either the old or the new content is there.

    Folders on the way are made. A symbolic link stays one: the file that it leads to is replaced. The mode of
    an existing file is kept; a new one is for its owner alone.

    Raises:
        OSError: The system refuses; the old content is still there.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor has no path to open
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def short_path(path: Path) -> str:
    """Show a path with `~` for the home folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # it lies elsewhere, or nobody knows where home is
        return str(path)


def _open_without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _reason(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else "it cannot be read"
