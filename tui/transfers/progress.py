"""How far a transfer is, how fast it goes, and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.client.errors import RegistryError

__all__ = ["Meter", "Progress", "Share", "State", "Told"]

SPEED_WINDOW: Final = 5.0
"""Seconds over which the speed is an average: calm enough to be read, quick enough to show a stall."""

SAMPLE_INTERVAL: Final = 0.1
"""Seconds between two points that are kept for the average: fifty of them span the window."""


class State(Enum):
    """What a transfer is doing."""

    QUEUED = "queued"
    """It waits until others have ended."""
    CHECKING = "checking"
    """What an earlier download left behind is being hashed, before more is asked for."""
    RUNNING = "running"
    WAITING = "waiting"
    """The connection was lost; it waits before it tries again."""
    PAUSED = "paused"
    """It was interrupted on purpose, and can be gone on with."""
    DONE = "done"
    """The file is verified and has its name."""
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_active(self) -> bool:
        """Whether it is under way, or will be by itself."""
        return self in {State.QUEUED, State.CHECKING, State.RUNNING, State.WAITING}

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return not self.is_active and self is not State.PAUSED


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transfer is at one moment."""

    state: State
    done: int
    """Bytes that are there; while it is checking, those that have been checked."""
    total: int | None
    """Bytes of the whole; None where nobody knows."""
    speed: float
    """Bytes a second, over the last seconds; 0 unless it is running."""
    eta: float | None
    """Seconds that are left at this speed; None where that cannot be told."""
    notice: str = ""
    """What a person should know of its course, as a phrase: that it had to begin again, say."""


class Told(Protocol):
    """What is told how far a download is; see `Meter`, which is the whole of one, and `Share`."""

    notice: str
    committing: bool

    def check(self) -> None:
        """Begin to check what an earlier download left behind."""
        ...

    def begin(self, total: int | None, done: int = 0) -> None:
        """Start the clock."""
        ...

    def wait(self, setback: RegistryError, seconds: float) -> None:
        """Begin to wait."""
        ...

    def advance(self, count: int) -> None:
        """Count bytes."""
        ...


class Meter:
    """Counts bytes as they arrive; lives on one event loop.

    Args:
        total: Bytes of the whole, where they are known.
        clock: Seconds, from any beginning; never goes back.
        on_change: Called after each change.

    Attributes:
        state: What the transfer is doing.
        total: Bytes of the whole, where they are known.
        done: Bytes that are there, or have been checked.
        notice: What a person should know of its course, as a phrase.
        setback: What it lost the connection by; None unless it is waiting.
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
        self.state = State.QUEUED
        self.total = total
        self.done = 0
        self.notice = ""
        self.setback: RegistryError | None = None
        self.on_change = on_change
        self.committing = False
        self._clock = clock
        self._until = 0.0
        self._samples: deque[tuple[float, int]] = deque()

    @property
    def wait_left(self) -> float | None:
        """Seconds until it tries again; None unless it is waiting."""
        return max(self._until - self._clock(), 0.0) if self.state is State.WAITING else None

    def enter(self, state: State) -> None:
        """Begin to do something else; what it waited for is over."""
        self.state = state
        self.setback = None
        self._tell()

    def end(self, state: State) -> None:
        """Come to rest."""
        self.committing = False
        self.enter(state)

    def check(self) -> None:
        """Begin to check what an earlier download left behind."""
        self.done = 0
        self.enter(State.CHECKING)

    def begin(self, total: int | None, done: int = 0) -> None:
        """Start the clock: the first bytes are about to arrive.

        Args:
            total: Bytes of the whole, where they are known.
            done: Bytes that are there already, which do not count for the speed.
        """
        self.total = total
        self.done = done
        self._samples.clear()
        self._samples.append((self._clock(), done))
        self.enter(State.RUNNING)

    def wait(self, setback: RegistryError, seconds: float) -> None:
        """Begin to wait, after the connection was lost."""
        self.enter(State.WAITING)
        self.setback = setback
        self._until = self._clock() + seconds
        self._tell()

    def advance(self, count: int) -> None:
        """Count bytes that have arrived, or have been checked."""
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

    def snapshot(self) -> Progress:
        """Return how far it is now."""
        speed = self.speed() if self.state is State.RUNNING else 0.0
        eta = None
        if self.total is not None and speed > 0:
            eta = max(self.total - self.done, 0) / speed
        return Progress(self.state, self.done, self.total, speed, eta, self.notice)

    def _forget(self, now: float) -> None:
        """Drop the points before the window, except the last of them, from which the window is counted."""
        while len(self._samples) > 1 and now - self._samples[1][0] >= SPEED_WINDOW:
            self._samples.popleft()

    def _tell(self) -> None:
        if self.on_change is not None:
            self.on_change()


class Share:
    """One blob of several that are downloaded as one: what it is told is told of the whole.

    Args:
        whole: The meter of all.
        before: Bytes of the whole that come before this blob's.
        size: Bytes of this blob, where they are known.

    Attributes:
        committing: Whether the blob is verified and about to be put away; the whole is not, by that.
    """

    def __init__(self, whole: Meter, before: int, size: int | None) -> None:
        self.committing = False
        self._whole = whole
        self._before = before
        self._size = size

    @property
    def notice(self) -> str:
        """What a person should know of the course of the whole."""
        return self._whole.notice

    @notice.setter
    def notice(self, notice: str) -> None:
        self._whole.notice = notice

    def check(self) -> None:
        """Begin to check what is there of the blob."""
        self._whole.done = self._before
        self._whole.enter(State.CHECKING)

    def begin(self, total: int | None, done: int = 0) -> None:
        """Start the clock, unless it runs already, or nothing of the blob is missing.

        Args:
            total: Not needed: the whole knows how much it is.
            done: Bytes of the blob that are there.
        """
        del total
        there = self._before + done
        if self._whole.state is State.RUNNING and self._whole.done == there:
            return
        if done and done == self._size:
            self._whole.done = there
            return
        self._whole.begin(self._whole.total, there)

    def wait(self, setback: RegistryError, seconds: float) -> None:
        """Begin to wait, after the connection was lost."""
        self._whole.wait(setback, seconds)

    def advance(self, count: int) -> None:
        """Count bytes that have arrived, or have been checked."""
        self._whole.advance(count)
