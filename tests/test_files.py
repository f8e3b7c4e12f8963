"""Small files: read with a limit, written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui.files import UnreadableFileError, read_small_file, short_path, write_whole_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1024)
    assert read_small_file(path, 1024) == b"x" * 1024
    with pytest.raises(UnreadableFileError, match="larger than"):
        read_small_file(path, 1023)


def test_what_is_absent_is_told_apart_from_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_small_file(tmp_path / "absent", 10)
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError):
        read_small_file(tmp_path / "file" / "below", 10)
    with pytest.raises(UnreadableFileError, match="folder"):
        read_small_file(tmp_path, 10)
    with pytest.raises(UnreadableFileError, match="no regular file"):
        read_small_file(Path(os.devnull), 10)


def test_a_loop_of_links_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(UnreadableFileError, match="links"):
        read_small_file(tmp_path / "a", 10)


def test_a_new_file_is_for_its_owner_alone_and_its_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_whole_file(path, b"data")
    assert path.read_bytes() == b"data"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == ["file"]


def test_a_file_keeps_its_mode_and_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o644)
    link.symlink_to(real)
    write_whole_file(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o644


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_is_refused_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else Path, step, refuse)
    with pytest.raises(OSError, match="No space"):
        write_whole_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_home_is_shown_as_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/alice"))
    assert short_path(Path("/home/alice/.docker/config.json")) == "~/.docker/config.json"
    assert short_path(Path("/home/alice2/x")) == "/home/alice2/x"

    def nobody() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", nobody)
    assert short_path(Path("/x")) == "/x"
