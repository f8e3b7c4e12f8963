"""Layers stacked here are the file systems that umoci and GNU tar unpack, whiteouts and links included."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard

from tests.contents.helpers import make_tar, member, tar_of
from tests.contents.tars import bytes_of, read
from tests.real.images import ARCHITECTURES
from tests.real.programs import clean_environment, require, run
from tui.contents.entries import Kind
from tui.contents.merged import MergedTree
from tui.contents.nodes import Node, walk
from tui.contents.tree import LayerTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.real.docker_registry import DockerRegistry

ROOT = os.geteuid() == 0
"""Whether owners are those of the layer: only root can give files away."""

KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
}


@dataclass(frozen=True, slots=True)
class Thing:
    """What is at one path."""

    kind: Kind
    mode: int
    owners: tuple[int, int]
    says: str
    """The digest of a file's bytes, the target of a symbolic link."""


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return clean_environment(tmp_path / "home")


def on_disk(root: Path) -> dict[str, Thing]:
    """What lies below a directory of this machine."""
    things = {}
    for path in root.rglob("*"):
        found = path.lstat()
        kind = KINDS[stat.S_IFMT(found.st_mode)]
        says = ""
        if kind is Kind.SYMLINK:
            says = str(path.readlink())
        elif kind is Kind.FILE:
            says = hashlib.sha256(path.read_bytes()).hexdigest()
        things[str(path.relative_to(root))] = Thing(
            kind,
            0 if kind is Kind.SYMLINK else stat.S_IMODE(found.st_mode),
            (found.st_uid, found.st_gid) if ROOT else (0, 0),
            says,
        )
    return things


def in_tree(tree: MergedTree, tars: list[bytes]) -> dict[str, Thing]:
    """What a stack of layers has, with the bytes that it says are a file's."""
    return {
        node.path: thing_of(tree, node, tars)
        for node in walk(tree.root)
        if node.is_there and node.parent is not None
    }


def thing_of(tree: MergedTree, node: Node, tars: list[bytes]) -> Thing:
    if node.entry is None:
        return Thing(Kind.DIRECTORY, 0o755, (0, 0), "")
    assert node.content is not None
    entry = node.content[1]
    says = entry.target
    if entry.kind is Kind.FILE:
        number, where = tree.content_of(node)
        says = hashlib.sha256(bytes_of(where, tars[number - 1])).hexdigest()
    mode = 0 if entry.kind is Kind.SYMLINK else entry.mode
    return Thing(entry.kind, mode, (entry.uid, entry.gid) if ROOT else (0, 0), says)


def stacked(tars: list[bytes]) -> MergedTree:
    layers = []
    for number, tar in enumerate(tars, 1):
        entries, reader = read([tar])
        assert reader.ended
        layers.append(LayerTree(number))
        layers[-1].add(entries)
    return MergedTree(layers)


def blob(layout: Path, descriptor: dict[str, str]) -> bytes:
    return (layout / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()


def layers_of(layout: Path, tag: str) -> list[bytes]:
    """The unpacked tars of an image in a layout."""
    index = json.loads((layout / "index.json").read_bytes())
    (found,) = (
        one for one in index["manifests"] if one["annotations"]["org.opencontainers.image.ref.name"] == tag
    )
    manifest = json.loads(blob(layout, found))
    return [unpacked(blob(layout, layer)) for layer in manifest["layers"]]


def unpacked(layer: bytes) -> bytes:
    if layer.startswith(b"\x1f\x8b"):
        return gzip.decompress(layer)
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(layer)) as reader:
        return reader.read()


