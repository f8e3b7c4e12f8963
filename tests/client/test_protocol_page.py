"""The page for registries' engineers names tests for what it says, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tui.client

PAGE = Path(tui.client.__file__).with_name("PROTOCOL.md")
TESTS = Path(__file__).parents[1]
HEADS = {"---", "What registries do", "What a server could do"}


def rows() -> list[tuple[str, str, list[str]]]:
    """Give what registries do, what the client does, and the tests of each row."""
    found = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and cells[0] not in HEADS:
            found.append((cells[0], cells[1], re.findall(r"`(\w+)`", cells[2].rstrip("| "))))
    return found


@pytest.fixture(scope="module")
def existing() -> set[str]:
    """Collect the names of all tests."""
    definition = re.compile(r"^ *(?:async )?def (test_\w+)\(", re.MULTILINE)
    return {name for file in TESTS.rglob("test_*.py") for name in definition.findall(file.read_text())}


def test_every_test_that_the_page_names_exists(existing: set[str]) -> None:
    named = {name for *_, names in rows() for name in names}
    assert len(named) > 100
    assert sorted(named - existing) == []


def test_every_row_names_a_test_or_says_why_nothing_is_done() -> None:
    for behaviour, answer, names in rows():
        assert (names == []) == answer.startswith("Not done here: "), behaviour


def test_every_row_has_three_cells() -> None:
    for line in PAGE.read_text().splitlines():
        if line.startswith("|"):
            assert len(line.split(" | ")) == 3, line
