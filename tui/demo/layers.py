"""Layers: file trees written as tar archives, packed with gzip or zstd, the same bytes every time."""

from __future__ import annotations

import hashlib
import struct
import tarfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Literal

import zstandard

from tui.demo.grammar import digest_of

CLOCK = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)
"""The time of everything in the samples."""

OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"

Packing = Literal["gzip", "zstd", "none"]

_NOISE_SIZE = 3 * 1024 * 1024
_STORED_BLOCK = 65_535
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as a registry keeps it."""

    media_type: str
    data: bytes
    digest: str
    diff_id: str
    """Digest of the archive before it was packed."""


@cache
def _noise() -> bytes:
    return hashlib.shake_128(b"ocitui").digest(_NOISE_SIZE)


def noise(seed: str, size: int) -> bytes:
    """Return bytes that do not compress, like those of programs and pictures; the same for the same seed."""
    source = _noise()
    start = zlib.crc32(seed.encode()) % len(source)
    piece = source[start : start + size]
    while len(piece) < size:
        piece += source[: size - len(piece)]
    return piece


class Tree:
    """The entries of one layer, in the order in which they are added.

    Args:
        time: When everything in it was changed.
    """

    def __init__(self, time: datetime = CLOCK) -> None:
        self._time = int(time.timestamp())
        # Alternately bytes for the compressor and bytes that would not become smaller.
        self._pieces: list[tuple[bytes, bool]] = []
        self._directories: set[str] = set()

    def directory(self, path: str, mode: int = 0o755, *, uid: int = 0) -> Tree:
        """Add a directory, and those above it."""
        path = path.strip("/")
        if path and path not in self._directories:
            self._parents(path)
            self._directories.add(path)
            self._add(tarfile.DIRTYPE, path + "/", mode=mode, uid=uid)
        return self

    def file(self, path: str, content: str | bytes, mode: int = 0o644, *, uid: int = 0) -> Tree:
        """Add a file with text or bytes."""
        data = content.encode() if isinstance(content, str) else content
        self._parents(path)
        self._add(tarfile.REGTYPE, path, mode=mode, size=len(data), uid=uid)
        self._pieces.append((data + bytes(-len(data) % tarfile.BLOCKSIZE), False))
        return self

    def program(self, path: str, size: int, *, machine: str = "amd64", mode: int = 0o755) -> Tree:
        """Add a file of incompressible bytes that begins as a Linux program does.

        Args:
            path: Where.
            size: Bytes.
            machine: What the program is for; another one gives other bytes.
            mode: Permissions.
        """
        head = b"\x7fELF\x02\x01\x01".ljust(64, b"\0")
        data = head + noise(f"{machine}/{path}", max(0, size - len(head)))
        return self.raw(path, data, mode)

    def raw(self, path: str, data: bytes, mode: int = 0o644) -> Tree:
        """Add a file whose bytes are not worth compressing."""
        self._parents(path)
        self._add(tarfile.REGTYPE, path, mode=mode, size=len(data))
        self._pieces.append((data, True))
        self._pieces.append((bytes(-len(data) % tarfile.BLOCKSIZE), False))
        return self

    def link(self, path: str, target: str) -> Tree:
        """Add a symbolic link."""
        self._parents(path)
        self._add(tarfile.SYMTYPE, path, mode=0o777, target=target)
        return self

    def hard_link(self, path: str, target: str) -> Tree:
        """Add a second name for a file of the same layer."""
        self._parents(path)
        self._add(tarfile.LNKTYPE, path, mode=0o755, target=target)
        return self

    def device(self, path: str, major: int, minor: int) -> Tree:
        """Add a character device."""
        self._parents(path)
        self._add(tarfile.CHRTYPE, path, mode=0o666, device=(major, minor))
        return self

    def removed(self, path: str) -> Tree:
        """Add the whiteout that removes a path of a layer below."""
        folder, _slash, name = path.rpartition("/")
        return self.file(f"{folder}/.wh.{name}".lstrip("/"), b"", 0o000)

    def opaque(self, path: str) -> Tree:
        """Add the whiteout that hides what layers below have in a directory."""
        return self.file(f"{path}/.wh..wh..opq", b"", 0o000)

    def pack(self, packing: Packing = "gzip", media_type: str | None = None) -> Layer:
        """Write the layer.

        Args:
            packing: How.
            media_type: By default OCI's for the packing.
        """
        end = (bytes(2 * tarfile.BLOCKSIZE), False)
        pieces = [*self._pieces, end]
        archive = b"".join(data for data, _dense in pieces)
        diff_id = digest_of(archive)
        if packing == "none":
            return Layer(media_type or OCI_LAYER, archive, diff_id, diff_id)
        if packing == "zstd":
            data = zstandard.ZstdCompressor(level=3).compress(archive)
        else:
            data = _gzip(pieces, archive)
        return Layer(media_type or f"{OCI_LAYER}+{packing}", data, digest_of(data), diff_id)

    def _parents(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        if folder and folder not in self._directories:
            self.directory(folder)

    def _add(
        self,
        kind: bytes,
        path: str,
        *,
        mode: int,
        size: int = 0,
        target: str = "",
        uid: int = 0,
        device: tuple[int, int] = (0, 0),
    ) -> None:
        info = tarfile.TarInfo(path)
        info.type, info.mode, info.size, info.linkname = kind, mode, size, target
        info.mtime, info.uid, info.gid = self._time, uid, uid
        info.uname = info.gname = "" if uid else "root"
        info.devmajor, info.devminor = device
        self._pieces.append((_header(info), False))


def _header(info: tarfile.TarInfo) -> bytes:
    """Write an entry's header; directly where it is plain, which takes a tenth of tarfile's time."""
    name, target = info.name.encode(), info.linkname.encode()
    if max(len(name), len(target)) > tarfile.LENGTH_NAME or not (name + target).isascii():
        return info.tobuf(tarfile.PAX_FORMAT)
    owner = info.uname.encode()
    numbers = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (
        info.mode,
        info.uid,
        info.gid,
        info.size,
        int(info.mtime),
    )
    device = b"%07o\0%07o\0" % (info.devmajor, info.devminor)
    before = b"%b%b" % (name.ljust(100, b"\0"), numbers)
    after = b"%b%b%b%b%b%b" % (
        info.type,
        target.ljust(100, b"\0"),
        tarfile.POSIX_MAGIC,
        owner.ljust(32, b"\0"),
        owner.ljust(32, b"\0"),
        device,
    )
    checksum = sum(before) + sum(after) + 8 * ord(" ")
    return (b"%b%06o\0 %b" % (before, checksum, after)).ljust(tarfile.BLOCKSIZE, b"\0")


def _gzip(pieces: list[tuple[bytes, bool]], whole: bytes) -> bytes:
    """Pack pieces with gzip: compressed, or, where that gains nothing but costs time, stored as they are."""
    out = [_GZIP_HEADER]
    compressor = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    for data, dense in pieces:
        if dense and len(data) > _STORED_BLOCK:
            # After a full flush nothing refers back across the stored blocks.
            out.append(compressor.flush(zlib.Z_FULL_FLUSH))
            for start in range(0, len(data), _STORED_BLOCK):
                block = data[start : start + _STORED_BLOCK]
                out.append(struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF))
                out.append(block)
        else:
            out.append(compressor.compress(data))
    out.append(compressor.flush())
    out.append(struct.pack("<II", zlib.crc32(whole), len(whole) & 0xFFFFFFFF))
    return b"".join(out)
