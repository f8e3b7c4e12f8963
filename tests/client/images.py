"""Images in memory, and a source that gives them: small, and just as a test wants them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from tui.client import (
    BlobNotExistError,
    ConnectionLostError,
    Digest,
    ManifestNotExistError,
    RequestLine,
    parse_manifest,
)
from tui.client.blob_stream import BlobStream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from hashlib import _Hash

    from tui.client import Descriptor, Index, Manifest, Repository

LINE = RequestLine("GET", "https://registry.example/v2/team/app")
CHUNK = 65_536
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
AMD64 = {"architecture": "amd64", "os": "linux"}
ARM64 = {"architecture": "arm64", "os": "linux", "variant": "v8"}


class Images:
    """A repository in memory that is put together by hand; it is a source of what it has."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.offsets: list[tuple[str, int]] = []
        self.breaks: dict[str, list[int]] = {}
        """By digest: after how many bytes the connection is lost, each once and in this order."""
        self.ranges = True
        self.gates: dict[str, asyncio.Event] = {}
        """By digest: what a stream waits for, in the middle."""
        self.waiting = asyncio.Event()
        """Set when a stream waits."""

    def blob(self, data: bytes, media_type: str = LAYER, **more: Any) -> dict[str, Any]:
        """Put a blob; returns its descriptor."""
        digest = Digest.of(data, more.pop("algorithm", "sha256"))
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def document(self, document: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Put a manifest or an index; returns its descriptor."""
        raw = json.dumps(document).encode()
        digest = Digest.of(raw, more.pop("algorithm", "sha256"))
        self.documents[digest] = raw
        return {"mediaType": document["mediaType"], "digest": digest, "size": len(raw), **more}

    def image(self, *layers: bytes, config: bytes = b"{}", **more: Any) -> dict[str, Any]:
        """Put an image; returns its descriptor."""
        return self.document(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": self.blob(config, CONFIG),
                "layers": [self.blob(layer) for layer in layers],
            },
            **more,
        )

    def index(self, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Put an index; returns its descriptor."""
        return self.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries), **more})

    def read(self, descriptor: dict[str, Any]) -> Index | Manifest:
        """Return a document that has been put."""
        digest = Digest(descriptor["digest"])
        return parse_manifest(self.documents[digest], content_type=descriptor["mediaType"], digest=digest)

    # As a source.

    async def get_child(self, repository: Repository, descriptor: Descriptor) -> Index | Manifest:
        del repository
        self.asked.append(descriptor.digest)
        if descriptor.digest not in self.documents:
            raise ManifestNotExistError((), 404, LINE)
        raw = self.documents[descriptor.digest]
        return parse_manifest(raw, content_type=descriptor.media_type, digest=descriptor.digest)

    @contextlib.asynccontextmanager
    async def get_blob(
        self,
        repository: Repository,
        blob: Descriptor,
        /,
        *,
        offset: int = 0,
        hasher: _Hash | None = None,
        bulk: bool = False,
    ) -> AsyncIterator[BlobStream]:
        del repository, bulk
        if blob.data is not None:
            yield BlobStream(
                self._chunks("", blob.data, offset),
                blob.digest,
                size=len(blob.data),
                offset=offset,
                hasher=hasher if offset else blob.digest.hasher(),
                line=LINE,
            )
            return
        self.offsets.append((blob.digest, offset))
        if blob.digest not in self.blobs:
            raise BlobNotExistError((), 404, LINE)
        data = self.blobs[blob.digest]
        offset = offset if self.ranges else 0
        yield BlobStream(
            self._chunks(blob.digest, data, offset),
            blob.digest,
            size=len(data),
            offset=offset,
            hasher=hasher if offset else blob.digest.hasher(),
            line=LINE,
        )

    async def _chunks(self, digest: str, data: bytes, offset: int) -> AsyncGenerator[bytes, None]:
        breaks = self.breaks.get(digest)
        end = breaks.pop(0) if breaks else None
        middle = len(data) // 2
        while offset < len(data) and offset != end:
            if digest in self.gates and offset >= middle:
                self.waiting.set()
                await self.gates[digest].wait()
            chunk = data[offset : min(offset + CHUNK, len(data) if end is None else end)]
            offset += len(chunk)
            yield chunk
        if end is not None:
            raise ConnectionLostError("it broke", request=LINE)
