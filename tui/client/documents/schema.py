"""Everything that is wrong with a document by the text of the image specification; no reason to hide it.

The shapes of documents are kept as a JSON Schema (see `shapes`); what a schema cannot tell is told here: that
embedded data is what its descriptor says, what an empty config asks for, that a config's parts fit each other
and its manifest.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from tui.client import media_types
from tui.client.documents.parsing import MAX_PROBLEMS, Problems, child_path, read_json
from tui.client.documents.shapes import check_shape
from tui.client.errors import (
    InvalidNameError,
    ParseJSONError,
    UnknownMediaTypeError,
    UnsupportedAlgorithmError,
    Violation,
)
from tui.client.limits import MAX_MANIFEST
from tui.client.names import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.client.documents.image_config import ImageConfig
    from tui.client.documents.image_manifest import Index, Manifest

__all__ = ["validate", "violations_of", "violations_of_config"]

_SHAPES: Final = {
    media_types.OCI_INDEX: "index",
    media_types.OCI_MANIFEST: "manifest",
    media_types.OCI_CONFIG: "config",
    media_types.OCI_DESCRIPTOR: "descriptor",
    media_types.OCI_LAYOUT_HEADER: "layoutHeader",
    media_types.DOCKER_LIST: "dockerList",
    media_types.DOCKER_MANIFEST: "dockerManifest",
    media_types.DOCKER_CONFIG: "dockerConfig",
}
"""The types of documents that can be validated, and the definition of each in the schema."""

_EMPTY: Final = b"{}"
"""What the empty type stands for (image specification, "Guidance for an Empty Descriptor")."""


def validate(document: bytes, media_type: str) -> list[Violation]:
    """Find every violation of an index, manifest, config, descriptor or layout header, or of Docker's twins.

    The rules are those of the image specification that say "must"; unknown members and unknown media types
    are no violation. Time and memory are bounded: of very many violations the first hundred are told, and the
    last one says how many more there are.

    Args:
        document: The document, byte for byte; what is longer than 4 MiB is not looked into.
        media_type: What it should be, such as ``application/vnd.oci.image.manifest.v1+json``; parameters and
            case make no difference.

    Returns:
        What is wrong and where, such as ``$.layers[2].digest``; nothing for a valid document.

    Raises:
        UnknownMediaTypeError: The type is none of those above.
    """
    name = _SHAPES.get(media_types.essence(media_type))
    if name is None:
        raise UnknownMediaTypeError(
            media_type,
            f"documents of the type {media_type[:200]!r} cannot be validated" if media_type else "",
        )
    problems = Problems()
    if len(document) > MAX_MANIFEST:
        problems.add("$", f"the document is longer than {MAX_MANIFEST:,} bytes")
        return list(problems.collected())
    try:
        value = read_json(document, problems)
    except ParseJSONError as error:
        problems.add("$", str(error))
    else:
        check_shape(value, name, problems, _Rules(problems).look)
    return list(problems.collected())


def violations_of(document: Index | Manifest) -> tuple[Violation, ...]:
    """Give all that is wrong with an index or manifest: violations, and what was noted when it was read."""
    return _merged(document.raw, document.descriptor.media_type, document.problems)


def violations_of_config(config: ImageConfig, manifest: Manifest | None = None) -> tuple[Violation, ...]:
    """Give all that is wrong with a config.

    Args:
        config: The config.
        manifest: Its manifest, whose layers are then held against it.
    """
    found = _merged(config.raw, config.descriptor.media_type, config.problems)
    layers = len(manifest.layers) if manifest is not None else len(config.diff_ids)
    if len(config.diff_ids) != layers:
        fault = f"it has {_entries(len(config.diff_ids))}, but the manifest has {_counted(layers, 'layer')}"
        found = (*found, Violation("$.rootfs.diff_ids", fault))
    return found


def _merged(raw: bytes, media_type: str, noted: Iterable[Violation]) -> tuple[Violation, ...]:
    if media_types.essence(media_type) not in _SHAPES:
        return tuple(noted)
    found = validate(raw, media_type)
    known = {violation.path for violation in found}
    return (*found, *[problem for problem in noted if problem.path not in known])[: MAX_PROBLEMS + 1]


class _Rules:
    """The rules that hold between the members of one object."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def look(self, value: dict[str, Any], name: str, path: str) -> None:
        """Look at an object of any definition."""
        match name:
            case "descriptor" | "dockerEntry":
                self._look_at_descriptor(value, path)
            case "manifest":
                self._look_at_manifest(value, path)
            case "config" | "dockerConfig":
                self._look_at_config(value, path)

    def _note(self, path: str, key: str, message: str) -> None:
        self._problems.add(child_path(path, key), message)

    def _look_at_descriptor(self, value: dict[str, Any], path: str) -> None:
        digest = _digest(value.get("digest"))
        if value.get("mediaType") == media_types.OCI_EMPTY:
            if value.get("size") != len(_EMPTY):
                self._note(path, "size", f"the empty type stands for {{}}, which has {len(_EMPTY)} bytes")
            if digest is not None and _computed(_EMPTY, digest) not in {None, digest}:
                self._note(path, "digest", "the empty type stands for {}, which has another digest")
        text = value.get("data")
        if not isinstance(text, str):
            return
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            self._note(path, "data", "it is not Base64")
            return
        size = value.get("size")
        if isinstance(size, int) and len(data) != size:
            self._note(path, "data", f"it has {len(data):,} bytes, not {size:,}")
        elif digest is not None and _computed(data, digest) not in {None, digest}:
            self._note(
                path, "data", f"it has the digest {_computed(data, digest)}, not that of the descriptor"
            )

    def _look_at_manifest(self, value: dict[str, Any], path: str) -> None:
        config = value.get("config")
        empty = isinstance(config, dict) and config.get("mediaType") == media_types.OCI_EMPTY
        if empty and "artifactType" not in value:
            self._note(path, "artifactType", "it is missing, and the config is empty")

    def _look_at_config(self, value: dict[str, Any], path: str) -> None:
        rootfs, history = value.get("rootfs"), value.get("history")
        diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        if not isinstance(diff_ids, list) or not isinstance(history, list) or not history:
            return
        made = sum(not (isinstance(step, dict) and step.get("empty_layer") is True) for step in history)
        if made != len(diff_ids):
            fault = f"{_entries(made)} made a layer, but $.rootfs.diff_ids has {_entries(len(diff_ids))}"
            self._note(path, "history", fault)


def _digest(text: Any) -> Digest | None:
    try:
        return Digest(text) if isinstance(text, str) else None
    except InvalidNameError:
        return None


def _computed(data: bytes, digest: Digest) -> Digest | None:
    """Compute the digest of data by the algorithm of another one; None where that is not known here."""
    try:
        return Digest.of(data, digest.algorithm)
    except UnsupportedAlgorithmError:
        return None


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number:,} entries"
