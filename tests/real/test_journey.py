"""A person's way through the program, in a terminal: from its start to a file on disk."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.real.hand import OCI_INDEX, OCI_MANIFEST
from tests.real.programs import clean_environment, require, run
from tests.real.terminal import Terminal
from tui.demo import DemoServer

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


def test_an_image_is_saved_though_the_terminal_is_closed_in_the_middle(tmp_path: Path, folder: Path) -> None:
    require("skopeo", "tmux")
    environment = clean_environment(tmp_path / "home")
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    image = "team/frontend/storefront:production"
    # Slow enough to be met in the middle of its 3.3 MB.
    with DemoServer(bytes_per_second=1_000_000) as server:
        command = [sys.executable, "-m", "tui", f"{server.host}/{image}"]

        def begin(terminal: Terminal) -> None:
            terminal.wait_for(r"› production › layer 1\b")
            terminal.press("S")
            terminal.wait_for(r"╭─ Save ")
            terminal.press("Down", "C-u")
            terminal.wait_for(r"│ +folder +│.*\n.*│ {50,}│")
            terminal.type(str(folder))
            terminal.wait_for(rf"{folder.name} +│")
            terminal.press("Enter")

        with Terminal(command, environment, first) as terminal:
            begin(terminal)
            # The last layer, of 2.1 MB, has begun to come.
            terminal.wait_for(r"2\.\d MB of 3\.3 MB")
        (part,) = folder.iterdir()
        assert re.fullmatch(r"storefront-production\.tar\.\w{12}\.part", part.name)
        kept = part.stat().st_size
        before = len(server.requests)
        with Terminal(command, environment, second) as terminal:
            begin(terminal)
            terminal.wait_for(r"✓ verified")
        (archive,) = folder.iterdir()
        assert archive.name == "storefront-production.tar"
        asked = [request for request in server.requests[before:] if "/blobs/" in request.path]
        assert any(request.headers.get("range") for request in asked)
        assert archive.stat().st_size > kept > 0
        source = f"docker-archive:{archive}:{server.host}/{image}"
        inspected = json.loads(run(["skopeo", "inspect", "--config", source], environment))
        assert inspected["os"] == "linux"
        run(["skopeo", "--insecure-policy", "copy", source, f"dir:{tmp_path / 'copy'}"], environment)
