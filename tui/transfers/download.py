"""One download: from a registry's stream, or from bytes at hand, to a verified file.

Bytes go into an unfinished file beside the target (`tui.transfers.part`), which gets the target's name when
its digest has been verified. What interrupts a download leaves that file, and the next one goes on from it,
after hashing it: with a request for the range that is missing, which asks the registry anew and so gets a new
link to where the bytes are. The file is removed when its digest turns out to be wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final, Protocol

from tui.client.errors import DigestMismatchError, RegistryError, SizeMismatchError
from tui.client.models import manifest_digest
from tui.client.threads import in_thread
from tui.transfers.part import PartFile
from tui.transfers.progress import Meter, Progress, State
from tui.transfers.retries import Patience, Retries

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from hashlib import _Hash
    from pathlib import Path

    from tui.client.models import Descriptor
    from tui.client.names import Digest, Repository
    from tui.client.wire.bulk import Piece
    from tui.transfers.progress import Told

__all__ = ["BlobSource", "BlobStream", "download", "save_document"]

CHECK_SIZE: Final = 16 * 1024 * 1024
"""Bytes of what was kept that are hashed between two looks at whether to go on: hundredths of a second."""

NO_RANGES: Final = "begun again: the registry does not send parts of a blob"
DAMAGED: Final = "begun again: what was kept was damaged"

DEFAULT_RETRIES: Final = Retries()


class BlobStream(Protocol):
    """The bytes of a blob, verified at their end."""

    @property
    def size(self) -> int | None:
        """Bytes of the whole blob; None where the registry does not say."""
        ...

    @property
    def offset(self) -> int:
        """Where the bytes begin: 0 where the registry gives no ranges."""
        ...

    @property
    def hasher(self) -> _Hash | None:
        """A hash of all that has been handed over, and of what was before the offset."""
        ...

    async def pump(self, write: Callable[[Piece], object], told: Callable[[int], object]) -> None:
        """Hand all bytes to a function that blocks, and verify the blob.

        What came before an error has been handed over when it is raised. `told` gets the number of bytes that
        came since the last call, on the event loop.
        """
        ...


class Unfinished(Protocol):
    """Where the bytes of a blob go: see `PartFile`, which has nothing else in it."""

    @property
    def size(self) -> int:
        """How many bytes of the blob are there."""
        ...

    def open(self, size: int | None = None, /) -> int:
        """Open it; tell how many bytes were left behind, which are to be hashed before more is written."""
        ...

    def hash_kept(self, hasher: _Hash, limit: int, /) -> int:
        """Hash some of what was left behind; tell how many bytes, 0 at the end."""
        ...

    def write(self, data: Piece, /) -> None:
        """Append to it."""
        ...

    def restart(self) -> None:
        """Throw the blob away, and begin at its first byte."""
        ...

    def commit(self) -> None:
        """Put the verified blob where it belongs."""
        ...


class BlobSource(Protocol):
    """Where blobs come from: `tui.client.Registry` is one."""

    def get_blob(
        self,
        repository: Repository,
        blob: Descriptor,
        /,
        *,
        offset: int = 0,
        hasher: _Hash | None = None,
        bulk: bool = False,
    ) -> AbstractAsyncContextManager[BlobStream]:
        """Open the stream of a blob, from an offset on.

        Args:
            repository: The repository.
            blob: Its digest and size.
            offset: The first byte that is wanted.
            hasher: A hash that has been fed with the bytes before it.
            bulk: Whether the stream will be pumped.
        """
        ...


async def download(
    registry: BlobSource,
    repository: Repository,
    descriptor: Descriptor,
    target: Path,
    *,
    overwrite: bool = False,
    retries: Retries = DEFAULT_RETRIES,
    progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Download a blob into a file, which appears under its name when it has been verified.

    It goes on from what an earlier download of the same blob to the same file left behind. When the task is
    cancelled, or the connection stays lost, what has arrived is left for the next one.

    Args:
        registry: Where the blob is.
        repository: The repository that has it.
        descriptor: Its digest and size; a size of 0 is unknown.
        target: The file.
        overwrite: Whether to replace a file of that name.
        retries: How often a lost connection is made again.
        progress: Called on the event loop whenever bytes have arrived, and at the end.
        clock: Seconds, for speed and time left.

    Raises:
        DownloadError: The file cannot be written.
        RegistryError: The registry does not give the blob, or it is not the one that the digest names.
    """
    meter = Meter(descriptor.size or None, clock=clock)
    if progress is not None:
        meter.on_change = lambda: progress(meter.snapshot())
    part = PartFile(target, digest=descriptor.digest, overwrite=overwrite)
    try:
        await Fetch(registry, repository, descriptor, retries).run(part, meter)
    finally:
        await in_thread(part.keep)
    meter.enter(State.DONE)


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
    part = PartFile(target, overwrite=overwrite)
    try:
        await store(raw, digest, part, Meter(len(raw)))
    finally:
        await in_thread(part.discard)


