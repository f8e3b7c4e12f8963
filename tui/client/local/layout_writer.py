"""An OCI image layout in a folder, made or added to (image specification, "OCI Image Layout Specification").

At every moment the folder is a layout: blobs get their names when they are whole and verified, manifests come
after the blobs that they name, and the index is replaced in one step at the end. The methods block.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import TYPE_CHECKING, BinaryIO, Final

from tui.client.documents.parsing import Problems, read_json
from tui.client.errors import ParseJSONError
from tui.client.local.archive_writer import verified
from tui.client.local.layout import MAX_HEADER, MAX_INDEX
from tui.client.local.layout_format import (
    BLOBS_FOLDER,
    INDEX_FILE,
    LAYOUT_FILE,
    LAYOUT_HEADER,
    LAYOUT_VERSION_KEY,
    blob_path,
)
from tui.client.local.layout_index import index_entry, listed_names, lists_nothing, merged_index
from tui.client.local.saving_errors import LayoutInvalidError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tui.client.documents.descriptors import Descriptor
    from tui.client.local.image_parts import ImageParts
    from tui.client.names import Digest

__all__ = ["LayoutWriter"]

READ_SIZE: Final = 1024 * 1024
"""Bytes that are read at once from what is there."""

NEW: Final = ".new"
"""What the name of a file ends with until it is whole."""

_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""What lies in the place of a file may be a link to elsewhere, or a pipe that would be waited for."""

_IS_LINK: Final = {errno.ELOOP, errno.EMLINK}
"""What systems say to a link that is not to be followed."""


