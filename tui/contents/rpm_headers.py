"""Headers of RPM packages as databases keep them, and the database that is an SQLite file.

A header is two big-endian counts (entries, bytes of data), the entries (tag, type, place, count), and
the data.
"""

from __future__ import annotations

import sqlite3
import struct
from typing import TYPE_CHECKING, Final

from tui.contents.errors import DamagedContentError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_HEADER", "blobs_of", "header_values"]

MOST_HEADER: Final = 32 * 1024 * 1024
"""Bytes of a header; those of packages with a hundred thousand files have a third of these."""

MOST_TAGS: Final = 4_096
"""Entries of a header that are looked at; real ones have some hundred."""

LONGEST_VALUE: Final = 4_096
"""Bytes of a text that are kept."""

MOST_STEPS: Final = 50_000_000
"""Steps of SQLite's machine in one database: the table of some ten thousand packages takes less than one."""

STEPS_AT_ONCE: Final = 100_000
"""Steps between two looks at how many there were."""

_INT32: Final = 4
_INT64: Final = 5
_TEXTS: Final = (6, 8, 9)
"""Types of values: a text, several, and several of which each is for another language."""
_NUMBERS: Final = {_INT32: struct.Struct(">I"), _INT64: struct.Struct(">Q")}
_AHEAD: Final = slice(18, 20)
"""Where an SQLite file says whether it is written ahead of itself."""
_COUNTS: Final = struct.Struct(">II")
_ENTRY: Final = struct.Struct(">IIII")


def header_values(blob: bytes, tags: frozenset[int]) -> dict[int, str | int]:
    """Read some values of a header; of several of one tag the first.

    Args:
        blob: The header.
        tags: Those that are wanted.

    Raises:
        DamagedContentError: It is no header, or is cut.
    """
    if len(blob) < _COUNTS.size:
        raise DamagedContentError("a header of a package is cut")
    entries, size = _COUNTS.unpack_from(blob)
    data = _COUNTS.size + entries * _ENTRY.size
    if entries > MOST_TAGS or data + size > len(blob):
        raise DamagedContentError("a header of a package says that it is longer than it is")
    values: dict[int, str | int] = {}
    for number in range(entries):
        tag, kind, place, count = _ENTRY.unpack_from(blob, _COUNTS.size + number * _ENTRY.size)
        if tag not in tags or tag in values or not count:
            continue
        if place >= size:
            raise DamagedContentError("a header of a package points behind its end")
        start = data + place
        if kind in _TEXTS:
            end = blob.find(b"\0", start, data + size)
            if end < 0:
                raise DamagedContentError("a text in a header of a package does not end")
            values[tag] = blob[start : min(end, start + LONGEST_VALUE)].decode(errors="replace")
        elif kind in _NUMBERS:
            number_of = _NUMBERS[kind]
            if place + number_of.size > size:
                raise DamagedContentError("a number in a header of a package is cut")
            values[tag] = number_of.unpack_from(blob, start)[0]
    return values


def blobs_of(database: bytes, most: int) -> Iterator[bytes | None]:
    """Give the headers of an rpmdb.sqlite; None for one that is too long or no header.

    The database is read from memory, and is not changed; nothing that it has defined itself is called.

    Args:
        database: The file.
        most: Headers that are given at most.

    Raises:
        DamagedContentError: It is no such database, or damaged; what came before stays.
    """
    if database[_AHEAD] == b"\x02\x02":
        # One that is written ahead of itself is not read from memory.
        database = database[: _AHEAD.start] + b"\x01\x01" + database[_AHEAD.stop :]
    try:
        connection = sqlite3.connect(":memory:")
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(MOST_HEADER, len(database)) + 1)
            connection.deserialize(database)
            left = MOST_STEPS // STEPS_AT_ONCE

            def count() -> int:
                nonlocal left
                left -= 1
                return int(left < 0)

            connection.set_progress_handler(count, STEPS_AT_ONCE)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            kind = connection.execute("SELECT type FROM sqlite_schema WHERE name = 'Packages'").fetchone()
            if kind != ("table",):
                raise DamagedContentError("the RPM database has no table of packages")
            for row in connection.execute(
                "SELECT CASE WHEN typeof(blob) = 'blob' AND length(blob) <= ? THEN blob END "
                "FROM Packages LIMIT ?",
                (MOST_HEADER, most),
            ):
                yield row[0]
        finally:
            connection.close()
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise DamagedContentError(f"the RPM database cannot be read: {error}") from error
