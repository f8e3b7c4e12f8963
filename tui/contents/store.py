"""What was found out about layers, kept on disk by digest, so that a second visit costs nothing."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import zstandard

from tui.contents.listing_form import Listing, from_bytes, to_bytes
from tui.contents.restarts import RestartPoints, RestartsError, parsed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["LIMIT", "LayerStore"]

LIMIT: Final = 512 << 20
"""Bytes on disk: listings and restart points of some hundreds of large layers."""

MOST_UNPACKED: Final = 256 << 20
"""Bytes of one thing that is kept: half a million entries have fewer, and all points of a layer, too."""

MAGIC: Final = b"ocitui-layer-1\n"
"""What files begin with; those of another version count as absent."""

STALE_SECONDS: Final = 3_600
"""After so long a file that is still being written is one that nobody writes any more."""

_DIGEST: Final = re.compile(r"[a-z0-9]{1,32}:[0-9a-f]{32,128}")
_SIZE: Final = struct.Struct("<Q")
_CHECKSUM: Final = hashlib.sha256().digest_size
_NEW: Final = ".new-"
_AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_KINDS: Final = (".listing", ".points")
_ROOM: Final = 64 * 1024
"""Bytes that a file has more than what is in it, where that does not pack."""

_Value = TypeVar("_Value")


class LayerStore:
    """Listings and restart points of layers, by digest, within a number of bytes; all calls block.

    A file that is damaged, foreign or of another version counts as absent, and is removed. Several programs
    may use one folder: files are complete as soon as they have their names.

    Args:
        folder: Where they are kept; it is made where it does not exist.
        limit: Bytes that they take together; those unused for longest make room.
    """

    def __init__(self, folder: Path, *, limit: int = LIMIT) -> None:
        self.problem = ""
        """Why something was not kept or not found the last time, in a few words; "" for no reason."""
        self._folder = folder
        self._limit = limit

    def listing(self, digest: str) -> Listing | None:
        """Give what was listed of a layer; None where that is not known.

        Args:
            digest: Of the packed layer.
        """
        return self._read(digest, "listing", from_bytes)

    def keep_listing(self, digest: str, listing: Listing) -> bool:
        """Keep a complete listing; False where it is too large, or the disk refuses (see `problem`).

        Args:
            digest: Of the packed layer.
            listing: What was listed of it.
        """
        return self._write(digest, "listing", to_bytes(listing))

    def points(self, digest: str) -> RestartPoints | None:
        """Give the restart points of a layer; None where they are not known.

        Args:
            digest: Of the packed layer.
        """
        return self._read(digest, "points", _points)

    def keep_points(self, digest: str, points: RestartPoints) -> bool:
        """Keep restart points; False where it is too large, or the disk refuses (see `problem`).

        Args:
            digest: Of the packed layer.
            points: Its restart points.
        """
        return self._write(digest, "points", _SIZE.pack(points.packed) + points.to_bytes())

    def _path(self, digest: str, kind: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ValueError("that is no digest")
        return self._folder / f"{digest.replace(':', '-')}.{kind}"

    def _read(self, digest: str, kind: str, form: Callable[[bytes], _Value]) -> _Value | None:
        path = self._path(digest, kind)
        try:
            with open(path, "rb", opener=_at_once) as file:
                data = file.read(min(self._limit, MOST_UNPACKED + _ROOM) + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.problem = _reason(error)
            return None
        try:
            value = form(_unwrapped(data, kind))
        except (ValueError, RestartsError):
            with suppress(OSError):  # It will be found wrong again.
                path.unlink()
            return None
        with suppress(OSError):  # It is taken for older than it is.
            os.utime(path)
        return value

    def _write(self, digest: str, kind: str, content: bytes) -> bool:
        path = self._path(digest, kind)
        data = _wrapped(content, kind)
        if len(data) > self._limit or len(content) > MOST_UNPACKED:
            self.problem = "it is too large to be kept"
            return False
        new = self._folder / f"{_NEW}{os.getpid()}-{secrets.token_hex(8)}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with open(new, "xb", opener=_private) as file:
                    file.write(data)
                new.replace(path)
            except OSError:
                new.unlink(missing_ok=True)
                raise
            self._make_room(path)
        except OSError as error:
            self.problem = _reason(error)
            return False
        return True

    def _make_room(self, newest: Path) -> None:
        """Remove what was unused for longest until all fits, and what was never finished."""
        now = time.time()
        kept: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            try:
                state = path.lstat()
            except FileNotFoundError:  # Another program has removed it.
                continue
            if path.suffix in _KINDS and stat.S_ISREG(state.st_mode):
                kept.append((state.st_mtime, state.st_size, path))
            elif path.name.startswith(_NEW) and now - state.st_mtime > STALE_SECONDS:
                path.unlink(missing_ok=True)
        used = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if used <= self._limit:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                used -= size


def _wrapped(content: bytes, kind: str) -> bytes:
    packed = zstandard.ZstdCompressor(level=3).compress(content)
    return MAGIC + hashlib.sha256(kind.encode() + packed).digest() + packed


def _unwrapped(data: bytes, kind: str) -> bytes:
    begin = len(MAGIC) + _CHECKSUM
    packed = data[begin:]
    if data[:begin] != MAGIC + hashlib.sha256(kind.encode() + packed).digest():
        raise ValueError("it is damaged, or of another version")
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
            content = reader.read(MOST_UNPACKED + 1)
    except zstandard.ZstdError as error:
        raise ValueError("it cannot be unpacked") from error
    if len(content) > MOST_UNPACKED:
        raise ValueError("it is too long")
    return content


def _points(content: bytes) -> RestartPoints:
    if len(content) < _SIZE.size:
        raise ValueError("it is not whole")
    return parsed(content[_SIZE.size :], *_SIZE.unpack_from(content))


def _at_once(path: str, flags: int) -> int:
    """Open what may be no file: a pipe without a writer is empty, and a link is refused."""
    return os.open(path, flags | _AT_ONCE)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _reason(error: OSError) -> str:
    return (error.strerror or "the disk refuses").lower()
