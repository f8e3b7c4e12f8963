"""One file on its way, and what can be seen of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tui.client.errors import RegistryError
from tui.transfers.download import fetch, store
from tui.transfers.errors import DownloadError
from tui.transfers.part import PartFile
from tui.transfers.progress import Meter, Progress, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui.client.models import Descriptor
    from tui.client.names import Digest, Repository
    from tui.transfers.download import BlobSource

__all__ = ["BlobJob", "DocumentJob", "Job", "Transfer"]


class Job(Protocol):
    """What a transfer does once it is its turn."""

    @property
    def digest(self) -> Digest:
        """What the file will be verified against."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes of the whole, where they are known beforehand."""
        ...

    async def run(self, part: PartFile, meter: Meter) -> None:
        """Fill a part file, and commit it."""
        ...


@dataclass(frozen=True, slots=True)
class BlobJob:
    """Downloads a blob."""

    registry: BlobSource
    repository: Repository
    descriptor: Descriptor

    @property
    def digest(self) -> Digest:
        """The blob's digest."""
        return self.descriptor.digest

    @property
    def size(self) -> int | None:
        """The size that its descriptor says."""
        return self.descriptor.size or None

    async def run(self, part: PartFile, meter: Meter) -> None:
        """Fill a part file from the registry, and commit it."""
        await fetch(self.registry, self.repository, self.descriptor, part, meter)


@dataclass(frozen=True, slots=True)
class DocumentJob:
    """Writes a document that is at hand."""

    raw: bytes
    digest: Digest

    @property
    def size(self) -> int | None:
        """The document's size."""
        return len(self.raw)

    async def run(self, part: PartFile, meter: Meter) -> None:
        """Fill a part file with the document, and commit it."""
        await store(self.raw, self.digest, part, meter)


class Transfer:
    """One file on its way; `Downloads` makes them. Its attributes are for reading.

    Attributes:
        job: What it does.
        target: The file.
        label: Where it comes from, for people: a reference, say. Foreign text.
        overwrite: Whether a file of that name is replaced.
        error: Why it failed: a `DownloadError` or a `RegistryError`, with its `remedy`; else None.
    """

    def __init__(
        self,
        job: Job,
        target: Path,
        *,
        label: str,
        overwrite: bool,
        clock: Callable[[], float],
        on_change: Callable[[Transfer], None],
    ) -> None:
        self.job = job
        self.target = target
        self.label = label
        self.overwrite = overwrite
        self.error: DownloadError | RegistryError | None = None
        self._on_change = on_change
        self._meter = Meter(job.size, clock=clock, on_change=self._tell)
        self._state = State.QUEUED
        self._task: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.target.name

    @property
    def digest(self) -> Digest:
        """What the file is verified against."""
        return self.job.digest

    @property
    def state(self) -> State:
        """What it is doing."""
        return self._state

    @property
    def progress(self) -> Progress:
        """How far it is now."""
        return self._meter.snapshot(self._state)

    @property
    def done(self) -> int:
        """Bytes that have arrived."""
        return self._meter.done

    @property
    def total(self) -> int | None:
        """Bytes of the whole; None where nobody knows."""
        return self._meter.total

    @property
    def speed(self) -> float:
        """Bytes a second over the last seconds; 0 unless it is running."""
        return self.progress.speed

    @property
    def eta(self) -> float | None:
        """Seconds that are left at this speed; None where that cannot be told."""
        return self.progress.eta

    def begin(self, turns: asyncio.Semaphore) -> None:
        """Start it on the running loop; it waits for one of the turns."""
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._run(turns), name=f"download {self.digest.short}")
        self._task.add_done_callback(self._end)
        self._tell()

    def cancel(self) -> None:
        """Stop it, and remove what has arrived.

        Nothing happens where it has ended, or has all its bytes verified and is about to be done.
        """
        if self._task is not None and not self._meter.committing:
            self._task.cancel()

    async def wait(self) -> State:
        """Wait until it has ended, in whatever way, and return its state."""
        await self._ended.wait()
        return self._state

    async def _run(self, turns: asyncio.Semaphore) -> None:
        async with turns:
            self._change(State.RUNNING)
            await self.job.run(PartFile(self.target, overwrite=self.overwrite), self._meter)

    def _end(self, task: asyncio.Task[None]) -> None:
        """Note how it ended; what neither the disk nor the registry refused is a bug, and told as one."""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, DownloadError | RegistryError):
            self.error = error
        self._ended.set()
        if task.cancelled():
            self._change(State.CANCELLED)
        elif error is None:
            self._change(State.DONE)
        else:
            self._change(State.FAILED)
        if error is not None and self.error is None:
            task.get_loop().call_exception_handler(
                {"message": "a transfer ended with an unexpected error", "exception": error, "task": task}
            )

    def _change(self, state: State) -> None:
        self._state = state
        self._tell()

    def _tell(self) -> None:
        self._on_change(self)
