"""What tests of pushing and deleting share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.real.hand import OCI_EMPTY, OCI_MANIFEST, OCTETS, Json, described

if TYPE_CHECKING:
    from tui.client import Descriptor, Digest, Registry, Repository


async def read(registry: Registry, repository: Repository, digest: Digest) -> bytes:
    async with registry.get_blob(repository, digest) as stream:
        return b"".join([chunk async for chunk in stream])


async def put_artifact(registry: Registry, repository: Repository, name: bytes, **more: object) -> Json:
    """Push the blobs of an artifact; returns its manifest."""
    await registry.put_blob(repository, b"{}")
    await registry.put_blob(repository, name)
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described(b"{}", OCI_EMPTY),
        "layers": [described(name, OCTETS)],
        **more,
    }


def as_subject(descriptor: Descriptor) -> Json:
    """How a referrer names what it is about."""
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
