"""One download: from a registry's stream, or from bytes at hand, to a verified file.

Bytes go into `NAME.part` beside the target; that gets the target's name when its digest has been verified,
and is removed when anything else happens. The disk is written from worker threads, in large pieces, while the
next bytes arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from tui.client.errors import DigestMismatchError
from tui.client.models import manifest_digest
from tui.transfers.part import PartFile
from tui.transfers.progress import Meter, Progress, State

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tui.client.models import Descriptor
    from tui.client.names import Digest, Repository

__all__ = ["BlobSource", "BlobStream", "download", "save_document"]

WRITE_SIZE: Final = 1024 * 1024
"""Bytes that are handed to the disk at once: a thread's round trip is small beside it."""

_Result = TypeVar("_Result")


class BlobStream(Protocol):
    """The bytes of a blob, verified at their end."""

    @property
    def size(self) -> int | None:
        """Bytes of the whole blob; None where the registry does not say."""
        ...

    def __aiter__(self) -> AsyncGenerator[bytes, None]:  # noqa: PYI058 - it is closed, as no mere iterator is
        """Iterate over the bytes; raises `DigestMismatchError` or `SizeMismatchError` at their end."""
        ...


class BlobSource(Protocol):
    """Where blobs come from: `tui.client.Registry` is one."""

    def get_blob(
        self, repository: Repository, blob: Descriptor, /
    ) -> AbstractAsyncContextManager[BlobStream]:
        """Open the stream of a blob."""
        ...


async def download(
    registry: BlobSource,
    repository: Repository,
    descriptor: Descriptor,
    target: Path,
    *,
    overwrite: bool = False,
    progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Download a blob into a file, which appears under its name when it has been verified.

    When the task is cancelled, the unfinished file is removed.

    Args:
        registry: Where the blob is.
        repository: The repository that has it.
        descriptor: Its digest and size; a size of 0 is unknown.
        target: The file.
        overwrite: Whether to replace a file of that name.
        progress: Called on the event loop whenever bytes have arrived, and at the end.
        clock: Seconds, for speed and time left.

    Raises:
        DownloadError: The file cannot be written.
        RegistryError: The registry does not give the blob, or it is not the one that the digest names.
    """
    meter = Meter(descriptor.size or None, clock=clock)
    if progress is not None:
        meter.on_change = lambda: progress(meter.snapshot(State.RUNNING))
    await fetch(registry, repository, descriptor, PartFile(target, overwrite=overwrite), meter)
    if progress is not None:
        progress(meter.snapshot(State.DONE))


async def save_document(raw: bytes, digest: Digest, target: Path, *, overwrite: bool = False) -> None:
    """Write a manifest or an index that is at hand into a file, after verifying it.

    Args:
        raw: The document, byte for byte as the registry gave it.
        digest: Its digest; that of a signed schema 1 is one of its payload.
        target: The file.
        overwrite: Whether to replace a file of that name.

    Raises:
        DownloadError: The file cannot be written.
        DigestMismatchError: The document is not the one that the digest names.
        UnsupportedAlgorithmError: The digest cannot be verified.
    """
    await store(raw, digest, PartFile(target, overwrite=overwrite), Meter(len(raw)))


async def fetch(
    registry: BlobSource, repository: Repository, descriptor: Descriptor, part: PartFile, meter: Meter
) -> None:
    """Download a blob into a part file and commit it; arguments and errors as for `download`."""
    async with _writing(part, descriptor.size or None) as writer:
        async with (
            registry.get_blob(repository, descriptor) as stream,
            contextlib.aclosing(aiter(stream)) as chunks,
        ):
            meter.begin(stream.size)
            async for chunk in chunks:
                await writer.write(chunk)
                meter.advance(len(chunk))
        await writer.commit(meter)


async def store(raw: bytes, digest: Digest, part: PartFile, meter: Meter) -> None:
    """Write a document into a part file and commit it; arguments and errors as for `save_document`."""
    actual = await _in_thread(manifest_digest, raw, digest.algorithm)
    if actual != digest:
        raise DigestMismatchError(digest, actual)
    async with _writing(part, len(raw)) as writer:
        meter.begin(len(raw))
        await writer.write(raw)
        meter.advance(len(raw))
        await writer.commit(meter)


class _Writer:
    """Writes a part file from worker threads, one piece at a time, while the next one is collected."""

    def __init__(self, part: PartFile) -> None:
        self._part = part
        self._chunks: list[bytes] = []
        self._size = 0
        self._pending: asyncio.Future[None] | None = None

    async def write(self, chunk: bytes) -> None:
        """Take bytes; errors of the disk may come with a later call."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size >= WRITE_SIZE:
            await self._flush()

    async def commit(self, meter: Meter) -> None:
        """Write what is left, and give the file its name."""
        await self._flush()
        await self._settle()
        meter.committing = True
        await _in_thread(self._part.commit)

    async def close(self) -> None:
        """Remove the file, unless it was committed."""
        await _in_thread(self._part.discard)

    async def _flush(self) -> None:
        await self._settle()
        if self._chunks:
            data = b"".join(self._chunks)
            self._chunks.clear()
            self._size = 0
            self._pending = asyncio.get_running_loop().run_in_executor(None, self._part.write, data)
            self._pending.add_done_callback(_look_at)

    async def _settle(self) -> None:
        """Wait until the piece that is being written is on its way to the disk."""
        if self._pending is not None:
            await asyncio.shield(self._pending)
            self._pending = None


@contextlib.asynccontextmanager
async def _writing(part: PartFile, size: int | None) -> AsyncIterator[_Writer]:
    """Open a part file; at the end it is removed, unless it was committed."""
    writer = _Writer(part)
    try:
        await _in_thread(part.open, size)
        yield writer
    finally:
        await writer.close()


async def _in_thread(function: Callable[..., _Result], *arguments: object) -> _Result:
    """Call a function on a worker thread; when cancelled, wait until it has returned."""
    future = asyncio.get_running_loop().run_in_executor(None, function, *arguments)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


def _look_at(future: asyncio.Future[None]) -> None:
    """Keep asyncio from complaining about an error of a piece that nobody waits for any more."""
    if not future.cancelled():
        future.exception()
