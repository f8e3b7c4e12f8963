"""How the registry behaves: what it offers, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What can be switched and limited; the defaults are those of a registry that offers everything."""

    catalog: bool = True
    """Whether `/v2/_catalog` lists the repositories; else it answers 404."""
    referrers: bool = True
    """Whether the referrers API exists; else it answers 404, and no `OCI-Subject` is sent."""
    push: bool = True
    """Whether uploads and manifests are taken; else 405."""
    delete: bool = True
    """Whether manifests, tags and blobs can be deleted; else 405."""
    ranges: bool = True
    """Whether `Range` is honoured for blobs; else the whole blob comes."""
    page_size: int = 1_000
    """Most entries of one page of a listing, whatever `n` says."""
    redirect_blobs: str | None = None
    """Origin ("http://127.0.0.1:5001") that reads of blobs are sent to: a server with the same storage."""
    bytes_per_second: int | None = None
    """How fast a blob is sent; None for as fast as it goes."""
    headers: Sequence[tuple[str, str]] = ()
    """Names and values that every answer carries besides its own: `Warning`, `RateLimit-Remaining`, ..."""
    hidden_headers: Collection[str] = ()
    """Names, in lower case, of headers that no answer carries, as with registries of older versions."""
    sparse: bool = True
    """Whether manifests are taken that name blobs or manifests which are absent; else 400."""
    max_manifest: int = 4 * 1024 * 1024
    """Largest manifest that is taken, in bytes; the specification asks for at least 4 megabytes."""
    max_blob: int = 512 * 1024 * 1024
    """Largest blob that is taken, in bytes; it has to fit into memory."""
    max_uploads: int = 64
    """Most uploads under way; the oldest is dropped for a new one."""
