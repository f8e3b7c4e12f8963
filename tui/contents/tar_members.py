"""An entry from the header of a tar's member."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.contents.entries import Entry, Kind
from tui.contents.paths import CONTROLS, MAX_PATH, TOO_LONG, has_controls, normalised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.contents.tar_headers import Header

__all__ = ["entry_of", "unreadable"]

FOLDER_NAME: Final = "a file whose name ends like that of a folder"
NO_NAME: Final = "no name"

_BODILESS: Final = frozenset(b"123456")
"""Kinds that have no body, whatever size their header has; what is not known has one."""
_OLDEST: Final = ord("\0")
_KINDS: Final = {
    ord("0"): Kind.FILE,
    _OLDEST: Kind.FILE,
    ord("7"): Kind.FILE,
    ord("S"): Kind.FILE,
    ord("1"): Kind.HARDLINK,
    ord("2"): Kind.SYMLINK,
    ord("3"): Kind.CHARACTER,
    ord("4"): Kind.BLOCK,
    ord("5"): Kind.DIRECTORY,
    ord("D"): Kind.DIRECTORY,
    ord("6"): Kind.FIFO,
}
_EARLIEST: Final = -62_135_596_800
"""Seconds from 1970 back to the beginning of the year 1."""
_LATEST: Final = 253_402_300_799
"""Seconds from 1970 to the end of the year 9999."""


def entry_of(header: Header, attributes: Mapping[str, bytes], offset: int) -> tuple[Entry, int]:
    """Make the entry of a member, and tell how many bytes its body has.

    Args:
        header: What its headers say.
        attributes: Extended attributes.
        offset: Where its body begins in the tar.
    """
    flag, name, _, size, mtime, mode, uid, gid, owner, group, device, problems = header
    kind = _KINDS.get(flag, Kind.OTHER)
    stored = 0 if flag in _BODILESS else size
    if flag == _OLDEST and name.endswith(b"/"):
        kind, stored = Kind.DIRECTORY, 0
    path, wrong = normalised(name.decode("utf-8", "surrogateescape"))
    if wrong:
        problems += wrong
    time: float | None = float(mtime)
    if not _EARLIEST <= mtime <= _LATEST:
        time = None
        problems += ("a time that cannot be",)
    link = ""
    if kind is Kind.FILE:
        device = None
        if not path or name.endswith(b"/"):
            problems += (FOLDER_NAME if path else NO_NAME,)
    else:
        link, device, wrong = _particulars(header, kind, path)
        problems += wrong
    has_bytes = kind is Kind.FILE or (kind is Kind.OTHER and stored > 0)
    entry = Entry(
        path,
        kind,
        stored if has_bytes else 0,
        mode,
        uid,
        gid,
        owner,
        group,
        time,
        link,
        device,
        attributes,
        offset if has_bytes else None,
        problems=problems,
    )
    return entry, stored


def unreadable(entry: Entry, problem: str) -> Entry:
    """Mark an entry with a problem for which its bytes cannot be found."""
    return replace(entry, offset=None, problems=(*entry.problems, problem))


def _particulars(
    header: Header, kind: Kind, path: str
) -> tuple[str, tuple[int, int] | None, tuple[str, ...]]:
    """Give what only a member that is no file has: a link's target, a device's numbers, and problems."""
    problems: tuple[str, ...] = ()
    target, device = "", None
    if not path and kind is not Kind.DIRECTORY:
        problems += (NO_NAME,)
    match kind:
        case Kind.SYMLINK:
            target = header.target.decode("utf-8", "surrogateescape")
            if len(target) > MAX_PATH:
                target = target[:MAX_PATH]
                problems += (f"{TOO_LONG} as its target",)
            if has_controls(target):
                problems += (f"{CONTROLS} as its target",)
        case Kind.HARDLINK:
            target, wrong = normalised(header.target.decode("utf-8", "surrogateescape"))
            problems += tuple(f"{problem} as its target" for problem in wrong)
        case Kind.CHARACTER | Kind.BLOCK:
            device = header.device
            if device is None:
                problems += ("numbers of a device that are none",)
        case Kind.OTHER:
            problems += (f"a member of an unknown kind, {chr(header.flag)!a}",)
        case _:
            pass
    return target, device, problems
