"""Processes and what they take: time, and memory at its peak."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.real.programs import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["MEBIBYTE", "ROOT", "Run", "environment", "program", "resident", "run", "serving"]

ROOT: Final = Path(__file__).parents[2]
"""The folder that holds the packages `tui` and `tests`."""

MEBIBYTE: Final = 1024 * 1024

LOOK_EVERY: Final = 0.005
"""Seconds between two looks at the memory of a process: its peak is kept, so that only its last moments are
missed."""

LONGEST_RUN: Final = 120.0
"""Seconds after which a program is stuck, on a machine that is busy with other things."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program."""

    seconds: float
    """From its start to its end."""
    peak: float
    """The most memory that it had, in MiB; 0 where the system does not tell."""
    output: str
    """What it printed, unless that went into a file."""


def environment(folder: Path) -> dict[str, str]:
    """Return an environment whose home is below a folder, and in which modules of this checkout are found."""
    return {**clean_environment(folder), "PYTHONPATH": str(ROOT)}


def program(*arguments: str) -> list[str]:
    """Return the command that starts the program of this checkout."""
    return [sys.executable, "-m", "tui", *arguments]


def run(
    command: Sequence[str],
    surroundings: Mapping[str, str],
    *,
    into: Path | None = None,
    limit: float = LONGEST_RUN,
) -> Run:
    """Run a program to its end.

    Args:
        command: The program and its arguments.
        surroundings: Its environment.
        into: A file for what it prints.
        limit: Seconds after which it is stuck.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    output = subprocess.PIPE if into is None else into.open("wb")
    peaks = [0.0]
    started = time.perf_counter()
    try:
        with subprocess.Popen(
            command, env=surroundings, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE
        ) as process:
            ended = threading.Event()
            watcher = threading.Thread(target=_watch, args=(process.pid, ended, peaks))
            watcher.start()
            try:
                printed, complaint = process.communicate(timeout=limit)
                seconds = time.perf_counter() - started
            finally:
                process.kill()
                ended.set()
                watcher.join()
    finally:
        if not isinstance(output, int):
            output.close()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, list(command), printed, complaint)
    return Run(seconds, max(peaks), (printed or b"").decode())


def resident(pid: int, field: str = "VmRSS") -> float:
    """Return the memory of a process, in MiB; 0 where the system does not tell, or the process has ended.

    Args:
        pid: The process.
        field: `VmRSS` for what it has now, `VmHWM` for the most that it had.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found is not None else 0.0


@contextmanager
def serving(*arguments: str, module: str = "server") -> Iterator[str]:
    """Run a server of the benchmarks in a process of its own; gives its host and port."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _watch(pid: int, ended: threading.Event, peaks: list[float]) -> None:
    while not ended.wait(LOOK_EVERY):
        peaks.append(resident(pid, "VmHWM"))
