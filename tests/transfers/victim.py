"""A download in a process of its own, which may be killed at any moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tui.client.models import Descriptor
from tui.client.names import Digest, Repository
from tui.client.registry import Client
from tui.transfers import download


def run(url: str, repository: str, digest: str, size: int, target: str) -> None:
    """Download a blob; returns when it is whole."""
    asyncio.run(_download(url, Repository(repository), Descriptor("", Digest(digest), size), Path(target)))


async def _download(url: str, repository: Repository, descriptor: Descriptor, target: Path) -> None:
    async with Client() as client:
        await download(client.registry(url), repository, descriptor, target)
