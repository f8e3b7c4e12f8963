"""Descriptors and platforms (image specification, "OCI Content Descriptors" and "OCI Image Index")."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tui.client.documents.parsing import Fields, Problems
from tui.client.errors import InvalidNameError
from tui.client.names import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ATTESTATION_TYPE: Final = "vnd.docker.reference.type"
"""The annotation by which BuildKit says what an entry of an index is."""

ATTESTATION_DIGEST: Final = "vnd.docker.reference.digest"
"""The annotation by which BuildKit says which manifest an attestation is about."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on; texts are empty where nothing was said."""

    architecture: str
    os: str
    variant: str = ""
    """The variant of the CPU, such as ``v8``."""
    os_version: str = ""
    """The version of the operating system, which Windows images have."""
    os_features: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (self.os or "unknown", self.architecture or "unknown", self.variant)
        return "/".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Where content is: its type, digest and size, and what else was said about it."""

    media_type: str
    """The type as it was written; empty where it is missing."""
    digest: Digest
    size: int
    """Bytes; 0 where it is unknown, since the document does not say or says what cannot be."""
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: Platform | None = None
    artifact_type: str = ""
    urls: tuple[str, ...] = ()
    """Other places that have the content: asked without a login only."""
    data: bytes | None = field(default=None, repr=False)
    """The content itself, where it is embedded: of the right size, but not verified."""


def is_attestation(descriptor: Descriptor) -> bool:
    """Tell whether an entry of an index is a BuildKit attestation rather than a platform."""
    return descriptor.annotations.get(ATTESTATION_TYPE) == "attestation-manifest"


def attested_digest(descriptor: Descriptor) -> Digest | None:
    """Give the digest of the manifest that an attestation is about, if it names a valid one."""
    try:
        return Digest(descriptor.annotations.get(ATTESTATION_DIGEST, ""))
    except InvalidNameError:
        return None


def read_descriptors(elements: Iterable[tuple[str, Any]], problems: Problems) -> tuple[Descriptor, ...]:
    """Read an array of descriptors in its order.

    An element without a valid digest points at nothing: it is left out, and noted as a problem.
    """
    found: list[Descriptor] = []
    for path, value in elements:
        fields = Fields.of(value, path, problems)
        if fields and (descriptor := read_descriptor(fields)):
            found.append(descriptor)
    return tuple(found)


def read_descriptor(fields: Fields | None) -> Descriptor | None:
    """Read a descriptor; None where there is no object or its digest is missing or invalid."""
    if fields is None:
        return None
    digest = read_digest(fields, "digest")
    if digest is None:
        return None
    size = fields.size("size", required=True)
    data = fields.base64("data")
    if data is not None and len(data) != size:
        fields.note("data", f"it has {len(data):,} bytes, not {size:,}")
        data = None
    return Descriptor(
        media_type=fields.text("mediaType", required=True),
        digest=digest,
        size=size,
        annotations=fields.text_map("annotations"),
        platform=read_platform(fields.object("platform")),
        artifact_type=fields.text("artifactType"),
        urls=fields.texts("urls"),
        data=data,
    )


def read_digest(fields: Fields, key: str) -> Digest | None:
    """Read a digest; None, and a problem, where it is missing or invalid."""
    text = fields.text(key, required=True)
    if not text:
        return None
    try:
        return Digest(text)
    except InvalidNameError as error:
        fields.note(key, str(error))
        return None


def read_platform(fields: Fields | None) -> Platform | None:
    """Read a platform; None where there is no object."""
    if fields is None:
        return None
    return Platform(
        architecture=fields.text("architecture", required=True),
        os=fields.text("os", required=True),
        variant=fields.text("variant"),
        os_version=fields.text("os.version"),
        os_features=fields.texts("os.features"),
    )
