"""The command `python -m tests.fuzz [NAME ...] --seconds N`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz.engine import Report, has_atheris, run_changed, run_guided
from tests.fuzz.targets import TARGETS

SHOWN = 2_000
"""Bytes of a finding that are written to the terminal."""


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, and tell what was found; 1 if anything was."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"targets: {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, help="shared among the targets (default: 60)")
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what was found worth keeping")
    parser.add_argument("--seed", type=int, default=0, help="of changes at random, without atheris")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    targets = [TARGETS[name] for name in options.names or TARGETS]
    seconds = max(options.seconds // len(targets), 1)
    print("guided by atheris" if has_atheris() else "changed at random, without atheris")  # noqa: T201 - it is a command
    executions = findings = 0
    for target in targets:
        if has_atheris():
            report = run_guided(target, seconds, options.corpus)
        else:
            report = run_changed(target, seconds, options.seed)
        _tell(report)
        executions += report.executions
        findings += len(report.findings)
    print(f"{executions:,} executions, {findings:,} findings")  # noqa: T201 - it is a command
    return 1 if findings else 0


def _tell(report: Report) -> None:
    reached = f", {report.coverage:,} edges" if report.coverage else ""
    figures = f"{report.executions:,} executions{reached}, {len(report.findings)} findings"
    print(f"{report.name}: {figures}", flush=True)  # noqa: T201 - it is a command
    for data, reason in report.findings:
        print(f"  {reason[:SHOWN]}\n  {data[:SHOWN]!r}", flush=True)  # noqa: T201 - it is a command


if __name__ == "__main__":
    sys.exit(main())
