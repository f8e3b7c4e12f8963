"""Builds the servers, tools and suites of the tests that are written in Go, each once.

    python -m tests.real.go_programs FOLDER

Then put the folder on PATH. A program is built again when its version, its source or the toolchain is another
one. Nothing but the standard library and `go` is needed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "go"
"""A module of servers and tools that are a few lines over a library, one folder each."""


@dataclass(frozen=True, slots=True)
class GoProgram:
    """Where a program comes from: a published one at its version, or a folder below `SOURCES`."""

    package: str
    version: str = ""

    def command(self, folder: Path) -> list[str]:
        """How it is built into an empty folder."""
        if self.version:
            return ["go", "install", f"{self.package}@{self.version}"]
        return ["go", "build", "-C", str(SOURCES), "-o", f"{folder}{os.sep}", self.package]

    def origin(self) -> str:
        """What it is built from, and changes when that does."""
        if self.version:
            return f"{self.package}@{self.version}"
        files = [SOURCES / "go.mod", SOURCES / "go.sum", *sorted((SOURCES / self.package).glob("*.go"))]
        return f"{self.package}@{hashlib.sha256(b''.join(file.read_bytes() for file in files)).hexdigest()}"


GO_PROGRAMS = {
    "conformance": GoProgram(
        "github.com/opencontainers/distribution-spec/conformance", "v0.0.0-20260831232431-97274622c111"
    ),
    "crane": GoProgram("github.com/google/go-containerregistry/cmd/crane", "v0.22.1"),
    "distribution": GoProgram("github.com/distribution/distribution/v3/cmd/registry", "v3.1.2"),
    "estargz": GoProgram("./estargz"),
    "ggcr": GoProgram("./ggcr"),
    "ocimem": GoProgram("./ocimem"),
}
"""The programs, by the names that they have on PATH."""


def build(folder: Path) -> list[str]:
    """Build what is not there yet, or from something else.

    Args:
        folder: Where the programs lie, beside a note on what each was built from.

    Returns:
        The names of those that were built.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    toolchain = subprocess.run(["go", "version"], check=True, capture_output=True, text=True).stdout
    built = []
    for name, program in GO_PROGRAMS.items():
        note, target = folder / f"{name}.origin", folder / name
        origin = f"{program.origin()}\n{toolchain}"
        if target.is_file() and note.is_file() and note.read_text(encoding="utf-8") == origin:
            continue
        with tempfile.TemporaryDirectory(dir=folder) as made:
            environment = os.environ | {"GOBIN": made}
            subprocess.run(program.command(Path(made)), check=True, env=environment)
            (binary,) = Path(made).iterdir()
            note.unlink(missing_ok=True)
            binary.replace(target)
        note.write_text(origin, encoding="utf-8")
        built.append(name)
    return built


def main() -> None:
    """Build into the folder that the first argument names, and say what that took."""
    (folder,) = sys.argv[1:]
    built = build(Path(folder))
    sys.stdout.write(f"built: {' '.join(built)}\n" if built else "all there\n")


if __name__ == "__main__":
    main()
