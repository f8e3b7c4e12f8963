"""The unfinished file: one writer, no overwriting, nothing left behind."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tui.client.names import Digest
from tui.transfers import (
    DiskFullError,
    DownloadError,
    FolderDeniedError,
    FolderError,
    FolderMissingError,
    PartBlockedError,
    PartInUseError,
    TargetExistsError,
    TargetNameError,
    WriteError,
    check_target,
)
from tui.transfers.part import CACHED_SIZE, READ_SIZE, WRITE_BACK_SIZE, PartFile, part_path

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "layer.tar.gz"


def part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_whole(target: Path, data: bytes = b"new", *, overwrite: bool = False) -> None:
    part = PartFile(target, overwrite=overwrite)
    try:
        part.open(len(data))
        part.write(data)
        part.commit()
    finally:
        part.discard()


def refusing(error: OSError) -> Callable[..., Any]:
    def refuse(*_: object, **__: object) -> Any:
        raise error

    return refuse


# From the beginning to the end


def test_the_file_has_its_name_only_after_the_commit(target: Path) -> None:
    part = PartFile(target)
    part.open()
    assert names(target.parent) == ["layer.tar.gz.part"]
    part.write(b"one")
    part.write(b"two" * 1_000_000)
    assert names(target.parent) == ["layer.tar.gz.part"]
    part.commit()
    assert names(target.parent) == ["layer.tar.gz"]
    assert target.read_bytes() == b"one" + b"two" * 1_000_000
    part.discard()
    assert target.exists()


def test_what_is_discarded_leaves_nothing(target: Path) -> None:
    part = PartFile(target)
    part.open()
    part.write(b"data")
    part.discard()
    part.discard()
    part.commit()
    assert names(target.parent) == []


def test_what_was_discarded_is_never_opened(target: Path) -> None:
    part = PartFile(target)
    part.discard()
    part.open()
    part.write(b"late")
    assert names(target.parent) == []


def test_a_file_is_as_open_to_others_as_the_umask_says(target: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(target)
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_the_bytes_are_on_the_disk_before_the_name_is(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    real_fsync, real_link = os.fsync, os.link

    def fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_fsync(descriptor)

    def link(source: Path, to: Path) -> None:
        steps.append("name")
        real_link(source, to)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    write_whole(target)
    assert steps == ["file", "name", "folder"]


# What has the name already


def test_a_file_that_exists_is_not_replaced(target: Path) -> None:
    target.write_bytes(b"old")
    with pytest.raises(TargetExistsError) as caught:
        write_whole(target)
    assert caught.value.replaceable
    assert caught.value.remedy
    assert target.read_bytes() == b"old"
    assert names(target.parent) == ["layer.tar.gz"]


def test_a_file_that_exists_is_replaced_when_asked(target: Path) -> None:
    target.write_bytes(b"old")
    write_whole(target, overwrite=True)
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["layer.tar.gz"]


def test_a_file_that_came_in_the_meantime_is_not_replaced(target: Path) -> None:
    part = PartFile(target)
    part.open()
    part.write(b"new")
    target.write_bytes(b"old")
    with pytest.raises(TargetExistsError):
        part.commit()
    part.discard()
    assert target.read_bytes() == b"old"
    assert names(target.parent) == ["layer.tar.gz"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_is_never_replaced(target: Path, overwrite: bool) -> None:  # noqa: FBT001 - a parameter of a test
    target.mkdir()
    with pytest.raises(TargetExistsError) as caught:
        write_whole(target, overwrite=overwrite)
    assert not caught.value.replaceable
    assert target.is_dir()
    target.rmdir()
    part = PartFile(target, overwrite=overwrite)
    part.open()
    target.mkdir()
    with pytest.raises(TargetExistsError) as caught:
        part.commit()
    assert not caught.value.replaceable
    part.discard()
    assert names(target.parent) == ["layer.tar.gz"]


@pytest.mark.parametrize("leads", ["somewhere", "nowhere"])
def test_a_link_is_not_followed(target: Path, tmp_path: Path, leads: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    if leads == "somewhere":
        elsewhere.write_bytes(b"precious")
    target.symlink_to(elsewhere)
    with pytest.raises(TargetExistsError):
        write_whole(target)
    assert target.is_symlink()
    write_whole(target, overwrite=True)
    assert not target.is_symlink()
    assert target.read_bytes() == b"new"
    assert (elsewhere.read_bytes() == b"precious") if leads == "somewhere" else not elsewhere.exists()


def test_a_link_that_came_in_the_meantime_is_not_followed(target: Path, tmp_path: Path) -> None:
    part = PartFile(target)
    part.open()
    target.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TargetExistsError):
        part.commit()
    part.discard()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("number", sorted({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}))
def test_a_file_system_without_hard_links_keeps_the_rules(
    target: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "link", refusing(OSError(number, os.strerror(number))))
    write_whole(target)
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["layer.tar.gz"]
    part = PartFile(target.with_name("b"))
    part.open()
    target.with_name("b").write_bytes(b"old")
    with pytest.raises(TargetExistsError):
        part.commit()
    part.discard()
    assert target.with_name("b").read_bytes() == b"old"
    assert names(target.parent) == ["b", "layer.tar.gz"]


def test_of_many_at_the_same_time_one_gets_the_name(target: Path) -> None:
    parts = [PartFile(target) for _ in range(8)]
    outcomes: list[str] = []
    barrier = threading.Barrier(len(parts))

    def write(part: PartFile, number: int) -> None:
        barrier.wait()
        try:
            part.open()
            part.write(bytes([number]) * 100_000)
            part.commit()
        except (PartInUseError, TargetExistsError):
            outcomes.append("refused")
        else:
            outcomes.append("done")
        finally:
            part.discard()

    threads = [threading.Thread(target=write, args=(part, number)) for number, part in enumerate(parts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("done") == 1
    assert len(outcomes) == len(parts)
    data = target.read_bytes()
    assert len(data) == 100_000
    assert len(set(data)) == 1
    assert names(target.parent) == ["layer.tar.gz"]


# The unfinished file of others


def test_two_downloads_never_write_the_same_file(target: Path) -> None:
    first, second = PartFile(target), PartFile(target)
    first.open()
    first.write(b"first")
    with pytest.raises(PartInUseError):
        second.open()
    second.discard()
    assert part_of(target).read_bytes() == b"first"
    first.commit()
    assert target.read_bytes() == b"first"


HOLDER = """
    import sys
    from pathlib import Path
    from tui.transfers.part import PartFile
    part = PartFile(Path(sys.argv[1]))
    part.open()
    part.write(b"of another program")
    print("open", flush=True)
    sys.stdin.read()
    part.discard()
