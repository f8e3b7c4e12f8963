"""Runs the distribution specification's own conformance suite on the demo registry.

    python -m tests.real.go_programs FOLDER        # builds `conformance`; put FOLDER on PATH
    python -m tests.demo.conformance

Everything that can be switched on is, also what a registry need not have. The report stays in a folder
that is named when something fails. The exit status is the suite's own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tui.demo import BearerLogin, DemoServer, Storage

LONGEST_RUN = 600
"""Seconds after which the suite, which takes less than one minute, is stuck."""

EVERYTHING = {
    "OCI_TLS": "disabled",
    "OCI_VERSION": "1.1",
    "OCI_API_BLOBS_DIGEST_HEADER": "true",
    "OCI_API_BLOBS_UPLOAD_CANCEL": "true",
    "OCI_API_MANIFESTS_DIGEST_HEADER": "true",
    "OCI_API_MANIFESTS_TAG_PARAM": "true",
    "OCI_DATA_SPARSE": "true",
}

USERS = {"alice": "s3cret"}


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of the suite said."""

    status: int
    """Its exit status."""
    figures: dict[str, int]
    """How many checks there were by how they ended, as the suite names that: Pass, FAIL, Skip, Total."""
    report: Path
    """Where the details lie."""


def run_suite(program: str, report: Path, *, login: bool) -> Result:
    """Run the suite once.

    Args:
        program: Where the suite is.
        report: A folder for its report.
        login: Whether the registry wants a login by token.
    """
    settings = dict(EVERYTHING)
    if login:
        settings |= {"OCI_USERNAME": "alice", "OCI_PASSWORD": USERS["alice"]}
    with DemoServer(Storage(), login=BearerLogin(USERS) if login else None) as server:
        environment = os.environ | settings | {"OCI_REGISTRY": server.host, "OCI_RESULTS_DIR": str(report)}
        done = subprocess.run(
            [program],
            env=environment,
            cwd=report,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
    figures = {
        name: int(number)
        for name, number in re.findall(r"^\s*([A-Za-z]+)\.{2,}: +(\d+)$", done.stdout, re.MULTILINE)
    }
    return Result(done.returncode, figures, report)


def main() -> int:
    program = shutil.which("conformance")
    if program is None:
        sys.stderr.write("`conformance` is not on PATH; the head of this file says how to get it\n")
        return 2
    worst = 0
    for login in (False, True):
        result = run_suite(program, Path(tempfile.mkdtemp(prefix="conformance-")), login=login)
        sys.stdout.write(f"{'Bearer' if login else 'no login'}: {result.figures}\n")
        worst = max(worst, result.status)
        if result.status:
            sys.stdout.write(f"report: {result.report}\n")
        else:
            shutil.rmtree(result.report)
    return worst


if __name__ == "__main__":
    sys.exit(main())
