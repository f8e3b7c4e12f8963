"""What the registry holds: repositories with manifests, tags and blobs, in memory."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tui.demo.grammar import digest_of, is_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest or an index, byte for byte as it was pushed."""

    digest: str
    media_type: str
    data: bytes
    subject: str | None
    """Digest of the manifest that this one refers to."""
    artifact_type: str
    """The manifest's own artifactType, else its config's media type; "" for an index without one."""
    annotations: Mapping[str, Any]

    def descriptor(self) -> dict[str, Any]:
        """Return the descriptor that the referrers API gives ("Listing Referrers")."""
        descriptor: dict[str, Any] = {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": len(self.data),
        }
        if self.artifact_type:
            descriptor["artifactType"] = self.artifact_type
        if self.annotations:
            descriptor["annotations"] = dict(self.annotations)
        return descriptor


@dataclass(slots=True)
class _Repository:
    """One repository's contents."""

    manifests: dict[str, StoredManifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    sorted_tags: tuple[str, ...] | None = None

    def copy(self) -> _Repository:
        return _Repository(dict(self.manifests), dict(self.tags), dict(self.blobs), self.sorted_tags)


class Storage:
    """Repositories in memory; every method may be called from any thread, while the registry serves.

    What is put in is not checked: a test can store a manifest without its blobs, or bytes under a digest
    that is not theirs. Checks belong to the HTTP side.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._repositories: dict[str, _Repository] = {}
        self._sorted_names: tuple[str, ...] | None = None

    def copy(self) -> Storage:
        """Return a storage with the same contents that changes on its own."""
        storage = Storage()
        with self._lock:
            storage._repositories = {name: one.copy() for name, one in self._repositories.items()}
        return storage

    # Repositories

    def repositories(self) -> tuple[str, ...]:
        """Return the names of all repositories in lexical order."""
        with self._lock:
            if self._sorted_names is None:
                self._sorted_names = tuple(sorted(self._repositories))
            return self._sorted_names

    def has_repository(self, name: str) -> bool:
        """Say whether a repository exists."""
        return name in self._repositories

    def create_repository(self, name: str) -> None:
        """Create an empty repository, if there is none of that name."""
        with self._lock:
            self._open(name)

    def delete_repository(self, name: str) -> None:
        """Remove a repository and all that it holds, if there is one."""
        with self._lock:
            self._repositories.pop(name, None)
            self._sorted_names = None

    def _open(self, name: str) -> _Repository:
        repository = self._repositories.get(name)
        if repository is None:
            repository = self._repositories[name] = _Repository()
            self._sorted_names = None
        return repository

    # Blobs

    def put_blob(self, name: str, data: bytes, *, digest: str | None = None) -> str:
        """Store a blob and return its digest.

        Args:
            name: Repository; created if there is none.
            data: The bytes.
            digest: Where to store them; by default their sha256, and never verified.
        """
        digest = digest_of(data) if digest is None else digest
        with self._lock:
            self._open(name).blobs[digest] = data
        return digest

    def get_blob(self, name: str, digest: str) -> bytes | None:
        """Return a repository's blob, or None."""
        with self._lock:
            repository = self._repositories.get(name)
            return None if repository is None else repository.blobs.get(digest)

    def repositories_with(self, digest: str) -> tuple[str, ...]:
        """Return the names of the repositories that have a blob, in lexical order."""
        with self._lock:
            return tuple(name for name in self.repositories() if digest in self._repositories[name].blobs)

    def delete_blob(self, name: str, digest: str) -> bool:
        """Remove a repository's blob; say whether there was one."""
        with self._lock:
            repository = self._repositories.get(name)
            return repository is not None and repository.blobs.pop(digest, None) is not None

    # Manifests

    def put_manifest(
        self,
        name: str,
        document: bytes | Mapping[str, Any],
        media_type: str | None = None,
        *,
        tags: Iterable[str] = (),
        digest: str | None = None,
    ) -> str:
        """Store a manifest or an index and return its digest.

        Args:
            name: Repository; created if there is none.
            document: The bytes, or a JSON object that is written out.
            media_type: Content type; by default the document's `mediaType`, else the OCI manifest's.
            tags: Tags that point to it from now on.
            digest: Where to store it; by default its sha256, and never verified.
        """
        data = document if isinstance(document, bytes) else json.dumps(document, indent=2).encode()
        digest = digest_of(data) if digest is None else digest
        stored = _stored_manifest(digest, data, media_type)
        with self._lock:
            repository = self._open(name)
            repository.manifests[digest] = stored
            for tag in tags:
                repository.tags[tag] = digest
            repository.sorted_tags = None
        return digest

    def get_manifest(self, name: str, reference: str) -> StoredManifest | None:
        """Return the manifest that a tag or a digest names, or None."""
        with self._lock:
            repository = self._repositories.get(name)
            if repository is None:
                return None
            digest = reference if is_digest(reference) else repository.tags.get(reference, "")
            return repository.manifests.get(digest)

    def delete_manifest(self, name: str, digest: str) -> bool:
        """Remove a manifest and the tags that point to it; say whether there was one."""
        with self._lock:
            repository = self._repositories.get(name)
            if repository is None or repository.manifests.pop(digest, None) is None:
                return False
            repository.tags = {tag: one for tag, one in repository.tags.items() if one != digest}
            repository.sorted_tags = None
            return True

    def referrers(self, name: str, digest: str) -> tuple[StoredManifest, ...]:
        """Return a repository's manifests whose subject has a digest, ordered by their own."""
        with self._lock:
            repository = self._repositories.get(name)
            manifests = () if repository is None else tuple(repository.manifests.values())
        found = (one for one in manifests if one.subject == digest)
        return tuple(sorted(found, key=lambda one: one.digest))

    # Tags

    def tags(self, name: str) -> tuple[str, ...]:
        """Return a repository's tags in lexical order; none for an unknown repository."""
        with self._lock:
            repository = self._repositories.get(name)
            if repository is None:
                return ()
            if repository.sorted_tags is None:
                repository.sorted_tags = tuple(sorted(repository.tags))
            return repository.sorted_tags

    def put_tag(self, name: str, tag: str, digest: str) -> None:
        """Let a tag point to a digest, whether or not there is such a manifest."""
        with self._lock:
            repository = self._open(name)
            repository.tags[tag] = digest
            repository.sorted_tags = None

    def delete_tag(self, name: str, tag: str) -> bool:
        """Remove a tag and keep what it points to; say whether there was one."""
        with self._lock:
            repository = self._repositories.get(name)
            if repository is None or repository.tags.pop(tag, None) is None:
                return False
            repository.sorted_tags = None
            return True


def _stored_manifest(digest: str, data: bytes, media_type: str | None) -> StoredManifest:
    """Read from a manifest what the registry needs to know; a damaged one is stored all the same."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        document = {}
    if media_type is None:
        declared = document.get("mediaType")
        media_type = declared if isinstance(declared, str) and declared else OCI_MANIFEST
    subject = document.get("subject")
    config = document.get("config")
    annotations = document.get("annotations")
    kind = document.get("artifactType")
    if not kind and isinstance(config, dict):
        kind = config.get("mediaType")
    return StoredManifest(
        digest=digest,
        media_type=media_type,
        data=data,
        subject=subject.get("digest") if isinstance(subject, dict) else None,
        artifact_type=kind if isinstance(kind, str) else "",
        annotations=annotations if isinstance(annotations, dict) else {},
    )
