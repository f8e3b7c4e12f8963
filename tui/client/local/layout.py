"""OCI image layouts on disk, in a folder or a tar (image specification, "OCI Image Layout Specification")."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from tui.client.documents.descriptors import Descriptor
from tui.client.documents.image_manifest import Index, manifest_digest, parse_manifest
from tui.client.documents.parsing import Problems, read_json
from tui.client.errors import InvalidIndexError, RegistryError, UnreadableSourceError
from tui.client.limits import MAX_LISTING, MAX_MANIFEST
from tui.client.local.layout_format import (
    INDEX_FILE,
    LAYOUT_FILE,
    LAYOUT_VERSION,
    LAYOUT_VERSION_KEY,
    blob_path,
    image_name,
)
from tui.client.local.listing import Listing
from tui.client.local.local_files import read_small
from tui.client.local.local_source import LocalSource
from tui.client.media_types import OCI_INDEX
from tui.client.redaction import quoted
from tui.client.referrers_tag import referrers_tag

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from tui.client.documents.image_manifest import Manifest
    from tui.client.local.local_files import Files
    from tui.client.local.open_file import OpenFile
    from tui.client.names import Digest, Repository

__all__ = ["Layout", "LayoutContents", "read_layout"]

MAX_HEADER: Final = 64 * 1024
"""Bytes of the file that marks a layout: it has one member."""

MAX_INDEX: Final = 16 * 1024 * 1024
"""Bytes of a layout's index: that of ten thousand images has a quarter of it."""

_log = logging.getLogger("tui.client")


class Layout(LocalSource):
    """An OCI image layout: a folder, or a tar of one, which may be packed with gzip or zstd.

    Args:
        path: The folder or the tar; nothing is read before it is needed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path, read_layout)


def read_layout(files: Files, default: Repository) -> LayoutContents:
    """Read the header and the index of a layout.

    Args:
        files: The files of the layout.
        default: The repository of entries whose name is a tag alone.

    Raises:
        UnreadableSourceError: It is no layout, or of a version that is not known.
        RegistryError: Its index cannot be read.
    """
    _check_header(files)
    raw = read_small(files, INDEX_FILE, MAX_INDEX)
    if raw is None:
        raise UnreadableSourceError(f"the layout has no {INDEX_FILE}")
    try:
        index = parse_manifest(raw, content_type=OCI_INDEX)
    except RegistryError as error:
        raise UnreadableSourceError(f"its {INDEX_FILE} cannot be read: {error.message}") from error
    if not isinstance(index, Index):
        raise InvalidIndexError(f"its {INDEX_FILE} is no index")
    return LayoutContents(files, index, default)


class LayoutContents:
    """What a layout holds.

    Args:
        files: The files of the layout.
        index: Its index.
        default: The repository of entries whose name is a tag alone.
    """

    def __init__(self, files: Files, index: Index, default: Repository) -> None:
        listing = Listing(default)
        for entry in index.manifests:
            listing.add(image_name(entry.annotations), entry)
        self.tags = listing.tags
        self.untagged = listing.untagged
        self.warnings = (*listing.warnings, *(f"{INDEX_FILE}: {problem}" for problem in index.problems))
        self._files = files
        self._index = index
        self._lock = threading.Lock()
        self._about: dict[Digest, list[Descriptor]] | None = None

    def document(self, digest: Digest) -> bytes | None:
        """Read a manifest or an index, which is not verified yet; None where it is absent."""
        return read_small(self._files, blob_path(digest), MAX_MANIFEST)

    def open_blob(self, digest: Digest) -> OpenFile | None:
        """Open a blob; None where it is absent."""
        return self._files.open(blob_path(digest))

    def referrers(self, repository: Repository, digest: Digest) -> Iterable[Descriptor]:
        """Find the manifests that are about another one: by their subject, and by the fallback tag."""
        with self._lock:
            if self._about is None:
                self._about = self._read_subjects()
        yield from self._about.get(digest, ())
        named = self.tags.get(repository, {}).get(referrers_tag(digest))
        listed = self._read(named) if named is not None else None
        if isinstance(listed, Index):
            yield from listed.manifests

    def _read_subjects(self) -> dict[Digest, list[Descriptor]]:
        """Read all that the index lists, as far as that is worth it, and find out what it is about."""
        found: dict[Digest, list[Descriptor]] = {}
        left = MAX_LISTING
        for entry in self._index.manifests:
            document = self._read(entry)
            if document is None:
                continue
            if document.subject is not None:
                found.setdefault(document.subject.digest, []).append(_described(document))
            left -= len(document.raw)
            if left < 0:
                _log.warning("the layout lists more than %s bytes of manifests", f"{MAX_LISTING:,}")
                break
        return found

    def _read(self, entry: Descriptor) -> Index | Manifest | None:
        """Read what an entry names; None, and a word in the log, where that is absent or damaged."""
        try:
            raw = self.document(entry.digest)
            if raw is not None and manifest_digest(raw, entry.digest.algorithm) == entry.digest:
                return parse_manifest(raw, content_type=entry.media_type, digest=entry.digest)
        except RegistryError as error:
            _log.warning("the layout lists %s, which cannot be read: %s", entry.digest, error)
        else:
            _log.warning("the layout lists %s, which is absent or damaged", entry.digest)
        return None


def _described(document: Index | Manifest) -> Descriptor:
    """Describe a referrer as a registry does (distribution specification, "Listing Referrers")."""
    kind = document.artifact_type if isinstance(document, Index) else document.kind
    own = document.descriptor
    return Descriptor(
        media_type=own.media_type,
        digest=own.digest,
        size=own.size,
        annotations=document.annotations,
        artifact_type=kind,
    )


def _check_header(files: Files) -> None:
    """Check the file that marks a layout (image specification, "oci-layout file")."""
    raw = read_small(files, LAYOUT_FILE, MAX_HEADER)
    if raw is None:
        raise UnreadableSourceError(f"it is no OCI image layout: it has no {LAYOUT_FILE}")
    try:
        header = read_json(raw, Problems())
    except RegistryError as error:
        raise UnreadableSourceError(f"its {LAYOUT_FILE} cannot be read: {error.message}") from error
    version = header.get(LAYOUT_VERSION_KEY) if isinstance(header, dict) else None
    if not isinstance(version, str):
        raise UnreadableSourceError(f"its {LAYOUT_FILE} does not tell the version of the layout")
    if version.partition(".")[0] != LAYOUT_VERSION.partition(".")[0]:
        raise UnreadableSourceError(
            f"the layout has the version {quoted(version)}, and only {LAYOUT_VERSION} is known", remedy=""
        )
