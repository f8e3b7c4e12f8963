"""Inputs that once broke a rule, by the target that they broke it with."""

from __future__ import annotations

from typing import Final

FINDINGS: Final[tuple[tuple[str, bytes], ...]] = ()