class LayoutWriter:
    """Writes into one layout.

    Args:
        folder: The layout; it need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self) -> bool:
        """Look whether the folder is a layout; False where it is not there yet, or has nothing in it.

        Raises:
            LayoutInvalidError: It is something else.
            OSError: It cannot be looked at.
        """
        header = self._read(LAYOUT_FILE, MAX_HEADER)
        if header is not None:
            self._check_header(header)
            return True
        try:
            others = [entry for entry in self.folder.iterdir() if not _is_new_mark(entry)]
        except FileNotFoundError:
            return False
        except NotADirectoryError as error:
            raise LayoutInvalidError(f"{self.folder.name} is no folder") from error
        if others:
            raise LayoutInvalidError(f"{self.folder.name} is a folder, and no OCI layout")
        return False

    def create(self) -> bool:
        """Make the folder a layout where it is none yet.

        Returns:
            Whether it was none before.

        Raises:
            LayoutInvalidError: It is something else.
            OSError: The system refuses.
        """
        made = self.mark()
        if self._index() is None:
            self._put(INDEX_FILE, merged_index(None, None))
        (self.folder / BLOBS_FOLDER).mkdir(exist_ok=True)
        return made

    def mark(self) -> bool:
        """Make the file that marks a layout, which several programs may do at a time; else as `create`."""
        if self.check():
            return False
        self.folder.mkdir(exist_ok=True)
        self._put(LAYOUT_FILE, LAYOUT_HEADER, f".{secrets.token_hex(4)}{NEW}")
        return True

    def names(self) -> dict[str, Digest | str]:
        """Tell which names the layout gives to what; none where there is no layout.

        Raises:
            LayoutInvalidError: Its index cannot be read.
            OSError: It cannot be looked at.
        """
        return listed_names(self._index())

    def is_empty(self) -> bool:
        """Tell whether the layout lists nothing, so that nobody needs what it has.

        Raises:
            LayoutInvalidError: Its index cannot be read.
            OSError: It cannot be looked at.
        """
        return lists_nothing(self._index())

    def discard(self) -> None:
        """Remove the folder where it is a layout that lists nothing and has no blobs, and nothing else.

        Raises:
            LayoutInvalidError: Its index cannot be read.
            OSError: It cannot be looked at, or removed.
        """
        mine = {LAYOUT_FILE, INDEX_FILE, BLOBS_FOLDER}
        marks = [entry for entry in self.folder.iterdir() if _is_new_mark(entry)]
        if not self.is_empty() or {entry.name for entry in {*self.folder.iterdir()} - {*marks}} - mine:
            return
        blobs = self.folder / BLOBS_FOLDER
        algorithms = list(blobs.iterdir()) if blobs.is_dir() else []
        if any(not algorithm.is_dir() or any(algorithm.iterdir()) for algorithm in algorithms):
            return
        for folder in algorithms:
            folder.rmdir()
        if blobs.is_dir():
            blobs.rmdir()
        for path in (*marks, self.folder / INDEX_FILE, self.folder / LAYOUT_FILE):
            path.unlink(missing_ok=True)
        self.folder.rmdir()

    def path(self, digest: Digest) -> Path:
        """Tell where a blob lies, and make the folder that it lies in.

        Raises:
            OSError: The system refuses.
        """
        path = self.folder / blob_path(digest)
        path.parent.mkdir(exist_ok=True)
        return path

    def open_blob(self, digest: Digest) -> BinaryIO | None:
        """Open a blob that is there; None where there is none, or what is there is no file.

        Raises:
            OSError: It cannot be read.
        """
        return self._open(blob_path(digest))

    def holds(self, blob: Descriptor) -> bool:
        """Tell whether a blob is there, whole and undamaged.

        Raises:
            OSError: It cannot be read.
            UnsupportedAlgorithmError: Its digest cannot be verified.
        """
        hasher = blob.digest.hasher()
        file = self.open_blob(blob.digest)
        if file is None:
            return False
        with file:
            while chunk := file.read(READ_SIZE):
                hasher.update(chunk)
        return hasher.hexdigest() == blob.digest.hex

    def put_blob(self, blob: Descriptor, chunks: Iterable[bytes]) -> None:
        """Write a blob, which gets its name when it has been verified; one that is there is replaced.

        Raises:
            SizeMismatchError: It is longer or shorter than its descriptor says.
            DigestMismatchError: It is another one.
            UnsupportedAlgorithmError: Its digest cannot be verified.
            OSError: The system refuses.
        """
        self.path(blob.digest)
        self._put(blob_path(blob.digest), verified(blob, chunks))

    def put_documents(self, parts: ImageParts) -> None:
        """Write the manifests of an image, those that list others after these.

        Raises:
            OSError: The system refuses.
        """
        for document in reversed(parts.documents):
            descriptor = document.descriptor
            if not self.holds(descriptor):
                self.path(descriptor.digest)
                self._put(blob_path(descriptor.digest), document.raw)

    def add(self, parts: ImageParts, *, replace: bool = False) -> None:
        """List an image in the index, whose manifests and blobs are there; the index is replaced in one step.

        Args:
            parts: The image.
            replace: Whether another image may lose the name that this one has.

        Raises:
            LayoutInvalidError: The index that is there cannot be read.
            NameTakenError: Another image has the name, and is not to lose it.
            OSError: The system refuses; the index is as it was.
        """
        present = self._index()
        index = merged_index(present, index_entry(parts), replace=replace)
        if index != present:
            self._put(INDEX_FILE, index)

    def _index(self) -> bytes | None:
        return self._read(INDEX_FILE, MAX_INDEX)

    def _check_header(self, header: bytes) -> None:
        try:
            document = read_json(header, Problems())
        except ParseJSONError as error:
            raise LayoutInvalidError(f"{LAYOUT_FILE} cannot be read: {error.message}") from error
        version = document.get(LAYOUT_VERSION_KEY) if isinstance(document, dict) else None
        if not isinstance(version, str) or not version.startswith("1."):
            raise LayoutInvalidError(f"{LAYOUT_FILE} does not name version 1 of the layout")

    def _read(self, name: str, limit: int) -> bytes | None:
        """Read a small file; None where there is none."""
        file = self._open(name)
        if file is None:
            return None
        with file:
            # No more room is made than the file needs, and it may still be growing.
            data = file.read(min(os.fstat(file.fileno()).st_size, limit) + 1)
        if len(data) > limit:
            raise LayoutInvalidError(f"{name} has more than {limit:,} bytes")
        return data

    def _open(self, name: str) -> BinaryIO | None:
        try:
            descriptor = os.open(self.folder / name, os.O_RDONLY | _NO_LINKS)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno in _IS_LINK:
                return None
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        return open(descriptor, "rb")  # noqa: PTH123 - a descriptor has no path to open

    def _put(self, name: str, content: bytes | Iterable[bytes], suffix: str = NEW) -> None:
        """Write a file that gets its name, in one step, when it is whole and on the disk."""
        target = self.folder / name
        new = target.with_name(target.name + suffix)
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS, 0o666)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path to open
                file.writelines((content,) if isinstance(content, bytes) else content)
                file.flush()
                os.fsync(file.fileno())
            new.replace(target)
        finally:
            new.unlink(missing_ok=True)


def _is_new_mark(path: Path) -> bool:
    """Tell whether a file is one that would have marked a layout, had a program not been ended."""
    return path.name.startswith(LAYOUT_FILE) and path.name.endswith(NEW)
