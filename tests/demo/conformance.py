"""Runs the distribution specification's own conformance suite on the demo registry.

    go install github.com/opencontainers/distribution-spec/conformance@latest
    python -m tests.demo.conformance

Everything that can be switched on is, also what a registry need not have. The report stays in a folder
that is named when something fails. The exit status is the suite's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

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


def run_suite(program: str, *, login: bool) -> int:
    """Run the suite once, with or without logging in by token; return its exit status."""
    folder = tempfile.mkdtemp(prefix="conformance-")
    settings = dict(EVERYTHING)
    if login:
        settings |= {"OCI_USERNAME": "alice", "OCI_PASSWORD": USERS["alice"]}
    with DemoServer(Storage(), login=BearerLogin(USERS) if login else None) as server:
        environment = os.environ | settings | {"OCI_REGISTRY": server.host, "OCI_RESULTS_DIR": folder}
        done = subprocess.run(
            [program],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
    figures = [
        line.strip()
        for line in done.stdout.splitlines()
        if line.strip().startswith(("Pass..", "FAIL..", "Total"))
    ]
    sys.stdout.write(f"{'Bearer' if login else 'no login'}: {', '.join(figures)}\n")
    if done.returncode:
        sys.stdout.write(f"report: {folder}\n")
    else:
        shutil.rmtree(folder)
    return done.returncode


def main() -> int:
    program = shutil.which("conformance")
    if program is None:
        sys.stderr.write("`conformance` is not on PATH; the head of this file says how to get it\n")
        return 2
    return max(run_suite(program, login=login) for login in (False, True))


if __name__ == "__main__":
    sys.exit(main())
