"""Files on disk: downloads and saved images, verified before they get their name, and their queue."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

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

if TYPE_CHECKING:
    from tui.transfers.layout import check_layout
    from tui.transfers.saving import Form, image_name, save_image

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
    "Form",
    "PartBlockedError",
    "PartInUseError",
    "Progress",
    "Retries",
    "State",
    "TargetExistsError",
    "TargetNameError",
    "Transfer",
    "WriteError",
    "check_layout",
    "check_target",
    "download",
    "file_name",
    "file_names",
    "image_name",
    "kept_size",
    "save_document",
    "save_image",
]

_LATER: Final = {"Form": "saving", "check_layout": "layout", "image_name": "saving", "save_image": "saving"}
"""The module of each name that is loaded when it is first used: few runs save images."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
