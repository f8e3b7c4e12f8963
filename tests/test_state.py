"""What the program remembers: bounded, whole, and never a reason to fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tui import state
from tui.client.names import RegistryHost, Repository
from tui.state import State, StateError, load_state, remember, state_path

if TYPE_CHECKING:
    from pathlib import Path

HUB = RegistryHost("docker.io")
QUAY = RegistryHost("quay.io")
ALPINE = Repository("library/alpine")
DEBIAN = Repository("library/debian")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def test_nothing_is_remembered_at_first(path: Path) -> None:
    assert load_state(path) == State()


def test_what_was_remembered_is_there_again(path: Path, tmp_path: Path) -> None:
    remember(lambda known: known.with_registry(HUB), path)
    remember(lambda known: known.with_repository(HUB, ALPINE), path)
    told = remember(lambda known: known.with_download_folder(tmp_path / "images"), path)
    assert told == load_state(path)
    assert told == State((HUB,), {HUB: (ALPINE,)}, tmp_path / "images")
    assert isinstance(told.registries[0], RegistryHost)
    assert isinstance(told.repositories[HUB][0], Repository)


def test_the_latest_stands_first_and_once() -> None:
    known = State().with_registry(HUB).with_registry(QUAY).with_registry(HUB)
    assert known.registries == (HUB, QUAY)
    known = known.with_repository(HUB, ALPINE).with_repository(HUB, DEBIAN).with_repository(HUB, ALPINE)
    assert known.repositories == {HUB: (ALPINE, DEBIAN)}


def test_what_is_forgotten_is_gone() -> None:
    known = State().with_registry(HUB).with_repository(HUB, ALPINE).with_repository(QUAY, DEBIAN)
    assert known.without_repository(HUB, ALPINE).repositories == {QUAY: (DEBIAN,)}
    assert known.without_registry(HUB) == State((), {QUAY: (DEBIAN,)})
    assert known.without_registry(QUAY).without_repository(QUAY, DEBIAN).registries == (HUB,)


def test_only_so_much_is_remembered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MAX_REGISTRIES", 3)
    monkeypatch.setattr(state, "MAX_REPOSITORIES", 2)
    known = State()
    for number in range(9):
        host = RegistryHost(f"r{number}.example.com")
        known = known.with_registry(host).with_repository(QUAY, Repository(f"n{number}"))
        known = known.with_repository(host, ALPINE)
    assert known.registries == ("r8.example.com", "r7.example.com", "r6.example.com")
    assert list(known.repositories) == ["r8.example.com", "quay.io", "r7.example.com"]
    assert known.repositories[QUAY] == ("n8", "n7")
    path.write_text(json.dumps({"registries": ["a", "b", "c", "d"], "repositories": {"q": ["a", "b", "c"]}}))
    assert len(load_state(path).registries) == 3
    assert load_state(path).repositories == {"q": ("a", "b")}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{",
        b"7",
        b'"x"',
        b"[" * 100_000,
        b"\0" * 100,
        b'{"registries": 1e999}',
    ],
)
def test_a_damaged_file_is_as_good_as_none_and_is_replaced(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert load_state(path) == State()
    remember(lambda known: known.with_registry(HUB), path)
    assert load_state(path).registries == (HUB,)


def test_what_is_wrong_in_the_file_is_left_out(path: Path) -> None:
    path.write_text(
        json.dumps(
            {
                "version": 99,
                "registries": ["docker.io", "not a host", None, 3, "docker.io", "\u001b[2J"],
                "repositories": {"docker.io": ["library/alpine", "UPPER", {}], "quay.io": "x", "a b": ["c"]},
                "download_folder": "a\0b",
                "more": [],
            }
        )
    )
    assert load_state(path) == State((HUB,), {HUB: (ALPINE,)}, None)


def test_a_file_that_is_too_large_or_no_file_is_as_good_as_none(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MAX_STATE", 10)
    path.write_text(json.dumps({"registries": ["docker.io"]}))
    assert load_state(path) == State()
    assert load_state(tmp_path) == State()


def test_two_programs_do_not_lose_what_the_other_remembers(path: Path) -> None:
    remember(lambda known: known.with_registry(HUB), path)
    remember(lambda known: known.with_registry(QUAY), path)
    assert set(load_state(path).registries) == {HUB, QUAY}


def test_nothing_is_written_when_nothing_changes(path: Path) -> None:
    remember(lambda known: known.with_registry(HUB), path)
    before = path.stat().st_ino
    remember(lambda known: known.with_registry(HUB), path)
    assert path.stat().st_ino == before


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(StateError, match="cannot be written"):
        remember(lambda known: known.with_registry(HUB), blocked / "state.json")


def test_the_environment_names_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCITUI_STATE", str(path))
    assert state_path() == path
    remember(lambda known: known.with_registry(HUB))
    assert load_state().registries == (HUB,)
    assert path.exists()
    monkeypatch.delenv("OCITUI_STATE")
    assert state_path().parts[-2:] == ("ocitui", "state.json")


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    remember(lambda known: known.with_registry(HUB), path)
    assert path.stat().st_mode & 0o077 == 0
