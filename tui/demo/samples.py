"""The content that the demo registry shows: realistic, and the same every time."""

from __future__ import annotations

from functools import cache

from tui.demo.layers import Tree
from tui.demo.recipes import AMD64, ARM64, ARM_V7, Json, Platform, Shelf, Step, stamp
from tui.demo.storage import Storage
from tui.demo.trees import debian


def build_samples() -> Storage:
    """Return a storage with the sample repositories; every call gives one of its own."""
    return _samples().copy()


@cache
def _samples() -> Storage:
    storage = Storage()
    _debian(storage)
    _many_tags(storage)
    return storage


def _debian(storage: Storage) -> None:
    shelf = Shelf(storage, "library/debian")
    for codename, version, tags, slim, size in (
        ("bookworm", "12.12", ("bookworm", "bookworm-20261117", "12", "12.12"), False, 600_000),
        ("bookworm", "12.12", ("bookworm-slim", "12-slim"), True, 400_000),
        ("trixie", "13.2", ("trixie", "trixie-20261117", "13", "13.2", "latest", "stable"), False, 700_000),
    ):
        entries: list[Json] = []
        attested: list[Json] = []
        for platform in (AMD64, ARM64, ARM_V7):
            layer = debian(codename, version, platform.architecture, slim=slim, size=size).pack()
            steps = [
                Step(
                    f"# debian.sh --arch '{platform.architecture}' out/ '{codename}' '@1763337600'",
                    layer,
                    "debuerreotype 0.16",
                ),
                Step('CMD ["bash"]'),
            ]
            entry = shelf.image(steps, platform, run={"Cmd": ["bash"]}, days_ago=4)
            entries.append(entry)
            attested.append(
                shelf.attestation(entry, {"https://slsa.dev/provenance/v0.2": {"builder": {"id": "demo"}}})
            )
        shelf.index(
            [*entries, *attested], tags=tags, annotations={"org.opencontainers.image.created": stamp(4)}
        )


def _many_tags(storage: Storage) -> None:
    shelf = Shelf(storage, "demo/many-tags")
    tree = Tree().file("etc/app.conf", "listen = 8080\n").pack()
    for minor in range(60):
        patches = [f"v1.{minor}.{patch}" for patch in range(20)]
        shelf.image(
            [Step("COPY app.conf /etc/", tree), Step(f"ENV VERSION=1.{minor}")],
            Platform("amd64"),
            tags=patches,
        )
