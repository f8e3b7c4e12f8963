"""A program in a terminal of tmux: keys go in, what is on the screen comes out."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

LONGEST_COMMAND = 20.0
"""Seconds after which tmux itself is stuck."""

LONGEST_WAIT = 30.0
"""Seconds within which a screen shows what it should, on a machine that is busy with other things."""

LOOK_EVERY = 0.05
"""Seconds between two looks at the screen: a person sees no difference."""

CONFIGURATION = """\
set -g remain-on-exit on
set -g status off
set -s escape-time 0
set -g default-terminal tmux-256color
"""
"""What has ended stays on the screen; Escape is a key of its own at once."""

KEEP_STATUS = """\
file="$1"; shift
"$@"; status=$?
echo "$status" >"$file.new"; mv "$file.new" "$file"
exit "$status"
"""
"""A shell command: runs its further arguments and writes their exit status into the file of its first one."""


class ScreenError(AssertionError):
    """The screen does not show what it should; the message holds the whole screen."""


class Terminal:
    """A terminal of a given size that runs one command while its context is entered.

    Args:
        command: The program and its arguments.
        environment: All that the program finds in its environment.
        folder: Where tmux keeps its socket and the program starts.
        columns: Width in cells.
        rows: Height in cells.
        longest_wait: Seconds within which the screen shows what it should.
    """

    def __init__(
        self,
        command: list[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        columns: int = 128,
        rows: int = 36,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._status = folder / "tmux.status"
        # tmux 3.3 does not always notice that a program has ended, so that a shell writes down its status.
        self._command = ["sh", "-c", KEEP_STATUS, "sh", str(self._status), *command]
        self._environment = environment
        self._folder = folder
        self._size = (columns, rows)
        self._longest_wait = longest_wait

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._folder / "tmux"), "-f", str(self._folder / "tmux.conf"), *arguments],
            check=False,
            capture_output=True,
            env=self._environment,
            cwd=self._folder,
            text=True,
            timeout=LONGEST_COMMAND,
        )
        if done.returncode != 0:
            raise ScreenError(f"tmux {shlex.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def __enter__(self) -> Self:
        self._status.unlink(missing_ok=True)
        (self._folder / "tmux.conf").write_text(CONFIGURATION, encoding="utf-8")
        columns, rows = self._size
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), shlex.join(self._command))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tmux("kill-server")

    def screen(self) -> str:
        """What the terminal shows now."""
        return self._tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Press keys, by the names that tmux gives them: `Enter`, `Down`, `Escape`, `q`."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text as it is."""
        self._tmux("send-keys", "-l", text)

    def _missing(self, what: str) -> ScreenError:
        shown = self._tmux("capture-pane", "-p", "-S", "-").rstrip()
        return ScreenError(f"missing after at most {self._longest_wait:.0f} s: {what}; the screen:\n{shown}")

    def _ended(self) -> bool:
        return self._status.exists()

    def _wait(self, what: str, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._longest_wait
        while not holds():
            if time.monotonic() > deadline:
                raise self._missing(what)
            time.sleep(LOOK_EVERY)

    def wait_for(self, pattern: str) -> str:
        """Wait until the screen shows what a regular expression finds, and return the screen.

        Raises:
            ScreenError: It does not show within the time limit, or the program ends before.
        """
        shown = ""

        def found() -> bool:
            nonlocal shown
            shown = self.screen()
            if re.search(pattern, shown) is not None:
                return True
            if self._ended():
                raise self._missing(f"{pattern!r}, and the program has ended")
            return False

        self._wait(repr(pattern), found)
        return shown

    def wait_for_end(self) -> int:
        """Wait until the program ends, and return its exit status as a shell tells it.

        Raises:
            ScreenError: It does not end within the time limit.
        """
        self._wait("the program's end", self._ended)
        return int(self._status.read_text(encoding="utf-8"))
