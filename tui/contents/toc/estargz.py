"""The table of contents of an eStargz layer: a tar of one JSON file, packed with gzip, before a footer.

https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tui.contents.errors import DamagedContentError
from tui.contents.gzip_decoder import GzipDecoder
from tui.contents.tar import TarReader
from tui.contents.toc.places import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DIGEST", "FOOTER", "FORMAT", "HIDDEN", "UNPACKED", "in_footer", "unpacked"]

FORMAT: Final = "eStargz"
DIGEST: Final = "containerd.io/snapshot/stargz/toc.digest"
"""The annotation with the digest of the table's JSON."""
UNPACKED: Final = "io.containers.estargz.uncompressed-size"
"""The annotation with the size of the unpacked layer."""
FOOTER: Final = 51
"""Bytes of a footer; older ones have 47."""
INDEX: Final = "stargz.index.json"
HIDDEN: Final = frozenset({INDEX, ".prefetch.landmark", ".no.prefetch.landmark"})

_FOOTER = re.compile(
    rb"\x1f\x8b\x08\x04.{6}(?:\x1a\0SG\x16\0|\x16\0)(?P<at>[0-9a-fA-F]{16})STARGZ\x01\0\0\xff\xff\0{8}\Z",
    re.DOTALL,
)
"""An empty gzip member with a place in its header; what older ones have is no proper extra field."""


def in_footer(tail: bytes, size: int) -> Place | None:
    """Read where the table lies; None where a layer ends in another way.

    Args:
        tail: Its last bytes, with the whole footer if it has one.
        size: Bytes of the layer.
    """
    found = _FOOTER.search(tail, max(len(tail) - FOOTER, 0))
    if found is None:
        return None
    at = int(found["at"], 16)
    return Place(at, size - (len(tail) - found.start()) - at)


def unpacked(packed: bytes) -> Iterator[bytes]:
    """Unpack the JSON of a table, in bounded steps.

    Args:
        packed: The table.

    Raises:
        DamagedContentError: It cannot be unpacked.
    """
    decoder, reader = GzipDecoder(), TarReader()
    position = 0
    start = end = -1
    for piece in decoder.feed(packed):
        if start < 0:
            for entry in reader.feed(piece):
                if entry.path == INDEX and entry.offset is not None:
                    start, end = entry.offset, entry.offset + entry.size
                    break
        if start >= 0 and (part := piece[max(start - position, 0) : max(end - position, 0)]):
            yield part
        position += len(piece)
        if 0 <= end <= position:
            break
    if start < 0 or position < end:
        raise DamagedContentError("The layer's table of contents ends too early, or is none.")
