"""Regular files, open for reading at any place; everything here blocks."""

from __future__ import annotations

import os
import stat
import threading
from io import FileIO
from typing import TYPE_CHECKING, Final

from tui.client.errors import UnreadableSourceError
from tui.client.redaction import quoted

if TYPE_CHECKING:
    from typing import Self

__all__ = ["OpenFile", "open_regular", "reason", "state_of"]

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class OpenFile:
    """Some bytes of an open file: a whole file, or a member of an archive.

    Attributes:
        size: How many there are.
        state: What is different after the file has changed.

    Args:
        file: The file, without a buffer.
        lock: Held while the file is read where it cannot be read at a place.
        start: Where the bytes begin in it.
        size: How many there are.
    """

    def __init__(self, file: FileIO, lock: threading.Lock, *, start: int, size: int) -> None:
        self.size = size
        self.state: tuple[int, ...] = state_of(os.fstat(file.fileno()))
        self._file = file
        self._lock = lock
        self._start = start

    @classmethod
    def whole(cls, file: FileIO) -> Self:
        """Take a file as a whole."""
        return cls(file, threading.Lock(), start=0, size=os.fstat(file.fileno()).st_size)

    def part(self, start: int, size: int) -> OpenFile:
        """Take some of the bytes; they stay open when this is closed."""
        file = FileIO(os.dup(self._file.fileno()), "rb")
        return OpenFile(file, self._lock, start=self._start + start, size=size)

    def read_at(self, offset: int, size: int) -> bytes:
        """Read at most so many bytes from a place; fewer only at the end.

        Raises:
            UnreadableSourceError: The disk refuses.
        """
        wanted = max(min(size, self.size - offset), 0)
        try:
            data = self._read(self._start + offset, wanted)
            while 0 < len(data) < wanted and (more := self._read(self._start + offset + len(data), wanted)):
                data += more[: wanted - len(data)]
        except OSError as error:
            raise UnreadableSourceError(f"it cannot be read: {reason(error)}") from error
        return data

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, place: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), size, place)
        with self._lock:
            self._file.seek(place)
            return self._file.read(size) or b""


def reason(error: OSError) -> str:
    """Tell in a few words what the system refused."""
    return error.strerror.lower() if error.strerror else "it cannot be read"


def open_regular(path: str) -> OpenFile | None:
    """Open a regular file, without ever waiting for a pipe; None where there is none."""
    try:
        file = open(path, "rb", buffering=0, opener=lambda name, _: os.open(name, _FLAGS))  # noqa: SIM115 - it stays open
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return OpenFile.whole(file)
        file.close()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        pass
    except OSError as error:
        raise UnreadableSourceError(f"{quoted(path, 200)} cannot be read: {reason(error)}") from error
    raise UnreadableSourceError(f"{quoted(path, 200)} is no regular file")


def state_of(status: os.stat_result) -> tuple[int, ...]:
    """Give what is different after a file has changed."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
