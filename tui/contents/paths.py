"""Paths as layers write them, and as an `Entry` has them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["ABSOLUTE", "CONTROLS", "MAX_PATH", "TOO_LONG", "UPWARDS", "has_controls", "normalised"]

MAX_PATH: Final = 32_768
"""Characters of a path: more than any system takes (Linux 4,096 bytes, Windows 32,767 characters)."""

ABSOLUTE: Final = "an absolute path"
CONTROLS: Final = "a path with control characters"
TOO_LONG: Final = f"a path cut to {MAX_PATH:,} characters"
UPWARDS: Final = "a path with .."

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def normalised(written: str) -> tuple[str, tuple[str, ...]]:
    """Give a path as `Entry.path` has it, and what is wrong with it.

    Args:
        written: The path as a layer has it.
    """
    path = written.removeprefix("./").removesuffix("/")
    if (
        "//" not in path
        and "/." not in path
        and not path.startswith((".", "/"))
        and not path.endswith("/")
        and path.isprintable()
        and len(path) <= MAX_PATH
    ):
        return path, ()
    problems = []
    if len(written) > MAX_PATH:
        written = written[:MAX_PATH]
        problems.append(TOO_LONG)
    if written.startswith("/"):
        problems.append(ABSOLUTE)
    if has_controls(written):
        problems.append(CONTROLS)
    parts = [part for part in written.split("/") if part not in {"", "."}]
    if ".." in parts:
        problems.append(UPWARDS)
    return "/".join(parts), tuple(problems)


def has_controls(text: str) -> bool:
    """Tell whether there are control characters in a text, NUL included."""
    return not text.isprintable() and _CONTROL.search(text) is not None