class Umoci:
    """A layout that umoci fills and unpacks."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        require("umoci")
        self.layout = folder / "layout"
        self.folder = folder
        self._environment = environment
        self._rootless = [] if ROOT else ["--rootless"]
        self.run("init", "--layout", str(self.layout))

    def run(self, *arguments: str) -> None:
        run(["umoci", *arguments], self._environment)

    def unpack(self, tag: str) -> Path:
        target = self.folder / f"unpacked-{tag}"
        self.run("raw", "unpack", *self._rootless, "--image", f"{self.layout}:{tag}", str(target))
        return target

    def bundle(self, tag: str) -> Path:
        bundle = self.folder / "bundle"
        self.run("unpack", *self._rootless, "--image", f"{self.layout}:{tag}", str(bundle))
        return bundle

    def repack(self, tag: str, bundle: Path) -> None:
        self.run("repack", "--refresh-bundle", "--image", f"{self.layout}:{tag}", str(bundle))

    def add_layer(self, tag: str, new_tag: str, tar: bytes) -> None:
        file = self.folder / "layer.tar"
        file.write_bytes(tar)
        self.run("raw", "add-layer", "--image", f"{self.layout}:{tag}", "--tag", new_tag, str(file))


@pytest.fixture
def umoci(tmp_path: Path, environment: Mapping[str, str]) -> Umoci:
    made = Umoci(tmp_path, environment)
    made.run("new", "--image", f"{made.layout}:0")
    return made


def fill(root: Path) -> None:
    """The lowest layer: some of everything."""
    for name in ("etc/ssl/certs", "usr/bin", "usr/lib", "var/cache/apt", "srv/data/deep/er", "opt/a/b"):
        (root / name).mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0:\n", encoding="utf-8")
    (root / "etc/motd").write_text("hello\n", encoding="utf-8")
    (root / "etc/ssl/certs/ca.pem").write_bytes(b"pem")
    (root / "usr/bin/sh").write_bytes(b"#!" * 1000)
    os.link(root / "usr/bin/sh", root / "usr/bin/bash")
    os.link(root / "usr/bin/sh", root / "usr/bin/dash")
    (root / "usr/bin/su").write_bytes(b"su")
    (root / "usr/bin/su").chmod(0o4755)
    (root / "usr/lib/libc.so").write_bytes(b"so")
    (root / "bin").symlink_to("usr/bin")
    (root / "lib").symlink_to("/usr/lib")
    (root / "var/cache/apt/pkgcache.bin").write_bytes(bytes(50_000))
    for number in range(200):
        (root / f"srv/data/deep/{number}").write_text(str(number), encoding="utf-8")
    (root / "srv/data/deep/er/ö \udcff").write_bytes(b"1")
    (root / "opt/a/b/c").write_bytes(b"c")
    os.mkfifo(root / "pipe")


def change(root: Path) -> None:
    """The second layer: files and directories go, come, and become one another."""
    (root / "etc/motd").unlink()
    shutil.rmtree(root / "var/cache/apt")
    (root / "etc/passwd").chmod(0o600)
    (root / "usr/bin/bash").write_bytes(b"all three, for they are one file")
    shutil.rmtree(root / "opt/a")
    (root / "opt/a").write_bytes(b"a file now")
    (root / "lib").unlink()
    (root / "lib").mkdir()
    (root / "lib/own").write_bytes(b"1")
    for number in range(0, 200, 2):
        (root / f"srv/data/deep/{number}").unlink()
    (root / "etc/ssl").chmod(0o700)


def change_back(root: Path) -> None:
    """The third layer: what went comes back as something else."""
    (root / "opt/a").unlink()
    (root / "opt/a/b").mkdir(parents=True)
    (root / "opt/a/b/d").write_bytes(b"d")
    (root / "etc/motd").symlink_to("passwd")
    (root / "bin").unlink()
    shutil.rmtree(root / "srv/data")
    (root / "srv/data").write_bytes(b"")
    shutil.rmtree(root / "lib")
    (root / "lib").symlink_to("usr/lib")
    (root / "usr/bin/dash").unlink()
    (root / "var/cache/apt").mkdir()


def test_layers_that_umoci_makes_of_changes_stack_to_what_it_unpacks(umoci: Umoci) -> None:
    bundle = umoci.bundle("0")
    for tag, step in (("1", fill), ("2", change), ("3", change_back)):
        step(bundle / "rootfs")
        umoci.repack(tag, bundle)
        tars = layers_of(umoci.layout, tag)
        assert len(tars) == int(tag)
        assert in_tree(stacked(tars), tars) == on_disk(umoci.unpack(tag))


def directory(name: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.DIRTYPE, mode=mode), b""


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=kind, linkname=target), b""


BASE = make_tar(
    [
        directory("a", 0o750),
        directory("a/b"),
        (member("a/b/c"), b"base"),
        (member("a/d"), b"d"),
        directory("e"),
        (member("e/f"), b"f"),
        (member("g"), b"g"),
        link("h", "g", tarfile.LNKTYPE),
        link("s", "a/b"),
        directory("t"),
        (member("t/u"), b"u"),
    ]
)

UPPER_LAYERS = {
    "opaque-first": [(member("a/.wh..wh..opq"), b""), directory("a/b"), (member("a/b/new"), b"1")],
    "opaque-last": [directory("a/b"), (member("a/b/new"), b"1"), (member("a/.wh..wh..opq"), b"")],
    "opaque-deep": [(member("a/.wh..wh..opq"), b""), (member("a/b/x/y"), b"1"), (member("a/b/c"), b"2")],
    "whiteouts": [(member(".wh.e"), b""), (member("a/.wh.d"), b""), (member(".wh.g"), b"")],
    "whiteout-and-new-file": [(member(".wh.g"), b""), (member("g"), b"new")],
    "new-file-and-whiteout": [(member("g"), b"new"), (member(".wh.g"), b"")],
    "whiteout-and-new-directory": [(member(".wh.a"), b""), directory("a", 0o700), (member("a/z"), b"z")],
    "whiteout-of-nothing": [(member(".wh.nothing"), b""), (member("a/.wh.o"), b"")],
    "whiteout-below-its-own-file": [(member("e"), b"a file"), (member("e/.wh.f"), b"")],
    "directory-over-file": [directory("g"), (member("g/x"), b"x")],
    "file-over-directory": [(member("a"), b"now a file")],
    "link-over-directory": [link("a", "e")],
    "directory-over-link": [directory("s", 0o711), (member("s/x"), b"x")],
    "attributes-only": [directory("a", 0o700), directory("t", 0o1777)],
    "hard-link-to-below": [link("i", "g", tarfile.LNKTYPE), link("j", "h", tarfile.LNKTYPE)],
    "hard-link-then-replaced": [link("i", "g", tarfile.LNKTYPE), (member("g"), b"new")],
    "twice": [(member("x"), b"1"), (member("x"), b"22"), directory("a"), directory("a", 0o711)],
    "over-a-link-of-its-own": [link("l", "e"), (member("l/f"), b"through"), (member("l/new"), b"n")],
    "file-over-directory-of-its-own": [(member("y/z/1"), b"1"), (member("y/z"), b"2")],
}


@pytest.mark.parametrize("name", UPPER_LAYERS)
def test_hand_made_layers_stack_to_what_umoci_unpacks(umoci: Umoci, name: str) -> None:
    tars = [BASE, make_tar(UPPER_LAYERS[name]), tar_of({"last": b"1", "a2/b": b"2"})]
    for number, tar in enumerate(tars):
        umoci.add_layer(str(number), str(number + 1), tar)
    assert in_tree(stacked(tars), tars) == on_disk(umoci.unpack("3"))


DEBIAN = ("etc", "var/lib/dpkg", "usr/share/zoneinfo", "usr/sbin", "bin", "sbin")
"""Of the root file system of a Debian: thousands of files, links, owners and odd permissions."""


def test_a_debian_root_file_system_with_removals_is_what_umoci_unpacks(umoci: Umoci, tmp_path: Path) -> None:
    """It is that of this machine; each layer after the first takes some of it away."""
    parts = [part for part in DEBIAN if Path("/", part).exists()]
    tar = tmp_path / "debian.tar"
    run(["tar", "--one-file-system", "-C", "/", "-cf", str(tar), *parts], clean_environment(tmp_path))
    removals = [".wh.bin", "usr/share/zoneinfo/.wh..wh..opq", "etc/.wh.hostname", "etc/.wh.passwd"]
    tars = [
        tar.read_bytes(),
        tar_of({**dict.fromkeys(removals, b""), "usr/share/zoneinfo/UTC": b"kept", "etc/passwd": b"new"}),
        tar_of({"etc/.wh..wh..opq": b"", "var/lib/.wh.dpkg": b"", "bin": b"a file again"}),
    ]
    for number, layer in enumerate(tars):
        umoci.add_layer(str(number), str(number + 1), layer)
        assert in_tree(stacked(tars[: number + 1]), tars) == on_disk(umoci.unpack(str(number + 1)))


def test_one_layer_is_what_gnu_tar_unpacks(tmp_path: Path, environment: Mapping[str, str]) -> None:
    tar = make_tar(
        [
            directory("usr/bin"),
            link("bin", "usr/bin"),
            (member("bin/sh", mode=0o755), b"over a link"),
            (member("x"), b"first"),
            link("y", "x", tarfile.LNKTYPE),
            (member("x"), b"second"),
            (member("made/on/the/way"), b"1"),
            link("dangling", "nowhere"),
            directory("d", 0o700),
            directory("d", 0o711),
            (member("d/e"), b"e"),
            link("bin/bash", "usr/bin/sh", tarfile.LNKTYPE),
        ]
    )
    root = tmp_path / "root"
    root.mkdir()
    file = tmp_path / "layer.tar"
    file.write_bytes(tar)
    run(["tar", "--extract", "--preserve-permissions", "--file", str(file), "-C", str(root)], environment)
    assert in_tree(stacked([tar]), [tar]) == on_disk(root)


@pytest.mark.parametrize("tag", ARCHITECTURES)
def test_images_that_buildah_built_for_three_platforms_are_what_gnu_tar_unpacks(
    tag: str, plain: DockerRegistry, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    require("skopeo")
    layout, root = tmp_path / "layout", tmp_path / "root"
    source = f"docker://{plain.host}/library/sample:{tag}"
    command = ["skopeo", "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false"]
    run([*command, source, f"oci:{layout}:{tag}"], environment)
    tars = layers_of(layout, tag)
    root.mkdir()
    for tar in tars:
        (tmp_path / "layer.tar").write_bytes(tar)
        unpack = ["tar", "--extract", "--preserve-permissions", "--file", str(tmp_path / "layer.tar")]
        run([*unpack, "-C", str(root)], environment)
    assert in_tree(stacked(tars), tars) == on_disk(root)


@pytest.mark.skipif(not ROOT, reason="only root can mount what buildah works on")
def test_layers_that_buildah_makes_of_changes_stack_to_what_it_mounts(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    require("buildah")
    storage = ["--root", str(tmp_path / "storage"), "--runroot", str(tmp_path / "run")]

    def buildah(*arguments: str) -> str:
        command = ["buildah", *storage, "--storage-driver", "vfs", *arguments]
        return run(command, environment).decode().strip()

    image = "scratch"
    for tag, step in (("1", fill), ("2", change), ("3", change_back)):
        container = buildah("from", "--pull-never", image)
        root = Path(buildah("mount", container))
        step(root)
        image = f"localhost/changed:{tag}"
        buildah("commit", "--quiet", container, image)
        buildah("push", "--quiet", image, f"oci:{tmp_path / 'layout'}:{tag}")
        tars = layers_of(tmp_path / "layout", tag)
        assert len(tars) == int(tag)
        assert in_tree(stacked(tars), tars) == on_disk(root)
        buildah("umount", container)
