"""What the headers ahead of a tar's member say of it: long names, extended headers, global ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.contents.entries import NO_ATTRIBUTES
from tui.contents.pax import Extended, read_extended

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.contents.tar_headers import Header

__all__ = ["EXTENSIONS", "MAX_ATTRIBUTE_BYTES", "MAX_EXTENSION", "Ahead"]

EXTENSIONS: Final = frozenset(b"LKxXg")
"""Kinds of headers that say something of a member behind them."""

MAX_EXTENSION: Final = 1024 * 1024
"""Bytes of an extended header that are read: paths have 4,096, extended attributes 64 KiB."""

MAX_ATTRIBUTE_BYTES: Final = 32 * 1024 * 1024
"""Bytes of the extended attributes of all members together: 32 for each of a million."""

_LONG_NAME: Final = ord("L")
_LONG_TARGET: Final = ord("K")
_GLOBAL: Final = ord("g")
_NOTHING: Final = Extended()


class Ahead:
    """Keeps what is said of the next member, and of all that follow."""

    def __init__(self) -> None:
        self._general = _NOTHING
        self._extended = _NOTHING
        self._long_name: bytes | None = None
        self._long_target: bytes | None = None
        self._problems: tuple[str, ...] = ()
        self._attributes_left = MAX_ATTRIBUTE_BYTES
        self.is_something = False
        """Whether something is said of the next member alone."""
        self._is_anything = False

    def keep(self, flag: int, size: int, data: bytes) -> tuple[str, ...]:
        """Take what a header of `EXTENSIONS` says.

        Args:
            flag: Its kind.
            size: Bytes of its body.
            data: The first of them, `MAX_EXTENSION` at most.

        Returns:
            Problems that are those of no member.
        """
        whole = len(data) == size
        problems: tuple[str, ...] = ()
        if not whole:
            problems = (f"an extended header of {size:,} bytes, of which {len(data):,} are read",)
        self._is_anything = True
        if flag == _GLOBAL:
            return problems + self._keep_general(read_extended(data, whole=whole))
        self.is_something = True
        self._problems = problems or self._problems
        if flag == _LONG_NAME:
            self._long_name = data.partition(b"\0")[0]
        elif flag == _LONG_TARGET:
            self._long_target = data.partition(b"\0")[0]
        else:
            self._extended = read_extended(data, whole=whole)
        return ()

    def _keep_general(self, read: Extended) -> tuple[str, ...]:
        general, more = read.general()
        self._general = general.over(self._general)
        problems = tuple(read.problems)
        if more:
            problems += ("a global header with a name, a size or attributes, which are left out",)
        return problems

    def apply(self, header: Header) -> tuple[Header, Mapping[str, bytes], Extended | None]:
        """Put what was said in the place of what a member's own header says, and forget it.

        Returns:
            The header, extended attributes, and what describes a sparse file (None for any other).
        """
        if not self._is_anything:
            return header, NO_ATTRIBUTES, None
        extended = self._extended
        attributes = extended.attributes or NO_ATTRIBUTES
        applied = extended.over(self._general).applied(header)
        if self._long_name is not None:
            applied = applied._replace(name=self._long_name)
        if self._long_target is not None:
            applied = applied._replace(target=self._long_target)
        if self._problems:
            applied = applied._replace(problems=applied.problems + self._problems)
        if attributes:
            self._attributes_left -= sum(map(len, attributes.values())) + sum(map(len, attributes))
            if self._attributes_left < 0:
                attributes = NO_ATTRIBUTES
                applied = applied._replace(
                    problems=(
                        *applied.problems,
                        "extended attributes that are left out: the layer has too many",
                    )
                )
        self.forget()
        return applied, attributes, extended if extended.is_sparse else None

    def forget(self) -> None:
        """Forget what was said of the next member alone."""
        self._extended = _NOTHING
        self._long_name = self._long_target = None
        self._problems = ()
        self.is_something = False
        self._is_anything = bool(self._general.values)
