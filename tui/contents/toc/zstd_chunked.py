"""The table of contents of a zstd:chunked layer: JSON in a zstd frame, inside of one that readers skip.

https://github.com/containers/storage/blob/main/pkg/chunked/internal/minimal/compression.go
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from tui.contents.errors import DamagedContentError
from tui.contents.toc.places import Place
from tui.contents.zstd_decoder import ZstdDecoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FOOTER", "FORMAT", "checksum_of", "in_annotations", "in_footer", "unpacked"]

FORMAT: Final = "zstd:chunked"
FOOTER: Final = 72
"""Bytes of a footer with its frame's head; those of the first version, and containerd's, have 48."""

_PREFIXES: Final = ("io.github.containers.zstd-chunked", "io.containers.zstd-chunked")
"""What the names of annotations begin with: those of today, and those of containerd."""
_POSITION = re.compile(r"([0-9]{1,19}):([0-9]{1,19}):[0-9]{1,19}:1", re.ASCII)
_HEAD: Final = struct.Struct("<4sI")
_SKIPPED: Final = b"\x50\x2a\x4d\x18"
_NUMBERS: Final = struct.Struct("<QQQQ")
_SIZES: Final = (64, 40)
_MAGICS: Final = (b"GNUlInUx", b"GnUlInUx")
"""What a footer ends with: as containers/storage writes it, and as containerd does."""


def in_annotations(annotations: Mapping[str, str]) -> Place | None:
    """Read where the table lies; None where no annotation says so.

    Args:
        annotations: Of the layer's descriptor.
    """
    for prefix in _PREFIXES:
        position = annotations.get(f"{prefix}.manifest-position", "")
        found = _POSITION.fullmatch(position)
        if found is not None:
            return Place(int(found[1]), int(found[2]))
    return None


def checksum_of(annotations: Mapping[str, str]) -> str:
    """Give the digest of the packed table; "" where no annotation has it.

    Args:
        annotations: Of the layer's descriptor.
    """
    keys = (f"{prefix}.manifest-checksum" for prefix in _PREFIXES)
    return next((annotations[key] for key in keys if key in annotations), "")


def in_footer(tail: bytes) -> Place | None:
    """Read where the table lies; None where a layer ends in another way.

    Args:
        tail: Its last bytes, with the whole footer if it has one.
    """
    if not tail.endswith(_MAGICS):
        return None
    for size in _SIZES:
        start = len(tail) - size - _HEAD.size
        if start >= 0 and _HEAD.unpack_from(tail, start) == (_SKIPPED, size):
            at, packed, _, version = _NUMBERS.unpack_from(tail, start + _HEAD.size)
            return Place(at, packed) if version == 1 else None
    return None


def unpacked(packed: bytes) -> Iterator[bytes]:
    """Unpack the JSON of a table, in bounded steps.

    Args:
        packed: The table.

    Raises:
        DamagedContentError: It cannot be unpacked.
    """
    decoder = ZstdDecoder()
    yield from decoder.feed(packed)
    decoder.end()
    if decoder.problems:
        raise DamagedContentError(f"The layer's table of contents is damaged: {decoder.problems[0]}")
