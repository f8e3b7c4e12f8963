"""Asks a registry what the browser asks it, in a process that runs already, and tells how long that took.

`python -m tests.benchmarks.asker URL ELSEWHERE CA_FILE` reads questions from its input and answers them, each
a line of JSON. Every question is asked with connections, tokens and knowledge of its own:

- `what`: `index` for an index and the sizes of all its platforms, `tags` for all tags of a repository,
  `catalog` for all repositories.
- `repository`: of which one.
- `known`: whether the browser has come there by another list of the same registry, which does not count: then
  there are a connection and a token. Otherwise the registry is asked for the first time.
- `at_once`: whether a list comes in as few pages as possible; otherwise the first one is short, for the rows
  that show first, and the rest is wanted then.

"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.client import Client, Index, Repository, Tag
from tui.library import Library
from tui.panes.rows import LARGEST_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tui.client import LocalPath, LocalSource, Page, Registry
    from tui.client.local.local_path import SourceName

Found = tuple[float, float, int]
"""Seconds until the first of it, seconds until all of it, and how many there were."""


class OneRegistry:
    """What a library loads from: one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def registry(self, host: SourceName) -> Registry:
        assert host == self._registry.host
        return self._registry

    def local(self, path: LocalPath) -> LocalSource:
        raise AssertionError(f"{path} is no registry")

    def login_label(self, host: SourceName, repository: str = "") -> str:
        assert (host, repository) == (self._registry.host, "")
        return ""


async def answer(question: dict[str, Any], url: str, elsewhere: str, ca_file: Path) -> Found:
    """Ask a registry one question."""
    async with Client() as client:
        # A browser that runs has read the certificates of the system, and loaded what it needs to ask at all.
        await client.registry(elsewhere, ca_file=ca_file).verify()
        registry = client.registry(url, ca_file=ca_file)
        repository = Repository(question["repository"])
        if question["known"]:
            await _come_there(registry, question["what"], repository)
        if question["what"] == "index":
            return await _index(registry, repository)
        size = {"page_size": None} if question["at_once"] else {"largest_page": LARGEST_PAGE}
        listing: AsyncGenerator[Page[Any], None] = (
            registry.repositories(**size, whole=lambda: True)
            if question["what"] == "catalog"
            else registry.tags(repository, **size, whole=lambda: True)
        )
        return await _list(listing)


async def _come_there(registry: Registry, what: str, repository: Repository) -> None:
    """Look at what leads there: the tags of an index, the catalog of tags."""
    if what == "index":
        await anext(registry.tags(repository))
    elif what == "tags":
        await anext(registry.repositories())
    else:
        await registry.verify()


async def _index(registry: Registry, repository: Repository) -> Found:
    library = Library(OneRegistry(registry))
    started = time.perf_counter()
    index = await library.manifest(registry.host, repository, Tag("latest"))
    first = time.perf_counter() - started
    assert isinstance(index, Index)
    loads = [library.manifest(registry.host, repository, entry.digest) for entry in index.manifests]
    manifests = await asyncio.gather(*loads)
    return first, time.perf_counter() - started, len(manifests)


async def _list(pages: AsyncGenerator[Page[Any], None]) -> Found:
    started = time.perf_counter()
    first = 0.0
    count = 0
    async for page in pages:
        first = first or time.perf_counter() - started
        count += len(page.items)
    return first, time.perf_counter() - started, count


def _main() -> None:
    url, elsewhere, ca_file = sys.argv[1:]
    for line in sys.stdin:
        found = asyncio.run(answer(json.loads(line), url, elsewhere, Path(ca_file)))
        print(json.dumps(found), flush=True)  # noqa: T201 - its result


if __name__ == "__main__":
    _main()
