"""Extended headers of pax: records of a length, a key and a value that say more of the member behind them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from tui.contents.tar_headers import MAX_NUMBER, Header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MAX_ATTRIBUTES", "Extended", "read_extended"]

MAX_ATTRIBUTES: Final = 1_000
"""Extended attributes of one member: Linux lists 64 KiB of their names."""

MAX_RECORDS: Final = 16_384
"""Records of one header: most have five, and sparse files in the oldest format two for each piece."""

MAX_DIGITS: Final = 20
"""Of a whole number: 2^64 has as many."""

MAX_OWNER: Final = 256
"""Bytes of the name of an owner or a group: Linux takes 32."""

_SCHILY: Final = b"SCHILY.xattr."
_LIBARCHIVE: Final = b"LIBARCHIVE.xattr."
_PIECE: Final = (b"GNU.sparse.offset", b"GNU.sparse.numbytes")
_MEANT: Final = frozenset(
    {
        b"path",
        b"linkpath",
        b"size",
        b"uid",
        b"gid",
        b"uname",
        b"gname",
        b"mtime",
        b"SCHILY.devmajor",
        b"SCHILY.devminor",
        b"GNU.sparse.major",
        b"GNU.sparse.minor",
        b"GNU.sparse.name",
        b"GNU.sparse.realsize",
        b"GNU.sparse.size",
        b"GNU.sparse.map",
    }
)
"""Keys that say something an entry has; of the others (comment, atime, hdrcharset) nothing is kept."""

_GENERAL: Final = frozenset({b"uid", b"gid", b"uname", b"gname", b"mtime"})
"""Keys of which a global header may say something."""

_WHOLE = re.compile(rb"-?[0-9]{1,20}")
_DECIMAL = re.compile(rb"-?[0-9]{1,20}(?:\.[0-9]{0,30})?(?:e[+-][0-9]{1,3})?")


@dataclass(slots=True)
class Extended:
    """What extended headers say of a member."""

    values: dict[bytes, bytes] = field(default_factory=dict)
    """By key, where the key is one of a member's own fields; an empty value takes back a global one."""
    attributes: dict[str, bytes] = field(default_factory=dict)
    """Extended attributes by name."""
    pieces: list[bytes] = field(default_factory=list)
    """Of a sparse file (format 0.0): place and size of each piece in turn; empty where one is out of turn."""
    problems: list[str] = field(default_factory=list)

    def mark(self, problem: str) -> None:
        """Add a problem, once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def over(self, general: Extended) -> Extended:
        """Put this over what global headers say."""
        if not general.values:
            return self
        return Extended({**general.values, **self.values}, self.attributes, self.pieces, self.problems)

    def general(self) -> tuple[Extended, bool]:
        """Give what of a global header holds for all members, and whether there was more that must not.

        A path, a size or an attribute of all members is nothing that a program writes, and programs differ in
        what they make of it: those that unpack images take no notice of it.
        """
        values = {key: value[:MAX_OWNER] for key, value in self.values.items() if key in _GENERAL}
        return Extended(values), len(values) < len(self.values) or bool(self.attributes or self.pieces)

    def applied(self, header: Header) -> Header:
        """Put what this says in the place of what a member's header says."""
        values = self.values
        fields: list[Any] = list(header)
        for key, value in values.items():
            if value and (meant := _FIELDS.get(key)) is not None:
                field_, read = meant
                if (said := read(value)) is not None:
                    fields[field_] = said
                else:
                    self.mark(f"{key.decode()} is no number that can be")
        if name := values.get(b"GNU.sparse.name"):
            fields[_NAME] = name
        if b"SCHILY.devmajor" in values:
            major, minor = self.whole(b"SCHILY.devmajor"), self.whole(b"SCHILY.devminor")
            fields[_DEVICE] = None if major is None or minor is None else (major, minor)
        if self.problems:
            fields[_PROBLEMS] = (*header.problems, *self.problems)
        return Header._make(fields)

    @property
    def is_sparse(self) -> bool:
        """Whether this describes a sparse file, in any of the three formats."""
        if b"GNU.sparse.major" in self.values and self.has_map_in_body:
            return True
        return bool(self.pieces) or b"GNU.sparse.map" in self.values

    @property
    def has_map_in_body(self) -> bool:
        """Whether the map of a sparse file stands at the beginning of its stored bytes (format 1.0)."""
        version = (self.values.get(b"GNU.sparse.major"), self.values.get(b"GNU.sparse.minor"))
        return version == (b"1", b"0")

    def real_size(self) -> int | None:
        """Give the size that a sparse file has when it is read; None where it is not said."""
        return self.whole(
            b"GNU.sparse.realsize" if b"GNU.sparse.realsize" in self.values else b"GNU.sparse.size"
        )

    def map_values(self, most: int) -> list[bytes]:
        """Give place and size of each stored piece in turn (formats 0.0 and 0.1), or of the first `most`."""
        listed = self.values.get(b"GNU.sparse.map")
        return listed.split(b",", 2 * most) if listed else self.pieces

    def whole(self, key: bytes) -> int | None:
        """Give a value as a whole number; None, with a problem if need be, where there is none."""
        value = self.values.get(key)
        if not value:
            return None
        if (number := _natural(value)) is None:
            self.mark(f"{key.decode()} is no number that can be")
        return number


