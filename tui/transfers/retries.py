"""Which interruptions a download gets over by itself, how often, and how long it waits."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from tui.client.errors import (
    ConnectionFailedError,
    ConnectionLostError,
    ErrorResponse,
    RateLimitedError,
    RegistryError,
    SizeMismatchError,
    TimeoutExceededError,
)

__all__ = ["Patience", "Retries"]

PROGRESS: Final = 16 * 1024
"""Bytes after which an attempt was worth it: a server that gives one a time would be asked for ever."""

_PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that often pass by themselves."""

_EXPIRED: Final = frozenset({400, 401, 403, 404, 410})
"""What storage services say to a signed URL that has expired, where the registry hands it out once more."""

_EXPIRED_TRIES: Final = 2
"""Further attempts at what was given before and is refused now: a refusal that is meant stays one."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a download tries again without getting further, and how long it waits in between."""

    tries: int = 6
    """Further attempts; as many again whenever bytes have come. 0 for none."""

    first_wait: float = 0.5
    """Seconds before the first of them; each next one waits twice as long, up to a quarter more or less."""

    longest_wait: float = 30.0
    """Seconds that a wait grows to at most; also of those that a registry asks for."""


class Patience:
    """Decides, for one download, whether it goes on after an error.

    Args:
        retries: How often, and how long it waits.
    """

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._failed = 0
        self._refused = 0
        self._position = 0

    def wait(self, error: RegistryError, position: int) -> float | None:
        """Tell how long to wait before the next attempt; None where there is none.

        Args:
            error: What ended the attempt.
            position: How many bytes of the blob are there now.
        """
        if position >= self._position + PROGRESS:
            self._failed = self._refused = 0
            self._position = position
        self._failed += 1
        self._refused += isinstance(error, ErrorResponse) and error.status in _EXPIRED
        if self._refused > _EXPIRED_TRIES or self._failed > self._tries(error, position):
            return None
        wait = self._retries.first_wait * 2.0 ** (self._failed - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - waits need no secrecy
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            wait = max(wait, error.retry_after)
        return min(wait, self._retries.longest_wait)

    def _tries(self, error: RegistryError, position: int) -> int:
        """Tell how many further attempts an error is worth.

        A first answer that is a refusal, or does not come, is told at once; the same in the middle of a blob
        may be a network that is away for a moment, or a link that has expired.
        """
        tries = self._retries.tries
        match error:
            case ConnectionLostError() | TimeoutExceededError():
                worth = tries
            case _ if not position:
                worth = 0
            case SizeMismatchError(expected=expected, actual=actual) if actual == position < expected:
                # The body went on until the connection ended, and that was too early.
                worth = tries
            case ErrorResponse(status=status) if status not in _PASSING | _EXPIRED:
                worth = 0
            case ConnectionFailedError() | ErrorResponse():
                worth = tries
            case _:
                worth = 0
        return worth
