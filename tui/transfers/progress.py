"""How far a transfer is, how fast it goes, and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Meter", "Progress", "State"]

SPEED_WINDOW: Final = 5.0
"""Seconds over which the speed is an average: calm enough to be read, quick enough to show a stall."""

SAMPLE_INTERVAL: Final = 0.1
"""Seconds between two points that are kept for the average: fifty of them span the window."""


class State(Enum):
    """What a transfer is doing."""

    QUEUED = "queued"
    """It waits until others have ended."""
    RUNNING = "running"
    DONE = "done"
    """The file is verified and has its name."""
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self not in {State.QUEUED, State.RUNNING}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transfer is at one moment."""

    state: State
    done: int
    """Bytes that have arrived."""
    total: int | None
    """Bytes of the whole; None where nobody knows."""
    speed: float
    """Bytes a second, over the last seconds; 0 unless it is running."""
    eta: float | None
    """Seconds that are left at this speed; None where that cannot be told."""


class Meter:
    """Counts bytes as they arrive.

    Args:
        total: Bytes of the whole, where they are known.
        clock: Seconds, from any beginning; never goes back.
        on_change: Called after each change, on the thread that counts.

    Attributes:
        total: Bytes of the whole, where they are known.
        done: Bytes that have arrived.
        on_change: As the argument.
        committing: Whether all bytes are there and verified, and the file is about to get its name.
    """

    def __init__(
        self,
        total: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.total = total
        self.done = 0
        self.on_change = on_change
        self.committing = False
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()

    def begin(self, total: int | None) -> None:
        """Start the clock: the first bytes are about to arrive."""
        self.total = total
        self._samples.append((self._clock(), self.done))
        self._tell()

    def advance(self, count: int) -> None:
        """Count bytes that have arrived."""
        self.done += count
        now = self._clock()
        if not self._samples or now - self._samples[-1][0] >= SAMPLE_INTERVAL:
            self._samples.append((now, self.done))
            self._forget(now)
        self._tell()

    def speed(self) -> float:
        """Return the bytes a second of the last seconds; it sinks while nothing arrives."""
        now = self._clock()
        self._forget(now)
        if not self._samples:
            return 0.0
        since, before = self._samples[0]
        return (self.done - before) / (now - since) if now > since else 0.0

    def snapshot(self, state: State) -> Progress:
        """Return how far it is now."""
        speed = self.speed() if state is State.RUNNING else 0.0
        eta = None
        if state is State.RUNNING and self.total is not None and speed > 0:
            eta = max(self.total - self.done, 0) / speed
        return Progress(state, self.done, self.total, speed, eta)

    def _forget(self, now: float) -> None:
        """Drop the points before the window, except the last of them, from which the window is counted."""
        while len(self._samples) > 1 and now - self._samples[1][0] >= SPEED_WINDOW:
            self._samples.popleft()

    def _tell(self) -> None:
        if self.on_change is not None:
            self.on_change()
