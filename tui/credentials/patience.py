"""Waiting for what may never answer: with a word about it after a while, and a way to go on without it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

__all__ = ["NOTICE_SECONDS", "GoneOnError", "wait_patiently"]

NOTICE_SECONDS: Final = 0.5
"""Seconds after which a person wonders why nothing happens: an unlocked keyring takes a tenth of it."""

_ResultT = TypeVar("_ResultT")


class GoneOnError(Exception):
    """Nothing has come, and nobody waits for it any more."""


async def wait_patiently(
    work: Coroutine[Any, Any, _ResultT],
    *,
    seconds: float,
    enough: asyncio.Event,
    notice: Callable[[], None],
    left: Callable[[asyncio.Task[_ResultT]], object],
    notice_after: float | None = None,
) -> _ResultT:
    """Wait for something, for so long, or until somebody has had enough; it is left running then.

    Args:
        work: What is waited for.
        seconds: How long.
        enough: Set when somebody wants to go on without it.
        notice: Called once when it takes a person's patience.
        left: Given the work, as a task, when it goes on while nobody waits for it any more.
        notice_after: After how many seconds that is; `NOTICE_SECONDS` where it is left out.

    Raises:
        GoneOnError: Nothing has come in time, or somebody has had enough.
    """
    task = asyncio.ensure_future(work)
    skip = asyncio.ensure_future(enough.wait())
    try:
        until = min(NOTICE_SECONDS if notice_after is None else notice_after, seconds)
        rest = seconds - until
        done, _ = await asyncio.wait({task, skip}, timeout=until, return_when=asyncio.FIRST_COMPLETED)
        if not done and rest > 0:
            notice()
            await asyncio.wait({task, skip}, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise GoneOnError
    finally:
        skip.cancel()
        if not task.done():
            left(task)
