"""A file's bytes by the parts that a table of contents names, each checked against its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.client.redaction import quoted
from tui.client.threads import in_thread
from tui.contents.errors import DamagedContentError
from tui.contents.packing import Packing, decoder_of
from tui.contents.toc.digests import hasher_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence

    from tui.contents.byte_source import ByteSource
    from tui.contents.entries import Chunk, Entry

__all__ = ["chunks_cost", "read_chunks"]

MOST_REQUEST: Final = 4 << 20
"""Packed bytes of one request: enough that the way there costs little beside them."""
MOST_KEPT: Final = 32 << 20
"""Bytes of a part that is checked before any of it is given: those that eStargz makes have 4 MiB."""
PIECE: Final = 1 << 20
"""Bytes that are given at once, about."""
MOST_ZEROS: Final = 256 * 1024
"""Zeros that are given at once."""

_ZEROS: Final = bytes(MOST_ZEROS)
_GZIP: Final = b"\x1f\x8b"


async def read_chunks(
    source: ByteSource,
    entry: Entry,
    start: int = 0,
    size: int | None = None,
    told: Callable[[int], object] | None = None,
) -> AsyncGenerator[bytes, None]:
    """Give a part of a file piece by piece; what its digest does not cover well is never given.

    A part of the file that is too large to be kept is given as it comes, and its digest checked at its end.

    Args:
        source: The packed layer.
        entry: A file with chunks.
        start: The first byte of the file that is wanted.
        size: How many are wanted; None for all that follow.
        told: Called with the number of packed bytes that were moved since the last call.

    Raises:
        DamagedContentError: The bytes are not those that the table of contents promises.
        NoRangesError: The source gives its bytes from the beginning only.
        Exception: What the source raises.
    """
    end = entry.size if size is None else min(start + size, entry.size)
    wanted = _wanted(entry.chunks, start, end)
    packed = _Packed(source, wanted, told)
    for chunk in wanted:
        first, last = max(start - chunk.start, 0), min(end - chunk.start, chunk.size)
        if not chunk.packed:
            for at in range(first, last, MOST_ZEROS):
                yield _ZEROS[: min(MOST_ZEROS, last - at)]
            continue
        at = 0
        part = _part(packed, chunk, entry)
        try:
            async for piece in part:
                if cut := piece[max(first - at, 0) : max(last - at, 0)]:
                    yield cut
                at += len(piece)
        finally:
            await part.aclose()


def chunks_cost(entry: Entry, start: int = 0, size: int | None = None) -> int:
    """Tell how many packed bytes reading a part of a file moves.

    Args:
        entry: A file with chunks.
        start: The first byte of the file that is wanted.
        size: How many are wanted; None for all that follow.
    """
    end = entry.size if size is None else min(start + size, entry.size)
    return sum({chunk.at: chunk.packed for chunk in _wanted(entry.chunks, start, end)}.values())


def _wanted(chunks: Sequence[Chunk], start: int, end: int) -> list[Chunk]:
    return [chunk for chunk in chunks if chunk.start < end and chunk.start + chunk.size > start]


class _Packed:
    """The packed bytes of chunks, of which those that lie side by side come by one request.

    Args:
        source: The packed layer.
        chunks: Those that are wanted, in order.
        told: Called with the number of packed bytes that were moved since the last call.
    """

    def __init__(
        self, source: ByteSource, chunks: Sequence[Chunk], told: Callable[[int], object] | None
    ) -> None:
        self._source = source
        self._told = told
        self._data = b""
        self._at = 0
        self._ends: dict[int, int] = {}
        begin = end = -1
        for chunk in reversed(chunks):
            if chunk.packed:
                close = chunk.at + chunk.packed
                end = max(close, end) if chunk.at <= begin <= close else close
                begin = chunk.at
                self._ends[chunk.at] = max(end, self._ends.get(chunk.at, 0))

    async def pieces(self, chunk: Chunk) -> AsyncGenerator[memoryview, None]:
        """Give the packed bytes of a chunk."""
        at, end = chunk.at, chunk.at + chunk.packed
        while at < end:
            if not self._at <= at < self._at + len(self._data):
                wanted = min(max(self._ends[chunk.at], end) - at, MOST_REQUEST)
                self._data = await self._source.read(at, wanted)
                self._at = at
                if self._told is not None:
                    self._told(len(self._data))
                if not self._data:
                    return
            piece = memoryview(self._data)[at - self._at : end - self._at]
            yield piece
            at += len(piece)


async def _part(packed: _Packed, chunk: Chunk, entry: Entry) -> AsyncGenerator[bytes, None]:
    """Give the bytes of one chunk, after they were checked where it is small enough."""
    unpacking: _Unpacking | None = None
    kept: list[bytes] = []
    keeps = chunk.size <= MOST_KEPT
    pieces = packed.pieces(chunk)
    try:
        async for piece in pieces:
            unpacking = unpacking or _Unpacking(chunk, bytes(piece[:2]) == _GZIP)
            parts = unpacking.feed(piece)
            while gathered := await in_thread(_gather, parts):
                if keeps:
                    kept += gathered
                else:
                    for part in gathered:
                        yield part
            if unpacking.is_complete:
                break
    except DamagedContentError as error:
        raise DamagedContentError(f"A part of {quoted(entry.path)} is damaged: {error}") from error
    finally:
        await pieces.aclose()
    problem = "there is nothing" if unpacking is None else unpacking.problem
    if problem:
        raise DamagedContentError(f"A part of {quoted(entry.path)} is damaged: {problem}.")
    for part in kept:
        yield part


class _Unpacking:
    """Unpacks one chunk, and looks at what comes out.

    Args:
        chunk: Which one.
        is_gzip: Whether it is packed with gzip; else with zstd.
    """

    def __init__(self, chunk: Chunk, is_gzip: bool) -> None:  # noqa: FBT001 - its two values are told
        self._decoder = decoder_of(Packing.GZIP if is_gzip else Packing.ZSTD)
        self._digest = chunk.digest
        self._hasher = hasher_of(chunk.digest) if chunk.digest else None
        self._skip = chunk.skip
        self._left = chunk.size

    @property
    def is_complete(self) -> bool:
        """Whether no more bytes are needed: without a digest, what follows has the packing's checksum."""
        return not self._left and self._hasher is not None

    @property
    def problem(self) -> str:
        """What is wrong after the last byte."""
        if self._left:
            return f"its last {self._left:,} bytes are missing"
        if self._hasher is not None:
            digest = f"{self._hasher.name}:{self._hasher.hexdigest()}"
            return "" if digest == self._digest else f"its digest is {digest}, not {self._digest}"
        return "its checksum is wrong" if self._decoder.problems else ""

    def feed(self, packed: memoryview) -> Iterator[bytes]:
        """Unpack the next bytes, in steps whose size has a limit."""
        for piece in self._decoder.feed(packed):
            part = bytes(piece[self._skip : self._skip + self._left])
            self._skip -= min(self._skip, len(piece))
            self._left -= len(part)
            if self._hasher is not None:
                self._hasher.update(part)
            if part:
                yield part
            if self.is_complete:
                return


def _gather(parts: Iterator[bytes]) -> list[bytes]:
    """Take about a MiB of parts, on a worker thread; none are left where none come."""
    gathered = []
    size = 0
    for part in parts:
        gathered.append(part)
        size += len(part)
        if size >= PIECE:
            break
    return gathered
