"""Where a layer has its table of contents."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Place"]


class Place(NamedTuple):
    """Where a table of contents lies in the packed layer."""

    at: int
    """Its first byte."""
    size: int
    """Its packed bytes."""
