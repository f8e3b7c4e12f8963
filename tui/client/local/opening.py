"""Layouts and archives by their paths, whichever of them it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.errors import UnreadableSourceError
from tui.client.local.docker_archive import DockerArchive, read_docker_archive
from tui.client.local.layout import Layout, read_layout
from tui.client.local.layout_format import DOCKER_MANIFEST_FILE, INDEX_FILE, LAYOUT_FILE
from tui.client.local.local_source import LocalSource

if TYPE_CHECKING:
    from tui.client.local.local_files import Files
    from tui.client.local.local_path import LocalPath
    from tui.client.local.local_source import Contents
    from tui.client.names import Repository

__all__ = ["open_local"]


def open_local(path: LocalPath) -> LocalSource:
    """Give the source at a path; nothing is read yet.

    Where nobody said what it is, a layout is looked for first: archives of newer versions of ``docker save``
    are both, and the layout has more in it.

    Args:
        path: The path, with or without what is there.
    """
    match path.kind:
        case "oci":
            return Layout(path.path)
        case "docker-archive":
            return DockerArchive(path.path)
        case _:
            return LocalSource(path.path, _read_either)


def _read_either(files: Files, default: Repository) -> Contents:
    if _has(files, LAYOUT_FILE) and (_has(files, INDEX_FILE) or not _has(files, DOCKER_MANIFEST_FILE)):
        return read_layout(files, default)
    if _has(files, DOCKER_MANIFEST_FILE):
        return read_docker_archive(files, default)
    raise UnreadableSourceError("it is neither an OCI image layout nor an archive of docker save")


def _has(files: Files, name: str) -> bool:
    file = files.open(name)
    if file is None:
        return False
    file.close()
    return True
