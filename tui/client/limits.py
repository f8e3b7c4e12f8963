"""How long the client waits, how much it reads, and how often it asks again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "MAX_CONFIG",
    "MAX_ERROR_BODY",
    "MAX_LISTING",
    "MAX_MANIFEST",
    "MAX_TOKEN",
    "Limits",
    "Timeouts",
]

KIB: Final = 1024
MIB: Final = 1024 * KIB

MAX_MANIFEST: Final = 4 * MIB
"""Bytes of a manifest or an index: what registries themselves accept (distribution specification, "Push")."""

MAX_CONFIG: Final = 4 * MIB
"""Bytes of an image configuration: the largest seen, of a thousand steps of history, has a tenth of it."""

MAX_TOKEN: Final = 4 * MIB
"""Bytes of a token service's answer: tokens that name groups and rights grow to hundreds of KiB."""

MAX_LISTING: Final = 64 * MIB
"""Bytes of one page of a listing: a registry that ignores the page size sends a million tags in one."""

MAX_ERROR_BODY: Final = 64 * KIB
"""Bytes that are read of a body that explains a refusal; what follows is not missed."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the client waits, in seconds. Together they leave nothing that waits for ever."""

    connect: float = 10.0
    """For a connection, and again for its TLS handshake: lost packets are sent again after 1, 3 and 7 s."""

    pause: float = 30.0
    """Between two reads, and before the first byte: registries that fetch from others are slow to begin."""

    small: float = 60.0
    """For a small answer, or the headers of any, as a whole: with login, redirects and retries."""

    mirror: float = 10.0
    """For a small answer of a mirror, or the headers of any, as a whole; then the next one is asked."""

    listing: float = 300.0
    """For one page of a listing, or a range of a blob, as a whole: 64 MiB over a line of 2 Mbit/s."""

    upload: float = 300.0
    """For the answer to content once all of it has been sent: registries move it to its place first."""

    refusal: float = 5.0
    """For a body that explains a refusal, or that nobody needs: servers announce some that never come."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the client asks of one host at a time, and how often it asks again."""

    in_flight: int = 16
    """Requests under way to one host: an index of 16 manifests arrives in one round trip. Small ones go
    before those that open or send a blob. A blob counts until its first byte, and by `blobs` until its last
    one."""

    blobs: int = 8
    """Blobs that are read at a time from one registry, wherever it keeps them, and as many that are sent to
    it; those beyond wait for as long as it takes. Whoever needs more of them open at once than this waits for
    themselves."""

    retries: int = 3
    """Further attempts at a request that may be repeated."""

    backoff: float = 0.25
    """Seconds before the first further attempt; each next one waits twice as long. 0 for no wait."""

    max_backoff: float = 8.0
    """Seconds that a wait grows to at most, whatever the number of the attempt."""

    max_retry_after: float = 10.0
    """Seconds that a registry may ask to be left alone for; of more than that a person should hear."""

    redirects: int = 10
    """Redirects that are followed for one request."""
