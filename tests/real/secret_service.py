"""A real Secret Service: gnome-keyring in a D-Bus session of its own, and a dialog that nobody answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.real.programs import LONGEST_RUN, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

MASTER = "the password of the keyring itself"

_SESSION = """\
case "$1" in
    unlocked) printf %s "$2" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 ;;
    locked) gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1 ;;
esac
echo "$DBUS_SESSION_BUS_ADDRESS"
exec cat
"""
"""Starts the keyring, says where the session is, and stays until its standard input ends."""

_PROMPTER = """\
from jeepney import DBusAddress, MatchRule, message_bus, new_method_return
from jeepney.io.blocking import open_dbus_connection, Proxy

connection = open_dbus_connection("SESSION")
bus = Proxy(message_bus, connection)
print(bus.RequestName("org.gnome.keyring.SystemPrompter")[0], flush=True)
while True:
    message = connection.receive()
    if message.header.message_type.name == "method_call":
        connection.send(new_method_return(message))
        print(message.header.fields.get(3), flush=True)
"""
"""The program that shows dialogs: this one takes every question, and never answers any."""


@contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder with a short path, which pytest's are not, and remove it in the end."""
    folder = Path(tempfile.mkdtemp(prefix="ocitui-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class SecretService:
    """A D-Bus session with a keyring in it; entering starts it, leaving ends it.

    Args:
        home: Where the keyring lies; its path is short, because sockets lie there, too.
        unlocked: Whether the keyring is unlocked, and made where there is none.
    """

    def __init__(self, home: Path, *, unlocked: bool = True) -> None:
        self.home = home
        self._state = "unlocked" if unlocked else "locked"
        self.environment = {
            **clean_environment(self.home),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "OCITUI_STATE": str(self.home / "state" / "state.json"),
        }
        self._session: subprocess.Popen[str] | None = None
        self._prompter: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._session = subprocess.Popen(
            ["dbus-run-session", "--", "sh", "-c", _SESSION, "session", self._state, MASTER],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._session.stdout is not None
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._session.stdout.readline().strip()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._prompter is not None:
            self.dismiss_dialogs()
        assert self._session is not None
        self._session.communicate(timeout=LONGEST_RUN)

    def open_dialogs(self) -> None:
        """Let questions open a dialog from now on that nobody answers."""
        self._prompter = subprocess.Popen(
            [sys.executable, "-c", _PROMPTER], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self._prompter.stdout is not None
        assert self._prompter.stdout.readline().strip() == "1"

    def wait_for_dialog(self) -> None:
        """Wait until a dialog has been asked for."""
        assert self._prompter is not None
        assert self._prompter.stdout is not None
        while "BeginPrompting" not in self._prompter.stdout.readline():
            pass

    def dismiss_dialogs(self) -> None:
        """End the program that shows the dialogs."""
        assert self._prompter is not None
        self._prompter.kill()
        self._prompter.communicate()
        self._prompter = None

    def run(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program inside of the session."""
        return subprocess.run(
            command,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_RUN,
        )

    def ocitui(self, *argv: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run the program inside of the session."""
        return self.run(sys.executable, "-W", "error", "-m", "tui", *argv, text=text)

    def python(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script inside of the session."""
        return self.run(sys.executable, "-c", script)
