"""Download the layer of an image as the program does, and print the seconds that took, without the start."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from tui.client import Client, Image, Manifest, Repository, Tag
from tui.transfers import download


async def fetch(url: str, repository: Repository, target: Path) -> float:
    """Download the only layer of the image `latest` into a file; returns seconds."""
    async with Client() as client:
        registry = client.registry(url)
        manifest = await registry.get_manifest(Image(repository, Tag("latest")))
        assert isinstance(manifest, Manifest)
        started = time.perf_counter()
        await download(registry, repository, manifest.layers[0], target)
        return time.perf_counter() - started


if __name__ == "__main__":
    print(asyncio.run(fetch(sys.argv[1], Repository(sys.argv[2]), Path(sys.argv[3]))))  # noqa: T201 - its result
