"""Layouts and archives on this machine, by path, as people write them: ``oci:PATH``, ``image.tar``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from tui.client.errors import InvalidNameError
from tui.client.local.layout_format import repository_called

if TYPE_CHECKING:
    from tui.client.hosts import RegistryHost
    from tui.client.names import Repository

__all__ = ["ARCHIVE_ENDINGS", "LOCAL_KINDS", "LocalPath", "SourceName", "default_repository"]

SourceName: TypeAlias = "RegistryHost | LocalPath"
"""What a source is called by: a registry's host, or the path of a layout or an archive."""

ARCHIVE_ENDINGS: Final = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz")
"""How the names of archives end, also of those that are not read here, and say so."""

LOCAL_KINDS: Final = {"oci": "oci", "oci-archive": "oci", "docker-archive": "docker-archive"}
"""What may stand before a path, as skopeo and podman write it, and the kind that it means."""

MAX_PATH: Final = 4096
"""Bytes of a path, as Linux has it."""


class LocalPath(str):
    """A layout or an archive: ``oci:/srv/layout``, ``docker-archive:/tmp/image.tar``, ``/tmp/image.tar``.

    Args:
        text: An absolute path, and what is there before it, if that was said.

    Raises:
        InvalidNameError: The text is something else.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the path."""
        kind, path = _split(text)
        if not Path(path).is_absolute() or "\0" in path:
            raise InvalidNameError("path", text, "it is not absolute" if path else "it is empty")
        try:
            length = len(os.fsencode(path))
        except UnicodeEncodeError as error:
            raise InvalidNameError("path", text, "it has half of a character in it") from error
        if length > MAX_PATH:
            raise InvalidNameError("path", text, f"it has more than {MAX_PATH:,} bytes")
        return super().__new__(cls, f"{kind}:{path}" if kind else path)

    @classmethod
    def of(cls, path: str, kind: str = "") -> Self:
        """Make an absolute one of a path as it is typed, with `~` for the home folder.

        Args:
            path: The path.
            kind: What is there, one of `LOCAL_KINDS`; empty to look.

        Raises:
            InvalidNameError: It is no path.
        """
        if not path or "\0" in path:
            raise InvalidNameError("path", path, "it is empty" if not path else "it contains a NUL")
        try:
            whole = os.path.abspath(Path(path).expanduser())  # noqa: PTH100 - links stay as they are written
        except (RuntimeError, OSError) as error:
            raise InvalidNameError("path", path, "nobody knows where that home folder is") from error
        return cls(f"{LOCAL_KINDS[kind]}:{whole}" if kind else whole)

    @property
    def kind(self) -> str:
        """What is there: ``oci``, ``docker-archive``, or nothing where that was not said."""
        return _split(self)[0]

    @property
    def path(self) -> Path:
        """The path alone."""
        return Path(_split(self)[1])


def default_repository(path: Path) -> Repository:
    """Give the repository of images that have only a tag: it is called after the file, without its ending."""
    name = path.absolute().name
    ending = next((ending for ending in ARCHIVE_ENDINGS if name.lower().endswith(ending)), "")
    return repository_called(name[: len(name) - len(ending)])


def _split(text: str) -> tuple[str, str]:
    kind, colon, path = text.partition(":")
    return (LOCAL_KINDS[kind], path) if colon and kind in LOCAL_KINDS else ("", text)
