"""A program in a pseudo-terminal: keys go in, and it is told to the millisecond when a text comes out."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

__all__ = ["NotShownError", "PseudoTerminal"]

COLUMNS: Final = 128
ROWS: Final = 36

LONGEST_WAIT: Final = 60.0
"""Seconds after which what should show will not, on a machine that is busy with other things."""

LONGEST_END: Final = 10.0
"""Seconds in which a program ends that was asked to."""

CALM = 0.3
"""Seconds without output after which nothing more is on its way."""

READ_SIZE: Final = 1024 * 1024

OVERLAP: Final = 400
"""Characters before what is new in which a text may begin: more than a line of the screen."""

TAIL: Final = 4_000
"""Characters of the last output that an error shows."""

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*(?P<final>[@-~])"  # a control sequence
    r"|\x1b[\]P_^X](?:[^\x07\x1b]|\x1b[^\\])*(?:\x07|\x1b\\)"  # a string: a title, a clipboard
    r"|\x1b[ -/]*[0-OQ-WYZ`-~\\]"  # anything else
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]P_^X][^\x07]*|[ -/]*)?\Z")
_MOVES = frozenset("ABCDEFGHdf")
"""Final letters of sequences after which text stands elsewhere."""


class NotShownError(Exception):
    """A program does not show what it should; the message holds the end of its output."""


class PseudoTerminal:
    """A terminal of a given size that runs one command while its context is entered.

    Args:
        command: The program and its arguments.
        environment: All that the program finds in its environment.
        folder: Where it starts.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self._command = command
        self._environment = {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._master = -1
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._text = ""
        self.started = 0.0
        """When the program was started, in seconds of `time.perf_counter`."""

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        try:
            self.started = time.perf_counter()
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._folder,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
            )
        finally:
            os.close(slave)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._drain_until_end(self._process)
        os.close(self._master)

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    def write(self, keys: str) -> float:
        """Press keys, and tell when that was."""
        pressed = time.perf_counter()
        os.write(self._master, keys.encode())
        return pressed

    def wait_for(self, *patterns: str) -> float:
        """Wait until the output from here on has shown each of some regular expressions; tell when it did.

        What has been waited for is not looked at again, nor is what came before it.

        Raises:
            NotShownError: It is not shown within the time limit, or the program ends before.
        """
        self._text = ""
        wanted = [re.compile(pattern) for pattern in patterns]
        deadline = time.monotonic() + LONGEST_WAIT
        while True:
            looked = max(0, len(self._text) - OVERLAP)
            if not self._read(deadline - time.monotonic()):
                missing = ", ".join(repr(pattern.pattern) for pattern in wanted)
                raise NotShownError(f"{missing} does not show; the output ends with:\n{self._text[-TAIL:]}")
            seen = time.perf_counter()
            wanted = [pattern for pattern in wanted if pattern.search(self._text, looked) is None]
            if not wanted:
                return seen

    def rest(self) -> None:
        """Let the program run until nothing more is on its way."""
        while self._read(CALM):
            pass

    def run_for(self, seconds: float | None = None) -> None:
        """Let the program run for so long, or as long as it may be calm, whatever it writes."""
        deadline = time.monotonic() + (CALM if seconds is None else seconds)
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)

    def _read(self, seconds: float) -> bool:
        """Take the next piece of output; False where none comes in so many seconds, or never again."""
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._master, READ_SIZE)
        except OSError:  # Linux says so when the other end has been closed
            return False
        raw = self._rest + self._decoder.decode(data)
        unfinished = _UNFINISHED.search(raw)
        end = unfinished.start() if unfinished is not None else len(raw)
        self._rest = raw[end:]
        self._text += _SEQUENCE.sub(_separator, raw[:end])
        return bool(data)

    def _drain_until_end(self, process: subprocess.Popen[bytes]) -> None:
        """Read what a program still writes, which it would wait for, until it has ended."""
        deadline = time.monotonic() + LONGEST_END
        while process.poll() is None:
            self._read(0.01)
            if time.monotonic() > deadline:
                process.kill()
        process.wait()


def _separator(sequence: re.Match[str]) -> str:
    return "\n" if sequence["final"] in _MOVES else ""
