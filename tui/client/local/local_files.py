"""The files of a layout or an archive on disk: in a folder, in a tar, in a tar that is packed.

Everything here blocks, and is called on worker threads. Nothing outside of the folder or the archive is ever
opened: names are compared, links are followed only as long as they stay inside.
"""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from tui.client.errors import BodyTooLargeError, UnreadableSourceError
from tui.client.local.layout_format import DOCKER_MANIFEST_FILE, INDEX_FILE, LAYOUT_FILE
from tui.client.local.open_file import OpenFile, open_regular, reason, state_of
from tui.client.local.tar_index import TarIndex, looks_like_tar
from tui.client.local.unpacking import packing, unpack
from tui.client.redaction import quoted

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["Files", "FolderFiles", "TarFiles", "open_files", "read_small"]

HEAD: Final = 512
"""Bytes that tell what a file is: the header of a tar, or the mark of a packed one."""

FOUND_FROM: Final = (LAYOUT_FILE, INDEX_FILE, DOCKER_MANIFEST_FILE)
"""The files that say what else there is."""


class Files(Protocol):
    """The files of a layout or an archive, by the names that they have in it."""

    stopped: threading.Event
    """Ends what takes long on a thread when it is set: it raises."""

    def open(self, name: str) -> OpenFile | None:
        """Open a file; None where there is none.

        Raises:
            UnreadableSourceError: It cannot be read, is no file, or a link that leads out.
        """
        ...

    def stamp(self) -> Hashable:
        """Give what is different after the content has changed.

        Raises:
            UnreadableSourceError: There is nothing any more, or nothing that may be read.
        """
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


def open_files(path: Path) -> Files:
    """Take the files of a folder, or of a tar archive, packed or not.

    Raises:
        UnreadableSourceError: There is neither.
    """
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        raise UnreadableSourceError(reason(error)) from error
    except ValueError as error:
        raise UnreadableSourceError("that is no path") from error
    return FolderFiles(path) if is_folder else TarFiles(path)


def read_small(files: Files, name: str, limit: int) -> bytes | None:
    """Read a small file as a whole; None where there is none.

    Raises:
        UnreadableSourceError: It cannot be read, is no file, or a link that leads out.
        BodyTooLargeError: It is longer than `limit` bytes.
    """
    file = files.open(name)
    if file is None:
        return None
    with file:
        if file.size > limit:
            raise BodyTooLargeError(limit, what=f"file {quoted(name)}")
        return file.read_at(0, file.size)


class FolderFiles:
    """The files of a folder.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.stopped = threading.Event()
        self._path = path

    def open(self, name: str) -> OpenFile | None:
        """Open a file; a link is followed as long as it stays inside of the folder."""
        if not _can_be_a_name(name):
            return None
        root = os.path.realpath(self._path)
        real = os.path.realpath(Path(root, name))
        if Path(root) not in Path(real).parents:
            raise UnreadableSourceError(f"{quoted(name, 200)} is a link that leads out of the folder")
        return open_regular(real)

    def stamp(self) -> Hashable:
        """Tell the state of the files that everything is found from."""
        try:
            self._path.stat()
            return tuple(_state_at(Path(self._path, name)) for name in FOUND_FROM)
        except OSError as error:
            raise UnreadableSourceError(reason(error)) from error

    def close(self) -> None:
        """Do nothing: no file stays open."""


class TarFiles:
    """The files of a tar archive, whose index is read once, and again when the archive has changed.

    A packed archive is unpacked into a temporary file without a name, which is kept until `close`.

    Args:
        path: The archive.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self._index: TarIndex | None = None
        self._indexed: Hashable = None
        self._spool: OpenFile | None = None

    def open(self, name: str) -> OpenFile | None:
        """Open a member, as it is in the archive now."""
        with self._lock:
            archive = open_regular(str(self._path))
            if archive is None:
                raise UnreadableSourceError("no such file or directory")
            with archive:
                member = self._current_index(archive).find(name)
                return (self._spool or archive).part(member.offset, member.size) if member else None

    def stamp(self) -> Hashable:
        """Tell the state of the archive."""
        try:
            return state_of(self._path.stat())
        except OSError as error:
            raise UnreadableSourceError(reason(error)) from error

    def close(self) -> None:
        """Remove what was unpacked."""
        with self._lock:
            self._forget()

    def _current_index(self, archive: OpenFile) -> TarIndex:
        if self._index is None or self._indexed != archive.state:
            self._forget()
            try:
                self._index = TarIndex(self._unpacked(archive))
            except BaseException:
                self._forget()
                raise
            self._indexed = archive.state
        return self._index

    def _unpacked(self, archive: OpenFile) -> OpenFile:
        """Give the archive itself, or what it unpacks to."""
        head = archive.read_at(0, HEAD)
        packed = packing(head)
        if packed is not None:
            self._spool = OpenFile.whole(unpack(archive, packed, self.stopped))
            return self._spool
        if not looks_like_tar(head):
            raise UnreadableSourceError("it is neither a folder nor a tar archive")
        return archive

    def _forget(self) -> None:
        self._index = self._indexed = None
        if self._spool is not None:
            self._spool.close()
            self._spool = None


def _can_be_a_name(text: str) -> bool:
    """Tell whether there can be a file of a name: half of a character and NUL are in none."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _state_at(path: Path) -> tuple[int, ...] | None:
    """Tell the state of a file; None where there is none."""
    try:
        return state_of(path.stat())
    except FileNotFoundError:
        return None
