"""Inputs that once broke a rule, by the target that they broke it with."""

from __future__ import annotations

from typing import Final

FINDINGS: Final[tuple[tuple[str, bytes], ...]] = (
    # Lengths in digits that are no decimal ones.
    ("exchanges", b"\x00200\nContent-Length: \xb2\n\n{}"),
    ("exchanges", b"\x0c200\nContent-Length: \xb9\n\n1"),
)
