"""Finds the table of contents of a layer, in one or two requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.client.redaction import quoted
from tui.client.threads import in_thread
from tui.contents.errors import DamagedContentError, NoRangesError, TooLargeError
from tui.contents.toc import estargz, zstd_chunked
from tui.contents.toc.digests import hasher_of, is_digest
from tui.contents.toc.json_values import MAX_DIGITS, JsonValues
from tui.contents.toc.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.contents.byte_source import ByteSource
    from tui.contents.entries import Entry
    from tui.contents.toc.places import Place

__all__ = ["NOT_COVERED", "Toc", "find_toc"]

MOST_PACKED: Final = 64 << 20
"""Bytes of a packed table: a million files have some 50 MB."""
MOST_JSON: Final = 1 << 30
"""Bytes of an unpacked table: a million files have some 500 MB, of which about one is kept."""
SHARE: Final = 100
"""What part of a layer is read with its footer where annotations promise a table: most tables are smaller
than a hundredth, so that this spares a request, and it is no more than a hundredth in vain."""

NOT_COVERED: Final = "Its table of contents is not covered by a digest."


@dataclass(frozen=True, slots=True)
class Toc:
    """What a layer's table of contents says."""

    format: str
    """``eStargz`` or ``zstd:chunked``."""
    entries: tuple[Entry, ...]
    """In its order, files with the parts that they can be read by."""
    digest_checked: bool
    """Whether the table is what the digest in the annotations says."""
    moved: int
    """Packed bytes that were moved for it."""
    unpacked: int | None = None
    """Bytes of the unpacked layer; None where nothing says that."""
    problems: tuple[str, ...] = ()
    """What is wrong with the table as a whole, each as a sentence for a person."""


async def find_toc(source: ByteSource, annotations: Mapping[str, str]) -> Toc | None:
    """Find a layer's table of contents; None if it has none, or the source has no ranges to read it by.

    Args:
        source: The packed layer.
        annotations: Of its descriptor: they may say where the table lies, and its digest.

    Raises:
        DamagedContentError: It has another digest than the annotations say, or is no table.
        TooLargeError: It is larger than one that is read.
        Exception: What the source raises.
    """
    end = _End(source)
    try:
        place = zstd_chunked.in_annotations(annotations)
        kind: str = zstd_chunked.FORMAT
        if place is None:
            kind, place = await _by_footer(end, annotations)
        if place is None:
            return None
        if place.at <= 0 or place.size <= 0 or place.at + place.size > source.size:
            raise DamagedContentError("The layer's table of contents would lie outside of it.")
        if place.size > MOST_PACKED:
            raise TooLargeError(
                f"The layer's table of contents has {place.size >> 20:,} MiB: more than is read of one."
            )
        packed = await end.read(place)
    except NoRangesError:
        return None
    return await in_thread(_read, kind, packed, place, annotations, end.moved)


class _End:
    """The end of a layer, of which no byte is read twice."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._tail = b""
        self.size = source.size
        """Bytes of the layer."""
        self.moved = 0
        """Bytes that were read."""

    async def tail(self, size: int) -> bytes:
        """Read the last bytes of the layer."""
        size = min(size, self.size)
        self._tail = await self._get(self.size - size, size)
        if len(self._tail) < size:
            raise DamagedContentError("The layer ends before it should.")
        return self._tail

    async def read(self, place: Place) -> bytes:
        """Read bytes, of which the last ones may be here already."""
        begin = self.size - len(self._tail)
        end = place.at + place.size
        missing = min(end, begin) - place.at
        data = await self._get(place.at, missing) if missing > 0 else b""
        if len(data) < missing:
            raise DamagedContentError("The layer ends before its table of contents does.")
        return data + self._tail[max(place.at - begin, 0) : max(end - begin, 0)]

    async def _get(self, at: int, size: int) -> bytes:
        data = await self._source.read(at, size)
        self.moved += len(data)
        return data


async def _by_footer(end: _End, annotations: Mapping[str, str]) -> tuple[str, Place | None]:
    """Read the place of a table at the end of the layer."""
    share = end.size // SHARE if estargz.DIGEST in annotations else 0
    tail = await end.tail(min(max(zstd_chunked.FOOTER, share), MOST_PACKED))
    place = estargz.in_footer(tail, end.size)
    if place is not None:
        return estargz.FORMAT, place
    return zstd_chunked.FORMAT, zstd_chunked.in_footer(tail)


def _read(kind: str, packed: bytes, place: Place, annotations: Mapping[str, str], moved: int) -> Toc:
    """Read a table, and check its digests."""
    is_estargz = kind == estargz.FORMAT
    checks = [_Check(annotations.get(estargz.DIGEST, ""))]
    if not is_estargz:
        check = _Check(zstd_chunked.checksum_of(annotations))
        check.take(packed)
        check.end()
        checks.append(check)
    table = Table(place.at, estargz.HIDDEN if is_estargz else frozenset())
    values = JsonValues()
    size = 0
    for piece in (estargz if is_estargz else zstd_chunked).unpacked(packed):
        size += len(piece)
        if size > MOST_JSON:
            raise TooLargeError(
                f"The layer's table of contents unpacks to more than {MOST_JSON >> 20:,} MiB: "
                "that is more than is read of one."
            )
        checks[0].take(piece)
        if not table.is_full:
            table.add(values.feed(piece))
    checks[0].end()
    if not table.is_full:
        table.add(values.end())
    entries = table.entries()
    checked = any(check.expected for check in checks)
    problems = table.problems if checked else (NOT_COVERED, *table.problems)
    return Toc(kind, entries, checked, moved, _size(annotations.get(estargz.UNPACKED, "")), problems)


class _Check:
    """Compares bytes with a digest, if there is one."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        if expected and not is_digest(expected):
            raise DamagedContentError(
                f"The digest of the layer's table of contents is none: {quoted(expected)}."
            )
        self._hasher = hasher_of(expected) if expected else None

    def take(self, data: bytes) -> None:
        if self._hasher is not None:
            self._hasher.update(data)

    def end(self) -> None:
        if self._hasher is not None and not self.expected.endswith(f":{self._hasher.hexdigest()}"):
            raise DamagedContentError(
                f"The digest of the layer's table of contents is {self._hasher.name}:"
                f"{self._hasher.hexdigest()}, not {self.expected}."
            )


def _size(text: str) -> int | None:
    """Read the size of the unpacked layer; None where an annotation says none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
