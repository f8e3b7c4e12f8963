"""What the command lines of all commands share: how they complain, and how the program tells how it ended.

Neither Textual nor httpx is imported from here.
"""

from __future__ import annotations

import argparse
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from tui.client.redaction import quoted

__all__ = ["ExitCode", "Parser", "add_ca_file", "check_ca_file"]


class ExitCode(IntEnum):
    """What the program tells the one that started it."""

    FINE = 0
    """Everything that was asked for happened."""
    REFUSED = 1
    """A registry, a file or the keyring said no."""
    USAGE = 2
    """The arguments are wrong, or there is no terminal to draw on."""
    INTERRUPTED = 130
    """Ctrl+C ended it: 128 and the number of SIGINT, as shells count."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one sentence and a hint."""

    def error(self, message: str) -> NoReturn:
        """Write the complaint and leave with `ExitCode.USAGE`."""
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}\nTry '{self.prog} --help'.\n")


def add_ca_file(parser: Parser) -> None:
    """Offer the option for further certificate authorities."""
    parser.add_argument(
        "--ca-file",
        metavar="FILE",
        type=Path,
        help="trust the certificate authorities in this PEM file, besides those of the system",
    )


def check_ca_file(parser: Parser, ca_file: Path | None) -> None:
    """Complain where the file of certificate authorities is not there."""
    if ca_file is not None and not ca_file.is_file():
        parser.error(f"--ca-file: there is no file {quoted(str(ca_file), 200)}")
