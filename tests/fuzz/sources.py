"""Layouts and archives of docker save, in tars whose every byte may be another."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.client.layouts import Layout, named
from tests.fuzz.oracle import loop
from tui.client.local.local_path import LocalPath
from tui.client.local.opening import open_local
from tui.client.models import Manifest
from tui.client.names import Image

MOST: Final = 8
"""Repositories, tags and layers that are looked at."""


def run(data: bytes) -> None:
    """Open an input as an archive, and read everything that is listed."""
    with TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "app.tar"
        path.write_bytes(data)
        loop().run(_read(LocalPath(str(path))))


async def _read(path: LocalPath) -> None:
    async with open_local(path) as source:
        async for repositories in source.repositories():
            for repository in repositories.items[:MOST]:
                await source.untagged(repository)
                async for tags in source.tags(repository):
                    for tag in tags.items[:MOST]:
                        document = await source.get_manifest(Image(repository, tag))
                        await source.get_referrers(repository, document.descriptor.digest)
                        if not isinstance(document, Manifest):
                            continue
                        if document.is_image:
                            await source.get_config(repository, document)
                        for layer in document.layers[:MOST]:
                            async with source.get_blob(repository, layer) as stream:
                                async for _ in stream:
                                    pass


def _tar(files: dict[str, bytes], kind: int = tarfile.PAX_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=kind) as archive:
        for name, raw in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    # The end of an archive is padded to 10 KiB: nothing that is worth changing.
    return made.getvalue().rstrip(b"\0") + bytes(1024)


def _layout() -> dict[str, bytes]:
    layout = Layout()
    image = layout.image(b"base")
    layout.index(named(image, "docker.io/library/app:1.0"), named(image, "v1"), image)
    return layout.files


def _saved() -> dict[str, bytes]:
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "a" * 64]},
    }
    images = [{"Config": "config.json", "RepoTags": ["app:1.0"], "Layers": ["a/layer.tar"]}]
    return {
        "manifest.json": json.dumps(images).encode(),
        "config.json": json.dumps(config).encode(),
        "a/layer.tar": b"layer",
    }


SEEDS: Final = (
    _tar(_layout()),
    _tar(_saved()),
    _tar(_saved(), tarfile.GNU_FORMAT),
    _tar({"x" * 200: b"long", **_saved()}),
    gzip.compress(_tar(_saved()), mtime=0),
)

WORDS: Final = (
    b"ustar\0",
    b"ustar  \0",
    b"\x80" + b"\xff" * 11,
    b"00000000000",
    b"77777777777",
    b"30 mtime=1795252320.0\n",
    b"20 path=../x\n",
    b"30 GNU.sparse.major=1\n",
    b"index.json\0",
    b"oci-layout\0",
    b"manifest.json\0",
    b"../",
    b"/",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b'"Layers":',
    b'"RepoTags":',
    b'"Config":',
    b'"imageLayoutVersion":',
    b"org.opencontainers.image.ref.name",
)
