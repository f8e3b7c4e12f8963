"""A tar archive that is an OCI image layout, and that `docker load` and `podman load` take.

All of it but the blobs is known beforehand: headers, documents, padding, and where each blob lies. So an
archive can be written in any number of steps, and what is there of it can be checked and gone on from. The
same image gives the same bytes: members have an order, and neither owner nor time.
"""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, Final, Protocol

from tui.client.documents.descriptors import Descriptor
from tui.client.errors import DigestMismatchError, SizeMismatchError
from tui.client.local.layout_format import (
    BLOBS_FOLDER,
    DOCKER_MANIFEST_FILE,
    INDEX_FILE,
    LAYOUT_FILE,
    LAYOUT_HEADER,
    blob_path,
)
from tui.client.local.layout_index import index_entry, merged_index
from tui.client.local.loadable import docker_entry
from tui.client.names import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tui.client.documents.image_manifest import Manifest
    from tui.client.local.image_parts import ImageParts

__all__ = ["Piece", "archive_pieces", "archive_size", "write_archive"]

Piece = bytes | Descriptor
"""Some bytes of an archive, or the blob whose bytes come next."""

_BLOCK: Final = tarfile.BLOCKSIZE
_END: Final = bytes(2 * _BLOCK)
"""What ends an archive."""

_FILE_MODE: Final = 0o644
_FOLDER_MODE: Final = 0o755


class Writable(Protocol):
    """A file that is written from its beginning to its end."""

    def write(self, data: bytes, /) -> object:
        """Write some bytes."""
        ...


def archive_pieces(parts: ImageParts, image: Manifest | None) -> tuple[Piece, ...]:
    """Tell what an archive consists of, in its order: bytes that are known, and blobs between them.

    Args:
        parts: What is saved.
        image: What `docker load` is told of, as `loadable_image` chooses it; None for nothing, which leaves
            an archive that only readers of OCI layouts take.
    """
    made = _Pieces()
    made.file(LAYOUT_FILE, LAYOUT_HEADER)
    made.file(INDEX_FILE, merged_index(None, index_entry(parts)))
    if image is not None:
        made.file(
            DOCKER_MANIFEST_FILE, json.dumps([docker_entry(parts, image)], separators=(",", ":")).encode()
        )
    made.folder(BLOBS_FOLDER)
    described = (*(document.descriptor for document in parts.documents), *parts.blobs)
    for algorithm in sorted({descriptor.digest.algorithm for descriptor in described}):
        made.folder(f"{BLOBS_FOLDER}/{algorithm}")
    for document in parts.documents:
        made.file(blob_path(document.descriptor.digest), document.raw)
    for blob in parts.blobs:
        made.blob(blob)
    return made.ended()


def archive_size(pieces: Iterable[Piece]) -> int:
    """Tell how many bytes an archive has."""
    return sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in pieces)


def write_archive(
    pieces: Iterable[Piece], file: Writable, read: Callable[[Descriptor], Iterable[bytes]]
) -> None:
    """Write an archive, each blob verified; what blocks belongs on a thread.

    Args:
        pieces: What it consists of.
        file: Where it goes.
        read: Gives the bytes of a blob.

    Raises:
        SizeMismatchError: A blob is longer or shorter than its descriptor says.
        DigestMismatchError: A blob is another one. What was written until then is of no use.
        UnsupportedAlgorithmError: A digest cannot be verified.
    """
    for piece in pieces:
        if isinstance(piece, bytes):
            file.write(piece)
            continue
        for chunk in verified(piece, read(piece)):
            file.write(chunk)


def verified(blob: Descriptor, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Pass on the bytes of a blob, and verify size and digest at its end; errors as for `write_archive`."""
    hasher, size = blob.digest.hasher(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > blob.size:
            break
        hasher.update(chunk)
        yield chunk
    if size != blob.size:
        raise SizeMismatchError(blob.size, size)
    if hasher.hexdigest() != blob.digest.hex:
        raise DigestMismatchError(blob.digest, Digest(f"{blob.digest.algorithm}:{hasher.hexdigest()}"))


class _Pieces:
    """Collects pieces; bytes that follow each other become one."""

    def __init__(self) -> None:
        self._done: list[Piece] = []
        self._bytes = bytearray()

    def file(self, name: str, content: bytes) -> None:
        """Add a file whose content is known."""
        self._bytes += _header(name, len(content)) + content + _padding(len(content))

    def folder(self, name: str) -> None:
        """Add a folder."""
        self._bytes += _header(name, 0, folder=True)

    def blob(self, blob: Descriptor) -> None:
        """Add a file whose content is a blob's."""
        self._bytes += _header(blob_path(blob.digest), blob.size)
        if blob.size:
            self._done += [bytes(self._bytes), blob]
            self._bytes = bytearray(_padding(blob.size))

    def ended(self) -> tuple[Piece, ...]:
        """End the archive."""
        return (*self._done, bytes(self._bytes) + _END)


def _header(name: str, size: int, *, folder: bool = False) -> bytes:
    """Make the header of a member; long names and sizes of 8 GiB and more take further blocks (POSIX pax)."""
    member = tarfile.TarInfo(name)
    member.size = size
    member.type = tarfile.DIRTYPE if folder else tarfile.REGTYPE
    member.mode = _FOLDER_MODE if folder else _FILE_MODE
    return member.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)
