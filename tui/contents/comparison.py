"""Two images side by side: what differs in how they are started, built, layered, and in their files.

Nothing is read here: what cannot be known from configs, manifests and lists of files is told as uncertain.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from tui.contents.entries import Entry, Kind
from tui.contents.nodes import Change, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tui.contents.nodes import Node

__all__ = [
    "ConfigDifference",
    "FileDifference",
    "LayerDifference",
    "LayerFate",
    "compare_configs",
    "compare_files",
    "compare_layers",
    "files_of",
    "settled",
]

Files = dict[str, tuple[Entry, str]]
"""Paths, with what is there and the digest of the layer that has its bytes."""

_TOLD_ELSEWHERE: Final = ("history", "rootfs")
"""Parts of a config that are compared as history and as layers."""

_CONFIG: Final = "config"
_ENVIRONMENT: Final = "Env"
_EMPTY: Final = (None, "", False, 0)


class _Absent:
    """Stands for what is not there, where null is."""


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class ConfigDifference:
    """One value that differs."""

    path: tuple[str, ...]
    """Names that lead to it: ``("config", "Env", "PATH")``; foreign text."""
    before: Any
    """A JSON value; `ABSENT` for none."""
    after: Any


class LayerFate(Enum):
    """What has become of a layer."""

    SHARED = "shared"
    MOVED = "moved"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """A layer of one image, or of both."""

    digest: str
    fate: LayerFate
    before: int | None
    """Its number in the one image, from 1 on; None where it is not there."""
    after: int | None
    """Its number in the other one."""


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A path at which two images differ, or may."""

    path: str
    change: Change
    before: Entry | None
    """What is there in the one image; None for nothing."""
    after: Entry | None
    what: tuple[str, ...] = ()
    """Of what is in both: what differs, in a word each: ``kind``, ``size``, ``mode``, ``owner``, ``target``,
    ``device``, ``attributes``, ``content``, or, where that is not certain, ``time``."""
    certain: bool = True
    """Whether it is known to differ. Otherwise its bytes may be equal or not: reading both settles it."""

    @property
    def growth(self) -> int:
        """Bytes that the other image has more here."""
        return (self.after.size if self.after else 0) - (self.before.size if self.before else 0)


def compare_configs(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ConfigDifference]:
    """Find what differs between the configs of two images, without their histories and layers.

    What is null or empty is as what is not there, as those who read configs take it; in labels, ports and
    volumes, names count. Of the environment each variable is compared, wherever it stands.

    Args:
        before: The document of the one, as `json` reads it.
        after: That of the other.
    """
    old, new = ({**document} for document in (before, after))
    for name in _TOLD_ELSEWHERE:
        old.pop(name, None)
        new.pop(name, None)
    starts = [document.pop(_CONFIG, None) for document in (old, new)]
    found = list(_fields((), old, new))
    if all(isinstance(start or {}, dict) for start in starts):
        found += _fields((_CONFIG,), *(start or {} for start in starts))
    elif not _are_equal(*starts):
        found.append(ConfigDifference((_CONFIG,), *starts))
    return found


