"""Documents in another shape: JSON that stays JSON, so that what reads it gets beyond the first comma."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import random

VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    1.5,
    2**63,
    10**30,
    "",
    "x",
    "\x1b[2J",
    "\ud800",
    "\u202e",
    "a" * 300,
    "e30=",
    "sha256:" + "a" * 64,
    "2026-11-23T12:00:00Z",
    "0001-01-01T00:00:00-23:59",
    [],
    {},
    [None],
    {"": None},
    [[[[[]]]]],
)


def reshaped(data: bytes, random_: random.Random) -> bytes | None:
    """Change one value, key or element of the JSON that an input ends with; None where it ends with none."""
    for start in dict.fromkeys((0, data.find(b"\n") + 1, data.rfind(b"\n\n") + 2)):
        try:
            document = json.loads(data[start:])
        except (ValueError, RecursionError):
            continue
        holders = _holders(document)
        if not holders:
            continue
        _change(random_.choice(holders), holders, random_)
        return data[:start] + json.dumps(document).encode()
    return None


def _holders(document: Any) -> list[Any]:
    """Give the objects and arrays of a document that have something in them."""
    waiting, found = [document], []
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list) and one:
            found.append(one)
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return found


def _change(holder: Any, holders: list[Any], random_: random.Random) -> None:
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    key = random_.choice(keys)
    match random_.randint(0, 3):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.insert(key, holder[key])
        case 1:
            holder[random_.choice(("", "x", "\ud800", "subject", "data", "platform", "0"))] = holder[key]
        case 2:
            # A copy, since nothing may hold itself.
            holder[key] = json.loads(json.dumps(random_.choice(holders)))
        case _:
            holder[key] = random_.choice(VALUES)
