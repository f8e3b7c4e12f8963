"""What registries say beside their answers: warnings, and how much one may still ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx

__all__ = ["RateLimit", "Warnings", "parse_warnings"]

MAX_WARNING: Final = 4096
"""Characters of a warning (distribution specification, "Warnings")."""

MAX_WARNINGS: Final = 100
"""Warnings of one registry that are kept."""

_WARNING = re.compile(r'\s*299\s+-\s+"((?:[^"\\]|\\.)*)"\s*(?:,|\Z)')
_ESCAPED = re.compile(r"\\(.)")
_AMOUNT = re.compile(r"\s*(\d{1,12})\s*(?:;\s*w=(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests a registry allows, as Docker Hub tells it."""

    limit: int | None
    """Requests in one window."""
    remaining: int | None
    """Requests that are left."""
    window: int | None
    """Seconds of a window."""


class Warnings:
    """Collects what the answers of one registry say by the way."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}
        self.rate_limit: RateLimit | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """Each warning once, in the order in which they came; the registry's words, unchanged."""
        return tuple(self._texts)

    def note(self, headers: httpx.Headers) -> None:
        """Take what is in the headers of an answer."""
        for value in headers.get_list("Warning"):
            for text in parse_warnings(value):
                if len(self._texts) < MAX_WARNINGS:
                    self._texts.setdefault(text)
        limit = _AMOUNT.match(headers.get("RateLimit-Limit", ""))
        remaining = _AMOUNT.match(headers.get("RateLimit-Remaining", ""))
        if limit or remaining:
            window = next((match[2] for match in (limit, remaining) if match and match[2]), None)
            self.rate_limit = RateLimit(
                int(limit[1]) if limit else None,
                int(remaining[1]) if remaining else None,
                int(window) if window else None,
            )


def parse_warnings(value: str) -> tuple[str, ...]:
    r"""Read a ``Warning`` header: code 299, no agent, a quoted text with ``\"`` and ``\\`` in it.

    A proxy may put several into one header, with commas between.

    Returns:
        The texts; none where the header is something else, or too long.
    """
    texts: list[str] = []
    at = 0
    while at < len(value) <= MAX_WARNING:
        match = _WARNING.match(value, at)
        if match is None:
            return ()
        if match[1]:
            texts.append(_ESCAPED.sub(r"\1", match[1]))
        at = match.end()
    return tuple(texts)
