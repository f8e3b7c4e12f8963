"""The programs that these tests run, and an environment that keeps them away from a person's own files."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.real.go_programs import GO_PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PACKAGES = {
    "buildah": "buildah",
    "dbus-run-session": "dbus-daemon",
    "docker-credential-pass": "golang-docker-credential-helpers",
    "docker-credential-secretservice": "golang-docker-credential-helpers",
    "docker-registry": "docker-registry",
    "gnome-keyring-daemon": "gnome-keyring",
    "gpg": "gnupg",
    "htpasswd": "apache2-utils",
    "pass": "pass",
    "podman": "podman",
    "skopeo": "skopeo",
    "tmux": "tmux",
    "umoci": "umoci",
}
"""Which Debian package brings which program."""

LONGEST_RUN = 60.0
"""Seconds after which a program that should take one or two is stuck."""


def require(*programs: str) -> None:
    """Skip the test where a program is missing, with what to install.

    Under CI nothing may be missing, but for programs in Go where there is no Go.
    """
    missing = {program for program in programs if shutil.which(program) is None}
    ours = sorted(missing & GO_PROGRAMS.keys())
    packages = sorted(PACKAGES[program] for program in missing.difference(ours))
    sentences = []
    if packages:
        sentences.append(f"apt-get install --no-install-recommends {' '.join(packages)}")
    if ours:
        names = " ".join(ours)
        sentences.append(f"python -m tests.real.go_programs FOLDER builds {names} with Go, for PATH")
    if not sentences:
        return
    sentence = f"a program is missing: {'; '.join(sentences)}"
    under_ci = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    if under_ci and (packages or shutil.which("go") is not None):
        pytest.fail(f"nothing is skipped under CI, but {sentence}")
    pytest.skip(sentence)


def clean_environment(home: Path) -> dict[str, str]:
    """An environment whose home, caches, logins and temporary files all lie under one folder."""
    folders = {
        "HOME": home,
        "TMPDIR": home / "tmp",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_RUNTIME_DIR": home / "run",
        "XDG_STATE_HOME": home / "state",
    }
    for folder in folders.values():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "LANG": "C.UTF-8",
        "PATH": os.environ["PATH"],
        **{name: str(folder) for name, folder in folders.items()},
    }


def run(command: list[str], environment: Mapping[str, str], *, text: str | None = None) -> bytes:
    """Run a program to its end and return what it printed; what went wrong is shown with its own words."""
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        env=environment,
        input=None if text is None else text.encode(),
        timeout=LONGEST_RUN,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return done.stdout
