"""What the server of the benchmarks holds: images, indexes, and lists of names of any length."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "INDEX_TYPE",
    "LAYER_TYPE",
    "MANIFEST_TYPE",
    "MEBIBYTE",
    "REPOSITORY",
    "TAG",
    "Image",
    "image_of",
    "make_image",
    "make_index",
    "make_page",
]

TAG: Final = "tag-{:07}"
"""How tags are named: their order is that of their numbers."""

REPOSITORY: Final = "team/project-{:07}"
"""How repositories of a long catalog are named."""

INDEX_TYPE: Final = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE: Final = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE: Final = "application/vnd.oci.image.layer.v1.tar"

MEBIBYTE: Final = 1024 * 1024
KEPT_PAGES: Final = 2_000
"""Pages of names that are made once only."""

LAYERS: Final = 8
"""Layers of each platform of an index, as images of applications have."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image of one layer, and where its blobs lie."""

    manifest: bytes
    blobs: dict[str, Path]
    """Files by digest: the configuration, then the layer."""
    layer: dict[str, Any]
    """The descriptor of the layer."""


def digest_of(data: bytes) -> str:
    """Return the digest of bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def make_image(folder: Path, mebibytes: int) -> Image:
    """Write the blobs of an image whose layer has so many MiB, which nothing can compress."""
    block = random.Random(mebibytes).randbytes(MEBIBYTE)  # noqa: S311 - any bytes will do
    path = folder / f"layer-{mebibytes}"
    layer_hash = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(mebibytes):
            piece = number.to_bytes(8, "big") + block[8:]
            layer_hash.update(piece)
            file.write(piece)
    digest = f"sha256:{layer_hash.hexdigest()}"
    layer = {"mediaType": LAYER_TYPE, "digest": digest, "size": mebibytes * MEBIBYTE}
    return image_of(folder, path, layer, digest)


def image_of(folder: Path, path: Path, layer: dict[str, Any], diff_id: str) -> Image:
    """Write the config of an image of one layer, and describe all of it.

    Args:
        folder: Where the config goes.
        path: Where the layer lies.
        layer: Its descriptor.
        diff_id: Its digest, unpacked.
    """
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
            "history": [{"created_by": "COPY everything"}],
        }
    ).encode()
    config_path = folder / f"{path.name}-config"
    config_path.write_bytes(config)
    manifest = _manifest(
        {"mediaType": CONFIG_TYPE, "digest": digest_of(config), "size": len(config)}, [layer]
    )
    return Image(manifest, {digest_of(config): config_path, layer["digest"]: path}, layer)


def make_index(platforms: int) -> tuple[bytes, dict[str, bytes]]:
    """Make an index of so many platforms, and the manifests that it names, by digest.

    There are no blobs behind the manifests: who wants to know sizes asks for none.
    """
    manifests: dict[str, bytes] = {}
    entries: list[dict[str, Any]] = []
    for number in range(platforms):
        config, *layers = (
            {
                "mediaType": LAYER_TYPE if layer else CONFIG_TYPE,
                "digest": digest_of(f"{number} {layer}".encode()),
                "size": 1_000 + number * layer * MEBIBYTE,
            }
            for layer in range(LAYERS + 1)
        )
        manifest = _manifest(config, layers)
        manifests[digest_of(manifest)] = manifest
        platform = {"os": "linux", "architecture": "arm", "variant": f"v{number}"}
        entry = {"mediaType": MANIFEST_TYPE, "digest": digest_of(manifest), "size": len(manifest)}
        entries.append({**entry, "platform": platform})
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries}
    return json.dumps(index).encode(), manifests


@lru_cache(KEPT_PAGES)
def make_page(path: str, key: str, name: str, total: int, numbers: range) -> tuple[bytes, str]:
    """Make one page of a list of names, and its Link header, empty at the end.

    Args:
        path: Where the list is.
        key: What the names are under.
        name: How they are made of numbers.
        total: How many there are in all.
        numbers: Those of the page.
    """
    names = ",".join(f'"{name.format(number)}"' for number in numbers)
    body = f'{{"{key}":[{names}]}}'.encode()
    if numbers.stop >= total:
        return body, ""
    return body, f'Link: <{path}?n={len(numbers)}&last={name.format(numbers[-1])}>; rel="next"\r\n'


def _manifest(config: dict[str, Any], layers: list[dict[str, Any]]) -> bytes:
    document = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": layers}
    return json.dumps(document).encode()
