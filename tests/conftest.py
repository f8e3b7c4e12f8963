"""What holds for all tests: none sees or changes what the person who runs them has in their home."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui.demo import DemoServer

FOLDERS = {
    "DOCKER_CONFIG": ".docker",
    "HOME": "",
    "USERPROFILE": "",
    "XDG_CACHE_HOME": ".cache",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_RUNTIME_DIR": ".run",
    "XDG_STATE_HOME": ".local/state",
    "REGISTRY_AUTH_FILE": ".config/containers/auth.json",
}
"""Environment variables, and what they name below the home of a test; nothing of it is there."""

IDLE_LIMIT = 20.0
"""Seconds that a server may take to end what it is at."""

DISTURBING = ("OCITUI_", "TEXTUAL")
"""Beginnings of names of variables that change what the program does."""


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let programs that tests start be interrupted: what a shell starts in the background ignores Ctrl+C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing is, not even its folder; nothing from outside changes what is seen."""
    for name in tuple(os.environ):
        if name.startswith(DISTURBING) or name.lower().endswith("_proxy") or name == "NO_COLOR":
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    for name, below in FOLDERS.items():
        monkeypatch.setenv(name, str(folder / below))
    monkeypatch.delenv("DOCKER_AUTH_CONFIG", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return folder


@pytest.fixture(scope="session")
def _shared_demo() -> Iterator[DemoServer]:
    from tui.demo import DemoServer  # noqa: PLC0415  # most tests need no server

    with DemoServer() as server:
        yield server


@pytest.fixture
def demo(_shared_demo: DemoServer) -> Iterator[DemoServer]:
    """The demo registry, shared by all tests: what it holds is only read; hooks of a test go with it."""
    _shared_demo.forget_requests()
    yield _shared_demo
    _shared_demo.before.clear()
    _until_idle(_shared_demo)


def _until_idle(server: DemoServer) -> None:
    """Wait until a server has dealt with what the last test asked: the next one must not see it arrive."""
    assert server._server is not None
    server.drop_connections()
    deadline = time.monotonic() + IDLE_LIMIT
    while server._server.server_state.tasks or server._server.server_state.connections:
        assert time.monotonic() < deadline, "the demo registry is still busy"
        time.sleep(0.001)
