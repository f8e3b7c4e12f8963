"""What every server holds: documents and blobs whose bytes are known without any client."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.real.hand import (
    OCI_EMPTY,
    OCI_MANIFEST,
    OCTETS,
    Hand,
    Json,
    described,
    encoded,
    index_document,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"

APP = "contract/app"
TAGS = "contract/tags"
EMPTIED = "contract/emptied"
INCOMPLETE = "contract/incomplete"
NESTED = "contract/nested"
SIGNED = "contract/signed"
DEEP = "contract/with/many/parts/to-the_name"
ELSEWHERE = "contract/elsewhere"
REPOSITORIES = (APP, TAGS, EMPTIED, INCOMPLETE, NESTED, SIGNED, DEEP, ELSEWHERE)

MANY_TAGS = ("latest", "1.10", "1.9", "1.2", "v2", "_x", "Edge", "0", "a-b.c_d", "a" * 128)
"""Tags of one manifest, in no order."""

SIGNATURE = "application/vnd.example.signature"
SBOM = "application/vnd.example.sbom+json"

LAYER = random.Random("layer").randbytes(300_000)  # noqa: S311 - the same bytes each time
"""A blob that comes in more than one piece."""

ONLY_ELSEWHERE = b"a blob of one repository only"


def _image(architecture: str, *, docker: bool = False) -> tuple[Json, bytes]:
    """A manifest and its config."""
    config = encoded(
        {
            "architecture": architecture,
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [described(LAYER, "")["digest"]]},
            "history": [{"created_by": f"built for {architecture}"}],
        }
    )
    document = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST if docker else OCI_MANIFEST,
        "config": described(config, DOCKER_CONFIG if docker else OCI_CONFIG),
        "layers": [described(LAYER, DOCKER_LAYER if docker else OCI_LAYER)],
    }
    return document, config


def _artifact(content: bytes, **more: object) -> Json:
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described(b"{}", OCI_EMPTY),
        "layers": [described(content, OCTETS)],
        **more,
    }


def _child(document: Json, **more: object) -> Json:
    return described(encoded(document), document["mediaType"], **more)


AMD64, AMD64_CONFIG = _image("amd64")
ARM64, ARM64_CONFIG = _image("arm64")
DOCKER, DOCKER_CONFIG_BYTES = _image("amd64", docker=True)
INDEX = index_document(
    [
        _child(AMD64, platform={"architecture": "amd64", "os": "linux"}),
        _child(ARM64, platform={"architecture": "arm64", "os": "linux", "variant": "v8"}),
    ]
)
LIST = {
    "schemaVersion": 2,
    "mediaType": DOCKER_LIST,
    "manifests": [_child(DOCKER, platform={"architecture": "amd64", "os": "linux"})],
}
TAGGED = _artifact(b"the same under every tag")
GONE = _artifact(b"soon without a tag")
THERE, ABSENT = _artifact(b"there"), _artifact(b"not there")
HALF = index_document([_child(THERE), _child(ABSENT)])
INNERMOST = _artifact(b"deep inside")
INNER = index_document([_child(INNERMOST)])
OUTER = index_document([_child(INNER)])
SUBJECT = _artifact(b"what is signed")
REFERRERS = (
    _artifact(b"a signature", subject=_child(SUBJECT), artifactType=SIGNATURE),
    _artifact(b"another signature", subject=_child(SUBJECT), artifactType=SIGNATURE, annotations={"a": "b"}),
    _artifact(b"an SBOM", subject=_child(SUBJECT), artifactType=SBOM),
)
DEEP_ONE = _artifact(b"five parts")


@dataclass(frozen=True, slots=True)
class Stored:
    """A document, and where it is."""

    repository: str
    tag: str
    document: Json

    @property
    def raw(self) -> bytes:
        """Its bytes."""
        return encoded(self.document)

    @property
    def descriptor(self) -> Json:
        """Its descriptor."""
        return _child(self.document)


DOCUMENTS = {
    "manifest": Stored(APP, "amd64", AMD64),
    "index": Stored(APP, "1.0", INDEX),
    "Docker's manifest": Stored(APP, "docker", DOCKER),
    "Docker's list": Stored(APP, "docker-list", LIST),
    "artifact": Stored(SIGNED, "1.0", SUBJECT),
    "nested index": Stored(NESTED, "outer", OUTER),
    "manifest of a deep repository": Stored(DEEP, "1.0", DEEP_ONE),
    "manifest of the longest tag": Stored(TAGS, "a" * 128, TAGGED),
}
"""What can be fetched by tag and by digest."""


def put(hand: Hand) -> None:
    """Put everything into a registry that holds nothing of it."""

    def blobs(repository: str, contents: Iterable[bytes]) -> None:
        for content in contents:
            hand.blob(repository, content)

    def artifact(repository: str, tag: str | None, content: bytes, document: Json) -> None:
        blobs(repository, (b"{}", content))
        hand.manifest(repository, tag, document)

    blobs(APP, (LAYER, AMD64_CONFIG, ARM64_CONFIG, DOCKER_CONFIG_BYTES))
    for tag, document in (
        ("amd64", AMD64),
        ("arm64", ARM64),
        ("1.0", INDEX),
        ("docker", DOCKER),
        ("docker-list", LIST),
    ):
        hand.manifest(APP, tag, document)
    for tag in MANY_TAGS:
        artifact(TAGS, tag, b"the same under every tag", TAGGED)
    artifact(EMPTIED, "gone", b"soon without a tag", GONE)
    hand.remove_manifest(EMPTIED, _child(GONE)["digest"])
    artifact(INCOMPLETE, None, b"there", THERE)
    artifact(INCOMPLETE, None, b"not there", ABSENT)
    hand.manifest(INCOMPLETE, "1.0", HALF)
    hand.remove_manifest(INCOMPLETE, _child(ABSENT)["digest"])
    artifact(NESTED, None, b"deep inside", INNERMOST)
    hand.manifest(NESTED, "inner", INNER)
    hand.manifest(NESTED, "outer", OUTER)
    artifact(DEEP, "1.0", b"five parts", DEEP_ONE)
    artifact(ELSEWHERE, "1.0", ONLY_ELSEWHERE, _artifact(ONLY_ELSEWHERE))
    artifact(SIGNED, "1.0", b"what is signed", SUBJECT)
    for document, content in zip(REFERRERS, (b"a signature", b"another signature", b"an SBOM"), strict=True):
        artifact(SIGNED, None, content, document)


def put_referrers_tag(hand: Hand) -> None:
    """List the referrers under the fallback tag, as clients do where the registry has no API for them."""
    children = [_child(document, artifactType=document["artifactType"]) for document in REFERRERS]
    hand.index(SIGNED, _child(SUBJECT)["digest"].replace(":", "-"), children)