"""


def test_two_programs_never_write_the_same_file_and_a_dead_one_is_no_obstacle(target: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(PartInUseError):
            write_whole(target)
        assert part_of(target).read_bytes() == b"of another program"
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert part_of(target).exists()
    write_whole(target)
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["layer.tar.gz"]


def test_what_a_dead_program_left_is_replaced_not_reused(target: Path) -> None:
    part_of(target).write_bytes(b"a much longer rest of another time")
    twin = target.with_name("twin")
    os.link(part_of(target), twin)
    write_whole(target)
    assert target.read_bytes() == b"new"
    assert twin.read_bytes() == b"a much longer rest of another time"


def test_what_is_no_unfinished_file_is_left_alone(target: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    part_of(target).symlink_to(elsewhere)
    with pytest.raises(PartBlockedError):
        write_whole(target)
    assert elsewhere.read_bytes() == b"precious"
    part_of(target).unlink()
    part_of(target).mkdir()
    with pytest.raises(PartBlockedError):
        write_whole(target)
    part_of(target).rmdir()
    os.mkfifo(part_of(target))
    with pytest.raises(PartBlockedError, match="no regular file"):
        write_whole(target)
    assert stat.S_ISFIFO(part_of(target).stat().st_mode)


def test_without_locks_a_file_is_written_but_none_is_taken_for_left_behind(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", refusing(OSError(errno.ENOLCK, "no locks")))
    write_whole(target)
    assert target.read_bytes() == b"new"
    other = target.with_name("other")
    part_of(other).write_bytes(b"whose?")
    with pytest.raises(PartBlockedError, match="cannot tell"):
        write_whole(other)
    assert part_of(other).read_bytes() == b"whose?"


def test_a_file_that_vanishes_while_it_is_created_is_created_anew(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fcntl.flock
    vanishing = [True, True]

    def flock(descriptor: int, operation: int) -> None:
        if vanishing:
            vanishing.pop()
            part_of(target).unlink()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    write_whole(target)
    assert target.read_bytes() == b"new"


def test_an_unfinished_file_that_somebody_removed_is_not_committed(target: Path) -> None:
    part = PartFile(target)
    part.open()
    part_of(target).unlink()
    part_of(target).write_bytes(b"of somebody else")
    with pytest.raises(WriteError, match="removed by another program"):
        part.commit()
    part.discard()
    assert part_of(target).read_bytes() == b"of somebody else"
    assert not target.exists()


# What the system refuses


@pytest.mark.parametrize("name", ["", "..", "a\0b"])
def test_a_path_without_a_name_is_no_target(tmp_path: Path, name: str) -> None:
    target = Path("/") if not name else tmp_path / name
    with pytest.raises(TargetNameError):
        write_whole(target)
    with pytest.raises(TargetNameError):
        check_target(target)


def test_a_name_that_the_file_system_does_not_take_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetNameError):
        write_whole(tmp_path / ("x" * 300))


def test_a_folder_that_is_missing_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FolderMissingError) as caught:
        write_whole(tmp_path / "missing" / "file")
    assert caught.value.path == tmp_path / "missing"
    assert not (tmp_path / "missing").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(FolderError) as caught:
            write_whole(folder / "x")
        assert not isinstance(caught.value, FolderMissingError)


UNPRIVILEGED = """
    import os, sys
    from pathlib import Path
    from tui.transfers import FolderDeniedError
    from tui.transfers.part import PartFile
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    for folder in sys.argv[1:]:
        try:
            PartFile(Path(folder, "file")).open()
        except FolderDeniedError as error:
            print(str(error) == folder + " cannot be written to: permission denied")
