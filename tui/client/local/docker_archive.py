"""Archives that ``docker save`` writes, and podman, skopeo, buildah, crane and kaniko after it.

They hold configs and layers without manifests. So that they have the face of a registry, a manifest of
Docker's schema 2 is made for each image: its layers are the files as they are in the archive, mostly
unpacked, by the digests that the config has for them.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from tui.client.documents.descriptors import Descriptor
from tui.client.documents.image_config import parse_config
from tui.client.documents.parsing import Fields, Problems, read_json
from tui.client.errors import (
    DigestMismatchError,
    InvalidManifestError,
    InvalidNameError,
    RegistryError,
    UnreadableSourceError,
)
from tui.client.limits import MAX_CONFIG
from tui.client.local.layout_format import DOCKER_MANIFEST_FILE, parse_image_name
from tui.client.local.listing import Listing
from tui.client.local.local_files import read_small
from tui.client.local.local_source import LocalSource
from tui.client.local.unpacking import Packing, packing
from tui.client.media_types import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_LAYER_GZIP,
    DOCKER_LAYER_ZSTD,
    DOCKER_MANIFEST,
)
from tui.client.names import Digest
from tui.client.redaction import quoted

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from tui.client.local.local_files import Files
    from tui.client.local.open_file import OpenFile
    from tui.client.names import Repository

__all__ = ["ArchiveContents", "DockerArchive", "read_docker_archive"]

MAX_LIST: Final = 16 * 1024 * 1024
"""Bytes of the list of images: that of ten thousand images has half of it."""

MAX_LAYERS: Final = 100_000
"""Layers of all images of an archive, each of which is looked at."""

PIECE: Final = 1024 * 1024
"""Bytes that are hashed between two looks at whether to go on."""

HEAD: Final = 8
"""Bytes that tell whether a layer is packed."""

_HEX: Final = re.compile(r"(?:.*/)?([0-9a-f]{64})(?:\.json|\.tar|\.tar\.gz)?")
"""A name that tells the SHA-256 of a file: that of a config, of a layer of crane, of a blob."""

_PACKED: Final = {Packing.GZIP: DOCKER_LAYER_GZIP, Packing.ZSTD: DOCKER_LAYER_ZSTD}


class DockerArchive(LocalSource):
    """An archive of ``docker save``, which may be packed with gzip or zstd.

    Args:
        path: The archive, or the folder that it was unpacked to; nothing is read before it is needed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path, read_docker_archive)


def read_docker_archive(files: Files, default: Repository) -> ArchiveContents:
    """Read the list of images of an archive, and their configs.

    Args:
        files: The files of the archive.
        default: The repository of images without a name.

    Raises:
        UnreadableSourceError: It is no archive of this kind, or lacks a file that it lists.
        RegistryError: The list, or a config, cannot be read.
    """
    raw = read_small(files, DOCKER_MANIFEST_FILE, MAX_LIST)
    if raw is None:
        raise UnreadableSourceError(f"it is no archive of docker save: it has no {DOCKER_MANIFEST_FILE}")
    problems = Problems()
    try:
        images = read_json(raw, problems)
    except RegistryError as error:
        raise UnreadableSourceError(f"its {DOCKER_MANIFEST_FILE} cannot be read: {error.message}") from error
    if not isinstance(images, list):
        raise UnreadableSourceError(f"its {DOCKER_MANIFEST_FILE} is no list of images")
    return ArchiveContents(files, images, default)


