"""The images that the registries of these tests hold, built and pushed without pulling anything.

buildah builds and pushes what it can make; skopeo converts to schema 1; what no tool makes is put as JSON.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from tests.real.docker_registry import DockerRegistry
from tests.real.hand import Hand
from tests.real.programs import clean_environment, run

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = "application/vnd.example.signature"

ARCHITECTURES = {"amd64": "linux/amd64", "arm64": "linux/arm64/v8", "arm": "linux/arm/v7"}
"""Tags of the single images, and their platforms; the last one's layers are zstd, the others' gzip."""

BUILT_AT = 1_795_000_000
"""Seconds since the epoch: when every image says that it was made."""

MANY_TAGS = ("latest", "1.10", "1.9", "1.2", "v2", "_x", "Edge", "0", "a" * 128)
"""Tags of `library/tags`, in no order."""

CONTAINERFILE = """\
FROM scratch
COPY {name}/base /
ENV PATH=/usr/bin
COPY {name}/app /srv
LABEL org.opencontainers.image.title={name}
CMD ["/srv/start"]
"""

LAYERS_PER_IMAGE = 2


@dataclass(frozen=True, slots=True)
class Samples:
    """A storage folder for docker-registry, and what lies in it."""

    storage: Path
    repositories: frozenset[str]


def _write_trees(folder: Path, name: str) -> None:
    """Write the files of an image: some small ones, and one that does not compress."""
    content = random.Random(name)  # noqa: S311 - repeatable bytes, no secret
    base, app = folder / name / "base", folder / name / "app"
    for path, text in {
        base / "etc/os-release": f"NAME=Sample\nARCHITECTURE={name}\n",
        base / "etc/ssl/openssl.cnf": "# OpenSSL\n" * 400,
        base / "usr/share/doc/sample/copyright": f"Nobody, for {name}.\n" * 20,
        app / "start": f"#!/bin/sh\necho {name}\n",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (base / "etc/release").symlink_to("os-release")
    (app / "data").write_bytes(content.randbytes(1_500_000))


def _put_by_hand(hand: Hand) -> None:
    for tag in MANY_TAGS:
        hand.artifact("library/tags", tag, b"the same under every tag")
    gone = hand.artifact("library/emptied", "gone", b"soon without a tag")
    hand.remove_manifest("library/emptied", gone["digest"])
    hand.artifact("team/platform/tools/app", "1.0", b"five parts")

    there = hand.artifact("library/incomplete", None, b"there")
    absent = hand.artifact("library/incomplete", None, b"not there")
    amd64 = {"platform": {"architecture": "amd64", "os": "linux"}}
    arm64 = {"platform": {"architecture": "arm64", "os": "linux"}}
    hand.index("library/incomplete", "1.0", [{**there, **amd64}, {**absent, **arm64}])
    hand.remove_manifest("library/incomplete", absent["digest"])

    inner_child = hand.artifact("library/nested", None, b"deep inside")
    inner = hand.index("library/nested", "inner", [inner_child])
    hand.index("library/nested", "outer", [inner])

    subject = hand.artifact("library/signed", "1.0", b"what is signed")
    signature = hand.artifact(
        "library/signed", None, b"the signature", subject=subject, artifactType=SIGNATURE
    )
    hand.index(
        "library/signed",
        subject["digest"].replace(":", "-"),
        [{**signature, "artifactType": SIGNATURE}],
    )


def _build_and_push(folder: Path, host: str) -> None:
    environment = clean_environment(folder / "home")
    # As root, the cache of what is compressed how lies outside of every folder that can be named, unless
    # the tools take the user for another one.
    environment["_CONTAINERS_ROOTLESS_UID"] = "1000"
    environment["REGISTRY_AUTH_FILE"] = str(folder / "auth.json")
    (folder / "auth.json").write_text("{}", encoding="utf-8")
    root, run_root = str(folder / "storage"), str(folder / "runroot")
    storage = ["--root", root, "--runroot", run_root, "--storage-driver", "vfs"]
    registry = f"docker://{host}"

    def buildah(*arguments: str) -> None:
        run(["buildah", *storage, *arguments], environment)

    context = folder / "context"
    for name, platform in ARCHITECTURES.items():
        _write_trees(context, name)
        containerfile = folder / f"{name}.containerfile"
        containerfile.write_text(CONTAINERFILE.format(name=name), encoding="utf-8")
        buildah(
            *("build", "--quiet", "--isolation", "chroot", "--layers", "--no-cache"),
            *("--timestamp", str(BUILT_AT), "--platform", platform),
            *("--file", str(containerfile), "--tag", f"sample:{name}", str(context)),
        )
        buildah(
            *("push", "--quiet", "--tls-verify=false", "--format", "oci"),
            *("--compression-format", "zstd" if name == "arm" else "gzip"),
            *(f"sample:{name}", f"{registry}/library/sample:{name}"),
        )

    def push_list(name: str, members: tuple[str, ...], form: str, target: str) -> None:
        buildah("manifest", "create", name)
        for member in members:
            buildah("manifest", "add", "--tls-verify=false", name, f"{registry}/library/sample:{member}")
        buildah(
            "manifest", "push", "--all", "--format", form, "--tls-verify=false", name, f"{registry}/{target}"
        )

    push_list("index", tuple(ARCHITECTURES), "oci", "library/sample:1.0")
    push_list("list", ("amd64", "arm64"), "v2s2", "library/docker:1.0")
    run(
        [
            *("skopeo", "--insecure-policy", "--override-arch", "amd64", "copy", "--quiet"),
            *("--format", "v2s1", "--src-tls-verify=false", "--dest-tls-verify=false"),
            *(f"{registry}/library/docker:1.0", f"{registry}/library/schema1:1.0"),
        ],
        environment,
    )


def make_samples(folder: Path) -> Samples:
    """Build the images and push them to a registry that is ended afterwards."""
    storage = folder / "registry"
    with DockerRegistry(folder / "server", storage) as registry:
        _build_and_push(folder, registry.host)
        with httpx.Client(base_url=registry.url, trust_env=False) as client:
            _put_by_hand(Hand(client))
            catalog = client.get("/v2/_catalog").raise_for_status().json()
    return Samples(storage, frozenset(catalog["repositories"]))
