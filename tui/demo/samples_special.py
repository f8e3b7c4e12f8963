"""Samples that show what is rare: nesting, gaps, many tags, old and odd documents."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from tui.demo.grammar import digest_of
from tui.demo.layers import Tree
from tui.demo.recipes import (
    AMD64,
    ARM64,
    OCI_CONFIG,
    Platform,
    Shelf,
    Step,
    stamp,
    write,
)
from tui.demo.samples_library import bookworm_slim
from tui.demo.storage import OCI_INDEX, OCI_MANIFEST

if TYPE_CHECKING:
    from tui.demo.recipes import Json
    from tui.demo.storage import Storage

DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


def _tool(name: str, size: int, machine: str = "amd64") -> list[Step]:
    layer = Tree().program(f"usr/local/bin/{name}", size, machine=machine).pack()
    return [Step(f"COPY {name} /usr/local/bin/ # buildkit", layer), Step(f'ENTRYPOINT ["{name}"]')]


def add_nested(storage: Storage) -> None:
    """Add an index of indexes, three deep, beside an image."""
    shelf = Shelf(storage, "demo/nested")
    flavours = []
    for flavour, size in (("release", 140_000), ("debug", 390_000)):
        images = [
            shelf.image(_tool(f"tool-{flavour}", size, one.architecture), one, days_ago=20)
            for one in (AMD64, ARM64)
        ]
        about = {"org.opencontainers.image.title": flavour}
        flavours.append(shelf.index(images, tags=[flavour], annotations=about) | {"annotations": about})
    inner = {"org.opencontainers.image.title": "all flavours"}
    bundle = shelf.index(flavours, tags=["bundle"], annotations=inner) | {"annotations": inner}
    docs = shelf.image(_tool("docs", 12_000), days_ago=20)
    shelf.index(
        [bundle, docs], tags=["latest", "1.0"], annotations={"org.opencontainers.image.version": "1.0"}
    )


def add_missing_child(storage: Storage) -> None:
    """Add an index two of whose three children are absent."""
    shelf = Shelf(storage, "demo/missing-child")
    children = [shelf.image(_tool("tool", 90_000), days_ago=33)]
    for platform in (ARM64, Platform("s390x")):
        absent = {
            "mediaType": OCI_MANIFEST,
            "digest": digest_of(platform.architecture.encode()),
            "size": 1_021,
        }
        children.append(absent | {"platform": platform.document()})
    shelf.index(children, tags=["latest"])


def add_many_tags(storage: Storage) -> None:
    """Add 1,200 tags: twenty patches of sixty minor versions, one image for each minor version."""
    shelf = Shelf(storage, "demo/many-tags")
    layer = Tree().file("etc/app.conf", "listen = 8080\nworkers = 4\n").pack()
    for minor in range(60):
        tags = [f"v1.{minor}.{patch}" for patch in range(20)]
        steps = [Step("COPY app.conf /etc/ # buildkit", layer), Step(f"ENV VERSION=1.{minor}")]
        shelf.image(steps, tags=tags, days_ago=7 * (60 - minor))


def add_annotated(storage: Storage) -> None:
    """Add a manifest with annotations of every kind: long, of several lines, in other scripts, empty."""
    shelf = Shelf(storage, "demo/annotated")
    annotations = {
        "com.example.build.log": "\n".join(f"#{step} DONE {step / 10}s" for step in range(1, 25)),
        "com.example.empty": "",
        "com.example.json": '{"team": "platform", "tier": 1, "regions": ["eu-central-1", "us-east-2"]}',
        "com.example.long": "All work and no play makes a dull annotation. " * 60,
        "com.example.scripts": "Grüße, Привет, こんにちは, مرحبا, 👋🏽",
        "org.opencontainers.image.authors": "Alice Example <alice@example.com>, Bob Example",
        "org.opencontainers.image.base.digest": digest_of(b"base"),
        "org.opencontainers.image.base.name": "docker.io/library/debian:bookworm-slim",
        "org.opencontainers.image.created": stamp(1),
        "org.opencontainers.image.description": "An image that says a lot about itself.",
        "org.opencontainers.image.documentation": "https://docs.example.com/annotated",
        "org.opencontainers.image.licenses": "Apache-2.0 OR MIT",
        "org.opencontainers.image.title": "annotated",
        "org.opencontainers.image.vendor": "Example",
    }
    steps = [bookworm_slim("amd64"), *_tool("annotated", 55_000)]
    image = shelf.image(steps, tags=["latest"], annotations=annotations, days_ago=1)
    shelf.index([image | {"annotations": annotations}], tags=["index"], annotations=annotations)


def add_empty(storage: Storage) -> None:
    """Add a repository without tags."""
    storage.create_repository("demo/empty")


def add_unusual(storage: Storage) -> None:
    """Add what few registries hold: sha512, no history, no time, no media type, a first schema, mistakes."""
    shelf = Shelf(storage, "demo/unusual")
    steps = _tool("tool", 70_000)
    layer = steps[0].layer
    if layer is None:
        raise AssertionError("the first step of a tool makes its layer")
    packed = shelf.layer(layer)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
    }
    without_history = shelf.blob(write(config), OCI_CONFIG)
    bare = {"schemaVersion": 2, "config": without_history, "layers": [packed]}
    storage.put_manifest(shelf.name, write(bare), OCI_MANIFEST, tags=["no-media-type"])
    shelf.manifest(bare | {"mediaType": OCI_MANIFEST}, tags=["no-history"])
    # Reproducible builds set every time to zero.
    zero = "1970-01-01T00:00:00Z"
    timeless = config | {"created": zero, "history": [{"created": zero, "created_by": "bazel build :image"}]}
    timeless_config = shelf.blob(write(timeless), OCI_CONFIG)
    shelf.manifest(bare | {"mediaType": OCI_MANIFEST, "config": timeless_config}, tags=["no-time"])
    elsewhere = {
        "mediaType": FOREIGN_LAYER,
        "digest": digest_of(b"windows"),
        "size": 1_718_332_879,
        "urls": ["https://mcr.example.com/v2/windows/blobs/foreign"],
    }
    shelf.manifest(bare | {"mediaType": OCI_MANIFEST, "layers": [elsewhere, packed]}, tags=["foreign-layer"])
    titled = bare | {"mediaType": OCI_MANIFEST, "annotations": {"org.opencontainers.image.title": "sha512"}}
    long_digest = shelf.manifest(titled, tags=["sha512"], algorithm="sha512")
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [long_digest | {"platform": AMD64.document()}],
    }
    shelf.manifest(index, tags=["sha512-index"])
    shelf.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}, tags=["empty-index"])
    _add_schema1(shelf, packed["digest"])
    _add_invalid(shelf, config, bare)


def _add_invalid(shelf: Shelf, config: Json, image: Json) -> None:
    """Add an image and an index that can be read, though they are not as their specification says."""
    broken = config | {
        "created": "yesterday",
        "config": {"Env": ["PATH=/usr/bin", "DEBUG"], "ExposedPorts": {"http": {}}, "Labels": {"tier": 1}},
    }
    careless = {
        "mediaType": OCI_MANIFEST,
        "artifactType": "tool",
        "config": shelf.blob(write(broken), OCI_CONFIG),
        "annotations": {"com.example.build": 412, "org.opencontainers.image.created": "2026-11-21"},
    }
    invalid = shelf.manifest(image | careless, tags=["invalid"])
    valid = shelf.manifest(image | {"mediaType": OCI_MANIFEST})
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [valid | {"platform": AMD64.document()}, invalid | {"platform": {"os": "linux"}}],
    }
    shelf.manifest(index, tags=["invalid-index"])


def _add_schema1(shelf: Shelf, layer: str) -> None:
    """Add an image in Docker's first schema; its digest covers the payload without the signature."""
    payload = write(
        {
            "schemaVersion": 1,
            "name": shelf.name,
            "tag": "schema1",
            "architecture": "amd64",
            "fsLayers": [{"blobSum": layer}],
            "history": [
                {
                    "v1Compatibility": write(
                        {"id": layer.removeprefix("sha256:"), "created": stamp(3_900), "os": "linux"},
                        indent=None,
                    ).decode()
                }
            ],
        },
        indent=3,
    )
    body, brace = payload[:-2], payload[-2:]
    protected = write(
        {"formatLength": len(body), "formatTail": _unpadded(brace), "time": stamp(3_900)}, indent=None
    )
    signatures = [
        {"header": {"alg": "ES256"}, "signature": "c2lnbmF0dXJl", "protected": _unpadded(protected)}
    ]
    signed = body + b',\n   "signatures": ' + json.dumps(signatures).encode() + brace
    digest = digest_of(payload)
    shelf.storage.put_manifest(shelf.name, signed, DOCKER_SCHEMA1, tags=["schema1"], digest=digest)


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
