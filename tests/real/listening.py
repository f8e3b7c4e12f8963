"""A server in a process of its own that says where it listens."""

from __future__ import annotations

import re
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

LONGEST_START = 20.0
"""Seconds within which a server listens, on a machine that is busy with other things."""

LONGEST_STOP = 10.0
"""Seconds within which a server ends when it is told to."""


class ListeningProcess:
    """One server process; entering starts it and waits until it says where it listens, leaving ends it.

    Args:
        command: The program and its arguments.
        environment: Its whole environment.
        says: A pattern of the line that tells; its group is the port on 127.0.0.1.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], says: str) -> None:
        self.log: list[str] = []
        """What the server has written so far, line by line."""
        self.host = ""
        """Address and port, once it listens."""
        self._command = command
        self._environment = environment
        self._says = re.compile(says)
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._listening = threading.Event()

    def start(self) -> None:
        """Start the process and wait until it listens."""
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        if not self._listening.wait(LONGEST_START) or not self.host:
            self.stop()
            pytest.fail(f"{self._command[0]} does not listen: {' '.join(self.log)}")

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            self.log.append(line)
            if found := self._says.search(line):
                self.host = f"127.0.0.1:{found[1]}"
                self._listening.set()
        self._listening.set()

    def stop(self) -> None:
        """End the process; without effect when it has ended."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(LONGEST_STOP)
        if self._reader is not None:
            self._reader.join(LONGEST_STOP)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
