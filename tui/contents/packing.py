"""How a layer is packed, judged by its first bytes, and unpacking it piece by piece in bounded steps."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from tui.contents.errors import TooLargeError, UnreadableLayerError
from tui.contents.spacing import APART
from tui.contents.tar_headers import BLOCK, is_header, says_ustar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.contents.byte_source import Piece

__all__ = ["HEAD", "Decoder", "Packing", "Unpacker", "decoder_of", "packing_of"]

HEAD: Final = BLOCK
"""Bytes that tell how a layer is packed: a tar says what it is by the checksum of its first header."""
MOST_UNPACKED: Final = 256 << 30
"""Bytes that are unpacked of one layer: more than a registry takes, and some minutes of inflating."""
FREE_UNPACKED: Final = 4 << 30
"""Bytes that may be unpacked whatever their ratio: a disk image or a swap file of zeros is no attack."""
MOST_RATIO: Final = 200
"""Unpacked bytes for each packed one, beyond the free ones. Files of systems pack to a half or a tenth."""

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_OTHERS: Final = {
    b"\xfd7zXZ\0": "xz",
    b"BZh": "bzip2",
    b"\x04\x22\x4d\x18": "LZ4",
    b"\x5d\0\0": "LZMA",
    b"LZIP": "lzip",
    b"PK\x03\x04": "ZIP",
    b"\x1f\x9d": "compress",
    b"hsqs": "SquashFS",
}
"""What other formats begin with, to name them."""


class Packing(Enum):
    """How the tar of a layer is packed."""

    TAR = "tar"
    """Not at all."""
    GZIP = "gzip"
    ZSTD = "zstd"


class Decoder(Protocol):
    """Unpacks bytes that are pushed into it.

    Attributes:
        problems: What is wrong, where what follows can be read nevertheless.
        starts: Where unpacking can begin anew: the places in what was pushed, and in what came out of it.
    """

    problems: list[str]
    starts: list[tuple[int, int]]

    def feed(self, packed: Piece) -> Iterator[Piece]:
        """Unpack the next bytes, in steps whose size has a limit.

        Args:
            packed: Bytes that follow those of the last call.

        Raises:
            DamagedContentError: They cannot be unpacked, and nothing that follows them can.
        """
        ...

    def end(self) -> None:
        """Take note that no bytes follow.

        Raises:
            DamagedContentError: Something is missing.
        """
        ...


def packing_of(head: bytes) -> Packing:
    """Tell by its first bytes how a layer is packed.

    Args:
        head: Its first 512 bytes, or all if there are fewer.

    Raises:
        UnreadableLayerError: It is neither a tar nor packed with gzip or zstd; the message names what it is.
    """
    if head.startswith(_GZIP):
        return Packing.GZIP
    if head.startswith(_ZSTD) or (head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50):  # noqa: PLR2004
        return Packing.ZSTD
    if not head or is_tar(head):
        return Packing.TAR
    for beginning, name in _OTHERS.items():
        if head.startswith(beginning):
            raise UnreadableLayerError(f"The layer is packed with {name}, which is not read here.")
    raise UnreadableLayerError(f"The layer is neither a tar nor packed with gzip or zstd: {head[:16]!r} …")


def is_tar(head: bytes) -> bool:
    """Tell whether bytes can be the first block of a tar: zeros, or a header, also a damaged one."""
    return not head.strip(b"\0") or (len(head) >= BLOCK and (is_header(head[:BLOCK]) or says_ustar(head)))


def decoder_of(packing: Packing) -> Decoder:
    """Make what unpacks a layer from a place where unpacking can begin.

    Args:
        packing: How it is packed.
    """
    if packing is Packing.GZIP:
        from tui.contents.gzip_decoder import GzipDecoder  # noqa: PLC0415 - isal is loaded when used

        return GzipDecoder()
    if packing is Packing.ZSTD:
        from tui.contents.zstd_decoder import ZstdDecoder  # noqa: PLC0415 - zstandard is loaded when used

        return ZstdDecoder()
    return PlainDecoder()


class PlainDecoder:
    """Gives bytes as they are."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.starts: list[tuple[int, int]] = []

    def feed(self, packed: Piece) -> Iterator[Piece]:
        """Give the bytes.

        Args:
            packed: What comes next.
        """
        if packed:
            yield packed

    def end(self) -> None:
        """Take note that no bytes follow."""


class Unpacker:
    """Unpacks a layer whatever its packing, within limits, and remembers which bytes lie where."""

    def __init__(self, packing: Packing | None = None, *, packed: int = 0, unpacked: int = 0) -> None:
        """Begin at the layer's first byte, or at a place where unpacking can begin anew.

        Args:
            packing: How it is packed; None where the first bytes tell it.
            packed: The place of the first byte that will be pushed.
            unpacked: The place of the first byte that comes out of it.
        """
        self.packing = packing
        """None until enough bytes have come."""
        self.packed = packed
        """The place after the last byte that was pushed."""
        self.unpacked = unpacked
        """The place after the last byte that came out."""
        self.places: list[tuple[int, int]] = []
        """Packed bytes that were enough for so many unpacked ones, about every MiB."""
        self._first = (packed, unpacked)
        self._head = bytearray()
        self._decoder = None if packing is None else decoder_of(packing)

    @property
    def problems(self) -> list[str]:
        """What is wrong, where what follows could be read nevertheless."""
        return [] if self._decoder is None else self._decoder.problems

    @property
    def starts(self) -> list[tuple[int, int]]:
        """Where unpacking can begin anew, packed and unpacked place, in order and about every MiB at most."""
        if self._decoder is None:
            return []
        packed, unpacked = self._first
        return [(packed + at, unpacked + out) for at, out in self._decoder.starts]

    def feed(self, packed: Piece) -> Iterator[Piece]:
        """Unpack the next bytes, in steps whose size has a limit.

        Args:
            packed: Bytes that follow those of the last call.

        Raises:
            UnreadableLayerError: The packing is not known.
            DamagedContentError: They cannot be unpacked, and nothing that follows them can.
            TooLargeError: More comes out than a layer may have.
        """
        self.packed += len(packed)
        if self._decoder is None:
            self._head += packed
            if len(self._head) < HEAD:
                return
            packed = self._begin()
        yield from self._counted(packed)

    def end(self) -> Iterator[Piece]:
        """Give what comes out at the end; no bytes follow.

        Raises:
            UnreadableLayerError: The packing is not known.
            DamagedContentError: Something is missing.
        """
        if self._decoder is None:
            yield from self._counted(self._begin())
        if self._decoder is not None:
            self._decoder.end()

    def _begin(self) -> bytes:
        head = bytes(self._head)
        self._head.clear()
        self.packing = packing_of(head[:HEAD])
        self._decoder = decoder_of(self.packing)
        return head

    def _counted(self, packed: Piece) -> Iterator[Piece]:
        if self._decoder is None:
            return
        for piece in self._decoder.feed(packed):
            self.unpacked += len(piece)
            yield piece
            came = self.packed - self._first[0]
            if self.unpacked - self._first[1] > min(MOST_UNPACKED, FREE_UNPACKED + MOST_RATIO * came):
                raise TooLargeError(
                    f"The layer unpacks to more than {self.unpacked >> 20} MiB from {came >> 10} KiB: "
                    "that is more than is read of one."
                )
        if not self.places or self.unpacked - self.places[-1][1] >= APART:
            self.places.append((self.packed, self.unpacked))
