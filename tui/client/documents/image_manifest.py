"""Indexes and manifests (image specification, "Image Index" and "Image Manifest"), and Docker's twins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tui.client import media_types
from tui.client.documents import schema1
from tui.client.documents.descriptors import Descriptor, read_descriptor, read_descriptors
from tui.client.documents.parsing import Fields, Problems, kind_of, read_json
from tui.client.errors import (
    InvalidIndexError,
    InvalidManifestError,
    RegistryError,
    SchemaValidationError,
    UnknownMediaTypeError,
    ValidationError,
    Violation,
)
from tui.client.names import Digest
from tui.client.redaction import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.client.errors import RequestLine

_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class Index:
    """A list of manifests: an OCI index or a Docker manifest list."""

    descriptor: Descriptor
    """The type, digest and size of the document itself."""
    raw: bytes = field(repr=False)
    """The document as it came."""
    manifests: tuple[Descriptor, ...]
    """The entries that have a valid digest, in the order of the document; the others stand in `problems`."""
    annotations: Mapping[str, str] = field(hash=False)
    subject: Descriptor | None
    """The manifest that this one is about."""
    artifact_type: str
    problems: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of one image or artifact."""

    descriptor: Descriptor
    """The type, digest and size of the document itself."""
    raw: bytes = field(repr=False)
    """The document as it came."""
    config: Descriptor | None
    """The config; None in schema 1, and where the document has no valid one."""
    layers: tuple[Descriptor, ...]
    """The layers that have a valid digest, the lowest first; the others stand in `problems`."""
    annotations: Mapping[str, str] = field(hash=False)
    subject: Descriptor | None
    """The manifest that this one is about."""
    artifact_type: str
    """The type as it was written; empty where it is missing (see `kind`)."""
    problems: tuple[Violation, ...]

    @property
    def size(self) -> int:
        """Bytes of config and layers together, as far as they are known."""
        return (self.config.size if self.config else 0) + sum(layer.size for layer in self.layers)

    @property
    def is_schema1(self) -> bool:
        """Whether this is Docker's version 1: it has no config, and nobody knows the sizes of its layers."""
        return media_types.is_schema1(self.descriptor.media_type)

    @property
    def is_image(self) -> bool:
        """Whether this is the manifest of a container image rather than of another artifact."""
        return self.is_schema1 or (
            self.config is not None and media_types.is_image_config(self.config.media_type)
        )

    @property
    def kind(self) -> str:
        """The type of the artifact: what the manifest says, or else the type of its config."""
        return self.artifact_type or (self.config.media_type if self.config else "")


def parse_manifest(
    raw: bytes,
    *,
    content_type: str | None = None,
    digest: Digest | None = None,
    request: RequestLine | None = None,
    strict: bool = False,
) -> Index | Manifest:
    """Read an index or a manifest.

    The type is what the document itself says in ``mediaType``, which its digest covers; or else what the
    header says, unless the members say clearly otherwise; or else what the members look like. Members that do
    not belong to the type are ignored and noted as problems.

    Args:
        raw: The body.
        content_type: The header ``Content-Type``, with or without parameters, if there was one.
        digest: The digest of the document, where it is known; computed where it is left out.
        request: What was asked, for the message of an error.
        strict: Whether every violation of the specification is an error (see `validate`).

    Raises:
        ParseJSONError: The body is not JSON.
        InvalidIndexError: It should be an index, and is nothing of the kind.
        InvalidManifestError: It should be a manifest, and is nothing of the kind.
        UnknownMediaTypeError: Neither types nor members say what it should be.
        ValidationError: It has violations, and `strict` was asked for.
    """
    try:
        document = _parse(raw, content_type, digest)
        if strict:
            _refuse_violations(document)
    except RegistryError as error:
        error.request = request
        error.document = raw
        raise
    return document


def manifest_digest(raw: bytes, algorithm: str = "sha256") -> Digest:
    """Compute the digest that names a manifest: of its bytes, or of the payload of a signed schema 1.

    Raises:
        UnsupportedAlgorithmError: The algorithm is neither sha256 nor sha512.
    """
    signed = schema1.signed_payload(raw)
    return Digest.of(raw if signed is None else signed, algorithm)


def _refuse_violations(document: Index | Manifest) -> None:
    from tui.client.documents.schema import violations_of  # noqa: PLC0415 - few readers are strict

    if found := violations_of(document):
        raise ValidationError(found)


def _parse(raw: bytes, content_type: str | None, digest: Digest | None) -> Index | Manifest:
    problems = Problems()
    signed = schema1.signed_payload(raw)
    document = read_json(raw if signed is None else signed, problems)
    media_type = _decide_type(document, content_type, problems, signed=signed is not None)
    if not isinstance(document, dict):
        raise _invalid(media_type, f"the document is {kind_of(document)}, not an object")
    fields = Fields(document, "$", problems)
    if digest is None:
        digest = Digest.of(raw if signed is None else signed)
    descriptor = Descriptor(media_type=media_type, digest=digest, size=len(raw))
    if media_types.is_index(media_type):
        return _read_index(raw, fields, descriptor)
    return _read_manifest(raw, fields, descriptor)


