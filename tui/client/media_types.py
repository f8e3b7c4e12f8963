"""Media types of manifests, configs and layers, and what can be told from them.

The constants are those of the image specification ("Media Types") and of Docker's image manifests, versions 1
and 2. The predicates take a media type or a whole ``Content-Type``: case and parameters make no difference.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "DOCKER_CONFIG",
    "DOCKER_FOREIGN_LAYER",
    "DOCKER_FOREIGN_LAYER_GZIP",
    "DOCKER_LAYER",
    "DOCKER_LAYER_GZIP",
    "DOCKER_LAYER_ZSTD",
    "DOCKER_LIST",
    "DOCKER_MANIFEST",
    "DOCKER_PLUGIN_CONFIG",
    "DOCKER_SCHEMA1",
    "DOCKER_SCHEMA1_SIGNED",
    "MANIFEST_ACCEPT",
    "OCI_ARTIFACT_MANIFEST",
    "OCI_CONFIG",
    "OCI_DESCRIPTOR",
    "OCI_EMPTY",
    "OCI_INDEX",
    "OCI_LAYER",
    "OCI_LAYER_GZIP",
    "OCI_LAYER_ZSTD",
    "OCI_LAYOUT_HEADER",
    "OCI_MANIFEST",
    "OCI_NONDISTRIBUTABLE_LAYER",
    "OCI_NONDISTRIBUTABLE_LAYER_GZIP",
    "OCI_NONDISTRIBUTABLE_LAYER_ZSTD",
    "essence",
    "is_image_config",
    "is_index",
    "is_layer",
    "is_manifest",
    "is_nondistributable",
    "is_schema1",
    "short",
]

OCI_DESCRIPTOR: Final = "application/vnd.oci.descriptor.v1+json"
OCI_LAYOUT_HEADER: Final = "application/vnd.oci.layout.header.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_ARTIFACT_MANIFEST: Final = "application/vnd.oci.artifact.manifest.v1+json"
"""A manifest whose content stands under ``blobs``: only release candidates of version 1.1 knew it."""
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY: Final = "application/vnd.oci.empty.v1+json"
"""The blob ``{}``, which stands where a manifest must have a config or a layer and means none."""
OCI_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER_ZSTD: Final = "application/vnd.oci.image.layer.v1.tar+zstd"
OCI_NONDISTRIBUTABLE_LAYER: Final = "application/vnd.oci.image.layer.nondistributable.v1.tar"
OCI_NONDISTRIBUTABLE_LAYER_GZIP: Final = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
OCI_NONDISTRIBUTABLE_LAYER_ZSTD: Final = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"

DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_SCHEMA1: Final = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED: Final = "application/vnd.docker.distribution.manifest.v1+prettyjws"
DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
DOCKER_PLUGIN_CONFIG: Final = "application/vnd.docker.plugin.v1+json"
DOCKER_LAYER: Final = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP: Final = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_LAYER_ZSTD: Final = "application/vnd.docker.image.rootfs.diff.tar.zstd"
DOCKER_FOREIGN_LAYER: Final = "application/vnd.docker.image.rootfs.foreign.diff.tar"
DOCKER_FOREIGN_LAYER_GZIP: Final = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

_INDEXES: Final = frozenset({OCI_INDEX, DOCKER_LIST})
_SCHEMA1: Final = frozenset({DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED})
_MANIFESTS: Final = _SCHEMA1 | {OCI_MANIFEST, DOCKER_MANIFEST, OCI_ARTIFACT_MANIFEST}
_IMAGE_CONFIGS: Final = frozenset({OCI_CONFIG, DOCKER_CONFIG})
_LAYERS: Final = frozenset(
    {OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, DOCKER_LAYER, DOCKER_LAYER_GZIP, DOCKER_LAYER_ZSTD}
)
_NONDISTRIBUTABLE: Final = frozenset(
    {
        OCI_NONDISTRIBUTABLE_LAYER,
        OCI_NONDISTRIBUTABLE_LAYER_GZIP,
        OCI_NONDISTRIBUTABLE_LAYER_ZSTD,
        DOCKER_FOREIGN_LAYER,
        DOCKER_FOREIGN_LAYER_GZIP,
    }
)

_ACCEPTED: Final = (
    OCI_INDEX,
    DOCKER_LIST,
    OCI_MANIFEST,
    DOCKER_MANIFEST,
    OCI_ARTIFACT_MANIFEST,
    DOCKER_SCHEMA1_SIGNED,
    DOCKER_SCHEMA1,
    "*/*",
)
MANIFEST_ACCEPT: Final = ", ".join(_ACCEPTED)
"""The ``Accept`` of a request for a manifest.

