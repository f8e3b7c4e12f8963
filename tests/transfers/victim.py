"""Downloads in a process of their own, which may be killed at any moment."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tui.client.local.image_parts import gather_parts
from tui.client.models import Descriptor
from tui.client.names import Digest, Image, Repository, Tag
from tui.client.registry import Client
from tui.transfers import DownloadError, Form, download, save_image

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


def save(url: str, repository: str, tag: str, form: str, target: str) -> None:
    """Save an image; returns when it is whole."""
    try:
        asyncio.run(_save(url, Image(Repository(repository), Tag(tag)), Form(form), Path(target)))
    except DownloadError:
        sys.exit(REFUSED)


async def _save(url: str, image: Image, form: Form, target: Path) -> None:
    async with Client() as client:
        registry = client.registry(url)
        root = await registry.get_manifest(image)
        parts = await gather_parts(
            registry, image.repository, root, name=f"registry.test/{image}", tag=Tag("1")
        )
        await save_image(registry, image.repository, parts, target, form=form)