def _decide_type(document: Any, content_type: str | None, problems: Problems, *, signed: bool) -> str:
    members = document if isinstance(document, dict) else {}
    header = media_types.essence(content_type)
    written = members.get("mediaType")
    declared = media_types.essence(written) if isinstance(written, str) else ""
    likely = _likely_types(members, signed=signed)
    if _shape(declared):
        if _shape(header) and header != declared:
            problems.add("$.mediaType", f"it is {quoted(declared)}, but the registry says {quoted(header)}")
        return declared
    if declared:
        problems.add("$.mediaType", f"{quoted(declared)} is not the type of a manifest")
    if _shape(header):
        if len(likely) == 1 and _shape(likely[0]) != _shape(header):
            problems.add("$", f"it looks like {quoted(likely[0])}, but the registry says {quoted(header)}")
            return likely[0]
        return header
    if not likely:
        raise UnknownMediaTypeError(declared or header)
    return likely[0]


def _shape(media_type: str) -> str:
    """Name what the members of a type have in common; empty for types that are neither index nor manifest."""
    if media_types.is_index(media_type):
        return "index"
    if media_types.is_schema1(media_type):
        return "schema1"
    return _content_key(media_type) if media_types.is_manifest(media_type) else ""


def _content_key(media_type: str) -> str:
    return "blobs" if media_type == media_types.OCI_ARTIFACT_MANIFEST else "layers"


def _likely_types(members: dict[str, Any], *, signed: bool) -> list[str]:
    found: list[str] = []
    if "manifests" in members:
        found.append(media_types.OCI_INDEX)
    if "layers" in members or "config" in members:
        found.append(media_types.OCI_MANIFEST)
    if "fsLayers" in members and members.get("schemaVersion") == schema1.VERSION:
        signed = signed or "signatures" in members
        found.append(media_types.DOCKER_SCHEMA1_SIGNED if signed else media_types.DOCKER_SCHEMA1)
    return found


def _read_index(raw: bytes, fields: Fields, descriptor: Descriptor) -> Index:
    entries = fields.members.get("manifests", False)
    if entries is not None and not isinstance(entries, list):
        raise InvalidIndexError("the index has no list of manifests")
    _note_strangers(fields, ("config", "layers", "blobs", "fsLayers"), "an index")
    _note_version(fields, _VERSION)
    return Index(
        descriptor=descriptor,
        raw=raw,
        manifests=read_descriptors(fields.array("manifests"), fields.problems),
        annotations=fields.text_map("annotations"),
        subject=read_descriptor(fields.object("subject")),
        artifact_type=fields.text("artifactType"),
        problems=fields.problems.collected(),
    )


def _read_manifest(raw: bytes, fields: Fields, descriptor: Descriptor) -> Manifest:
    shape = _shape(descriptor.media_type)
    config: Descriptor | None = None
    if shape == "schema1":
        if not isinstance(fields.members.get("fsLayers"), list):
            raise InvalidManifestError("the manifest has no list of layers")
        _note_version(fields, schema1.VERSION)
        layers = schema1.read_layers(fields)
    else:
        if not isinstance(fields.members.get("config"), dict) and not isinstance(
            fields.members.get(shape), list
        ):
            raise InvalidManifestError(f"the manifest has neither a config nor a list of {shape}")
        if shape == "layers":
            _note_version(fields, _VERSION)
            config = read_descriptor(fields.object("config", required=True))
        layers = read_descriptors(fields.array(shape, required=True), fields.problems)
    _note_strangers(fields, ("manifests",), "a manifest")
    return Manifest(
        descriptor=descriptor,
        raw=raw,
        config=config,
        layers=layers,
        annotations=fields.text_map("annotations"),
        subject=read_descriptor(fields.object("subject")),
        artifact_type=fields.text("artifactType"),
        problems=fields.problems.collected(),
    )


def _note_version(fields: Fields, version: int) -> None:
    if fields.members.get("schemaVersion") != version:
        fields.note("schemaVersion", f"it is not {version}")


def _note_strangers(fields: Fields, keys: tuple[str, ...], kind: str) -> None:
    """Note members of another type: two readers could take one document for two different things."""
    for key in keys:
        if key in fields.members:
            fields.note(key, f"it does not belong into {kind}, and is ignored")


def _invalid(media_type: str, message: str) -> SchemaValidationError:
    return InvalidIndexError(message) if media_types.is_index(media_type) else InvalidManifestError(message)
