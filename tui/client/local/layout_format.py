"""What stands where in an OCI image layout and in an archive of ``docker save``, and how images are called.

Image specification, "OCI Image Layout Specification". The names of images follow what tools write:

* skopeo, buildah and umoci put what stands behind ``oci:PATH:`` into ``org.opencontainers.image.ref.name``: a
  tag, or a whole reference.
* containerd, nerdctl, buildx and newer ``docker save`` put the whole reference into
  ``io.containerd.image.name``, and the tag into ``org.opencontainers.image.ref.name``.
* ``manifest.json`` of ``docker save`` has whole references in ``RepoTags``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tui.client.errors import InvalidNameError
from tui.client.names import MAX_REPOSITORY, Reference, Repository, Tag, parse_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.client.names import Digest

__all__ = [
    "BLOBS_FOLDER",
    "CONTAINERD_NAME",
    "DEFAULT_REPOSITORY",
    "DOCKER_MANIFEST_FILE",
    "INDEX_FILE",
    "LAYOUT_FILE",
    "LAYOUT_HEADER",
    "LAYOUT_VERSION",
    "LAYOUT_VERSION_KEY",
    "REF_NAME",
    "blob_path",
    "image_name",
    "parse_image_name",
    "repository_called",
]

LAYOUT_FILE: Final = "oci-layout"
"""The file that marks a layout and tells its version."""

LAYOUT_VERSION_KEY: Final = "imageLayoutVersion"
LAYOUT_VERSION: Final = "1.0.0"
"""The one version that there is."""

LAYOUT_HEADER: Final = f'{{"{LAYOUT_VERSION_KEY}":"{LAYOUT_VERSION}"}}'.encode()
"""What the file of a layout that is written says."""

INDEX_FILE: Final = "index.json"
"""The index of a layout: where everything in it is found from."""

BLOBS_FOLDER: Final = "blobs"

DOCKER_MANIFEST_FILE: Final = "manifest.json"
"""The list of the images of an archive of ``docker save``."""

REF_NAME: Final = "org.opencontainers.image.ref.name"
"""The annotation of an entry of a layout's index that names it: a tag, or a whole reference."""

CONTAINERD_NAME: Final = "io.containerd.image.name"
"""The annotation of an entry of a layout's index that holds the whole reference, host included."""

DEFAULT_REPOSITORY: Final = Repository("image")
"""The repository of a file whose name has no letter or digit that a repository may have."""

_DEFAULT_TAG: Final = Tag("latest")
_SEPARATORS: Final = re.compile(r"[^a-z0-9/]+")
_ALLOWED_SEPARATOR: Final = re.compile(r"[._]|__|-+")


def blob_path(digest: Digest) -> str:
    """Give the path of a blob inside of a layout (image specification, "Blobs")."""
    return f"{BLOBS_FOLDER}/{digest.algorithm}/{digest.hex}"


def image_name(annotations: Mapping[str, str]) -> tuple[Repository | None, Tag] | None:
    """Read how an entry of a layout's index is called.

    Args:
        annotations: The annotations of the entry's descriptor.

    Returns:
        The repository, which is None where only a tag was said, and the tag; None where the entry has no
        name, or one that cannot be a tag.
    """
    for key in (CONTAINERD_NAME, REF_NAME):
        if (named := parse_image_name(annotations.get(key, ""))) is not None:
            return named
    return None


def parse_image_name(text: str) -> tuple[Repository | None, Tag] | None:
    """Read a tag, or a reference with its repository; ``latest`` goes without saying, as everywhere.

    Returns:
        The repository, which is None for a bare tag, and the tag; None where the text is neither.
    """
    if "/" not in text and ":" not in text and "@" not in text:
        try:
            return None, Tag(text)
        except InvalidNameError:
            return None
    try:
        reference = parse_reference(text)
    except InvalidNameError:
        return None
    if reference.digest is not None and reference.tag is None:
        return None
    return repository_called(str(Reference(reference.domain, reference.path))), reference.tag or _DEFAULT_TAG


def repository_called(text: str) -> Repository:
    """Make the name of a repository out of any text: of a host and a path, or of a file's name.

    What a repository's name may not contain becomes a dash: ``localhost:5000/app`` is ``localhost-5000/app``.
    """
    plain = _SEPARATORS.sub(_separator, text[:MAX_REPOSITORY].lower()[:MAX_REPOSITORY])
    parts = [part for part in (part.strip("._-") for part in plain.split("/")) if part]
    return Repository("/".join(parts)) if parts else DEFAULT_REPOSITORY


def _separator(match: re.Match[str]) -> str:
    return match[0] if _ALLOWED_SEPARATOR.fullmatch(match[0]) else "-"
