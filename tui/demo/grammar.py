"""The names of the distribution specification: repositories, tags, digests."""

from __future__ import annotations

import hashlib
import re

MAX_NAME = 255
"""Longest repository name that is accepted; clients limit host and name together to this."""

_COMPONENT = r"[a-z0-9]+(?:(?:\.|__|_|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")

ALGORITHMS = ("sha256", "sha512")
"""The algorithms of digests that the registry computes and verifies."""


def is_name(text: str) -> bool:
    """Say whether a text is a repository's name ("Pulling manifests")."""
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    """Say whether a text is a tag ("Pulling manifests")."""
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Say whether a text is a digest of an algorithm that the registry supports."""
    return _DIGEST.fullmatch(text) is not None


def digest_of(data: bytes | bytearray | memoryview, algorithm: str = "sha256") -> str:
    """Compute the digest of bytes.

    Raises:
        ValueError: The algorithm is none of `ALGORITHMS`.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"unsupported algorithm {algorithm!r}")
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
