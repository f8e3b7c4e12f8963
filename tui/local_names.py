"""Layouts and archives as they are typed: which text means a file or a folder, and what stands behind it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from tui.client.errors import InvalidNameError, UnsupportedAlgorithmError
from tui.client.local.layout_format import parse_image_name
from tui.client.local.local_path import ARCHIVE_ENDINGS, LOCAL_KINDS, LocalPath
from tui.client.names import Digest
from tui.client.redaction import quoted

__all__ = ["LocalNameError", "check_image", "looks_like_archive", "parse_local"]

_KIND: Final = re.compile(rf"(?P<kind>{'|'.join(map(re.escape, LOCAL_KINDS))}):(?!//)(?P<rest>.*)", re.DOTALL)
_PATH: Final = re.compile(r"/|(?:\.|\.\.|~[^/:@]*)(?:/|$)")
"""What begins a path and no name of a registry or a repository."""

SHOWN: Final = 200
"""Characters of a path that a complaint still carries well."""


class LocalNameError(ValueError):
    """Text that should name a layout or an archive; the message is a sentence without a full stop."""


def parse_local(text: str) -> tuple[LocalPath, str] | None:
    """Read the path of a layout or an archive: `oci:PATH`, `docker-archive:PATH`, `./PATH`, `image.tar`.

    A path is meant by a kind before it, by what only paths begin with, and by the name of an archive that
    exists. Behind it may stand the name of an image in it: `:TAG`, `:REPOSITORY:TAG`, `@DIGEST`.

    Returns:
        The path, and the name without its colon, but with its `@`; None where the text means no path.

    Raises:
        LocalNameError: It means a path with nothing there, or what stands behind it is no name.
    """
    match = _KIND.fullmatch(text)
    kind, rest = (match["kind"], match["rest"]) if match else ("", text)
    path, image = _split(rest)
    if not (match or _PATH.match(text) or (looks_like_archive(path) and _exists(path))):
        return None
    try:
        local = LocalPath.of(path, kind)
    except InvalidNameError as error:
        raise LocalNameError(str(error)) from error
    if not _exists(path):
        raise LocalNameError(f"there is no file or folder {quoted(path, SHOWN)}")
    check_image(image)
    return local, image


def looks_like_archive(text: str) -> bool:
    """Tell whether a name ends like that of an archive."""
    return text.lower().endswith(ARCHIVE_ENDINGS)


def _split(text: str) -> tuple[str, str]:
    """Take path and image apart: the path is the shortest one with something there, or all up to a colon."""
    if _exists(text):
        return text, ""
    before, at, digest = text.rpartition("@")
    if at and _is_digest(digest):
        return _split(before)[0], f"@{digest}"
    parts = text.split(":")
    for count in range(1, len(parts)):
        if _exists(":".join(parts[:count])):
            return ":".join(parts[:count]), ":".join(parts[count:])
    return parts[0], ":".join(parts[1:])


def _exists(path: str) -> bool:
    """Tell whether there is something; what may not be looked at may be there."""
    try:
        os.stat(Path(path).expanduser())  # noqa: PTH116 - `exists` raises where it may not look
    except (FileNotFoundError, NotADirectoryError, ValueError, RuntimeError):
        return False
    except OSError:
        return True
    return bool(path)


def _is_digest(text: str) -> bool:
    """Tell whether a text is a digest that can be verified; ``alpine:3`` is one of another algorithm."""
    try:
        Digest(text).hasher()
    except (InvalidNameError, UnsupportedAlgorithmError):
        return False
    return True


def check_image(image: str) -> None:
    """Check what names an image in a layout or an archive; nothing is fine, too.

    Raises:
        LocalNameError: It is no name.
    """
    named = _is_digest(image[1:]) if image.startswith("@") else parse_image_name(image) is not None
    if image and not named:
        raise LocalNameError(
            f"{quoted(image)} is no name of an image in a layout or an archive: "
            "a tag, a repository and a tag, or @ and a digest"
        )
