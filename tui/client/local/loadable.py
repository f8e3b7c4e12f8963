"""Which image of several `docker load` takes, and what it is told of it."""

from __future__ import annotations

import platform as machine
from typing import TYPE_CHECKING, Any, Final

from tui.client.documents.descriptors import Platform
from tui.client.documents.image_manifest import Manifest
from tui.client.local.layout_format import blob_path
from tui.client.local.saving_errors import NotLoadableError
from tui.client.media_types import is_layer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.client.local.image_parts import ImageParts

__all__ = ["docker_entry", "is_loadable", "loadable_image", "machine_platform", "nearest_platform"]

_ARCHITECTURES: Final = {
    "x86_64": ("amd64", ""),
    "amd64": ("amd64", ""),
    "aarch64": ("arm64", "v8"),
    "arm64": ("arm64", "v8"),
    "armv8l": ("arm", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", ""),
    "i686": ("386", ""),
}
"""How systems call their machines, and how images do (image specification, "Platform Variants")."""

_VARIANTS: Final = ("v8", "v7", "v6", "v5", "")
"""Variants of arm, the latest first: a machine runs those of its own and of earlier ones."""


def machine_platform() -> Platform:
    """Tell what images run on this machine: Linux's, which other systems run in a virtual machine."""
    name = machine.machine().lower()
    architecture, variant = _ARCHITECTURES.get(name, (name, ""))
    return Platform(architecture, "linux", variant)


def is_loadable(manifest: Manifest) -> bool:
    """Tell whether a manifest is that of a container image whose layers are those of a file system."""
    if manifest.is_schema1 or not manifest.is_image:
        return False
    return all(is_layer(layer.media_type) for layer in manifest.layers)


def loadable_image(parts: ImageParts, wanted: Platform | None = None) -> Manifest:
    """Choose the image that `docker load` is given, which takes one for a name.

    Args:
        parts: What there is.
        wanted: What it should run on; this machine where it is left out. Where nothing does, the first image
            counts.

    Raises:
        NotLoadableError: There is no image.
    """
    images = [
        document for document in parts.documents if isinstance(document, Manifest) and is_loadable(document)
    ]
    if not images:
        raise NotLoadableError("docker load takes container images, and there is none")
    platform = wanted or machine_platform()
    return min(images, key=lambda image: _distance(parts.platforms.get(image.descriptor.digest), platform))


def nearest_platform(platforms: Iterable[Platform], wanted: Platform | None = None) -> Platform | None:
    """Tell which of several platforms `loadable_image` would choose; None where there are none.

    Args:
        platforms: The platforms of images, in their order.
        wanted: What the image should run on; this machine where it is left out.
    """
    goal = wanted or machine_platform()
    return min(platforms, key=lambda has: _distance(has, goal), default=None)


def docker_entry(parts: ImageParts, image: Manifest) -> dict[str, Any]:
    """Tell `docker load` of an image: where its config and its layers lie, and its name."""
    return {
        "Config": blob_path(image.config.digest) if image.config is not None else "",
        "RepoTags": [parts.name] if parts.tag is not None else [],
        "Layers": [blob_path(layer.digest) for layer in image.layers],
    }


def _distance(has: Platform | None, wanted: Platform) -> int:
    """Tell how far the platform of an image is from the one that is wanted; 0 for the same."""
    far = len(_VARIANTS) * 2
    if has is None or (has.os, has.architecture) != (wanted.os, wanted.architecture):
        return far
    if has.variant == wanted.variant:
        return 0
    if wanted.architecture == "arm64":
        # "v8" goes without saying.
        return 1 if {has.variant, wanted.variant} <= {"", "v8"} else 2
    if has.variant not in _VARIANTS or wanted.variant not in _VARIANTS:
        return far - 1
    steps = _VARIANTS.index(has.variant) - _VARIANTS.index(wanted.variant)
    return steps if steps > 0 else far - 1
