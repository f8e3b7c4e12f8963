"""The content of a blob that is to be pushed: bytes, a file, or a stream that can be read once."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeAlias

from tui.client.errors import SizeMismatchError
from tui.client.names import Digest
from tui.client.pushing.content_stream import CHECK_SOURCE, StreamContent
from tui.client.threads import in_thread
from tui.client.wire.bodies import PIECE, Body, ContentFailedError, HeldBody

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from hashlib import _Hash

__all__ = ["Content", "FileContent", "HeldContent", "LastingContent", "opened"]

Content: TypeAlias = bytes | bytearray | memoryview | Path | IO[bytes] | AsyncIterable[bytes]
"""What can be pushed."""

_NO_FILE: Final = "what is read only once is given as an asynchronous iterable, and not as a file"
_NO_CONTENT: Final = "content is bytes, a path, a binary file or an asynchronous iterable of bytes"


class LastingContent(ABC):
    """Content of which any part can be had at any time.

    Attributes:
        size: Bytes.
    """

    size: int

    @abstractmethod
    def part(self, start: int, size: int) -> Body:
        """Give a part of it as the body of a request."""

    @abstractmethod
    async def hash_into(self, hasher: _Hash) -> None:
        """Feed a hash with all of it."""

    async def digest(self, algorithm: str) -> Digest:
        """Compute the digest.

        Raises:
            UnsupportedAlgorithmError: The algorithm is neither sha256 nor sha512.
        """
        hasher = Digest.hasher_of(algorithm)
        await self.hash_into(hasher)
        return Digest(f"{algorithm}:{hasher.hexdigest()}")


class HeldContent(LastingContent):
    """Bytes in memory.

    Args:
        data: The bytes.
    """

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = memoryview(data).cast("B")
        self.size = len(self._data)

    def part(self, start: int, size: int) -> Body:
        """Give a part of it as the body of a request."""
        return HeldBody(self._data[start : start + size])

    async def hash_into(self, hasher: _Hash) -> None:
        """Feed a hash with all of it."""
        if self.size > PIECE:
            await in_thread(hasher.update, self._data)
        else:
            hasher.update(self._data)


class FileContent(LastingContent):
    """A file, from a place in it on; it is read on threads, by one reader at a time.

    Args:
        file: The file, open for reading.
        start: Where its content begins, in bytes.
        size: How long it is, in bytes.
    """

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self.size = size
        self._file = file
        self._start = start

    def part(self, start: int, size: int) -> Body:
        """Give a part of it as the body of a request."""
        return _FilePart(self, start, size)

    async def hash_into(self, hasher: _Hash) -> None:
        """Feed a hash with all of it."""
        at = 0
        while at < self.size:
            at += len(await self.read(at, min(PIECE, self.size - at), hasher))

    async def read(self, at: int, size: int, hasher: _Hash | None = None) -> bytes:
        """Read bytes, and feed a hash with them.

        Raises:
            SizeMismatchError: The file has become shorter.
            ContentFailedError: It cannot be read.
        """
        try:
            data = await in_thread(self._read, at, size, hasher)
        except (OSError, ValueError) as error:
            failed = ContentFailedError(error)
        else:
            if len(data) == size:
                return data
            raise SizeMismatchError(
                self.size, at + len(data), remedy="Leave the file alone while it is sent."
            )
        raise failed

    def _read(self, at: int, size: int, hasher: _Hash | None) -> bytes:
        self._file.seek(self._start + at)
        found = bytearray()
        while len(found) < size and (data := self._file.read(size - len(found))):
            found += data
        if hasher is not None:
            hasher.update(found)
        return bytes(found)


class _FilePart(Body):
    def __init__(self, content: FileContent, start: int, size: int) -> None:
        self.size = size
        self.repeatable = True
        self._content = content
        self._start = start
        self._end = start + size

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        at = self._start
        while at < self._end:
            data = await self._content.read(at, min(PIECE, self._end - at))
            at += len(data)
            yield data


@asynccontextmanager
async def opened(
    content: Content, size: int | None, digest: Digest | None, algorithm: str
) -> AsyncGenerator[LastingContent | StreamContent, None]:
    """Make content readable; files that are given by their path are open for the time of the context.

    Args:
        content: Bytes, a path, a binary file from its present place on, or a stream.
        size: The bytes that it should have.
        digest: The digest that it should have.
        algorithm: For a stream: the algorithm of the digest that is computed where none is known.

    Raises:
        SizeMismatchError: It has another size.
        UnsupportedAlgorithmError: The algorithm cannot be computed.
        OSError: The file cannot be opened.
        ValueError: The path or the file leads to a pipe, a device or a folder.
        TypeError: The content is something else.
    """
    if isinstance(content, Path):
        file = await in_thread(_open, content, unwanted=lambda opened: opened.close())
        try:
            yield _checked(FileContent(file, 0, os.fstat(file.fileno()).st_size), size)
        finally:
            await in_thread(file.close)
    elif isinstance(content, bytes | bytearray | memoryview):
        yield _checked(HeldContent(content), size)
    elif isinstance(content, AsyncIterable):
        yield StreamContent(content, size, digest, algorithm)
    elif hasattr(content, "read") and hasattr(content, "seek"):
        start, end = await in_thread(_extent, content)
        yield _checked(FileContent(content, start, end - start), size)
    else:
        raise TypeError(_NO_CONTENT)


def _checked(content: LastingContent, size: int | None) -> LastingContent:
    if size is not None and content.size != size:
        raise SizeMismatchError(size, content.size, remedy=CHECK_SOURCE)
    return content


def _open(path: Path) -> IO[bytes]:
    if path.exists() and not path.is_file():
        raise ValueError(_NO_FILE)
    return path.open("rb")


def _extent(file: IO[bytes]) -> tuple[int, int]:
    """Tell where a file stands, and where it ends."""
    if isinstance(file.read(0), str):
        raise TypeError(_NO_CONTENT)
    if not file.seekable():
        raise ValueError(_NO_FILE)
    start = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(start)
    return start, max(start, end)
