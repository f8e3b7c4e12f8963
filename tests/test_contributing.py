"""CONTRIBUTING.md lists the ids and the keys of all actions, as the settings want them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.dom import DOMNode

import tui

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTRIBUTING = Path(__file__).parent.parent / "CONTRIBUTING.md"


def widgets() -> Iterator[type[DOMNode]]:
    """The program's own widgets and screens."""
    for package in ("screens", "panes", "widgets"):
        for module in pkgutil.iter_modules([str(Path(tui.__path__[0]) / package)], f"tui.{package}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name:
                    yield value


def bindings() -> set[tuple[str | None, str]]:
    """Id and keys of every binding that they have."""
    found: set[tuple[str | None, str]] = set()
    for widget in widgets():
        for binding in vars(widget).get("BINDINGS", ()):
            assert isinstance(binding, Binding), widget
            found.add((binding.id, binding.key))
    return found


def test_every_action_is_listed_with_its_keys() -> None:
    listed = re.findall(
        r"^\| `([a-z.-]+)` \| `(\S+)` \|", CONTRIBUTING.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(listed) == len(set(listed))
    assert bindings() - set(listed) == set(), "not in the table"
    assert set(listed) - bindings() == set(), "in the table, but nowhere else"
