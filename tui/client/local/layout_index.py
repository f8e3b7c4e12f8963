"""The index of a layout: an image is added to what is listed there, and nothing else is changed (pure)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tui.client.documents.parsing import Problems, read_json
from tui.client.errors import InvalidNameError, ParseJSONError
from tui.client.local.layout_format import CONTAINERD_NAME, REF_NAME
from tui.client.local.saving_errors import LayoutInvalidError, NameTakenError
from tui.client.media_types import OCI_INDEX
from tui.client.names import Digest

if TYPE_CHECKING:
    from tui.client.documents.descriptors import Platform
    from tui.client.local.image_parts import ImageParts

__all__ = ["index_entry", "listed_names", "lists_nothing", "merged_index"]


def index_entry(parts: ImageParts) -> dict[str, Any]:
    """Describe an image for the index of a layout (image specification, "index.json file")."""
    descriptor = parts.root.descriptor
    entry: dict[str, Any] = {
        "mediaType": descriptor.media_type,
        "digest": str(descriptor.digest),
        "size": len(parts.root.raw),
    }
    if parts.root.artifact_type:
        entry["artifactType"] = parts.root.artifact_type
    if parts.platform is not None:
        entry["platform"] = _platform(parts.platform)
    if parts.tag is not None:
        entry["annotations"] = {CONTAINERD_NAME: parts.name, REF_NAME: str(parts.tag)}
    return entry


def merged_index(present: bytes | None, entry: dict[str, Any] | None, *, replace: bool = False) -> bytes:
    """Add an entry to the index of a layout, once; what else is in it stays as it is.

    Args:
        present: The index that there is; None for none.
        entry: What is added; None for nothing, which gives the index of an empty layout.
        replace: Whether another image may lose the name that the entry has.

    Raises:
        LayoutInvalidError: What is there is no index.
        NameTakenError: Another image has the name, and is not to lose it.
    """
    index = _read(present)
    listed: list[Any] = index["manifests"]
    if entry is None:
        return _written(index)
    name = _name(entry)
    kept: list[Any] = []
    for other in listed:
        same = isinstance(other, dict) and other.get("digest") == entry["digest"]
        other_name = _name(other)
        if same and (not name or other_name in {"", name}):
            if not name:
                # It is listed already, perhaps with a name, which is worth more.
                return present or _written(index)
            continue
        if name and other_name == name:
            if not replace:
                raise NameTakenError(name, _digest(other))
            continue
        kept.append(other)
    index["manifests"] = [*kept, entry]
    return _written(index)


def lists_nothing(present: bytes | None) -> bool:
    """Tell whether the index of a layout has no entries.

    Raises:
        LayoutInvalidError: What is there is no index.
    """
    return not _read(present)["manifests"]


def listed_names(present: bytes | None) -> dict[str, Digest | str]:
    """Tell which names the index of a layout gives to what; a digest that cannot be read is empty.

    Raises:
        LayoutInvalidError: What is there is no index.
    """
    return {name: _digest(entry) for entry in _read(present)["manifests"] if (name := _name(entry))}


def _read(present: bytes | None) -> dict[str, Any]:
    if present is None:
        return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    try:
        index = read_json(present, Problems())
    except ParseJSONError as error:
        raise LayoutInvalidError(f"the index of the layout cannot be read: {error.message}") from error
    if not isinstance(index, dict) or not isinstance(index.setdefault("manifests", []), list | None):
        raise LayoutInvalidError("the index of the layout has no list of manifests")
    index["manifests"] = index["manifests"] or []
    return index


def _written(index: dict[str, Any]) -> bytes:
    return json.dumps(index, separators=(",", ":")).encode()


def _name(entry: Any) -> str:
    """Give the name of an entry; empty where it has none."""
    annotations = entry.get("annotations") if isinstance(entry, dict) else None
    name = annotations.get(REF_NAME) if isinstance(annotations, dict) else None
    return name if isinstance(name, str) else ""


def _digest(entry: Any) -> Digest | str:
    try:
        return Digest(entry["digest"])
    except (KeyError, TypeError, InvalidNameError):
        return ""


def _platform(platform: Platform) -> dict[str, Any]:
    said: dict[str, Any] = {"architecture": platform.architecture, "os": platform.os}
    if platform.os_version:
        said["os.version"] = platform.os_version
    if platform.os_features:
        said["os.features"] = list(platform.os_features)
    if platform.variant:
        said["variant"] = platform.variant
    return said
