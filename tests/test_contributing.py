"""CONTRIBUTING.md lists the ids and the keys of all actions, as the settings want them."""

from __future__ import annotations

import re
from pathlib import Path

from tui.keymap import bindings

CONTRIBUTING = Path(__file__).parent.parent / "CONTRIBUTING.md"


def actions() -> set[tuple[str | None, str]]:
    """Id and keys of every binding that the program has."""
    return {(binding.id, binding.key) for binding in bindings()}


def test_every_action_is_listed_with_its_keys() -> None:
    listed = re.findall(
        r"^\| `([a-z.-]+)` \| `(\S+)` \|", CONTRIBUTING.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(listed) == len(set(listed))
    assert actions() - set(listed) == set(), "not in the table"
    assert set(listed) - actions() == set(), "in the table, but nowhere else"
