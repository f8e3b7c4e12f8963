"""How images, indexes and artifacts are put together from layers and stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tui.demo.grammar import digest_of
from tui.demo.layers import CLOCK
from tui.demo.storage import OCI_INDEX, OCI_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tui.demo.layers import Layer
    from tui.demo.storage import Storage

OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
IN_TOTO = "application/vnd.in-toto+json"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an image's history, with the layer that it made, if any."""

    created_by: str
    layer: Layer | None = None
    comment: str = "buildkit.dockerfile.v0"


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on."""

    architecture: str
    variant: str = ""
    os: str = "linux"
    os_version: str = ""

    def document(self) -> Json:
        """Return the platform as indexes write it."""
        document = {"architecture": self.architecture, "os": self.os}
        if self.os_version:
            document["os.version"] = self.os_version
        if self.variant:
            document["variant"] = self.variant
        return document


AMD64 = Platform("amd64")
ARM64 = Platform("arm64", "v8")
ARM_V7 = Platform("arm", "v7")


def stamp(days_ago: float = 0) -> str:
    """Return a time before the samples' own, as documents write it."""
    return (CLOCK - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def write(document: Json, *, indent: int | None = 2) -> bytes:
    """Write a document out, always in the same way."""
    return json.dumps(document, indent=indent, ensure_ascii=False).encode()


class Shelf:
    """Puts content into one repository and returns descriptors of it.

    Args:
        storage: Where the repository is.
        name: The repository.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        self.storage = storage
        self.name = name
        storage.create_repository(name)

    def layer(self, layer: Layer) -> Json:
        """Store a layer."""
        self.storage.put_blob(self.name, layer.data, digest=layer.digest)
        return _descriptor(layer.media_type, layer.digest, len(layer.data))

    def blob(self, data: bytes, media_type: str, annotations: Mapping[str, str] | None = None) -> Json:
        """Store a blob."""
        digest = self.storage.put_blob(self.name, data)
        return _descriptor(media_type, digest, len(data), annotations)

    def manifest(self, document: Json, *, tags: Iterable[str] = (), algorithm: str = "sha256") -> Json:
        """Store a manifest or an index; its media type is the document's own."""
        data = write(document)
        media_type = document["mediaType"]
        digest = digest_of(data, algorithm)
        self.storage.put_manifest(self.name, data, media_type, tags=tags, digest=digest)
        return _descriptor(media_type, digest, len(data))

    def image(
        self,
        steps: Sequence[Step],
        platform: Platform = AMD64,
        *,
        tags: Iterable[str] = (),
        run: Mapping[str, Any] | None = None,
        annotations: Mapping[str, str] | None = None,
        docker: bool = False,
        days_ago: float = 0,
    ) -> Json:
        """Store an image.

        Args:
            steps: Its history, oldest first.
            platform: What it runs on.
            tags: Tags of its manifest.
            run: The part of its config that says how to run it (Env, Cmd, ...).
            annotations: Annotations of its manifest.
            docker: Whether manifest and config have Docker's media types instead of OCI's.
            days_ago: Its age.

        Returns:
            The descriptor, with the platform, as an index holds it.
        """
        layers = [step.layer for step in steps if step.layer is not None]
        config = _config(steps, platform, run or {}, days_ago)
        document: Json = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST if docker else OCI_MANIFEST,
            "config": self.blob(write(config, indent=None), DOCKER_CONFIG if docker else OCI_CONFIG),
            "layers": [self.layer(layer) for layer in layers],
        }
        if annotations:
            document["annotations"] = dict(annotations)
        return self.manifest(document, tags=tags) | {"platform": platform.document()}

    def index(
        self,
        manifests: Sequence[Json],
        *,
        tags: Iterable[str] = (),
        annotations: Mapping[str, str] | None = None,
        docker: bool = False,
    ) -> Json:
        """Store an index."""
        document: Json = {
            "schemaVersion": 2,
            "mediaType": DOCKER_LIST if docker else OCI_INDEX,
            "manifests": list(manifests),
        }
        if annotations:
            document["annotations"] = dict(annotations)
        return self.manifest(document, tags=tags)

    def artifact(
        self,
        kind: str,
        layers: Sequence[Json],
        *,
        tags: Iterable[str] = (),
        subject: Json | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> Json:
        """Store an artifact: a manifest with an empty config ("Guidelines for Artifact Usage")."""
        document: Json = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": kind,
            "config": self.blob(b"{}", OCI_EMPTY),
            "layers": list(layers),
        }
        if subject is not None:
            document["subject"] = {key: subject[key] for key in ("mediaType", "digest", "size")}
        if annotations:
            document["annotations"] = dict(annotations)
        return self.manifest(document, tags=tags)

    def attestation(self, image: Json, statements: Mapping[str, Json]) -> Json:
        """Store what BuildKit attests about an image: one in-toto statement for each type of predicate.

        Args:
            image: The image's descriptor.
            statements: Predicates by their type.

        Returns:
            The descriptor, for the same index as the image's.
        """
        layers = []
        for kind, predicate in statements.items():
            statement = {
                "_type": "https://in-toto.io/Statement/v0.1",
                "predicateType": kind,
                "subject": [
                    {
                        "name": f"pkg:docker/{self.name}",
                        "digest": {"sha256": image["digest"].removeprefix("sha256:")},
                    }
                ],
                "predicate": predicate,
            }
            data = write(statement, indent=None)
            layers.append(self.blob(data, IN_TOTO, {"in-toto.io/predicate-type": kind}))
        config = {
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
        }
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.blob(write(config, indent=None), OCI_CONFIG),
            "layers": layers,
        }
        return self.manifest(document) | {
            "annotations": {
                "vnd.docker.reference.digest": image["digest"],
                "vnd.docker.reference.type": "attestation-manifest",
            },
            "platform": {"architecture": "unknown", "os": "unknown"},
        }


def _descriptor(
    media_type: str, digest: str, size: int, annotations: Mapping[str, str] | None = None
) -> Json:
    descriptor: Json = {"mediaType": media_type, "digest": digest, "size": size}
    if annotations:
        descriptor["annotations"] = dict(annotations)
    return descriptor


def _config(steps: Sequence[Step], platform: Platform, run: Mapping[str, Any], days_ago: float) -> Json:
    """Write an image's config; its steps are a minute apart."""
    history = []
    for number, step in enumerate(steps):
        minutes_before = len(steps) - 1 - number
        entry: Json = {"created": stamp(days_ago + minutes_before / 1440), "created_by": step.created_by}
        if step.comment:
            entry["comment"] = step.comment
        if step.layer is None:
            entry["empty_layer"] = True
        history.append(entry)
    return {
        **platform.document(),
        "created": stamp(days_ago),
        "config": dict(run),
        "rootfs": {
            "type": "layers",
            "diff_ids": [step.layer.diff_id for step in steps if step.layer is not None],
        },
        "history": history,
    }
