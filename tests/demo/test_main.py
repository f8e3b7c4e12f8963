from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [sys.executable, "-m", "tui.demo", "--port", "0"]


@contextmanager
def running(*arguments: str, interrupt: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """Run the program until the block ends; it must then end in peace, having said nothing but its URL."""
    command = [*COMMAND, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(interrupt)
        assert process.wait(30) == 0
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""


@pytest.mark.parametrize("interrupt", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_url_and_serves_until_interrupted(interrupt: signal.Signals) -> None:
    with running(interrupt=interrupt) as url:
        catalog = httpx.get(f"{url}/v2/_catalog", trust_env=False).json()
    assert "library/debian" in catalog["repositories"]


@pytest.mark.parametrize(("login", "scheme"), [("basic", "Basic"), ("bearer", "Bearer")])
def test_it_asks_for_a_login(login: str, scheme: str) -> None:
    with running("--login", login, "--user", "alice:s3:cret") as url:
        response = httpx.get(f"{url}/v2/", trust_env=False)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith(f"{scheme} ")
        place = f"{url}/v2/" if login == "basic" else f"{url}/token"
        assert httpx.get(place, auth=("alice", "s3:cret"), trust_env=False).status_code == 200


def test_help_says_what_it_does() -> None:
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
    assert "--port" in done.stdout
    assert "--login" in done.stdout
