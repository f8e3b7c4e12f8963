from __future__ import annotations

import signal
import subprocess
import sys

import httpx
import pytest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_url_and_serves_until_interrupted(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "tui.demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        catalog = httpx.get(f"{url}/v2/_catalog", trust_env=False).json()
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""
    assert "library/debian" in catalog["repositories"]


def test_help_says_what_it_does() -> None:
    command = [sys.executable, "-m", "tui.demo", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--port" in done.stdout
