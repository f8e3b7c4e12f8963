"""Sample images that differ in how they are packed and what they run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.demo.layers import DOCKER_LAYER_GZIP, Tree
from tui.demo.recipes import AMD64, ARM64, ARM_V7, Json, Platform, Shelf, Step
from tui.demo.samples_library import bookworm_slim

if TYPE_CHECKING:
    from tui.demo.storage import Storage

_APPLETS = """
[ ar ash awk base64 basename bunzip2 cat chmod chown cmp cp cut date dd df diff dirname du echo env
false find free grep gunzip gzip head hostname id ip kill less ln login ls md5sum mkdir mktemp mount
mv nc nslookup ping ps pwd rm rmdir sed seq sh sha256sum sleep sort stat tail tar tee test top touch
tr true umount uname uniq vi wc wget xargs
"""

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_FEDORA_RELEASE = """\
NAME="Fedora Linux"
VERSION="{version} (Container Image)"
ID=fedora
VERSION_ID={version}
PRETTY_NAME="Fedora Linux {version} (Container Image)"
HOME_URL="https://fedoraproject.org/"
"""


def add_busybox(storage: Storage) -> None:
    """Add images of one platform, with Docker's media types: one program under many names."""
    shelf = Shelf(storage, "library/busybox")
    for libc, size, tags in (
        ("glibc", 1_100_000, ("1.37.0", "1.37.0-glibc", "1.37", "1", "latest", "glibc", "stable")),
        ("musl", 640_000, ("1.37.0-musl", "1.37-musl", "musl")),
        ("uclibc", 590_000, ("1.37.0-uclibc", "uclibc")),
    ):
        tree = Tree().program("bin/[", size, machine=libc)
        for applet in _APPLETS.split()[1:]:
            tree.hard_link(f"bin/{applet}", "bin/[")
        tree.directory("dev").directory("home").directory("root", 0o700).directory("tmp", 0o1777)
        tree.file(
            "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n"
        )
        tree.file("etc/group", "root:x:0:\nnogroup:x:65534:\n").file("etc/hostname", "busybox\n")
        tree.directory("usr/sbin").link("usr/bin/env", "../../bin/env").link("lib64", "lib").directory("lib")
        steps = [
            Step(f"BusyBox 1.37.0 ({libc}), Debian 13", tree.pack(media_type=DOCKER_LAYER_GZIP), ""),
            Step('CMD ["sh"]'),
        ]
        shelf.image(steps, tags=tags, run={"Cmd": ["sh"], "Env": [_PATH]}, docker=True, days_ago=57)


def add_fedora(storage: Storage) -> None:
    """Add images whose layers are packed with zstd, one of them above a layer packed with gzip."""
    shelf = Shelf(storage, "library/fedora")
    for version, tags in (("43", ("43", "latest")), ("44", ("44", "rawhide"))):
        images = []
        for platform in (AMD64, Platform("arm64")):
            machine = {"amd64": "x86_64", "arm64": "aarch64"}[platform.architecture]
            tree = Tree().file("usr/lib/os-release", _FEDORA_RELEASE.format(version=version))
            tree.link("etc/os-release", "../usr/lib/os-release").file(
                "etc/fedora-release", f"Fedora release {version}\n"
            )
            tree.program("usr/bin/bash", 240_000, machine=machine).program(
                "usr/bin/rpm", 90_000, machine=machine
            )
            tree.program("usr/bin/dnf5", 310_000, machine=machine).link("usr/bin/dnf", "dnf5").link(
                "usr/bin/sh", "bash"
            )
            tree.program("usr/lib64/libc.so.6", 520_000, machine=machine).link("lib64", "usr/lib64").link(
                "bin", "usr/bin"
            )
            tree.file(
                "etc/yum.repos.d/fedora.repo",
                "[fedora]\nname=Fedora $releasever - $basearch\nenabled=1\ngpgcheck=1\n",
            )
            steps = [
                Step(
                    f"KIWI 10.2.33 # Fedora-Container-Base-Generic {version}",
                    tree.pack("zstd"),
                    "Imported from -",
                ),
                Step('CMD ["/bin/bash"]'),
            ]
            images.append(shelf.image(steps, platform, run={"Cmd": ["/bin/bash"]}, days_ago=12))
        shelf.index(images, tags=tags)
    tools = (
        Tree()
        .program("usr/bin/strace", 180_000)
        .file("etc/profile.d/toolbox.sh", "export TOOLBOX=1\n")
        .pack("zstd")
    )
    notes = Tree().file("README.md", "# Toolbox\n\nThis layer is not compressed at all.\n" * 40).pack("none")
    steps = [
        bookworm_slim("amd64"),
        Step("RUN dnf install -y strace", tools),
        Step("COPY README.md /", notes),
    ]
    shelf.image(
        steps, tags=["mixed"], annotations={"org.opencontainers.image.title": "gzip, zstd and plain layers"}
    )


def add_hello_world(storage: Storage) -> None:
    """Add an index of many platforms, Windows among them."""
    shelf = Shelf(storage, "library/hello-world")
    message = (
        "\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n"
    )
    platforms = [
        AMD64,
        Platform("arm", "v5"),
        ARM_V7,
        ARM64,
        Platform("386"),
        Platform("ppc64le"),
        Platform("riscv64"),
        Platform("s390x"),
    ]
    linux: list[Json] = []
    for platform in platforms:
        machine = platform.architecture + platform.variant
        layer = (
            Tree()
            .program("hello", 9_000 + 17 * len(machine), machine=machine)
            .pack(media_type=DOCKER_LAYER_GZIP)
        )
        steps = [Step("COPY hello / # buildkit", layer), Step('CMD ["/hello"]')]
        linux.append(shelf.image(steps, platform, run={"Cmd": ["/hello"]}, docker=True, days_ago=106))
    windows: list[Json] = []
    for build in ("10.0.26100.7171", "10.0.20348.4405"):
        platform = Platform("amd64", os="windows", os_version=build)
        base = (
            Tree()
            .raw("Files/Windows/System32/kernel32.dll", b"MZ" + build.encode() * 20_000)
            .pack(media_type=DOCKER_LAYER_GZIP)
        )
        text = Tree().file("Files/hello.txt", message).pack(media_type=DOCKER_LAYER_GZIP)
        steps = [
            Step(f"Apply image {build}", base, ""),
            Step("cmd /S /C #(nop) COPY file:hello.txt in C:\\", text, ""),
            Step('cmd /S /C #(nop)  CMD ["cmd" "/C" "type C:\\\\hello.txt"]', None, ""),
        ]
        windows.append(shelf.image(steps, platform, docker=True, days_ago=11))
    shelf.index([*linux, *windows], tags=["latest"])
    shelf.index(linux, tags=["linux"], docker=True)
    for entry in windows:
        build = entry["platform"]["os.version"].split(".")[2]
        name = {"26100": "nanoserver-ltsc2025", "20348": "nanoserver-ltsc2022"}[build]
        storage.put_tag(shelf.name, name, entry["digest"])
