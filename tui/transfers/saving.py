"""Images saved as a whole: the forms that there are, what they are called, and the way into each."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING, Any

from tui.client.names import Digest
from tui.client.threads import in_thread
from tui.sanitize import safe_file_name
from tui.transfers.archive import ArchiveJob
from tui.transfers.download import DEFAULT_RETRIES
from tui.transfers.layout import LayoutJob
from tui.transfers.progress import Meter, Progress, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui.client.documents.descriptors import Platform
    from tui.client.local.image_parts import ImageParts
    from tui.client.names import Repository, Tag
    from tui.transfers.download import BlobSource
    from tui.transfers.jobs import Job
    from tui.transfers.retries import Retries

__all__ = ["Form", "image_job", "image_name", "save_image"]


class Form(Enum):
    """As what an image is saved."""

    LAYOUT = "layout"
    """An OCI image layout: a folder, which may have other images, too."""
    ARCHIVE = "archive"
    """A tar archive that is an OCI image layout, and that `docker load` and `podman load` take."""


def image_name(repository: Repository, reference: Tag | Digest, platform: Platform | None, form: Form) -> str:
    """Name the folder or the file for an image: a plain name, never a path.

    Args:
        repository: Where it is.
        reference: Its tag, or its digest where it has none.
        platform: What it runs on, where it is one of several.
        form: As what it is saved.

    Returns:
        The last part of the repository, the tag or the short digest, and the platform:
        `app-1.2-linux-arm64.tar`.
    """
    told = reference.short if isinstance(reference, Digest) else str(reference)
    name = [repository.rpartition("/")[2], told, *(str(platform).split("/") if platform is not None else ())]
    suffix = ".tar" if form is Form.ARCHIVE else ""
    return safe_file_name("-".join(name) + suffix, f"image{suffix}")


def image_job(
    form: Form,
    source: BlobSource,
    repository: Repository,
    parts: ImageParts,
    retries: Retries,
    *,
    platform: Platform | None = None,
) -> Job[Any]:
    """Make what saves an image; arguments and errors as for `save_image`."""
    if form is Form.LAYOUT:
        return LayoutJob(source, repository, parts, retries)
    return ArchiveJob(source, repository, parts, retries, platform=platform)


async def save_image(
    source: BlobSource,
    repository: Repository,
    parts: ImageParts,
    target: Path,
    *,
    form: Form,
    overwrite: bool = False,
    platform: Platform | None = None,
    retries: Retries = DEFAULT_RETRIES,
    progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Save an image, every blob verified and fetched once.

    It goes on from what an earlier attempt of the same image to the same place left behind. When the task is
    cancelled, or the connection stays lost, what has arrived is left for the next one.

    Args:
        source: Where the blobs are.
        repository: The repository that has them.
        parts: What the image consists of, as `tui.client.gather_parts` finds it.
        target: The archive, or the folder of the layout, which may have other images.
        form: As what it is saved.
        overwrite: Whether to replace an archive of that name, or another image of that name in a layout.
        platform: Which one of several `docker load` is given; this machine's where it is left out.
        retries: How often a lost connection is made again.
        progress: Called on the event loop whenever bytes have arrived, and at the end.
        clock: Seconds, for speed and time left.

    Raises:
        DownloadError: It cannot be written.
        SavingError: It cannot be saved like that.
        RegistryError: The source does not give a blob, or it is not the one that its digest names.
    """
    job = image_job(form, source, repository, parts, retries, platform=platform)
    meter = Meter(job.size, clock=clock)
    if progress is not None:
        meter.on_change = lambda: progress(meter.snapshot())
    part = job.part(target, overwrite=overwrite)
    try:
        await job.run(part, meter)
    finally:
        await in_thread(part.keep)
    meter.enter(State.DONE)