"""


def test_a_folder_without_permission_is_told() -> None:
    # pytest's own folder is closed to others, and root has to become another one to be refused anything.
    folder = Path(os.path.realpath(tempfile.gettempdir())) / f"ocitui-test-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        (folder / "readable").mkdir()
        (folder / "readable").chmod(0o555)
        (folder / "closed").mkdir()
        (folder / "closed").chmod(0o000)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(UNPRIVILEGED), folder / "readable", folder / "closed"],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        (folder / "closed").chmod(0o700)
        shutil.rmtree(folder)
    assert done.stdout == "True\nTrue\n"


def test_a_file_that_does_not_fit_is_refused_before_a_byte_comes(target: Path) -> None:
    with pytest.raises(DiskFullError) as caught:
        PartFile(target).open(2**62)
    assert caught.value.needed == 2**62
    assert caught.value.free is not None
    assert f"{2**62:,}" in str(caught.value)
    assert names(target.parent) == []


def test_a_disk_that_says_nothing_about_its_room_is_tried(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 0))
    write_whole(target)
    assert target.read_bytes() == b"new"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_disk_that_fills_up_is_told_and_leaves_nothing(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = PartFile(target)
    part.open()
    real = os.write

    def write(_: int, data: memoryview) -> int:
        full = os.open("/dev/full", os.O_WRONLY)
        try:
            return real(full, data)
        finally:
            os.close(full)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(DiskFullError) as caught:
        part.write(b"data")
    assert caught.value.path == target.parent
    part.discard()
    assert names(target.parent) == []


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EACCES, FolderDeniedError),
        (errno.EROFS, FolderDeniedError),
        (errno.EIO, WriteError),
        (errno.EFBIG, WriteError),
    ],
)
@pytest.mark.parametrize("step", ["open", "write", "fsync", "link"])
def test_every_refusal_is_told_and_leaves_nothing(
    target: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, kind: type[DownloadError]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, step, refusing(OSError(number, os.strerror(number), str(target))))
        with pytest.raises(DownloadError) as caught:
            write_whole(target)
    assert type(caught.value) is kind
    assert caught.value.remedy
    assert str(caught.value).isprintable()
    assert names(target.parent) == []


def test_a_short_write_is_continued(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:3]))
    write_whole(target, b"0123456789")
    assert target.read_bytes() == b"0123456789"


def test_the_message_of_an_error_is_printable(tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[2J\u202eb"
    with pytest.raises(FolderMissingError) as caught:
        write_whole(folder / "x")
    assert str(caught.value).isprintable()


def test_a_target_is_looked_at_beforehand(target: Path) -> None:
    check_target(target)
    target.write_bytes(b"old")
    check_target(target, overwrite=True)
    with pytest.raises(TargetExistsError):
        check_target(target)
    assert names(target.parent) == ["layer.tar.gz"]


# What is gone on from

DIGEST = Digest.of(b"the blob")


def kept_part(target: Path) -> Path:
    return part_path(target, DIGEST)


def hash_all(part: PartFile) -> str:
    hasher = hashlib.sha256()
    while part.hash_kept(hasher, 1000):
        pass
    return hasher.hexdigest()


def test_the_name_tells_the_digest_once(tmp_path: Path) -> None:
    assert part_path(tmp_path / "app.tar.gz", DIGEST).name == f"app.tar.gz.{DIGEST.short}.part"
    own = f"{DIGEST.short}.tar.gz"
    assert part_path(tmp_path / own, DIGEST).name == f"{own}.part"
    assert part_path(tmp_path / own, Digest.of(b"other")) != part_path(tmp_path / own, DIGEST)
    assert part_path(tmp_path / "x", None).name == "x.part"


def test_what_is_kept_is_hashed_and_written_behind(target: Path) -> None:
    first = PartFile(target, digest=DIGEST)
    assert first.open(10) == 0
    first.write(b"12345")
    first.keep()
    first.keep()
    assert names(target.parent) == [kept_part(target).name]
    second = PartFile(target, digest=DIGEST)
    assert second.open(10) == 5
    assert hash_all(second) == hashlib.sha256(b"12345").hexdigest()
    second.write(memoryview(b"67890"))
    assert second.size == 10
    second.commit()
    assert target.read_bytes() == b"1234567890"
    second.keep()
    assert names(target.parent) == [target.name]


def test_what_is_kept_without_a_byte_is_not_kept(target: Path) -> None:
    part = PartFile(target, digest=DIGEST)
    part.open()
    part.keep()
    assert names(target.parent) == []


def test_what_was_kept_is_not_opened_any_more(target: Path) -> None:
    part = PartFile(target, digest=DIGEST)
    part.keep()
    assert part.open() == 0
    part.write(b"late")
    assert names(target.parent) == []


def test_it_can_be_begun_again(target: Path) -> None:
    kept_part(target).write_bytes(b"wrong")
    part = PartFile(target, digest=DIGEST)
    assert part.open(5) == 5
    hash_all(part)
    part.restart()
    assert part.size == 0
    part.write(b"right")
    part.commit()
    assert target.read_bytes() == b"right"


def test_a_file_that_shrinks_while_it_is_hashed_is_gone_on_from_its_end(target: Path) -> None:
    kept_part(target).write_bytes(b"0123456789")
    part = PartFile(target, digest=DIGEST)
    assert part.open(20) == 10
    os.truncate(kept_part(target), 4)
    assert hash_all(part) == hashlib.sha256(b"0123").hexdigest()
    assert part.size == 4
    part.write(b"abc")
    part.commit()
    assert target.read_bytes() == b"0123abc"


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        (b"abc" + bytes(100), 3),
        (b"a" + bytes(READ_SIZE), 1),
        (b"a" * READ_SIZE + bytes(READ_SIZE * 2 + 5), READ_SIZE),
        (bytes(READ_SIZE + 1) + b"b", READ_SIZE + 2),
        (bytes(READ_SIZE * 2), 0),
        (b"", 0),
    ],
)
def test_zeros_at_the_end_are_cut_off(target: Path, left: bytes, kept: int) -> None:
    kept_part(target).write_bytes(left)
    part = PartFile(target, digest=DIGEST)
    assert part.open() == kept
    assert kept_part(target).read_bytes() == left[:kept]
    part.write(b"x")
    part.keep()
    assert kept_part(target).read_bytes() == left[:kept] + b"x"


def test_what_is_longer_than_the_blob_is_thrown_away(target: Path) -> None:
    kept_part(target).write_bytes(b"123456")
    part = PartFile(target, digest=DIGEST)
    assert part.open(5) == 0
    part.discard()
    kept_part(target).write_bytes(b"12345")
    part = PartFile(target, digest=DIGEST)
    assert part.open(5) == 5
    part.discard()
    assert names(target.parent) == []


def test_what_is_kept_is_removed_on_demand_unless_somebody_writes_it(target: Path) -> None:
    PartFile(target, digest=DIGEST).remove()
    kept_part(target).write_bytes(b"12345")
    writer = PartFile(target, digest=DIGEST)
    writer.open()
    with pytest.raises(PartInUseError):
        PartFile(target, digest=DIGEST).remove()
    writer.keep()
    assert kept_part(target).exists()
    PartFile(target, digest=DIGEST).remove()
    assert names(target.parent) == []


def test_two_downloads_never_go_on_from_the_same_file(target: Path) -> None:
    kept_part(target).write_bytes(b"12345")
    first, second = PartFile(target, digest=DIGEST), PartFile(target, digest=DIGEST)
    assert first.open() == 5
    with pytest.raises(PartInUseError):
        second.open()
    second.keep()
    first.keep()
    third = PartFile(target, digest=DIGEST)
    assert third.open() == 5
    third.discard()


def test_a_name_that_was_given_by_a_program_that_ended_then_is_found(target: Path) -> None:
    kept_part(target).write_bytes(b"the blob")
    os.link(kept_part(target), target)
    part = PartFile(target, digest=DIGEST)
    with pytest.raises(TargetExistsError):
        part.open(8)
    assert names(target.parent) == [target.name]
    assert target.read_bytes() == b"the blob"


def test_a_file_with_a_second_name_is_not_written(target: Path) -> None:
    elsewhere = target.with_name("elsewhere")
    elsewhere.write_bytes(b"finished under another name")
    os.link(elsewhere, kept_part(target))
    part = PartFile(target, digest=DIGEST)
    assert part.open() == 0
    part.write(b"new")
    part.commit()
    assert target.read_bytes() == b"new"
    assert elsewhere.read_bytes() == b"finished under another name"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_not_written(target: Path) -> None:
    kept_part(target).write_bytes(b"12345")
    os.chown(kept_part(target), 65534, 65534)
    with pytest.raises(PartBlockedError, match="another user"):
        PartFile(target, digest=DIGEST).open()
    with pytest.raises(PartBlockedError):
        PartFile(target, digest=DIGEST).remove()
    assert kept_part(target).read_bytes() == b"12345"


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_file_is_not_gone_on_from(target: Path, tmp_path: Path, kind: str) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    if kind == "link":
        kept_part(target).symlink_to(precious)
    elif kind == "folder":
        kept_part(target).mkdir()
    else:
        os.mkfifo(kept_part(target))
    for use in (PartFile(target, digest=DIGEST).open, PartFile(target, digest=DIGEST).remove):
        with pytest.raises(PartBlockedError):
            use()
    assert os.path.lexists(kept_part(target))
    assert precious.read_bytes() == b"precious"


def test_only_what_is_missing_has_to_fit(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 94, 6))
    kept_part(target).write_bytes(b"12345")
    part = PartFile(target, digest=DIGEST)
    with pytest.raises(DiskFullError) as caught:
        part.open(12)
    assert (caught.value.needed, caught.value.free) == (7, 6)
    assert kept_part(target).read_bytes() == b"12345"
    part = PartFile(target, digest=DIGEST)
    assert part.open(11) == 5
    part.discard()


def test_nothing_is_written_behind_a_gap(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = PartFile(target, digest=DIGEST)
    part.open()
    part.write(b"12345")
    with monkeypatch.context() as patched:
        real = os.write
        writes: list[int] = []

        def write(descriptor: int, data: memoryview) -> int:
            writes.append(len(data))
            if len(writes) > 1:
                raise OSError(errno.ENOSPC, "full")
            return real(descriptor, data[:2])

        patched.setattr(os, "write", write)
        with pytest.raises(DiskFullError):
            part.write(b"67890")
    with pytest.raises(WriteError, match="before"):
        part.write(b"abc")
    part.keep()
    assert kept_part(target).read_bytes() == b"1234567"
    again = PartFile(target, digest=DIGEST)
    again.open()
    hash_all(again)
    again.write(b"890")
    again.commit()
    assert target.read_bytes() == b"1234567890"


def test_much_is_written_back_on_the_way(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    advised: list[tuple[int, int]] = []
    monkeypatch.setattr(
        os, "posix_fadvise", lambda _, start, length, __: advised.append((start, length)), raising=False
    )
    part = PartFile(target, digest=DIGEST)
    part.open()
    block = bytes(1024 * 1024)
    for _ in range(80):
        part.write(block)
    part.discard()
    if sys.platform == "linux":
        begun = sorted(advised)
        assert begun[0] == (0, WRITE_BACK_SIZE)
        assert {start for start, _ in begun} >= set(range(0, 80 * len(block), WRITE_BACK_SIZE))
        # What lies far back is let go of; what was written last is not.
        again = [place for place in advised if advised.count(place) > 1 or place[1] != WRITE_BACK_SIZE]
        assert again
        assert all(start + length <= 80 * len(block) - CACHED_SIZE for start, length in again)
