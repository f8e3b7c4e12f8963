"""Docker's image manifest, version 2, schema 1: no longer made, still stored.

Its digest covers a payload which the signatures inside of the document describe, not the document's bytes;
its layers come newest first and without sizes, and each has a piece of JSON, as text, for its history.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from tui.client import media_types
from tui.client.documents.descriptors import Descriptor, read_digest
from tui.client.documents.image_config import HistoryStep, read_time
from tui.client.documents.parsing import Fields, Problems, read_json
from tui.client.errors import ParseJSONError

VERSION: Final = 1
"""The document's ``schemaVersion``."""


def signed_payload(raw: bytes) -> bytes | None:
    """Give the bytes that the digest of a signed manifest covers; None for every other document.

    The first signature says which part of the document is signed (``formatLength``) and what stands behind it
    (``formatTail``). Nothing but the payload can be trusted: the document may contain more.
    """
    if b'"signatures"' not in raw:
        return None
    document = _read_object(raw)
    signatures = document.array("signatures") if document and _is_schema1(document) else ()
    for path, value in signatures:
        signature = Fields.of(value, path, Problems())
        header = _read_object(_decoded(signature.text("protected"))) if signature else None
        if header is None:
            return None
        payload = raw[: header.size("formatLength")] + _decoded(header.text("formatTail"))
        signed = _read_object(payload)
        return payload if signed and _is_schema1(signed) else None
    return None


def read_layers(fields: Fields) -> tuple[Descriptor, ...]:
    """Read the layers, the lowest first; those without a valid digest are left out, and noted."""
    found: list[Descriptor] = []
    for path, value in fields.array("fsLayers", required=True):
        layer = Fields.of(value, path, fields.problems)
        if layer and (digest := read_digest(layer, "blobSum")):
            found.append(Descriptor(media_type=media_types.DOCKER_LAYER_GZIP, digest=digest, size=0))
    return tuple(reversed(found))


def read_history(raw: bytes) -> tuple[HistoryStep, ...]:
    """Read what made each layer, the lowest first; a step that cannot be read is an empty one."""
    payload = signed_payload(raw)
    document = _read_object(raw if payload is None else payload)
    steps = [_read_step(value, path) for path, value in document.array("history")] if document else []
    return tuple(reversed(steps))


def _read_step(value: Any, path: str) -> HistoryStep:
    problems = Problems()
    entry = Fields.of(value, path, problems)
    step = _read_object(entry.text("v1Compatibility").encode("utf-8", "replace")) if entry else None
    step = step or Fields({}, path, problems)
    container = step.object("container_config")
    return HistoryStep(
        created=read_time(step, "created"),
        created_by=" ".join(container.texts("Cmd")) if container else "",
        comment=step.text("comment"),
        author=step.text("author"),
        empty_layer=step.flag("throwaway"),
    )


def _is_schema1(document: Fields) -> bool:
    return document.members.get("schemaVersion") == VERSION and "fsLayers" in document.members


def _read_object(raw: bytes) -> Fields | None:
    problems = Problems()
    try:
        return Fields.of(read_json(raw, problems), "$", problems)
    except ParseJSONError:
        return None


def _decoded(text: str) -> bytes:
    """Decode Base64 for URLs (RFC 4648, section 5) without padding; nothing where it is something else."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
