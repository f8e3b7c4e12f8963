"""A person's way through the program, in a terminal: from its start to a file on disk."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.real.hand import OCI_INDEX, OCI_MANIFEST
from tests.real.programs import clean_environment, require
from tests.real.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.docker_registry import DockerRegistry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for what is downloaded."""
    empty = tmp_path / "downloads"
    empty.mkdir()
    return empty


@pytest.fixture
def terminal(plain: DockerRegistry, tmp_path: Path) -> Iterator[Terminal]:
    """The program, started with the name of a registry."""
    require("tmux")
    command = [sys.executable, "-m", "tui", plain.host]
    with Terminal(command, clean_environment(tmp_path / "home"), tmp_path) as opened:
        yield opened


def layers(registry: DockerRegistry, architecture: str) -> list[dict[str, Any]]:
    """The layers of one platform of the multi-arch sample, as the registry describes them."""
    address = f"{registry.url}/v2/library/sample/manifests"
    with httpx.Client(trust_env=False) as client:
        index = client.get(f"{address}/1.0", headers={"Accept": OCI_INDEX}).raise_for_status().json()
        (digest,) = [
            child["digest"]
            for child in index["manifests"]
            if child["platform"]["architecture"] == architecture
        ]
        answer = client.get(f"{address}/{digest}", headers={"Accept": OCI_MANIFEST})
        manifest = answer.raise_for_status().json()
    found: list[dict[str, Any]] = manifest["layers"]
    return found


def test_from_the_start_to_a_verified_layer(terminal: Terminal, plain: DockerRegistry, folder: Path) -> None:
    _, layer = layers(plain, "arm64")

    terminal.wait_for(r"team/platform/tools/app")
    terminal.press("/")
    terminal.wait_for(r"(?i)⏎ keep")
    terminal.type("sample")
    terminal.wait_for(r"▸ library/sample")
    terminal.press("Enter")
    terminal.wait_for(r"(?i)⏎ open")
    terminal.press("Enter")
    terminal.wait_for(r"› library/sample › 1\.0\b")
    terminal.wait_for(r" linux/arm64/v8 ")
    terminal.press("Enter")
    terminal.wait_for(r"› 1\.0 › linux/amd64\b")
    terminal.press("Down")
    terminal.wait_for(r"› 1\.0 › linux/arm64/v8\b")
    terminal.press("Enter")
    terminal.wait_for(r"› linux/arm64/v8 › layer 1\b")
    terminal.press("Down", "Down")  # past a step of the build that made no layer
    terminal.wait_for(r"› linux/arm64/v8 › layer 2\b")
    terminal.press("d")
    terminal.wait_for(r"╭─ Download ")
    terminal.press("C-u")
    terminal.wait_for(r"│ +folder +│.*\n.*│ {50,}│")
    terminal.type(str(folder))
    terminal.wait_for(rf"{folder.name} +│")
    terminal.press("Enter")
    terminal.wait_for(r"✓ verified")

    (file,) = folder.iterdir()
    assert f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" == layer["digest"]
    terminal.press("q")
    assert terminal.wait_for_end() == 0