class ArchiveContents:
    """What an archive holds: a manifest for each image, and the files that these name.

    Args:
        files: The files of the archive.
        images: The elements of its list.
        default: The repository of images without a name.

    Raises:
        UnreadableSourceError: A file is absent.
        InvalidManifestError: Config and list of layers do not fit.
        RegistryError: A config cannot be read.
    """

    def __init__(self, files: Files, images: list[Any], default: Repository) -> None:
        self._files = files
        self._documents: dict[Digest, bytes] = {}
        self._blobs: dict[Digest, str] = {}
        self._layers: dict[tuple[str, str], Descriptor] = {}
        self._layers_left = MAX_LAYERS
        listing = Listing(default)
        problems = Problems()
        for number, image in enumerate(images):
            fields = Fields.of(image, f"{DOCKER_MANIFEST_FILE}[{number}]", problems)
            if fields is None:
                continue
            entry = self._read_image(fields)
            names = fields.texts("RepoTags") if fields.members.get("RepoTags") is not None else ()
            for name in names or ("",):
                listing.add(_image_name(name), entry)
        self.tags = listing.tags
        self.untagged = listing.untagged
        self.warnings = (*listing.warnings, *map(str, problems.collected()))

    def document(self, digest: Digest) -> bytes | None:
        """Give the manifest that was made for an image; None where there is none of this digest."""
        return self._documents.get(digest)

    def open_blob(self, digest: Digest) -> OpenFile | None:
        """Open a config or a layer; None where it is absent."""
        name = self._blobs.get(digest)
        return self._files.open(name) if name is not None else None

    def referrers(self, repository: Repository, digest: Digest) -> Iterable[Descriptor]:  # noqa: ARG002
        """Find nothing: what was made here is about nothing else."""
        return ()

    def _read_image(self, fields: Fields) -> Descriptor:
        """Make the manifest of an image."""
        name = fields.text("Config", required=True)
        raw = read_small(self._files, name, MAX_CONFIG) if name else None
        if raw is None:
            raise UnreadableSourceError(f"{fields.path} has the config {quoted(name, 200)}, which is absent")
        config = Descriptor(DOCKER_CONFIG, Digest.of(raw), len(raw))
        told = _told_digest(name)
        if told is not None and told != config.digest:
            raise DigestMismatchError(told, config.digest)
        self._blobs.setdefault(config.digest, name)
        names = fields.texts("Layers")
        diff_ids = parse_config(raw, config).diff_ids
        if len(names) != len(diff_ids):
            raise InvalidManifestError(
                f"{fields.path} has {len(names):,} layers, and its config tells of {len(diff_ids):,}"
            )
        self._layers_left -= len(names)
        if self._layers_left < 0:
            raise UnreadableSourceError(f"the archive has more than {MAX_LAYERS:,} layers", remedy="")
        layers = [self._layer(layer, diff_id) for layer, diff_id in zip(names, diff_ids, strict=True)]
        return self._make(config, layers)

    def _layer(self, name: str, diff_id: str) -> Descriptor:
        """Describe a layer: by its digest in the config, which is that of its unpacked bytes."""
        if (known := self._layers.get((name, diff_id))) is not None:
            return known
        file = self._files.open(name)
        if file is None:
            raise UnreadableSourceError(f"the archive has no layer {quoted(name, 200)}, which it lists")
        with file:
            packed = packing(file.read_at(0, HEAD))
            if packed is None:
                try:
                    digest = Digest(diff_id)
                except InvalidNameError as error:
                    raise InvalidManifestError(f"a config has the layer {quoted(diff_id, 200)}") from error
            else:
                digest = _told_digest(name) or self._hash(file)
            layer = Descriptor(
                _PACKED.get(packed, DOCKER_LAYER) if packed else DOCKER_LAYER, digest, file.size
            )
        self._layers[name, diff_id] = layer
        self._blobs.setdefault(digest, name)
        return layer

    def _hash(self, file: OpenFile) -> Digest:
        hasher = hashlib.sha256()
        at = 0
        while piece := file.read_at(at, PIECE):
            if self._files.stopped.is_set():
                raise UnreadableSourceError("the reading was stopped", remedy="Open it again.")
            hasher.update(piece)
            at += len(piece)
        return Digest(f"sha256:{hasher.hexdigest()}")

    def _make(self, config: Descriptor, layers: list[Descriptor]) -> Descriptor:
        document = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": _as_json(config),
            "layers": [_as_json(layer) for layer in layers],
        }
        raw = json.dumps(document, separators=(",", ":")).encode()
        made = Descriptor(DOCKER_MANIFEST, Digest.of(raw), len(raw))
        self._documents[made.digest] = raw
        return made


def _as_json(descriptor: Descriptor) -> dict[str, Any]:
    return {
        "mediaType": descriptor.media_type,
        "size": descriptor.size,
        "digest": descriptor.digest,
    }


def _told_digest(name: str) -> Digest | None:
    """Read the digest that a file's name tells, as far as it tells one."""
    match = _HEX.fullmatch(name)
    return Digest(f"sha256:{match[1]}") if match else None


def _image_name(text: str) -> tuple[Repository | None, Any] | None:
    """Read an element of ``RepoTags``, which is never a tag alone."""
    return parse_image_name(text if ":" in text else f"{text}:latest") if text else None