def read_extended(data: bytes, *, whole: bool = True) -> Extended:
    """Read the records of an extended header, as far as they can be read.

    Args:
        data: The records.
        whole: Whether these are all; otherwise the last one may be cut off.
    """
    extended = Extended({}, {}, [], [])
    at, size = 0, len(data)
    for _ in range(MAX_RECORDS):
        if at >= size:
            return extended
        blank = data.find(b" ", at, at + MAX_DIGITS)
        digits = data[at:blank] if blank >= 0 else b""
        end = at + int(digits) if digits.isdigit() else at
        is_cut = end > size or (blank < 0 and at + MAX_DIGITS > size)
        if is_cut and not whole:
            return extended
        equals = data.find(b"=", blank + 1, end)
        if blank < 0 or end > size or equals <= blank + 1 or data[end - 1] != ord("\n"):
            if data[at:].strip(b"\0"):
                extended.mark("an extended header that cannot be read to its end")
            return extended
        _take(extended, data[blank + 1 : equals], data[equals + 1 : end - 1])
        at = end
    if at < size:
        extended.mark(f"an extended header of more than {MAX_RECORDS:,} records")
    return extended


def _take(extended: Extended, key: bytes, value: bytes) -> None:
    if key in _MEANT:
        extended.values[key] = value
    elif key in _PIECE:
        is_next = key == _PIECE[len(extended.pieces) % 2]
        extended.pieces.append(value if is_next else b"")
    elif key.startswith((_SCHILY, _LIBARCHIVE)):
        if len(extended.attributes) < MAX_ATTRIBUTES:
            _take_attribute(extended, key, value)
        else:
            extended.mark(f"more than {MAX_ATTRIBUTES:,} extended attributes")


def _take_attribute(extended: Extended, key: bytes, value: bytes) -> None:
    name = unquote_to_bytes(key.partition(b".xattr.")[2]).decode("utf-8", "surrogateescape")
    if key.startswith(_SCHILY):
        extended.attributes[name] = value
        return
    # libarchive writes each attribute in both ways, this one in Base64 without what fills it up.
    try:
        decoded = base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        extended.mark("an extended attribute that is no Base64")
    else:
        extended.attributes.setdefault(name, decoded)


def _integer(value: bytes) -> int | None:
    if not _WHOLE.fullmatch(value):
        return None
    number = int(value)
    return number if -MAX_NUMBER <= number <= MAX_NUMBER else None


def _natural(value: bytes) -> int | None:
    number = _integer(value)
    return None if number is None or number < 0 else number


def _decimal(value: bytes) -> float | None:
    return float(value) if _DECIMAL.fullmatch(value) else None


def _owner(value: bytes) -> str:
    return _text(value[:MAX_OWNER])


@lru_cache(maxsize=1_000)
def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


_NAME: Final = Header._fields.index("name")
_DEVICE: Final = Header._fields.index("device")
_PROBLEMS: Final = Header._fields.index("problems")
_FIELDS: Final[Mapping[bytes, tuple[int, Callable[[bytes], object]]]] = {
    key: (Header._fields.index(name), read)
    for key, name, read in (
        (b"path", "name", bytes),
        (b"linkpath", "target", bytes),
        (b"size", "size", _natural),
        (b"mtime", "mtime", _decimal),
        (b"uid", "uid", _integer),
        (b"gid", "gid", _integer),
        (b"uname", "owner", _owner),
        (b"gname", "group", _owner),
    )
}
"""Which field of a header a key stands for, and what reads its value."""
