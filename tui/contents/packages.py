"""Which packages an image has, by the databases of dpkg, apk and rpm.

Of rpm's databases those are read that it writes since version 4.16: an SQLite file, or one in its own format
(``Packages.db``). Of those in Berkeley DB's format (``Packages``) it is only told that they are there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from tui.client.threads import in_thread
from tui.contents.errors import ContentsError, DamagedContentError
from tui.contents.release import MAX_RELEASE, NO_RELEASE, RELEASE_PATHS, Release, read_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["Files", "Package", "Summary", "apk_packages", "dpkg_packages", "rpm_packages", "summarise"]

DPKG_STATUS: Final = "var/lib/dpkg/status"
DPKG_FOLDER: Final = "var/lib/dpkg/status.d"
"""Where images without dpkg itself have a file for each package."""
APK_PATHS: Final = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
RPM_FOLDERS: Final = ("usr/lib/sysimage/rpm", "var/lib/rpm")
RPM_NAMES: Final = ("rpmdb.sqlite", "Packages.db")
RPM_UNREAD: Final = "Packages"
"""A database in Berkeley DB's format."""

MAX_TEXT: Final = 32 * 1024 * 1024
"""Bytes of a database that is text; one of 5,000 packages has 5 MB."""

MAX_RPM: Final = 128 * 1024 * 1024
"""Bytes of a database of rpm; one of 2,000 packages has some 50 MB."""

MAX_SMALL: Final = 256 * 1024
"""Bytes of a file that describes one package."""

MOST_SMALL: Final = 5_000
"""Files that describe one package each; images that have such have fewer than a hundred."""

MOST_PACKAGES: Final = 50_000
"""Packages of one image; a whole distribution has more, an image never."""

LONGEST_FIELD: Final = 1_024
"""Characters of a value that are kept."""

_NAME, _VERSION, _RELEASE, _EPOCH, _SIZE, _LICENSE, _ARCHITECTURE, _LONG_SIZE = _RPM_TAGS = (
    1000,
    1001,
    1002,
    1003,
    1009,
    1014,
    1022,
    5009,
)
_DPKG_FIELDS: Final = frozenset({"package", "status", "version", "architecture", "installed-size"})
_APK_FIELDS: Final = frozenset("PVAIL")
_NUMBER = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Package:
    """One package that is installed; foreign text, "" for what its database does not say."""

    name: str
    version: str = ""
    architecture: str = ""
    size: int | None = None
    """Bytes that it takes, as it says itself; None where it says nothing."""
    license: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What an image is, as far as it says so."""

    release: Release = NO_RELEASE
    managers: tuple[str, ...] = ()
    """Whose databases are there: ``dpkg``, ``apk``, ``rpm``."""
    packages: tuple[Package, ...] = ()
    """Those of all databases, each database's in its own order."""
    problems: tuple[str, ...] = ()
    """What could not be read, each as a sentence."""


class Files(Protocol):
    """The files of an image, symbolic links followed inside it."""

    def size(self, path: str) -> int | None:
        """Tell how many bytes a file has; None where there is no file.

        Args:
            path: As `Entry.path` is.
        """
        ...

    def names(self, path: str) -> Iterable[str]:
        """Tell what lies in a directory; nothing where there is none."""
        ...

    async def read(self, path: str, limit: int) -> bytes:
        """Read a file's first bytes.

        Args:
            path: Of a file that is there.
            limit: How many at most.

        Raises:
            ContentsError: They cannot be read.
        """
        ...


async def summarise(files: Files) -> Summary:
    """Tell which system an image has, and which packages; what cannot be read is one of the problems.

    Args:
        files: The merged files of the image.

    Raises:
        RegistryError: The bytes cannot be fetched, where `files` raises that.
    """
    collected = _Collected(files)
    release = NO_RELEASE
    for path in RELEASE_PATHS:
        if files.size(path) is not None:
            data = await collected.read(path, MAX_RELEASE)
            release = read_release(data or b"")
            break
    await collected.dpkg()
    await collected.apk()
    await collected.rpm()
    return Summary(release, tuple(collected.managers), tuple(collected.packages), tuple(collected.problems))


