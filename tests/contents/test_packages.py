import sqlite3
import struct
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.contents import packages as under_test
from tui.contents import rpm_headers
from tui.contents.errors import DamagedContentError, UnreadableLayerError
from tui.contents.packages import Package, apk_packages, dpkg_packages, rpm_packages, summarise
from tui.contents.rpm_headers import header_values

DPKG = Path("/var/lib/dpkg/status")

APK = b"""C:Q1abc=
P:musl
V:1.2.5-r0
A:x86_64
S:407278
I:667648
T:the musl c library (libc) implementation
L:MIT
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755

P:busybox
V:1.36.1-r29
A:x86_64
p:cmd:busybox=1.36.1-r29
I:962560
"""


class FilesInMemory:
    """Files of an image, from a mapping of paths to bytes; an exception where reading fails."""

    def __init__(self, files: Mapping[str, bytes | Exception]) -> None:
        self._files = files
        self.reads: list[str] = []

    def size(self, path: str) -> int | None:
        content = self._files.get(path)
        if content is None:
            return None
        return len(content) if isinstance(content, bytes) else 1

    def names(self, path: str) -> Iterable[str]:
        return [name[len(path) + 1 :] for name in self._files if name.startswith(path + "/")]

    async def read(self, path: str, limit: int) -> bytes:
        self.reads.append(path)
        content = self._files[path]
        if isinstance(content, Exception):
            raise content
        return content[:limit]


def header(values: Mapping[int, str | int]) -> bytes:
    """A header as rpm's database keeps it."""
    index, data = b"", b""
    for tag, value in sorted(values.items()):
        if isinstance(value, str):
            index += struct.pack(">IIII", tag, 6, len(data), 1)
            data += value.encode() + b"\0"
        else:
            data += bytes(-len(data) % 4)
            index += struct.pack(">IIII", tag, 4, len(data), 1)
            data += struct.pack(">I", value)
    return struct.pack(">II", len(values), len(data)) + index + data


def database(blobs: Iterable[object]) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
    connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


BASH = header(
    {1000: "bash", 1001: "5.2", 1002: "1.fc40", 1003: 0, 1009: 8_000_000, 1014: "GPLv3+", 1022: "x86_64"}
)


@pytest.mark.skipif(which("dpkg-query") is None or not DPKG.exists(), reason="this is no Debian")
def test_the_packages_of_this_system_are_those_that_dpkg_lists() -> None:
    form = "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${Installed-Size}\n"
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True
    ).stdout
    expected = []
    for line in listed.splitlines():
        state, name, version, architecture, size = line.split("\t")
        if state == "installed":
            expected.append(Package(name, version, architecture, int(size) * 1024 if size else None))
    problems: list[str] = []
    assert sorted(dpkg_packages(DPKG.read_bytes(), problems), key=str) == sorted(expected, key=str)
    assert not problems


@pytest.mark.skipif(which("rpm") is None or which("rpmbuild") is None, reason="rpm is not here")
@pytest.mark.parametrize(("backend", "name"), [("sqlite", "rpmdb.sqlite"), ("ndb", "Packages.db")])
def test_the_packages_of_an_rpm_database_are_those_that_rpm_lists(
    tmp_path: Path, backend: str, name: str
) -> None:
    specs = ["Epoch: 2\nLicense: MIT", "License: GPLv2+"]
    for number, more in enumerate(specs):
        spec = tmp_path / f"{number}.spec"
        spec.write_text(
            f"Name: sample{number}\nVersion: 1.{number}\nRelease: 3\nSummary: s\nBuildArch: noarch\n{more}\n"
            "%description\nd\n%install\nmkdir -p %{buildroot}/opt\n"
            f"head -c 1234 /dev/zero > %{{buildroot}}/opt/f{number}\n%files\n/opt/f{number}\n"
        )
        subprocess.run(
            ["rpmbuild", "-bb", "--define", f"_topdir {tmp_path}/top", spec], check=True, capture_output=True
        )
    built = sorted((tmp_path / "top/RPMS").rglob("*.rpm"))
    place = ["--dbpath", str(tmp_path / "db"), "--define", f"_db_backend {backend}"]
    done = subprocess.run(
        ["rpm", *place, "--justdb", "--nodeps", "-i", *built], check=False, capture_output=True
    )
    if b"invalid %_db_backend" in done.stderr:
        pytest.skip("rpm has no such databases here")
    assert done.returncode == 0
    form = "%{NAME}\t%{EVR}\t%{ARCH}\t%{SIZE}\t%{LICENSE}\n"
    listed = subprocess.run(
        ["rpm", *place, "-qa", "--qf", form], check=True, capture_output=True, text=True
    ).stdout
    rows = [line.split("\t") for line in listed.splitlines()]
    problems: list[str] = []
    read = rpm_packages((tmp_path / "db" / name).read_bytes(), problems)
    expected = [Package(name, evr, arch, int(size), terms) for name, evr, arch, size, terms in rows]
    assert len(expected) == 2
    assert sorted(read, key=str) == sorted(expected, key=str)
    assert not problems


