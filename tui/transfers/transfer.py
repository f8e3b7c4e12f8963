"""One file on its way, and what can be seen of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tui.client.errors import RegistryError
from tui.client.threads import in_thread
from tui.transfers.errors import DownloadError, PartInUseError
from tui.transfers.progress import Meter, Progress, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui.client.names import Digest
    from tui.transfers.jobs import Job, Kept

__all__ = ["Transfer", "Turns"]


class Turns:
    """Who may run, and who has which file.

    Args:
        limit: How many transfers run at the same time.
    """

    def __init__(self, limit: int) -> None:
        self.places = asyncio.Semaphore(limit)
        self.owners: dict[Path, Transfer] = {}


class Transfer:
    """One file on its way; `Downloads` makes them. Its attributes are for reading.

    Attributes:
        job: What it does.
        target: The file.
        label: Where it comes from, for people: a reference, say. Foreign text.
        overwrite: Whether a file of that name is replaced.
        error: Why it failed: a `DownloadError` or a `RegistryError`, with its `remedy`; else None.
        kept: Bytes that an interruption has left on the disk, from which it would go on; 0 while it runs.
    """

    def __init__(
        self,
        job: Job[Any],
        target: Path,
        *,
        label: str,
        overwrite: bool,
        turns: Turns,
        clock: Callable[[], float],
        on_change: Callable[[Transfer], None],
    ) -> None:
        self.job = job
        self.target = target
        self.label = label
        self.overwrite = overwrite
        self.error: DownloadError | RegistryError | None = None
        self.kept = 0
        self._turns = turns
        self._on_change = on_change
        self._meter = Meter(job.size, clock=clock, on_change=self._tell)
        self._task: asyncio.Task[None] | None = None
        self._wanted = State.DONE
        self._rest = asyncio.Event()

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
        return self._meter.state

    @property
    def progress(self) -> Progress:
        """How far it is now."""
        return self._meter.snapshot()

    @property
    def done(self) -> int:
        """Bytes that have arrived; while it is checking, those that have been checked."""
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

    @property
    def notice(self) -> str:
        """What a person should know of its course, as a phrase: that it had to begin again, say; or empty."""
        return self._meter.notice

    @property
    def setback(self) -> RegistryError | None:
        """What it lost the connection by, while it waits before it tries again; else None."""
        return self._meter.setback

    @property
    def wait_left(self) -> float | None:
        """Seconds until it tries again; None unless it is waiting for that."""
        return self._meter.wait_left

    def begin(self) -> None:
        """Start it on the running loop, when it is its turn."""
        self.error = None
        self._wanted = State.DONE
        self._rest.clear()
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"download {self.digest.short}")
        self._task.add_done_callback(self._end)
        self._meter.enter(State.QUEUED)

    def pause(self) -> None:
        """Interrupt it, and leave what has arrived on the disk for `resume`, in this run or another one.

        Nothing happens where it is not under way, or has all its bytes verified and is about to be done.
        """
        if self.state.is_active and not self._meter.committing and self._wanted is State.DONE:
            self._stop(State.PAUSED)

    def resume(self) -> None:
        """Go on with it after a pause, at the end of the queue; where it waits to try again, try now."""
        if self.state is State.WAITING:
            self.job.hurry()
        elif self.state is State.PAUSED and self._rest.is_set():
            self.begin()

    def cancel(self) -> None:
        """Stop it, and remove what has arrived; also after a pause, and what a failure has left.

        Nothing happens where it is done, or has all its bytes verified and is about to be done.
        """
        if self.state.is_active:
            if not self._meter.committing:
                self._stop(State.CANCELLED)
        elif self._rest.is_set() and (self.kept or self.state is State.PAUSED):
            self._rest.clear()
            self._remove()

    async def wait(self) -> State:
        """Wait until it is not under way any more, paused or ended in whatever way, and return its state."""
        await self._rest.wait()
        return self.state

    def _stop(self, wanted: State) -> None:
        self._wanted = wanted
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        if self._turns.owners.setdefault(self.target, self) is not self:
            raise PartInUseError(self.target)
        async with self._turns.places:
            self.kept = 0
            self._meter.enter(State.RUNNING)
            part = self.job.part(self.target, overwrite=self.overwrite)
            try:
                await self.job.run(part, self._meter)
            finally:
                await in_thread(self._put_away, part)

    def _put_away(self, part: Kept) -> None:
        """Close what has been written, and remove it where that is wanted."""
        part.keep()
        if self._wanted is State.CANCELLED:
            part.remove()
        self.kept = part.size

    def _remove(self) -> None:
        """Begin to remove what is left."""
        self._wanted = State.CANCELLED
        part = self.job.part(self.target, overwrite=self.overwrite)
        self._task = asyncio.get_running_loop().create_task(in_thread(self._put_away, part))
        self._task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        """Note how it ended; what neither the disk nor the registry refused is a bug, and told as one."""
        error = None if task.cancelled() else task.exception()
        if error is None and self._wanted is State.CANCELLED and self.kept:
            self._remove()
            return
        if self._turns.owners.get(self.target) is self:
            del self._turns.owners[self.target]
        self.error = error if isinstance(error, DownloadError | RegistryError) else None
        self._rest.set()
        self._meter.end(self._outcome(task))
        if error is not None and self.error is None:
            task.get_loop().call_exception_handler(
                {"message": "a transfer ended with an unexpected error", "exception": error, "task": task}
            )

    def _outcome(self, task: asyncio.Task[None]) -> State:
        if task.cancelled():
            # Whoever ends the event loop wants a pause.
            return State.PAUSED if self._wanted is State.DONE else self._wanted
        return self._wanted if task.exception() is None else State.FAILED

    def _tell(self) -> None:
        self._on_change(self)
