"""Each call of the library, so that the same can be done to all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.client.helpers import items
from tests.real.contract import content
from tests.real.hand import OCI_EMPTY, OCI_MANIFEST, described, encoded
from tui.client import Digest, Image, Manifest, Registry, Repository, Tag, media_types
from tui.client.models import Descriptor, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

APP, SIGNED = Repository(content.APP), Repository(content.SIGNED)
WRITTEN = Repository("written/over-bad-lines")
_BARE = {
    "schemaVersion": 2,
    "mediaType": OCI_MANIFEST,
    "config": described(b"{}", OCI_EMPTY),
    "layers": [],
}
BARE = Digest.of(encoded(_BARE))
SHORT_LIVED = Digest.of(b"short-lived")
AMD64 = Digest.of(encoded(content.AMD64))
INDEX = Digest.of(encoded(content.INDEX))
SUBJECT = Digest.of(encoded(content.SUBJECT))
LAYER = Descriptor(content.OCI_LAYER, Digest.of(content.LAYER), len(content.LAYER))
CONFIG = Descriptor(content.OCI_CONFIG, Digest.of(content.AMD64_CONFIG), len(content.AMD64_CONFIG))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the library, and what it asks first."""

    run: Callable[[Registry], Awaitable[object]]
    method: str
    path: str
    verified: bool = False
    """Whether what comes is held against a digest."""
    then: str = ""
    """What it asks next where the first answer, of which a part will do, is a refusal."""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Accept": media_types.MANIFEST_ACCEPT})
    """What it sends along first."""
    sends: bytes | None = None
    """The body of what it asks first."""
    needs: Callable[[Registry], Awaitable[object]] | None = None
    """What must be done each time before it can succeed."""
    more: bool = False
    """Whether it asks more than once in any case."""

    @property
    def reads_once(self) -> bool:
        """Whether it changes nothing, and takes one request."""
        return self.method in {"GET", "HEAD"} and not self.then and not self.more

    @property
    def asked(self) -> str:
        """A pattern of what it may have asked when it failed."""
        return "|".join(re.escape(path) for path in (self.path, self.then) if path)


async def _read(registry: Registry) -> bytes:
    async with registry.get_blob(APP, LAYER) as stream:
        return b"".join([chunk async for chunk in stream])


async def _pump(registry: Registry) -> int:
    pieces: list[int] = []
    async with registry.get_blob(APP, LAYER.digest, bulk=True) as stream:
        await stream.pump(lambda piece: pieces.append(len(piece)))
    return sum(pieces)


async def _config(registry: Registry) -> bytes:
    manifest = parse_manifest(encoded(content.AMD64))
    assert isinstance(manifest, Manifest)
    return (await registry.get_config(APP, manifest)).raw


async def _put_bare(registry: Registry) -> None:
    await registry.put_blob(WRITTEN, b"{}")
    await registry.put_manifest(WRITTEN, encoded(_BARE))


CALLS = {
    "verify": Call(lambda registry: registry.verify(), "GET", "/v2/"),
    "request": Call(lambda registry: registry.request("GET", "/v2/"), "GET", "/v2/"),
    "repositories": Call(lambda registry: items(registry.repositories()), "GET", "/v2/_catalog?n=100"),
    "tags": Call(lambda registry: items(registry.tags(APP)), "GET", f"/v2/{APP}/tags/list?n=100"),
    "manifest_exists": Call(
        lambda registry: registry.manifest_exists(Image(APP, Tag("1.0"))), "HEAD", f"/v2/{APP}/manifests/1.0"
    ),
    "get_manifest": Call(
        lambda registry: registry.get_manifest(Image(APP, AMD64)),
        "GET",
        f"/v2/{APP}/manifests/{AMD64}",
        verified=True,
    ),
    "get_manifests": Call(
        lambda registry: registry.get_manifests(Image(APP, INDEX)),
        "GET",
        f"/v2/{APP}/manifests/{INDEX}",
        verified=True,
        more=True,
    ),
    "get_config": Call(_config, "GET", f"/v2/{APP}/blobs/{CONFIG.digest}", verified=True),
    "get_blob_bytes": Call(
        lambda registry: registry.get_blob_bytes(APP, CONFIG),
        "GET",
        f"/v2/{APP}/blobs/{CONFIG.digest}",
        verified=True,
    ),
    "get_blob": Call(_read, "GET", f"/v2/{APP}/blobs/{LAYER.digest}", verified=True),
    "get_blob, pumped": Call(_pump, "GET", f"/v2/{APP}/blobs/{LAYER.digest}", verified=True),
    "get_blob_range": Call(
        lambda registry: registry.get_blob_range(APP, LAYER, 0, LAYER.size),
        "GET",
        f"/v2/{APP}/blobs/{LAYER.digest}",
    ),
    "verify_blob": Call(
        lambda registry: registry.verify_blob(APP, LAYER.digest), "HEAD", f"/v2/{APP}/blobs/{LAYER.digest}"
    ),
    "get_referrers": Call(
        lambda registry: registry.get_referrers(SIGNED, SUBJECT),
        "GET",
        f"/v2/{SIGNED}/referrers/{SUBJECT}",
        then=f"/v2/{SIGNED}/manifests/{SUBJECT.replace(':', '-')}",
    ),
    "put_blob": Call(
        lambda registry: registry.put_blob(WRITTEN, content.LAYER, check_exists=False),
        "POST",
        f"/v2/{WRITTEN}/blobs/uploads/",
    ),
    "put_blob, in chunks": Call(
        lambda registry: registry.put_blob(WRITTEN, content.LAYER, check_exists=False, chunk_size=100_000),
        "POST",
        f"/v2/{WRITTEN}/blobs/uploads/",
    ),
    "mount_blob": Call(
        lambda registry: registry.mount_blob(WRITTEN, LAYER.digest, APP),
        "POST",
        f"/v2/{WRITTEN}/blobs/uploads/?mount={LAYER.digest}&from={APP}",
    ),
    "put_manifest": Call(
        lambda registry: registry.put_manifest(APP, encoded(content.AMD64), Tag("again")),
        "PUT",
        f"/v2/{APP}/manifests/again",
        headers={"Content-Type": OCI_MANIFEST},
        sends=encoded(content.AMD64),
    ),
    "delete_manifest": Call(
        lambda registry: registry.delete_manifest(Image(WRITTEN, BARE), referrers=False),
        "DELETE",
        f"/v2/{WRITTEN}/manifests/{BARE}",
        needs=_put_bare,
    ),
    "delete_blob": Call(
        lambda registry: registry.delete_blob(WRITTEN, SHORT_LIVED),
        "DELETE",
        f"/v2/{WRITTEN}/blobs/{SHORT_LIVED}",
        needs=lambda registry: registry.put_blob(WRITTEN, b"short-lived", check_exists=False),
    ),
}