def test_packages_that_are_removed_are_not_listed() -> None:
    removed = b"Package: a\nStatus: deinstall ok config-files\n\n"
    data = removed + b"Package: b\nStatus: install ok installed\nVersion: 1\n"
    assert dpkg_packages(data, []) == [Package("b", "1")]


def test_a_description_cannot_pose_as_a_field() -> None:
    data = b"package: a\nVersion: 1\nDescription: x\n Version: 2\n Package: evil\nversion: 3\n"
    assert dpkg_packages(data, []) == [Package("a", "1")]


def test_apk_lists_what_is_installed() -> None:
    assert apk_packages(APK, []) == [
        Package("musl", "1.2.5-r0", "x86_64", 667_648, "MIT"),
        Package("busybox", "1.36.1-r29", "x86_64", 962_560),
    ]


def test_entries_without_a_name_are_a_problem() -> None:
    problems: list[str] = []
    assert apk_packages(b"V:1\n\nP:a\n", problems) == [Package("a")]
    assert problems == ["1 entries without a name are left out"]


def test_a_database_of_rpm_is_read_where_one_entry_is_damaged() -> None:
    problems: list[str] = []
    data = database([BASH, BASH[:40], "text", None, b"", struct.pack(">II", 2**31, 2**31)])
    assert rpm_packages(data, problems) == [Package("bash", "0:5.2-1.fc40", "x86_64", 8_000_000, "GPLv3+")]
    assert problems == ["5 damaged entries are left out"]


def ndb(blobs: Iterable[bytes]) -> bytes:
    """A database in rpm's own format."""
    slots, data = struct.pack("<4sIII", b"RpmP", 0, 1, 1) + bytes(16), b""
    for number, blob in enumerate(blobs, 1):
        whole = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob
        slots += struct.pack("<4sIII", b"Slot", number, (4096 + len(data)) // 16, -(-len(whole) // 16))
        data += whole + bytes(-len(whole) % 16)
    return slots.ljust(4096, b"\0") + data


def test_a_database_in_the_own_format_of_rpm_is_read_where_one_entry_is_damaged() -> None:
    problems: list[str] = []
    assert [package.name for package in rpm_packages(ndb([BASH, b"", BASH]), problems)] == ["bash", "bash"]
    assert problems == ["1 damaged entries are left out"]
    problems.clear()
    assert len(rpm_packages(ndb([BASH, BASH])[:-40], problems)) == 1
    assert problems == ["1 damaged entries are left out"]


def test_entries_that_lie_over_each_other_are_not_read_again_and_again() -> None:
    data = ndb([BASH + bytes(10_000)])
    slots = data[:32] + data[32:48] * 200
    problems: list[str] = []
    assert len(rpm_packages(slots + data[len(slots) :], problems)) == 1
    assert problems == ["its entries lie over each other"]


@given(st.data())
def test_a_damaged_database_in_the_own_format_of_rpm_gives_no_other_error(data: st.DataObject) -> None:
    whole = bytearray(ndb([BASH] * 3))
    for _ in range(data.draw(st.integers(1, 20))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    rpm_packages(bytes(whole[: data.draw(st.integers(0, len(whole)))]), [])


def test_an_rpm_database_that_takes_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpm_headers, "STEPS_AT_ONCE", 10)
    monkeypatch.setattr(rpm_headers, "MOST_STEPS", 100)
    problems: list[str] = []
    assert len(rpm_packages(database([BASH] * 100), problems)) < 100
    assert problems == ["the RPM database cannot be read: interrupted"]


def test_a_view_is_not_taken_for_the_table() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIEW Packages AS SELECT randomblob(100000000) AS blob")
    connection.commit()
    problems: list[str] = []
    assert rpm_packages(connection.serialize(), problems) == []
    connection.close()
    assert problems == ["the RPM database has no table of packages"]


def test_a_table_that_makes_its_blobs_when_asked_ends() -> None:
    making = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, b, blob AS (zeroblob(999999999)))"
    connection = sqlite3.connect(":memory:")
    connection.execute(making)
    connection.execute("INSERT INTO Packages (b) VALUES (1)")
    connection.commit()
    problems: list[str] = []
    assert rpm_packages(connection.serialize(), problems) == []
    connection.close()
    assert problems