class _Collected:
    """What the databases of an image say."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.managers: dict[str, None] = {}
        self.packages: list[Package] = []
        self.problems: list[str] = []

    async def read(self, path: str, limit: int) -> bytes | None:
        """Read a file; None where that is not possible, which is a problem then."""
        try:
            data = await self._files.read(path, limit)
        except ContentsError as error:
            self.problems.append(f"/{path} cannot be read: {error}")
            return None
        size = self._files.size(path)
        if size is not None and size > limit:
            self.problems.append(f"Only the first {limit:,} bytes of /{path} were read.")
        return data

    async def dpkg(self) -> None:
        paths = [DPKG_STATUS] if self._files.size(DPKG_STATUS) is not None else []
        names = sorted(name for name in self._files.names(DPKG_FOLDER) if not name.endswith(".md5sums"))
        if len(names) > MOST_SMALL:
            self.problems.append(
                f"Only {MOST_SMALL:,} of the {len(names):,} files in /{DPKG_FOLDER} were read."
            )
        small = (f"{DPKG_FOLDER}/{name}" for name in names[:MOST_SMALL])
        paths += (path for path in small if self._files.size(path) is not None)
        for path in paths:
            self.managers["dpkg"] = None
            data = await self.read(path, MAX_TEXT if path == DPKG_STATUS else MAX_SMALL)
            await self._add(path, dpkg_packages, data)

    async def apk(self) -> None:
        path = next((path for path in APK_PATHS if self._files.size(path) is not None), None)
        if path is not None:
            self.managers["apk"] = None
            await self._add(path, apk_packages, await self.read(path, MAX_TEXT))

    async def rpm(self) -> None:
        for folder in RPM_FOLDERS:
            for name in RPM_NAMES:
                path = f"{folder}/{name}"
                if (size := self._files.size(path)) is not None:
                    self.managers["rpm"] = None
                    await self._rpm(path, size)
                    return
            path = f"{folder}/{RPM_UNREAD}"
            if self._files.size(path) is not None:
                self.managers["rpm"] = None
                self.problems.append(f"/{path} is not read: it is a database in Berkeley DB's format.")
                return

    async def _rpm(self, path: str, size: int) -> None:
        if size > MAX_RPM:
            self.problems.append(f"/{path} is not read: it has more than {MAX_RPM:,} bytes.")
            return
        if self._files.size(f"{path}-wal"):
            self.problems.append(f"What is not yet in /{path}, but in /{path}-wal, is not read.")
        await self._add(path, rpm_packages, await self.read(path, MAX_RPM))

    async def _add(
        self, path: str, reader: Callable[[bytes, list[str]], list[Package]], data: bytes | None
    ) -> None:
        """Take in what a database says."""
        if data is None:
            return
        odd: list[str] = []
        packages = await in_thread(reader, data, odd)
        room = MOST_PACKAGES - len(self.packages)
        if len(packages) > room:
            odd.append(f"only {MOST_PACKAGES:,} packages are listed")
        self.packages += packages[:room]
        self.problems += (f"/{path}: {problem}." for problem in odd)


def dpkg_packages(data: bytes, problems: list[str]) -> list[Package]:
    """Read dpkg's status file, or a file of ``status.d``: packages that are installed.

    Args:
        data: The file.
        problems: What is wrong with it is added here, as phrases.
    """
    packages = []
    for fields in _paragraphs(data, _DPKG_FIELDS, fold=True):
        state = fields.get("status", "install ok installed").split()
        if state[-1:] != ["installed"]:
            continue
        size = _number(fields.get("installed-size"))
        packages.append(
            Package(
                fields.get("package", ""),
                fields.get("version", ""),
                fields.get("architecture", ""),
                None if size is None else size * 1024,
            )
        )
    return _named(packages, problems)


def apk_packages(data: bytes, problems: list[str]) -> list[Package]:
    """Read apk's list of what is installed.

    Args:
        data: The file.
        problems: What is wrong with it is added here, as phrases.
    """
    packages = [
        Package(
            fields.get("P", ""),
            fields.get("V", ""),
            fields.get("A", ""),
            _number(fields.get("I")),
            fields.get("L", ""),
        )
        for fields in _paragraphs(data, _APK_FIELDS, fold=False)
    ]
    return _named(packages, problems)


def rpm_packages(data: bytes, problems: list[str]) -> list[Package]:
    """Read rpm's database, where it is an SQLite file or in its own format.

    Args:
        data: The file.
        problems: What is wrong with it is added here, as phrases.
    """
    from tui.contents.rpm_headers import blobs_of, header_values  # noqa: PLC0415  # it loads sqlite3
    from tui.contents.rpm_ndb import blobs_of_ndb  # noqa: PLC0415  # as above

    packages: list[Package] = []
    damaged, left = 0, len(data)
    tags = frozenset(_RPM_TAGS)
    try:
        read = blobs_of if data.startswith(b"SQLite format 3") else blobs_of_ndb
        for blob in read(data, MOST_PACKAGES):
            left -= len(blob or b"")
            if left < 0:
                problems.append("its entries lie over each other")
                break
            try:
                values = header_values(blob or b"", tags)
            except DamagedContentError:
                damaged += 1
                continue
            packages.append(_of_header(values))
    except DamagedContentError as error:
        problems.append(str(error))
    if damaged:
        problems.append(f"{damaged:,} damaged entries are left out")
    return _named(packages, problems)


def _of_header(values: Mapping[int, str | int]) -> Package:
    text = {tag: value[:LONGEST_FIELD] for tag, value in values.items() if isinstance(value, str)}
    epoch = values.get(_EPOCH)
    version = "-".join(filter(None, (text.get(_VERSION), text.get(_RELEASE))))
    size = values.get(_LONG_SIZE, values.get(_SIZE))
    return Package(
        text.get(_NAME, ""),
        f"{epoch}:{version}" if isinstance(epoch, int) else version,
        text.get(_ARCHITECTURE, ""),
        size if isinstance(size, int) else None,
        text.get(_LICENSE, ""),
    )


def _paragraphs(data: bytes, wanted: frozenset[str], *, fold: bool) -> Iterator[dict[str, str]]:
    """Give the wanted fields of each paragraph, one more than are listed at most.

    None of these fields has lines that go on.
    """
    fields: dict[str, str] = {}
    start = given = 0
    while start <= len(data) and given <= MOST_PACKAGES:
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line = data[start : min(end, start + LONGEST_FIELD)].rstrip(b"\r")
        start = end + 1
        if not line.strip():
            if fields:
                yield fields
                fields = {}
                given += 1
            continue
        name, colon, value = line.partition(b":")
        if colon and not line[:1].isspace():
            key = name.decode("latin-1")
            key = key.lower() if fold else key
            if key in wanted:
                fields.setdefault(key, value.strip().decode(errors="replace"))
    if fields:
        yield fields


def _named(packages: list[Package], problems: list[str]) -> list[Package]:
    """Leave out what has no name."""
    named = [package for package in packages if package.name]
    if len(named) < len(packages):
        problems.append(f"{len(packages) - len(named):,} entries without a name are left out")
    return named


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else None
