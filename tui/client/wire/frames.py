"""Errors without the frames in which a login is a local variable: crash reports show local variables."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["WithoutFrames"]


class WithoutFrames:
    """A context that an error leaves without the frames inside, also those of what led to it.

    HTTP libraries hand headers from function to function as plain bytes, the login among them. A note on the
    error tells where it was raised.
    """

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the frames from an error, and let it pass."""
        if error is None:
            return
        if isinstance(error, Exception):
            raised = traceback.extract_tb(trace)[-1]
            error.add_note(f"raised in {raised.name}, {raised.filename}:{raised.lineno}")
        seen: set[int] = set()
        led_to_it: list[BaseException | None] = [error]
        while led_to_it:
            current = led_to_it.pop()
            if current is None or id(current) in seen:
                continue
            seen.add(id(current))
            current.__traceback__ = None
            led_to_it += [current.__cause__, current.__context__]
            if isinstance(current, BaseExceptionGroup):
                led_to_it += current.exceptions
