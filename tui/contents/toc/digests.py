"""Digests that a table of contents gives, or that are given of it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["hasher_of", "is_digest"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", re.ASCII)


def is_digest(text: object) -> bool:
    """Tell whether something is a digest that can be checked.

    Args:
        text: What stands where a digest should.
    """
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def hasher_of(digest: str) -> _Hash:
    """Make what computes a digest of the same kind.

    Args:
        digest: One that `is_digest`.
    """
    return hashlib.new(digest.partition(":")[0])
