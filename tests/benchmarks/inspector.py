"""Look into the layer of an image as the program does, and print what that took, without the start.

`python -m tests.benchmarks.inspector URL REPOSITORY [--store FOLDER] [PATH ...]` lists the only
layer of the image `latest` and reads the files of these paths, one after the other. It prints a line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui.client import Client, Image, Manifest, Repository, Tag
from tui.contents import LayerStore, open_layer
from tui.layer_source import BlobSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui.contents import Layer
    from tui.contents.byte_source import Piece

__all__ = ["Inspected", "Opened"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was read."""

    seconds: float
    moved: int
    """Bytes that came for it."""
    digest: str
    """Of its content, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found."""

    first: float
    """Seconds until the first rows were there."""
    arrived: int
    """Bytes of the layer that had come then."""
    whole: float
    """Seconds until all rows were there."""
    entries: int
    size: int
    """Bytes of the layer, packed."""
    moved: int
    """Bytes that came for the list."""
    format: str
    opened: tuple[Opened, ...]


class CountingSource(BlobSource):
    """A layer whose bytes are counted as they come, and not only as they are told."""

    arrived = 0

    async def pump(
        self, write: Callable[[Piece], object], told: Callable[[int], object] | None = None
    ) -> None:
        """Hand over all bytes, and count them first."""

        def count(piece: Piece) -> None:
            self.arrived += len(piece)
            write(piece)

        await super().pump(count, told)


async def inspect(url: str, repository: Repository, store: Path | None, paths: Sequence[str]) -> Inspected:
    """List the layer of an image, and read some of its files."""
    async with Client() as client:
        registry = client.registry(url)
        manifest = await registry.get_manifest(Image(repository, Tag("latest")))
        assert isinstance(manifest, Manifest)
        descriptor = manifest.layers[0]
        started = time.perf_counter()
        source = CountingSource(registry, repository, descriptor)
        kept = LayerStore(store) if store is not None else None
        layer = open_layer(source, annotations=descriptor.annotations, store=kept)
        first, arrived = 0.0, 0
        count = 0
        async for entries in layer.batches():
            if entries and not count:
                first, arrived = time.perf_counter() - started, max(source.arrived, source.fetched)
            count += len(entries)
        whole, moved = time.perf_counter() - started, source.fetched
        opened = tuple([await _open(layer, source, path) for path in paths])
        return Inspected(first, arrived, whole, count, source.size, moved, layer.format, opened)


async def _open(layer: Layer, source: CountingSource, path: str) -> Opened:
    entry = next(entry for entry in layer.entries if entry.path == path)
    before = source.fetched
    started = time.perf_counter()
    content = await layer.read(entry)
    seconds = time.perf_counter() - started
    # What goes on behind the first file, to make the next ones cheap, counts as moved for the first.
    await layer.settled()
    return Opened(seconds, source.fetched - before, hashlib.sha256(content).hexdigest())


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.inspector")
    parser.add_argument("url")
    parser.add_argument("repository", type=Repository)
    parser.add_argument(
        "--store", type=Path, metavar="FOLDER", help="where listings and restart points are kept"
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files to read")
    arguments = parser.parse_args()
    found = asyncio.run(inspect(arguments.url, arguments.repository, arguments.store, arguments.paths))
    print(json.dumps(asdict(found)))  # noqa: T201 - its result


if __name__ == "__main__":
    _main()
