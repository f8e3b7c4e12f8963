"""Puts documents and blobs into a registry as they are, with a client that knows nothing of registries."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import httpx

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCTETS = "application/octet-stream"

Json = dict[str, Any]


def encoded(document: Json) -> bytes:
    """The bytes of a document as they are put."""
    return json.dumps(document).encode()


def described(content: bytes, media_type: str, **more: object) -> Json:
    """The descriptor of some bytes."""
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {"mediaType": media_type, "digest": digest, "size": len(content), **more}


class Hand:
    """Puts and removes what a test wants.

    Args:
        client: Has the registry as its base, and its login.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def blob(self, repository: str, content: bytes, media_type: str = OCTETS) -> Json:
        """Put a blob; returns its descriptor."""
        started = self._client.post(f"/v2/{repository}/blobs/uploads/").raise_for_status()
        descriptor = described(content, media_type)
        place = httpx.URL(started.headers["Location"]).copy_merge_params({"digest": descriptor["digest"]})
        headers = {"Content-Type": OCTETS}
        self._client.put(place, content=content, headers=headers).raise_for_status()
        return descriptor

    def manifest(self, repository: str, tag: str | None, document: Json) -> Json:
        """Put a manifest under a tag, or under its digest; returns its descriptor."""
        raw = encoded(document)
        descriptor = described(raw, document["mediaType"])
        self._client.put(
            f"/v2/{repository}/manifests/{tag or descriptor['digest']}",
            content=raw,
            headers={"Content-Type": document["mediaType"]},
        ).raise_for_status()
        return descriptor

    def remove_manifest(self, repository: str, digest: str) -> None:
        """Delete a manifest."""
        self._client.delete(f"/v2/{repository}/manifests/{digest}").raise_for_status()

    def artifact(self, repository: str, tag: str | None, content: bytes, **more: object) -> Json:
        """Put a manifest of one blob, with an empty config; returns its descriptor."""
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.blob(repository, b"{}", OCI_EMPTY),
            "layers": [self.blob(repository, content)],
            **more,
        }
        return self.manifest(repository, tag, document)

    def index(self, repository: str, tag: str, children: list[Json]) -> Json:
        """Put an index; returns its descriptor."""
        return self.manifest(repository, tag, index_document(children))


def index_document(children: list[Json]) -> Json:
    """The document of an index."""
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}
