"""What a downloaded file is called."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from tui.client.media_types import essence, is_image_config, is_index, is_manifest
from tui.sanitize import FILE_NAME_BYTES, safe_file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.client.models import Descriptor

__all__ = ["file_name", "file_names"]

TITLE: Final = "org.opencontainers.image.title"
"""The annotation that names a file (image specification, "Pre-Defined Annotation Keys")."""

UNPACK: Final = "io.deis.oras.content.unpack"
"""The annotation by which ORAS says that the title is that of a folder, packed with tar and gzip."""

_SUFFIXES: Final = (
    (("tar+gzip", "tar.gzip", "tar+gz", "tar.gz", "+tgz"), ".tar.gz"),
    (("tar+zstd", "tar.zstd", "tar+zst"), ".tar.zst"),
    ((".tar", "/tar", "/x-tar", "+tar"), ".tar"),
    (("+json", "/json"), ".json"),
    (("+yaml", "/yaml", "/x-yaml"), ".yaml"),
    (("+xml", "/xml"), ".xml"),
    (("+zip", "/zip"), ".zip"),
    (("/gzip", "+gzip", "/x-gzip"), ".gz"),
    (("/zstd", "+zstd"), ".zst"),
    (("/wasm", "+wasm"), ".wasm"),
    (("/pdf",), ".pdf"),
    (("/html",), ".html"),
    (("text/plain",), ".txt"),
)
"""How media types end, and what files of these types end with; the first that fits counts."""


def file_name(descriptor: Descriptor) -> str:
    """Name the file for a blob or a manifest: a plain name, never a path.

    Args:
        descriptor: What is downloaded. A title in its annotations counts, reduced to a plain name, except for
            manifests, indexes and image configurations, whose title is the image's.

    Returns:
        The title, or the short digest with an ending by media type: `3f1c0a9be752.tar.gz`.
    """
    media_type = essence(descriptor.media_type)
    suffix = _suffix(media_type)
    plain = descriptor.digest.short + suffix
    if is_manifest(media_type) or is_index(media_type) or is_image_config(media_type):
        return plain
    title = descriptor.annotations.get(TITLE, "")
    if title and descriptor.annotations.get(UNPACK) == "true" and not title.endswith(suffix):
        title = title.rstrip("/") + suffix
    return safe_file_name(title, plain)


def file_names(descriptors: Sequence[Descriptor]) -> tuple[str, ...]:
    """Name the files for several blobs or manifests in one folder, each differently.

    Args:
        descriptors: What is downloaded, in this order.

    Returns:
        What `file_name` says of each; where names are equal, also without regard to case, all but the first
        get the short digest: `app-3f1c0a9be752.tar.gz`, and a number where that is not enough.
    """
    taken: set[str] = set()
    names: list[str] = []
    for descriptor in descriptors:
        name = first = file_name(descriptor)
        for number in count(1):
            if name.casefold() not in taken:
                break
            name = _marked(first, descriptor.digest.short + (f"-{number}" if number > 1 else ""))
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)


def _marked(name: str, mark: str) -> str:
    head, dot, tail = name.partition(".")
    while len(f"{head}-{mark}{dot}{tail}".encode()) > FILE_NAME_BYTES and head:
        head = head[:-1]
    return f"{head}-{mark}{dot}{tail}" if head else f"{mark}.bin"


def _suffix(media_type: str) -> str:
    if is_manifest(media_type) or is_index(media_type) or is_image_config(media_type):
        return ".json"
    return next((suffix for endings, suffix in _SUFFIXES if media_type.endswith(endings)), ".bin")
