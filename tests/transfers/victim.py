"""A download in a process of its own, which may be killed at any moment."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tui.client.models import Descriptor
from tui.client.names import Digest, Repository
from tui.client.registry import Client
from tui.transfers import DownloadError, download

REFUSED = 3
"""The exit status of a process that may not write the file."""


def run(url: str, repository: str, digest: str, size: int, target: str) -> None:
    """Download a blob; returns when it is whole."""
    descriptor = Descriptor("", Digest(digest), size)
    try:
        asyncio.run(_download(url, Repository(repository), descriptor, Path(target)))
    except DownloadError:
        sys.exit(REFUSED)


async def _download(url: str, repository: Repository, descriptor: Descriptor, target: Path) -> None:
    async with Client() as client:
        await download(client.registry(url), repository, descriptor, target)