Every stored type is named, because a registry that does not see it may convert the manifest, which changes
its digest, or pick a platform from an index.
"""

_SHORT: Final = {
    OCI_INDEX: "index",
    DOCKER_LIST: "list",
    OCI_MANIFEST: "manifest",
    DOCKER_MANIFEST: "manifest",
    DOCKER_SCHEMA1: "schema 1",
    DOCKER_SCHEMA1_SIGNED: "schema 1",
    OCI_ARTIFACT_MANIFEST: "artifact",
    OCI_CONFIG: "config",
    DOCKER_CONFIG: "config",
    DOCKER_PLUGIN_CONFIG: "plugin",
    OCI_EMPTY: "empty",
}
_COMPRESSIONS: Final = {
    "gzip": "gzip",
    "tgz": "gzip",
    "gz": "gzip",
    "zstd": "zstd",
    "zst": "zstd",
    "tar": "tar",
}


def essence(content_type: str | None) -> str:
    """Give the media type of a ``Content-Type`` in lower case, without parameters, or empty text."""
    return (content_type or "").partition(";")[0].partition(",")[0].strip().lower()


def is_index(media_type: str | None) -> bool:
    """Tell whether documents of the type list manifests: OCI indexes and Docker manifest lists."""
    return essence(media_type) in _INDEXES


def is_manifest(media_type: str | None) -> bool:
    """Tell whether documents of the type are manifests of one image or artifact, schema 1 included."""
    return essence(media_type) in _MANIFESTS


def is_schema1(media_type: str | None) -> bool:
    """Tell whether documents of the type are Docker's manifests of version 1, signed or not."""
    return essence(media_type) in _SCHEMA1


def is_image_config(media_type: str | None) -> bool:
    """Tell whether blobs of the type are configs of images: others must not be read as such."""
    return essence(media_type) in _IMAGE_CONFIGS


def is_layer(media_type: str | None) -> bool:
    """Tell whether blobs of the type are layers of an image's file system."""
    return essence(media_type) in _LAYERS or is_nondistributable(media_type)


def is_nondistributable(media_type: str | None) -> bool:
    """Tell whether blobs of the type are layers that a registry need not have, but others, by ``urls``."""
    return essence(media_type) in _NONDISTRIBUTABLE


def short(media_type: str | None) -> str:
    """Name a media type in a word or two, as for a cell: ``gzip``, ``zstd``, ``tar``, ``index``, ``config``.

    Unknown types keep what tells them apart: ``application/vnd.cncf.helm.config.v1+json`` becomes
    ``helm.config.v1+json``.
    """
    name = essence(media_type)
    if known := _SHORT.get(name):
        return known
    subtype = name.rpartition("/")[2]
    if "tar" in subtype or is_layer(name):
        last = subtype.replace("+", ".").rpartition(".")[2]
        if compression := _COMPRESSIONS.get(last):
            return compression
    for prefix in ("vnd.cncf.", "vnd.docker.", "vnd.dev.", "vnd.oci.", "vnd."):
        if subtype.startswith(prefix):
            return subtype.removeprefix(prefix)
    return subtype
