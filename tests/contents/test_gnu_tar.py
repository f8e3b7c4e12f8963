"""Layers beside what GNU tar says of the same archives."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.contents.helpers import CountingSource
from tui.contents import Entry, FileSource, Kind, Layer, open_layer

FORMATS = ("ustar", "gnu", "posix", "oldgnu")
PACKERS = {"gzip": ["gzip", "-n"], "zstd": ["zstd", "-q"], "tar": ["cat"]}
LETTERS = {
    Kind.FILE: "-",
    Kind.DIRECTORY: "d",
    Kind.SYMLINK: "l",
    Kind.HARDLINK: "h",
    Kind.FIFO: "p",
}


def run(*arguments: str | Path, cwd: Path | None = None, data: bytes | None = None) -> bytes:
    return subprocess.run(
        arguments,
        cwd=cwd,
        input=data,
        check=True,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
    ).stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / "etc").mkdir(mode=0o750)
    (root / "etc" / "hostname").write_text("box\n")
    os.link(root / "etc" / "hostname", root / "etc" / "name")
    (root / "etc" / "link").symlink_to("../etc/hostname")
    (root / "words").write_bytes(b"".join(b"%d\n" % number for number in range(300_000)))
    (root / "words").chmod(0o4755)
    (root / "white space").write_bytes(os.urandom(70_000))
    (root / "long").mkdir()
    # A name that ustar can divide, and one that is longer than its field where the format has more room.
    (root / "long" / ("n" * 90)).write_bytes(b"n" * 513)
    os.mkfifo(root / "pipe")
    with (root / "holes").open("wb") as file:
        for place in (0, 1 << 20, 5 << 20):
            file.seek(place)
            file.write(b"data" * 2_000)
        file.truncate(8 << 20)
    for path in sorted(root.rglob("*")):
        os.utime(path, (1_700_000_000, 1_700_000_000), follow_symlinks=False)
    return root


async def listed(layer: Layer) -> list[Entry]:
    return [entry async for entry in layer]


def line(entry: Entry) -> str:
    target = {Kind.SYMLINK: f" -> {entry.target}", Kind.HARDLINK: f" link to {entry.target}"}.get(
        entry.kind, ""
    )
    return f"{LETTERS[entry.kind]} {entry.uid}/{entry.gid} {entry.size} {entry.path}{target}"


def lines_of_tar(path: Path) -> list[str]:
    lines = []
    for text in run("tar", "-tvf", path, "--numeric-owner").decode().splitlines():
        mode, owner, size, _, _, name = text.split(maxsplit=5)
        kind = mode[0]
        name, arrow, target = name.partition(" link to " if kind == "h" else " -> ")
        name = name.removeprefix("./").rstrip("/")
        target = target.removeprefix("./") if kind == "h" else target
        lines.append(f"{kind} {owner} {size} {'' if name == '.' else name}{arrow}{target}")
    return lines


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("tar_format", FORMATS)
async def test_a_layer_is_what_gnu_tar_says_of_it(
    tree: Path, tmp_path: Path, tar_format: str, packer: str
) -> None:
    sparse = [] if tar_format == "ustar" else ["--sparse"]
    plain = tmp_path / "layer.tar"
    run("tar", "-cf", plain, f"--format={tar_format}", *sparse, "--sort=name", ".", cwd=tree)
    packed = tmp_path / "layer"
    packed.write_bytes(run(*PACKERS[packer], data=plain.read_bytes()))
    layer = open_layer(FileSource(packed))
    entries = await listed(layer)
    assert [line(entry) for entry in entries] == lines_of_tar(plain)
    assert layer.problems == ()
    for entry in entries:
        if entry.kind in {Kind.FILE, Kind.HARDLINK}:
            assert await layer.read(entry) == (tree / entry.path).read_bytes()
    holes = next(entry for entry in entries if entry.path == "holes")
    assert await layer.read(holes, (1 << 20) - 10, 30) == bytes(10) + b"data" * 5


@pytest.mark.parametrize("level", ["-1", "-19"])
async def test_frames_of_zstd_are_entered_where_they_begin(tree: Path, level: str) -> None:
    packed = b""
    data = run("tar", "-cf", "-", "--sort=name", ".", cwd=tree)
    step = 1 << 20
    for at in range(0, len(data), step):
        packed += run("zstd", "-q", level, data=data[at : at + step])
    source = CountingSource(packed)
    layer = open_layer(source)
    words = next(entry for entry in await listed(layer) if entry.path == "words")
    moved = source.moved
    cost = layer.cost(words)
    assert await layer.read(words) == (tree / "words").read_bytes()
    assert source.pumps == 1
    assert source.moved - moved <= cost + 256 * 1024
    assert cost < source.size
