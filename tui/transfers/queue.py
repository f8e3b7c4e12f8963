"""All transfers of the program: a few at a time, the others wait their turn."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from tui.sanitize import safe_file_name
from tui.transfers.download import DEFAULT_RETRIES
from tui.transfers.jobs import BlobJob, DocumentJob
from tui.transfers.names import file_name
from tui.transfers.transfer import Transfer, Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui.client.local.image_parts import ImageParts
    from tui.client.models import Descriptor
    from tui.client.names import Repository
    from tui.transfers.download import BlobSource
    from tui.transfers.jobs import Job
    from tui.transfers.retries import Retries
    from tui.transfers.saving import Form

__all__ = ["DEFAULT_LIMIT", "Downloads"]

DEFAULT_LIMIT: Final = 3
"""Transfers that run at the same time: registries and disks give little more to more of them."""


class Downloads:
    """Owns all transfers of the program; lives on one event loop.

    Args:
        limit: How many run at the same time.
        retries: How often a lost connection is made again.
        clock: Seconds, for speed and time left.
        on_change: Called on the event loop when a transfer is added, gets bytes, or changes its state.
    """

    def __init__(
        self,
        *,
        limit: int = DEFAULT_LIMIT,
        retries: Retries = DEFAULT_RETRIES,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[Transfer], None] | None = None,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._retries = retries
        self._turns = Turns(limit)
        self._transfers: list[Transfer] = []

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """All transfers, the oldest first."""
        return tuple(self._transfers)

    @property
    def active(self) -> tuple[Transfer, ...]:
        """The transfers that are under way or wait for their turn: what leaving the program interrupts."""
        return tuple(transfer for transfer in self._transfers if transfer.state.is_active)

    @property
    def speed(self) -> float:
        """Bytes a second of all transfers together."""
        return sum(transfer.speed for transfer in self.active)

    def start(
        self,
        registry: BlobSource,
        repository: Repository,
        descriptor: Descriptor,
        folder: Path,
        *,
        name: str | None = None,
        overwrite: bool = False,
        label: str = "",
    ) -> Transfer:
        """Download a blob into a folder, as soon as it is its turn.

        It goes on from what an earlier download of it to the same file left behind, also of an earlier run.

        Args:
            registry: Where the blob is.
            repository: The repository that has it.
            descriptor: Its digest and size; a size of 0 is unknown.
            folder: Where the file goes.
            name: What to call it, reduced to a plain name; by default what `file_name` says.
            overwrite: Whether to replace a file of that name.
            label: Where it comes from, for people; by default the repository.
        """
        job = BlobJob(registry, repository, descriptor, self._retries)
        target = _target(folder, name, file_name(descriptor))
        return self._add(self._new(job, target, label or str(repository), overwrite=overwrite))

    def start_document(
        self,
        raw: bytes,
        descriptor: Descriptor,
        folder: Path,
        *,
        name: str | None = None,
        overwrite: bool = False,
        label: str = "",
    ) -> Transfer:
        """Write a manifest or an index that is at hand into a folder.

        Args:
            raw: The document, byte for byte as the registry gave it.
            descriptor: Its own descriptor.
            folder: Where the file goes.
            name: What to call it, reduced to a plain name; by default what `file_name` says.
            overwrite: Whether to replace a file of that name.
            label: Where it comes from, for people.
        """
        job = DocumentJob(raw, descriptor.digest)
        target = _target(folder, name, file_name(descriptor))
        return self._add(self._new(job, target, label, overwrite=overwrite))

    def start_image(
        self,
        source: BlobSource,
        repository: Repository,
        parts: ImageParts,
        folder: Path,
        *,
        form: Form,
        name: str | None = None,
        overwrite: bool = False,
        label: str = "",
    ) -> Transfer:
        """Save an image as a whole, as soon as it is its turn.

        It goes on from what an earlier attempt of the same image to the same place left behind, also of an
        earlier run.

        Args:
            source: Where its blobs are.
            repository: The repository that has them.
            parts: What it consists of.
            folder: Where it goes.
            form: As what.
            name: What to call it, reduced to a plain name; by default what `image_name` says.
            overwrite: Whether to replace an archive of that name, or another image of that name in a layout.
            label: Where it comes from, for people; by default the image's name, or the repository.

        Raises:
            NotLoadableError: It should be an archive, and there is no image that `docker load` takes.
        """
        from tui.transfers.saving import image_job, image_name  # noqa: PLC0415 - few runs save images

        job = image_job(form, source, repository, parts, self._retries)
        reference = parts.tag or parts.root.descriptor.digest
        target = _target(folder, name, image_name(repository, reference, parts.platform, form))
        return self._add(self._new(job, target, label or parts.name or str(repository), overwrite=overwrite))

    def retry(self, transfer: Transfer, *, overwrite: bool | None = None) -> Transfer:
        """Start a transfer that has ended once more, in its place in the list, from what it has left.

        Args:
            transfer: The one that ended.
            overwrite: Whether to replace a file of that name; by default as before.

        Raises:
            ValueError: The transfer has not ended, or is not in the list.
        """
        if not transfer.state.is_final:
            raise ValueError("the transfer has not ended")
        place = self._transfers.index(transfer)
        del self._transfers[place]
        again = self._new(
            transfer.job,
            transfer.target,
            transfer.label,
            overwrite=transfer.overwrite if overwrite is None else overwrite,
        )
        return self._add(again, place)

    def forget(self, transfer: Transfer) -> None:
        """Take a transfer that has ended or is paused out of the list; one that is under way stays there.

        What it has left on the disk stays there, too.
        """
        if not transfer.state.is_active and transfer in self._transfers:
            self._transfers.remove(transfer)

    def forget_ended(self) -> None:
        """Take all transfers that have ended out of the list."""
        self._transfers = [transfer for transfer in self._transfers if not transfer.state.is_final]

    async def aclose(self) -> None:
        """Interrupt what is under way, and wait until it is closed; what has arrived is left for later."""
        for transfer in self.active:
            transfer.pause()
        for transfer in self._transfers:
            await transfer.wait()

    def _new(self, job: Job[Any], target: Path, label: str, *, overwrite: bool) -> Transfer:
        return Transfer(
            job,
            target,
            label=label,
            overwrite=overwrite,
            turns=self._turns,
            clock=self._clock,
            on_change=self._tell,
        )

    def _add(self, transfer: Transfer, place: int | None = None) -> Transfer:
        self._transfers.insert(len(self._transfers) if place is None else place, transfer)
        transfer.begin()
        return transfer

    def _tell(self, transfer: Transfer) -> None:
        if self._on_change is not None:
            self._on_change(transfer)


def _target(folder: Path, name: str | None, default: str) -> Path:
    return folder / (default if name is None else safe_file_name(name, default))