async def store(raw: bytes, digest: Digest, part: PartFile, meter: Meter) -> None:
    """Write a document into a part file and commit it; arguments and errors as for `save_document`."""
    actual = await in_thread(manifest_digest, raw, digest.algorithm)
    if actual != digest:
        raise DigestMismatchError(digest, actual)
    await in_thread(part.open, len(raw))
    meter.begin(len(raw))
    await in_thread(part.write, raw)
    meter.advance(len(raw))
    meter.committing = True
    await in_thread(part.commit)


class Fetch:
    """Downloads a blob into a part file and commits it; who made the file closes it.

    Args:
        registry: Where the blob is.
        repository: The repository that has it.
        descriptor: Its digest and size.
        retries: How often a lost connection is made again.
    """

    def __init__(
        self, registry: BlobSource, repository: Repository, descriptor: Descriptor, retries: Retries
    ) -> None:
        self._registry = registry
        self._repository = repository
        self._descriptor = descriptor
        self._retries = retries
        self._hasher = descriptor.digest.hasher()
        self._no_more_waiting = asyncio.Event()

    async def run(self, part: Unfinished, meter: Told) -> None:
        """Download; errors as for `download`."""
        left_behind = await in_thread(part.open, self._descriptor.size or None)
        if left_behind:
            meter.check()
            while done := await in_thread(part.hash_kept, self._hasher, CHECK_SIZE):
                meter.advance(done)
        patience = Patience(self._retries)
        while True:
            try:
                await self._attempt(part, meter)
                break
            except DigestMismatchError:
                await self._restart(part)
                if not left_behind:
                    raise
                # The beginning may have been wrong, and not what has come now.
                left_behind = 0
                meter.notice = DAMAGED
            except RegistryError as error:
                wait = patience.wait(error, part.size)
                if wait is None:
                    raise
                await self._wait(meter, error, wait)
        meter.committing = True
        await in_thread(part.commit)

    def hurry(self) -> None:
        """Try again now, where it waits for that."""
        self._no_more_waiting.set()

    async def _attempt(self, part: Unfinished, meter: Told) -> None:
        """Ask for what is missing, and write it."""
        async with self._registry.get_blob(
            self._repository, self._descriptor, offset=part.size, hasher=self._hasher, bulk=True
        ) as stream:
            if stream.offset != part.size:
                await self._restart(part)
                meter.notice = NO_RANGES
            self._hasher = stream.hasher or self._hasher
            meter.begin(stream.size, part.size)
            try:
                await stream.pump(part.write, meter.advance)
            except SizeMismatchError as error:
                if error.actual > error.expected:
                    # What goes on behind its end is another blob.
                    await self._restart(part)
                raise

    async def _restart(self, part: Unfinished) -> None:
        self._hasher = self._descriptor.digest.hasher()
        await in_thread(part.restart)

    async def _wait(self, meter: Told, error: RegistryError, seconds: float) -> None:
        self._no_more_waiting.clear()
        meter.wait(error, seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._no_more_waiting.wait()
