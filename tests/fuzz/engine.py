"""Inputs that are changed at random, and those that a coverage-guided fuzzer looks for."""

from __future__ import annotations

import importlib.util
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fuzz.oracle import check
from tests.fuzz.reshaping import reshaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.targets import Target

LONGEST: Final = 8_192
"""Bytes of an input."""

SLOWEST: Final = 5
"""Seconds that one input may take: no target needs a tenth of them for the longest."""

MEMORY: Final = 1_024
"""MiB that a process may take."""

CHANGES: Final = 4
"""Changes that are made to one input at most."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one target."""

    name: str
    executions: int
    findings: tuple[tuple[bytes, str], ...]
    """Inputs that broke a rule, each with what it broke."""
    coverage: int = 0
    """Edges of the code that were reached; 0 where nobody counted."""


def has_atheris() -> bool:
    """Tell whether the coverage-guided fuzzer is installed."""
    return importlib.util.find_spec("atheris") is not None


def changed(target: Target, random_: random.Random) -> Iterator[bytes]:
    """Make inputs without end: seeds, changed and put together anew."""
    while True:
        data = bytearray(random_.choice(target.seeds))
        for _ in range(random_.randint(1, CHANGES)):
            _change(data, target, random_)
        yield bytes(data[:LONGEST])
        document: bytes | None = random_.choice(target.seeds)
        for _ in range(random_.randint(1, CHANGES)):
            document = reshaped(document, random_) if document is not None else None
        if document is not None:
            yield document[:LONGEST]


def _change(data: bytearray, target: Target, random_: random.Random) -> None:
    start = random_.randint(0, len(data))
    end = min(len(data), start + random_.choice((0, 1, 1, 2, 8, 64)))
    match random_.randint(0, 4):
        case 0:
            data[start:end] = random_.randbytes(end - start)
        case 1:
            data[start:end] = random_.choice(target.words)
        case 2:
            data[start:end] = b""
        case 3:
            other = random_.choice(target.seeds)
            cut = random_.randint(0, len(other))
            data[start:end] = other[cut : cut + random_.choice((4, 32, 256))]
        case _:
            data[start:end] = data[start:end] * random_.choice((2, 3, 50))


def run_changed(target: Target, seconds: float, seed: int, most: int | None = None) -> Report:
    """Give a target inputs that are changed at random, up to a number of them or a number of seconds."""
    executions = 0
    findings: list[tuple[bytes, str]] = []
    deadline = time.monotonic() + seconds
    for data in changed(target, random.Random(seed)):  # noqa: S311 - repeatable, not secret
        if executions == most or time.monotonic() > deadline or findings:
            break
        executions += 1
        try:
            check(target.run, data)
        except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
            findings.append((data, f"{type(error).__name__}: {error}"))
    return Report(target.name, executions, tuple(findings))


def run_guided(target: Target, seconds: int, corpus: Path | None) -> Report:
    """Let atheris look for inputs, in a process of its own that is begun again after each finding."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        kept = corpus / target.name if corpus is not None else work / "corpus"
        kept.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(target.seeds):
            (kept / f"seed-{number}").write_bytes(seed)
        (work / "words").write_text("".join(f'"{_escaped(word)}"\n' for word in target.words if word))
        executions = coverage = 0
        findings: list[tuple[bytes, str]] = []
        deadline = time.monotonic() + seconds
        while (left := round(deadline - time.monotonic())) > 0 and len(findings) < CHANGES:
            told = _guided(target.name, left, kept, work)
            executions += _figure(r"stat::number_of_executed_units:\s*(\d+)", told)
            coverage = max(coverage, _figure(r"cov: (\d+)", told))
            for path in sorted(work.glob("finding-*")):
                findings.append((path.read_bytes(), _reason(told)))
                path.unlink()
        return Report(target.name, executions, tuple(findings), coverage)


def _guided(name: str, seconds: int, corpus: Path, work: Path) -> str:
    options = {
        "max_total_time": seconds,
        "max_len": LONGEST,
        "timeout": SLOWEST,
        "rss_limit_mb": MEMORY,
        "print_final_stats": 1,
        "artifact_prefix": f"{work}/finding-",
        "dict": work / "words",
    }
    arguments = [f"-{key}={value}" for key, value in options.items()]
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(corpus), *arguments]
    environment = {**os.environ, "TMPDIR": str(work)}
    ended = subprocess.run(
        command, capture_output=True, text=True, errors="replace", env=environment, check=False
    )
    told = ended.stdout + ended.stderr
    if ended.returncode and not list(work.glob("finding-*")):
        raise RuntimeError(f"the fuzzer ended with {ended.returncode}:\n{told[-4_000:]}")
    return told


def _figure(pattern: str, text: str) -> int:
    return int(found[-1]) if (found := re.findall(pattern, text)) else 0


def _reason(told: str) -> str:
    """Give what libFuzzer says of an input: an exception, a limit of time, or one of memory."""
    lines = [line.strip() for line in told.splitlines()]
    traces = [line for line in lines if re.match(r"[A-Za-z_.]+(Error|Exception|Interrupt)\b", line)]
    limits = [line for line in lines if line.startswith(("SUMMARY:", "ALARM:"))]
    return next(iter([*traces, *limits]), "unknown")


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)
