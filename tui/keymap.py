"""Which actions there are to give a key to in the settings."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.binding import Binding
from textual.dom import DOMNode

import tui
from tui.sanitize import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PACKAGES: Final = ("screens", "panes", "widgets")
"""Where what has keys is defined."""


def bindings() -> Iterator[Binding]:
    """Go through the keys of all screens, panes and widgets of the program, which are all loaded for it."""
    for package in PACKAGES:
        folder = str(Path(tui.__path__[0]) / package)
        for module in pkgutil.iter_modules([folder], f"tui.{package}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name:
                    yield from _own(vars(value).get("BINDINGS", ()))


def unknown_actions(keys: Mapping[str, str]) -> list[str]:
    """Say of each action that keys are given to and that does not exist so, in a sentence.

    Args:
        keys: Keys by the actions that the person gives them to.
    """
    if not keys:
        return []
    known = {binding.id for binding in bindings() if binding.id}
    return [_sentence(action, known) for action in keys if action not in known]


def _own(declared: Iterable[object]) -> Iterator[Binding]:
    return (binding for binding in declared if isinstance(binding, Binding))


def _sentence(action: str, known: Iterable[str]) -> str:
    similar = difflib.get_close_matches(action[:40], known, n=1)
    hint = f" Did you mean {similar[0]}?" if similar else ""
    return f"There is no action called “{one_line(action)}”.{hint}"