@given(st.data())
def test_a_damaged_rpm_database_gives_problems_and_no_other_error(data: st.DataObject) -> None:
    whole = bytearray(database([BASH] * 3))
    for _ in range(data.draw(st.integers(1, 20))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    rpm_packages(bytes(whole[: data.draw(st.integers(0, len(whole)))]), [])


@given(st.binary(max_size=200))
def test_a_header_of_any_bytes_is_read_or_damaged(blob: bytes) -> None:
    try:
        header_values(blob, frozenset(range(10_000)))
    except DamagedContentError:
        assert blob != BASH


@given(st.binary(max_size=400))
def test_databases_of_any_bytes_are_read(data: bytes) -> None:
    dpkg_packages(data, [])
    apk_packages(data, [])
    rpm_packages(data, [])


async def test_an_image_is_summarised() -> None:
    files = FilesInMemory(
        {
            "usr/lib/os-release": b"ID=debian\nVERSION_ID=12\n",
            "var/lib/dpkg/status.d/base": b"Package: base-files\nVersion: 12\nArchitecture: amd64\n",
            "var/lib/dpkg/status.d/base.md5sums": b"0123 x\n",
            "lib/apk/db/installed": APK,
            "usr/lib/apk/db/installed": APK,
            "var/lib/rpm/rpmdb.sqlite": database([BASH]),
        }
    )
    summary = await summarise(files)
    assert summary.release.id == "debian"
    assert summary.managers == ("dpkg", "apk", "rpm")
    assert [package.name for package in summary.packages] == ["base-files", "musl", "busybox", "bash"]
    assert summary.problems == ()
    assert "usr/lib/apk/db/installed" not in files.reads


async def test_nothing_is_known_of_an_image_from_scratch() -> None:
    assert await summarise(FilesInMemory({})) == under_test.Summary()


async def test_what_cannot_be_read_is_told_and_the_rest_is_read() -> None:
    files = FilesInMemory(
        {
            "etc/os-release": UnreadableLayerError("it is cut"),
            "lib/apk/db/installed": APK,
            "var/lib/rpm/Packages": b"x",
        }
    )
    summary = await summarise(files)
    assert len(summary.packages) == 2
    assert summary.managers == ("apk", "rpm")
    assert summary.problems == (
        "/etc/os-release cannot be read: it is cut",
        "/var/lib/rpm/Packages is not read: it is a database in Berkeley DB's format.",
    )


async def test_a_database_that_is_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "MAX_TEXT", 200)
    monkeypatch.setattr(under_test, "MAX_RPM", 200)
    monkeypatch.setattr(under_test, "MOST_PACKAGES", 1)
    files = FilesInMemory({"lib/apk/db/installed": APK, "usr/lib/sysimage/rpm/rpmdb.sqlite": bytes(300)})
    summary = await summarise(files)
    assert summary.problems == (
        "Only the first 200 bytes of /lib/apk/db/installed were read.",
        "/lib/apk/db/installed: only 1 packages are listed.",
        "/usr/lib/sysimage/rpm/rpmdb.sqlite is not read: it has more than 200 bytes.",
    )
    assert [package.name for package in summary.packages] == ["musl"]


async def test_a_database_that_is_ahead_of_its_file_is_told() -> None:
    folder = "var/lib/rpm/rpmdb.sqlite"
    summary = await summarise(FilesInMemory({folder: database([BASH]), f"{folder}-wal": b"x"}))
    assert summary.problems == (f"What is not yet in /{folder}, but in /{folder}-wal, is not read.",)
    assert len(summary.packages) == 1
