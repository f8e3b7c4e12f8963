"""Files on disk: downloads that are verified before they get their name, and the queue that they wait in."""

from __future__ import annotations

from tui.transfers.download import BlobSource, BlobStream, download, save_document
from tui.transfers.errors import (
    DiskFullError,
    DownloadError,
    FolderDeniedError,
    FolderError,
    FolderMissingError,
    PartBlockedError,
    PartInUseError,
    TargetExistsError,
    TargetNameError,
    WriteError,
)
from tui.transfers.names import file_name, file_names
from tui.transfers.part import PART_SUFFIX, kept_size
from tui.transfers.placing import check_target
from tui.transfers.progress import Progress, State
from tui.transfers.queue import Downloads
from tui.transfers.retries import Retries
from tui.transfers.transfer import Transfer

__all__ = [
    "PART_SUFFIX",
    "BlobSource",
    "BlobStream",
    "DiskFullError",
    "DownloadError",
    "Downloads",
    "FolderDeniedError",
    "FolderError",
    "FolderMissingError",
    "PartBlockedError",
    "PartInUseError",
    "Progress",
    "Retries",
    "State",
    "TargetExistsError",
    "TargetNameError",
    "Transfer",
    "WriteError",
    "check_target",
    "download",
    "file_name",
    "file_names",
    "kept_size",
    "save_document",
]
