"""When a request is sent again, and how long that waits: pure functions."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui.client.limits import Limits

__all__ = ["RETRY_METHODS", "RETRY_STATUSES", "backoff", "repeats_after", "retry_after"]

RETRY_METHODS: Final = frozenset({"GET", "HEAD"})
"""Methods that may be repeated without a second effect, and that have no body to send again."""

RETRY_STATUSES: Final = frozenset({408, 429, 499, 500, 502, 503, 504, 522})
"""Statuses that often pass by themselves; 499 and 522 are what proxies say of a server behind them."""

_NOT_BEGUN: Final = frozenset({429})
"""Statuses by which a server says that it has done nothing."""

_LONGEST_NUMBER: Final = 12
"""Digits of a ``Retry-After`` that are still read as seconds: 30,000 years."""


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After`` header: seconds, or an HTTP date (RFC 9110, section 10.2.3).

    Args:
        value: The header, if there was one.
        now: The time to which a date is compared, with its time zone.

    Returns:
        Seconds from now, at least 0; None where the header is absent or cannot be read.
    """
    text = (value or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:_LONGEST_NUMBER])
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return max((date - now).total_seconds(), 0.0)
    except (ValueError, OverflowError):
        return None


def repeats_after(method: str, status: int | None, *, again: bool) -> bool:
    """Tell whether a request may be made again.

    Args:
        method: Its method.
        status: The status that it was answered with; None where the connection was lost.
        again: Whether whoever makes it has said that a second effect does no harm.
    """
    if again or method in RETRY_METHODS:
        return status is None or status in RETRY_STATUSES
    return status in _NOT_BEGUN


def backoff(attempt: int, limits: Limits) -> float:
    """Choose the seconds before a further attempt: twice as many each time, and by chance up to a half less.

    Args:
        attempt: How many attempts have failed so far, from 1.
        limits: The first wait and the longest.
    """
    longest: float = min(limits.backoff * 2.0 ** (attempt - 1), limits.max_backoff)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - waits need no secrecy
