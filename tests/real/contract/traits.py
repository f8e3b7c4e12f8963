"""What each server does differently from the others, as seen by a client."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui.client import BlobNotExistError, ErrorResponse, ManifestNotExistError


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a server does; the defaults are those of one that offers all that the specification names."""

    writes: bool = True
    """Whether it takes what is pushed."""
    login: bool = False
    """Whether it lets in nobody without a password."""
    catalog_whole: bool = True
    """Whether it lists all repositories; a cache has only those that somebody has asked for."""
    catalog_pages: bool = True
    """Whether the catalog comes page by page where that is asked for."""
    catalog_sorted: bool = True
    """Whether the catalog is in lexical order."""
    tag_pages: bool = True
    """Whether tags come page by page where that is asked for."""
    tags_sorted: bool = True
    """Whether tags are in lexical order."""
    emptied: tuple[str, ...] = ()
    """The tags of a repository whose only manifest was deleted."""
    referrers: bool = True
    """Whether it has the referrers API."""
    referrer_types: bool = True
    """Whether it lists referrers with the types that they have, and not with those of their configs."""
    ranges: bool = True
    """Whether it gives some bytes of a blob alone."""
    open_ranges: bool = True
    """Whether it gives the bytes of a blob from an offset to the end, without being told where that is."""
    shared_blobs: bool = False
    """Whether a blob of one repository is found in all."""
    absent_digest: type[ErrorResponse] = ManifestNotExistError
    """What comes of asking by digest for a manifest that it does not have."""
    unknown_digest: str = "MANIFEST_UNKNOWN"
    """What it then says, in the code of its error."""
    sha512: bool = True
    """Whether it takes blobs under digests of sha512."""
    shortest_chunk: int = 0
    """Bytes that it wants each chunk of an upload to have at least."""
    mounts: bool = True
    """Whether it takes over a blob from another repository."""
    checks_parts: bool = True
    """Whether it refuses manifests that name blobs which it does not have."""
    says_subject: bool = True
    """Whether it says that it lists a referrer itself, so that clients keep no list."""
    deletes: bool = True
    """Whether it deletes anything."""
    deletes_tags: bool = True
    """Whether it deletes a tag and nothing else."""
    absent_blob_deleted: type[ErrorResponse] = BlobNotExistError
    """What comes of deleting a blob that it does not have."""


FULL = Traits()
DEMO = replace(FULL, checks_parts=False)
DEBIAN = Traits(tag_pages=False, tags_sorted=False, referrers=False, says_subject=False, deletes_tags=False)
GGCR = Traits(
    catalog_pages=False,
    catalog_sorted=False,
    tag_pages=False,
    emptied=("gone",),
    open_ranges=False,
    shared_blobs=True,
    mounts=False,
    checks_parts=False,
    says_subject=False,
    absent_blob_deleted=ErrorResponse,
    referrer_types=False,
)

TRAITS = {
    "demo_plain": DEMO,
    "demo_basic": replace(DEMO, login=True),
    "demo_bearer": replace(DEMO, login=True),
    "demo_modest": replace(DEMO, referrers=False, says_subject=False, ranges=False, open_ranges=False),
    "debian_plain": DEBIAN,
    "debian_tls": replace(DEBIAN, login=True),
    "debian_mutual_tls": DEBIAN,
    "debian_tokens": replace(DEBIAN, login=True),
    "debian_redirects": replace(DEBIAN, login=True),
    "debian_read_only": replace(DEBIAN, writes=False),
    "debian_undeletable": replace(DEBIAN, deletes=False),
    "debian_cache": replace(
        DEBIAN, writes=False, catalog_whole=False, absent_digest=ErrorResponse, unknown_digest="UNKNOWN"
    ),
    "debian_small_pages": DEBIAN,
    "distribution_3": replace(DEBIAN, tag_pages=True, tags_sorted=True, deletes_tags=True),
    "crane_serve": replace(GGCR, referrers=False, referrer_types=True),
    "ggcr_registry": GGCR,
    "ocimem_registry": replace(FULL, emptied=("gone",), sha512=False, shortest_chunk=8192),
}
"""The servers, by the names of the fixtures that start them."""
