"""What a run was measured on, as far as the system tells."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from tui import __version__

__all__ = ["describe", "load"]

PROGRAMS: Final = {
    "crane": ["crane", "version"],
    "dive": ["dive", "--version"],
    "docker-registry": ["docker-registry", "--version"],
    "oras": ["oras", "version"],
    "regctl": ["regctl", "version", "--format", "{{.VCSTag}}"],
    "skopeo": ["skopeo", "--version"],
}
"""How others tell their version."""

LONGEST_ANSWER: Final = 20.0
"""Seconds."""


def describe() -> dict[str, Any]:
    """Return processor, memory, system, and the versions of what was measured."""
    return {
        "processor": _found(r"model name\s*: (.*)", Path("/proc/cpuinfo")) or platform.machine(),
        "cores": os.cpu_count(),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "ocitui": __version__,
        **{name: version(name) for name in ("textual", "httpx")},
        **{name: _version(command) for name, command in PROGRAMS.items() if shutil.which(name)},
    }


def load() -> float:
    """Return how many processes wanted to run at a time during the last minute."""
    return round(os.getloadavg()[0], 2)


def _memory() -> str:
    kibibytes = _found(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo"))
    return f"{int(kibibytes) / 1024 / 1024:.0f} GiB" if kibibytes else ""


def _found(pattern: str, path: Path) -> str:
    if not path.is_file():
        return ""
    match = re.search(pattern, path.read_text(encoding="utf-8"))
    return match[1] if match is not None else ""


def _version(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LONGEST_ANSWER)
    match = re.search(r"\d+\.\d+[^\s,]*", done.stdout)
    return match[0] if match is not None else ""
