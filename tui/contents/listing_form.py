"""A listing as bytes: a column for each thing that entries say, so that it packs well and is read fast."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tui.contents.entries import NO_ATTRIBUTES, Chunk, Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Listing", "from_bytes", "to_bytes"]

_KINDS: Final = tuple(Kind)
_NUMBERS: Final = {kind: number for number, kind in enumerate(_KINDS)}
_TEXTS: Final = ("path", "owner", "group")
_INTEGERS: Final = ("size", "mode", "uid", "gid")
_NATURAL: Final = ("kind", "size", "mode", "offset")

MOST_VALUES: Final = 16_000_000
"""Values of a listing that is read: half a million entries have fewer, with their parts and digests."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All that is known of a layer after it has been read to its end."""

    format: str
    """How it is packed: see `tui.contents.Layer.format`."""
    entries: Sequence[Entry]
    """In the layer's order."""
    unpacked: int
    """Bytes of the unpacked layer."""
    problems: tuple[str, ...] = ()
    """What is wrong with the layer as a whole."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """What whoever keeps it wants to find again: JSON values."""


def to_bytes(listing: Listing) -> bytes:
    """Write a listing down."""
    entries = listing.entries
    rare = {str(number): said for number, entry in enumerate(entries) if (said := _rare(entry))}
    document = {
        "format": listing.format,
        "unpacked": listing.unpacked,
        "problems": listing.problems,
        "extras": dict(listing.extras),
        "kind": [_NUMBERS[entry.kind] for entry in entries],
        "mtime": [entry.mtime for entry in entries],
        "offset": [entry.offset for entry in entries],
        **{name: [getattr(entry, name) for entry in entries] for name in (*_TEXTS, *_INTEGERS)},
        "rare": rare,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def from_bytes(data: bytes) -> Listing:
    """Read a listing.

    Raises:
        ValueError: It is none.
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError("that is a listing of too many values")
    try:
        return _listing(json.loads(data))
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError("that is no listing") from error


def _listing(document: dict[str, Any]) -> Listing:
    columns = {
        **{name: _column(document, name, str) for name in _TEXTS},
        **{name: _column(document, name, int) for name in (*_INTEGERS, "kind")},
        "mtime": _column(document, "mtime", float, int, type(None)),
        "offset": _column(document, "offset", int, type(None)),
    }
    if len({len(column) for column in columns.values()}) != 1:
        raise ValueError("its columns have different lengths")
    if any(number is not None and number < 0 for name in _NATURAL for number in columns[name]):
        raise ValueError("a listing has no negative sizes or places")
    if not all(math.isfinite(time) for time in columns["mtime"] if time is not None):
        raise ValueError("times of a listing are finite")
    rare = {int(number): _fields(said) for number, said in document["rare"].items()}
    none: dict[str, Any] = {}
    columns["kind"] = [_KINDS[number] for number in columns["kind"]]
    names = tuple(columns)
    entries = [
        Entry(**dict(zip(names, values, strict=True)), **rare.get(number, none))
        for number, values in enumerate(zip(*columns.values(), strict=True))
    ]
    extras = document["extras"]
    if not isinstance(extras, dict):
        raise TypeError("extras")
    return Listing(
        str(document["format"]), entries, _natural(document["unpacked"]), _texts(document["problems"]), extras
    )


def _column(document: dict[str, Any], name: str, *types: type) -> list[Any]:
    column = document[name]
    if not isinstance(column, list) or not {type(value) for value in column} <= set(types):
        raise TypeError(name)
    return column


def _rare(entry: Entry) -> dict[str, Any]:
    """Give what few entries say."""
    said: dict[str, Any] = {}
    if entry.target:
        said["target"] = entry.target
    if entry.device is not None:
        said["device"] = entry.device
    if entry.attributes:
        said["attributes"] = {name: value.decode("latin-1") for name, value in entry.attributes.items()}
    if entry.sparse is not None:
        said["sparse"] = entry.sparse
    if entry.chunks:
        said["chunks"] = [
            (chunk.at, chunk.packed, chunk.start, chunk.size, chunk.digest, chunk.skip)
            for chunk in entry.chunks
        ]
    if entry.digest:
        said["digest"] = entry.digest
    if entry.problems:
        said["problems"] = entry.problems
    return said


def _natural(value: Any) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("a listing has no negative sizes or places")
    return number


def _texts(value: list[Any]) -> tuple[str, ...]:
    return tuple(str(text) for text in value)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "target": str,
    "digest": str,
    "device": lambda value: (_natural(value[0]), _natural(value[1])),
    "attributes": lambda value: (
        {str(name): text.encode("latin-1") for name, text in value.items()} or NO_ATTRIBUTES
    ),
    "sparse": lambda value: tuple((_natural(start), _natural(size)) for start, size in value),
    "chunks": lambda value: tuple(
        Chunk(_natural(at), _natural(packed), _natural(start), _natural(size), str(digest), _natural(skip))
        for at, packed, start, size, digest, skip in value
    ),
    "problems": _texts,
}


def _fields(said: dict[str, Any]) -> dict[str, Any]:
    return {name: _READERS[name](value) for name, value in said.items()}