def _fields(
    above: tuple[str, ...], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[ConfigDifference]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        path = (*above, name)
        if name == _ENVIRONMENT:
            old, new = _variables(old), _variables(new)
        if isinstance(old or {}, dict) and isinstance(new or {}, dict) and (old or new):
            yield from _members(path, old or {}, new or {})
        elif not (_is_empty(old) and _is_empty(new)) and not _are_equal(old, new):
            yield ConfigDifference(path, ABSENT if _is_empty(old) else old, ABSENT if _is_empty(new) else new)


def _members(
    above: tuple[str, ...], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[ConfigDifference]:
    for name in sorted({*before, *after}):
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        if not _are_equal(old, new):
            yield ConfigDifference((*above, name), old, new)


def _variables(value: Any) -> Any:
    """Return an environment by names; anything else as it is."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return value
    return {name: setting for name, _, setting in (item.partition("=") for item in value)}


def _is_empty(value: Any) -> bool:
    return value in _EMPTY if not isinstance(value, (list, dict)) else not value


def _are_equal(before: Any, after: Any) -> bool:
    try:
        return bool(before == after and type(before) is type(after))
    except RecursionError:
        return False  # nested so deeply that nobody compares it by eye either


def compare_layers(before: Sequence[str], after: Sequence[str]) -> list[LayerDifference]:
    """Find what has become of layers, from the lowest on; gone ones stand where they were.

    A layer is shared if it is in both images and in the same order with the others that are: what lies
    between them does not count. As many as possible are shared; the others of both have moved.

    Args:
        before: The digests of the layers of the one image, from the lowest on.
        after: Those of the other.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for number in range(len(before) - 1, -1, -1):
        places[before[number]].append(number)
    pairs = [(places[digest].pop(), to) for to, digest in enumerate(after) if places.get(digest)]
    ordered = _longest_rise([at for at, _ in pairs])
    old_of = {to: at for at, to in pairs}
    matched = {at for at, _ in pairs}
    found: list[LayerDifference] = []
    told = 0
    for to, digest in enumerate(after):
        at = old_of.get(to)
        if at is None:
            found.append(LayerDifference(digest, LayerFate.NEW, None, to + 1))
            continue
        if at not in ordered:
            found.append(LayerDifference(digest, LayerFate.MOVED, at + 1, to + 1))
            continue
        found += _gone(before, range(told, at), matched)
        told = at + 1
        found.append(LayerDifference(digest, LayerFate.SHARED, at + 1, to + 1))
    found += _gone(before, range(told, len(before)), matched)
    return found


def _gone(before: Sequence[str], numbers: range, matched: set[int]) -> Iterator[LayerDifference]:
    for number in numbers:
        if number not in matched:
            yield LayerDifference(before[number], LayerFate.GONE, number + 1, None)


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Return the numbers of a longest part of a sequence that rises; none is there twice."""
    ends: list[int] = []
    previous: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(ends, number)
        previous[number] = ends[place - 1] if place else None
        ends[place : place + 1] = [number]
    rise: set[int] = set()
    at = ends[-1] if ends else None
    while at is not None:
        rise.add(at)
        at = previous[at]
    return rise


def files_of(root: Node, layers: Sequence[str]) -> Files:
    """List what is in a merged tree; a hard link is listed as the file that it is.

    Args:
        root: Of the tree.
        layers: The digests of its layers, from the lowest on.
    """
    files: Files = {}
    for node in walk(root):
        if node.parent is None or not node.is_there:
            continue
        number, entry = node.content or (
            node.layer,
            node.entry or Entry(node.path, Kind.DIRECTORY, mode=0o755),
        )
        files[node.path] = (entry, layers[number - 1])
    return files


def compare_files(before: Files, after: Files) -> list[FileDifference]:
    """Find the paths at which two images differ, or may, sorted by path.

    Times do not count as a difference. Files of one size whose digests are not known, and that come from
    different layers, are uncertain, whether their times are equal or not.

    Args:
        before: What is in the one image.
        after: What is in the other.
    """
    found = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old is None or new is None:
            change = Change.ADDED if old is None else Change.REMOVED
            found.append(FileDifference(path, change, old and old[0], new and new[0]))
        elif (differs := _compared(path, *old, *new)) is not None:
            found.append(differs)
    return found


def settled(difference: FileDifference, *, equal: bool) -> FileDifference | None:
    """Tell what is known after the bytes of both files were read; None for no difference.

    Args:
        difference: One that is not certain.
        equal: Whether the bytes are.
    """
    if equal:
        return None
    return FileDifference(
        difference.path, difference.change, difference.before, difference.after, ("content",)
    )


def _compared(path: str, before: Entry, lower: str, after: Entry, upper: str) -> FileDifference | None:
    if lower == upper and before == after:
        return None
    what = [word for word, one, other in _facts(before, after) if one != other]
    is_known = True
    if before.kind is after.kind is Kind.FILE and before.size == after.size and before.size:
        known = [entry.digest.partition(":")[0] for entry in (before, after)]
        is_known = bool(known[0]) and known[0] == known[1]
        is_same_place = lower == upper and before.offset == after.offset and before.offset is not None
        if is_same_place:
            is_known = True
        elif is_known and before.digest != after.digest:
            what.append("content")
    if what:
        return FileDifference(path, Change.CHANGED, before, after, tuple(what))
    if is_known:
        return None
    words = ("time",) if before.mtime != after.mtime else ()
    return FileDifference(path, Change.CHANGED, before, after, words, certain=False)


def _facts(before: Entry, after: Entry) -> Iterator[tuple[str, object, object]]:
    """Give what makes two things different, besides their bytes; of a symbolic link, a mode means nothing."""
    yield "kind", before.kind, after.kind
    yield "size", before.size, after.size
    if Kind.SYMLINK not in {before.kind, after.kind}:
        yield "mode", before.mode, after.mode
    yield "owner", (before.uid, before.gid), (after.uid, after.gid)
    yield "target", before.target, after.target
    yield "device", before.device, after.device
    yield "attributes", {**before.attributes}, {**after.attributes}
