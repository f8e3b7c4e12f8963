"""What can go wrong inside a layer.

::

    ContentsError
    ├── NoRangesError            the bytes can be read from the beginning only
    ├── UnreadableLayerError     it is packed in a way that is not known, or damaged from its first byte on
    ├── DamagedContentError      what lies there is not what its table of contents or its checksums promise
    ├── TooLargeError            a limit was reached; its message names it
    ├── NotInLayerError          there is no such path, or what it names has no bytes
    └── NotSavedError            the disk does not take what is saved
"""

from __future__ import annotations

__all__ = [
    "ContentsError",
    "DamagedContentError",
    "NoRangesError",
    "NotInLayerError",
    "NotSavedError",
    "TooLargeError",
    "UnreadableLayerError",
]


class ContentsError(Exception):
    """Something inside a layer cannot be read."""


class NoRangesError(ContentsError):
    """The source gives its bytes from the beginning only."""


class UnreadableLayerError(ContentsError):
    """The layer is packed in a way that is not known, or damaged from its first byte on."""


class DamagedContentError(ContentsError):
    """What lies there is not what was promised of it."""


class TooLargeError(ContentsError):
    """A limit was reached."""


class NotInLayerError(ContentsError):
    """There is no such path, or what it names has no bytes."""


class NotSavedError(ContentsError):
    """The disk does not take what is saved."""
