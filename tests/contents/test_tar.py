from __future__ import annotations

import io
import tarfile

from tui.contents.entries import Kind
from tui.contents.tar import TarReader


def test_files_folders_and_links_are_read_in_order() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        folder = tarfile.TarInfo("./etc/")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        file = tarfile.TarInfo("./etc//passwd")
        file.size = 3
        archive.addfile(file, io.BytesIO(b"abc"))
        link = tarfile.TarInfo("etc/link")
        link.type = tarfile.SYMTYPE
        link.linkname = "./passwd"
        archive.addfile(link)
    reader = TarReader()
    entries = reader.feed(made.getvalue()) + reader.end()
    assert [(entry.path, entry.kind) for entry in entries] == [
        ("etc", Kind.DIRECTORY),
        ("etc/passwd", Kind.FILE),
        ("etc/link", Kind.SYMLINK),
    ]
    offset = entries[1].offset
    assert offset is not None
    assert made.getvalue()[offset : offset + entries[1].size] == b"abc"
    assert entries[2].target == "./passwd"
    assert reader.ended
    assert not reader.problems
