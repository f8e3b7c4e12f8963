"""Sample images of the kind that everybody builds upon."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tui.demo.documents import SLSA_PROVENANCE, SPDX_DOCUMENT, provenance, spdx
from tui.demo.layers import Tree
from tui.demo.recipes import AMD64, ARM64, ARM_V7, Json, Shelf, Step, stamp
from tui.demo.trees import DEBIAN_PACKAGES, debian

if TYPE_CHECKING:
    from tui.demo.layers import Layer
    from tui.demo.storage import Storage

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_APT_END = "rm -rf /var/lib/apt/lists/* # buildkit"
_APT = "RUN /bin/sh -c set -eux; apt-get update; apt-get install -y --no-install-recommends"
_DEBIAN_SOURCE = "https://github.com/debuerreotype/docker-debian-artifacts"
_DEBIAN_REVISION = "05c2a4ea2aee4d93e2ae1c34d3b2a92f4b7a3c11"


@cache
def debian_layer(codename: str, version: str, machine: str, *, slim: bool, size: int) -> Layer:
    """Return the packed root file system of a Debian release; images above it share it."""
    return debian(codename, version, machine, slim=slim, size=size).pack()


def bookworm_slim(machine: str) -> Step:
    """Return the step that lays the ground of most other images."""
    layer = debian_layer("bookworm", "12.12", machine, slim=True, size=400_000)
    return Step(f"# debian.sh --arch '{machine}' out/ 'bookworm' '@1763337600'", layer, "debuerreotype 0.16")


def add_debian(storage: Storage) -> None:
    """Add an index of three platforms for each release, with what BuildKit attests."""
    shelf = Shelf(storage, "library/debian")
    releases = (
        ("bookworm", "12.12", False, 600_000, ("bookworm", "bookworm-20261117", "12", "12.12", "oldstable")),
        (
            "bookworm",
            "12.12",
            True,
            400_000,
            ("bookworm-slim", "bookworm-20261117-slim", "12-slim", "12.12-slim"),
        ),
        ("trixie", "13.2", False, 700_000, ("trixie", "trixie-20261117", "13", "13.2", "latest", "stable")),
    )
    for codename, version, slim, size, tags in releases:
        images: list[Json] = []
        attestations: list[Json] = []
        for platform in (AMD64, ARM64, ARM_V7):
            machine = platform.architecture
            layer = debian_layer(codename, version, machine, slim=slim, size=size)
            steps = [
                Step(
                    f"# debian.sh --arch '{machine}' out/ '{codename}' '@1763337600'",
                    layer,
                    "debuerreotype 0.16",
                ),
                Step('CMD ["bash"]'),
            ]
            annotations = {
                "com.docker.official-images.bashbrew.arch": f"{machine}{platform.variant}",
                "org.opencontainers.image.base.name": "scratch",
                "org.opencontainers.image.created": stamp(4),
                "org.opencontainers.image.revision": _DEBIAN_REVISION,
                "org.opencontainers.image.source": f"{_DEBIAN_SOURCE}.git#{_DEBIAN_REVISION}:{codename}",
                "org.opencontainers.image.url": "https://hub.docker.com/_/debian",
                "org.opencontainers.image.version": tags[0],
            }
            run = {"Cmd": ["bash"], "Env": [_PATH]}
            image = shelf.image(steps, platform, run=run, days_ago=4) | {"annotations": annotations}
            name = f"linux/{machine}" + (f"/{platform.variant}" if platform.variant else "")
            statements = {
                SPDX_DOCUMENT: spdx(f"debian-{tags[0]}", DEBIAN_PACKAGES, machine),
                SLSA_PROVENANCE: provenance(_DEBIAN_SOURCE, _DEBIAN_REVISION, name),
            }
            images.append(image)
            attestations.append(shelf.attestation(image, statements))
        about = {"org.opencontainers.image.version": version, "org.opencontainers.image.created": stamp(4)}
        shelf.index([*images, *attestations], tags=tags, annotations=about)


def add_golang(storage: Storage) -> None:
    """Add images of many steps whose layers differ much in size, and remove what others added."""
    shelf = Shelf(storage, "library/golang")
    paths = Tree().directory("go", 0o1777).directory("go/bin", 0o1777).directory("go/src", 0o1777).pack()
    empty = Tree().pack()
    for version, tags, days_ago in (
        ("1.26.8", ("1.26.8", "1.26", "1", "latest", "bookworm", "1.26.8-bookworm"), 9),
        ("1.25.14", ("1.25.14", "1.25"), 40),
    ):
        images = []
        for platform in (AMD64, ARM64):
            machine = platform.architecture
            certificates, control, compiler = _build_tools(machine)
            steps = [
                bookworm_slim(machine),
                Step('CMD ["bash"]', None, "debuerreotype 0.16"),
                Step(
                    f"{_APT} ca-certificates curl gnupg netbase wget; {_APT_END}",
                    certificates,
                ),
                Step(
                    f"{_APT} git mercurial openssh-client subversion procps; {_APT_END}",
                    control,
                ),
                Step(
                    f"{_APT} g++ gcc libc6-dev make pkg-config; {_APT_END}",
                    compiler,
                ),
                Step(f"ENV GOLANG_VERSION={version}"),
                Step("ENV GOTOOLCHAIN=local"),
                Step("ENV GOPATH=/go"),
                Step(f"ENV PATH=/go/bin:/usr/local/go/bin:{_PATH.removeprefix('PATH=')}"),
                Step("COPY /target/ / # buildkit", _go(version, machine)),
                Step(
                    'RUN /bin/sh -c mkdir -p "$GOPATH/src" "$GOPATH/bin" && chmod -R 1777 "$GOPATH"',
                    paths,
                ),
                Step("WORKDIR /go", empty),
            ]
            run = {
                "Env": [f"GOLANG_VERSION={version}", "GOTOOLCHAIN=local", "GOPATH=/go", _PATH],
                "Cmd": ["bash"],
                "WorkingDir": "/go",
            }
            images.append(shelf.image(steps, platform, run=run, days_ago=days_ago))
        shelf.index(images, tags=tags, annotations={"org.opencontainers.image.version": version})


@cache
def _build_tools(machine: str) -> tuple[Layer, ...]:
    """Return the layers between Debian and Go: certificates, version control, a compiler."""
    certificates = Tree().program("usr/bin/curl", 90_000, machine=machine)
    for number in range(60):
        name = f"Example_Root_CA_{number:02}"
        body = f"{number:064d}\n" * 20
        text = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
        certificates.file(f"usr/share/ca-certificates/mozilla/{name}.crt", text)
        certificates.link(f"etc/ssl/certs/{name}.pem", f"/usr/share/ca-certificates/mozilla/{name}.crt")
    certificates.removed("var/lib/apt/lists/lock").opaque("var/cache/apt/archives")
    control = Tree().program("usr/bin/git", 420_000, machine=machine)
    control.hard_link("usr/bin/git-upload-pack", "usr/bin/git")
    control.program("usr/bin/svn", 160_000, machine=machine).link("usr/bin/hg", "../share/mercurial/hg")
    control.removed("usr/share/doc/tar").file("etc/ssh/ssh_config", "Host *\n    HashKnownHosts yes\n")
    compiler = Tree().program("usr/bin/gcc-12", 700_000, machine=machine).link("usr/bin/gcc", "gcc-12")
    compiler.program("usr/libexec/gcc/cc1plus", 900_000, machine=machine).removed("usr/bin/perl5.36.0")
    return certificates.pack(), control.pack(), compiler.pack()


def _go(version: str, machine: str) -> Layer:
    tree = Tree().file("usr/local/go/VERSION", f"go{version}\ntime 2026-11-12T17:28:40Z\n")
    tree.program("usr/local/go/bin/go", 1_700_000, machine=machine)
    tree.program("usr/local/go/bin/gofmt", 300_000, machine=machine)
    for package in ("bufio", "bytes", "context", "errors", "fmt", "io", "net/http", "os", "sort", "strings"):
        name = package.rpartition("/")[2]
        source = f"// Package {name} is part of the library.\npackage {name}\n"
        tree.file(f"usr/local/go/src/{package}/{name}.go", source)
        tree.file(f"usr/local/go/src/{package}/{name}_test.go", f"package {name}_test\n")
    return tree.program(f"usr/local/go/pkg/tool/linux_{machine}/compile", 900_000, machine=machine).pack()
