"""Headers of RPM packages from rpm's own format of databases (ndb), ``Packages.db``.

It begins with pages of slots, little-endian, of which each says where a package's header lies, in blocks.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from tui.contents.errors import DamagedContentError
from tui.contents.rpm_headers import MOST_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["blobs_of_ndb"]

_PAGE: Final = 4096
_BLOCK: Final = 16
_MAGIC: Final = b"RpmP"
_SLOT_MAGIC: Final = b"Slot"
_BLOB_MAGIC: Final = b"BlbS"
_HEADER: Final = struct.Struct("<4sIII")
"""Its mark, its version, how often it was changed, and how many pages of slots there are."""
_SLOT: Final = struct.Struct("<4sIII")
"""Its mark, the package's number, the first block, and how many."""
_BLOB: Final = struct.Struct("<4sIII")
"""Its mark, the package's number, when it was written, and how many bytes follow."""


def blobs_of_ndb(database: bytes, most: int) -> Iterator[bytes | None]:
    """Give the headers of a database; None for one that is not where its slot says, or is too long.

    Args:
        database: The file.
        most: Headers that are given at most.

    Raises:
        DamagedContentError: It is no such database.
    """
    if len(database) < _PAGE:
        raise DamagedContentError("the RPM database is cut")
    magic, version, _, pages = _HEADER.unpack_from(database)
    if magic != _MAGIC or version:
        raise DamagedContentError("the RPM database has a form that is not known")
    given = 0
    for place in range(2 * _SLOT.size, min(pages * _PAGE, len(database) - _SLOT.size + 1), _SLOT.size):
        mark, number, block, _ = _SLOT.unpack_from(database, place)
        if mark != _SLOT_MAGIC or not block or not number:
            continue
        if given >= most:
            return
        given += 1
        yield _blob(database, number, block * _BLOCK)


def _blob(database: bytes, number: int, place: int) -> bytes | None:
    if place + _BLOB.size > len(database):
        return None
    mark, own_number, _, size = _BLOB.unpack_from(database, place)
    start = place + _BLOB.size
    if mark != _BLOB_MAGIC or own_number != number or size > min(MOST_HEADER, len(database) - start):
        return None
    return database[start : start + size]
