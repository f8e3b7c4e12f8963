"""Layouts and archives by hand, whole or damaged as a test wants them."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tui.client.media_types import DOCKER_CONFIG, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST
from tui.client.models import Descriptor
from tui.client.names import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"
HEADER = b'{"imageLayoutVersion": "1.0.0"}'


def entry(media_type: str, raw: bytes, **more: object) -> dict[str, Any]:
    """Describe a blob, as a document does."""
    return {"mediaType": media_type, "digest": Digest.of(raw), "size": len(raw), **more}


def named(described: dict[str, Any], name: str, key: str = REF_NAME) -> dict[str, Any]:
    """Add a name to an entry of an index."""
    return {**described, "annotations": {**described.get("annotations", {}), key: name}}


def descriptor(described: dict[str, Any]) -> Descriptor:
    """Read an entry as the client has it."""
    return Descriptor(described["mediaType"], Digest(described["digest"]), described["size"])


@dataclass
class Layout:
    """The files of a layout that is being made."""

    files: dict[str, bytes] = field(default_factory=lambda: {"oci-layout": HEADER})

    def blob(self, raw: bytes, media_type: str, **more: object) -> dict[str, Any]:
        self.files[f"blobs/sha256/{Digest.of(raw).hex}"] = raw
        return entry(media_type, raw, **more)

    def document(self, media_type: str, **members: object) -> dict[str, Any]:
        raw = json.dumps({"schemaVersion": 2, "mediaType": media_type, **members}).encode()
        return self.blob(raw, media_type)

    def image(self, *layers: bytes, **members: object) -> dict[str, Any]:
        config = {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [Digest.of(layer) for layer in layers]},
        }
        return self.document(
            OCI_MANIFEST,
            config=self.blob(json.dumps(config).encode(), OCI_CONFIG),
            layers=[self.blob(layer, OCI_LAYER) for layer in layers],
            **members,
        )

    def index(self, *entries: dict[str, Any], **members: object) -> None:
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries, **members}
        self.files["index.json"] = json.dumps(document).encode()

    def folder(self, path: Path) -> Path:
        for name, raw in self.files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(raw)
        return path

    def tar(self, path: Path) -> Path:
        return write_tar(path, self.files.items())


@dataclass
class Archive:
    """The files of an archive of docker save that is being made."""

    files: dict[str, bytes] = field(default_factory=dict)
    images: list[dict[str, Any]] = field(default_factory=list)

    def image(self, tags: list[str] | None, *layers: bytes, names: list[str] | None = None) -> Descriptor:
        """Add an image; its layers are called after their digests unless `names` says otherwise."""
        diff_ids = [Digest.of(layer) for layer in layers]
        config = json.dumps(
            {"architecture": "arm64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
        ).encode()
        names = names or [f"{digest.hex}/layer.tar" for digest in diff_ids]
        config_name = f"{Digest.of(config).hex}.json"
        self.files |= {config_name: config, **dict(zip(names, layers, strict=True))}
        self.images.append({"Config": config_name, "RepoTags": tags, "Layers": names})
        return Descriptor(DOCKER_CONFIG, Digest.of(config), len(config))

    def tar(self, path: Path) -> Path:
        return write_tar(path, [*self.files.items(), ("manifest.json", json.dumps(self.images).encode())])


def write_tar(path: Path, files: Iterable[tuple[str, bytes]], *, form: int = tarfile.GNU_FORMAT) -> Path:
    """Write a tar of regular files."""
    with tarfile.open(path, "w", format=form) as tar:
        for name, raw in files:
            add(tar, name, raw)
    return path


def add(tar: tarfile.TarFile, name: str, raw: bytes = b"", **more: object) -> None:
    """Add a member; `more` are attributes of its `TarInfo`."""
    member = tarfile.TarInfo(name)
    member.size = len(raw)
    for key, value in more.items():
        setattr(member, key, value)
    tar.addfile(member, io.BytesIO(raw))
