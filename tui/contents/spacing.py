"""How far apart the places of a layer are that are remembered, so that reading can begin there."""

from typing import Final

__all__ = ["APART"]

APART: Final = 1 << 20
"""Unpacked bytes between places that are remembered: unpacking so many takes a few milliseconds."""
