"""What goes wrong with an image that is saved, before or beside what the disk and the registry refuse.

* RegistryError
  * SavingError
    * UnsavableError              what a layout cannot hold, or what is not whole by its own account
    * AbsentManifestsError        an index lists manifests that are not there
    * NotLoadableError            there is no image that `docker load` takes
    * LayoutInvalidError          the folder holds something else than a layout
    * NameTakenError              the layout has another image of that name
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.client.errors import RegistryError
from tui.client.redaction import quoted

if TYPE_CHECKING:
    from tui.client.documents.descriptors import Descriptor
    from tui.client.names import Digest

__all__ = [
    "AbsentManifestsError",
    "LayoutInvalidError",
    "NameTakenError",
    "NotLoadableError",
    "SavingError",
    "UnsavableError",
]

_NAMED: Final = 5
"""Absent manifests that a message names; the others are counted."""


class SavingError(RegistryError):
    """An image cannot be saved as it is wanted."""


class UnsavableError(SavingError):
    """A layout cannot hold it, or the documents themselves do not say what belongs to it."""

    default_remedy = "Download its parts one by one instead."


class AbsentManifestsError(SavingError):
    """An index lists manifests that are not where it is.

    Args:
        absent: Their descriptors.
        listed: How many the index lists altogether, nested ones included.
    """

    default_remedy = "Save it without them, or have it pushed again."

    def __init__(self, absent: tuple[Descriptor, ...], listed: int) -> None:
        self.absent = absent
        self.listed = listed
        named = ", ".join(
            str(one.platform) if one.platform is not None else f"{one.digest.algorithm}:{one.digest.short}…"
            for one in absent[:_NAMED]
        )
        more = f" and {len(absent) - _NAMED:,} more" if len(absent) > _NAMED else ""
        super().__init__(f"{len(absent):,} of {listed:,} listed manifests are missing: {named}{more}")


class NotLoadableError(SavingError):
    """There is no image in it that `docker load` takes: an artifact, say, or an attestation."""

    default_remedy = "Save it as an OCI layout."


class LayoutInvalidError(SavingError):
    """The folder is no OCI image layout that could be added to."""

    default_remedy = "Choose another folder or name."


class NameTakenError(SavingError):
    """The layout has another image of that name.

    Args:
        name: The name.
        digest: What has it now; empty where the layout's index does not say.
    """

    default_remedy = "Replace it, or choose another folder or name."

    def __init__(self, name: str, digest: Digest | str) -> None:
        self.name = name
        self.digest = digest
        super().__init__(f"the layout has another image named {quoted(name)}")
