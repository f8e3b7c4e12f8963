"""Keyrings that the tests hold in their hands, and the dialogs of theirs that nobody answers."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from tui.credentials import KeyringStore

if TYPE_CHECKING:
    from collections.abc import Iterator


class MemoryKeyring(KeyringBackend):
    """Keeps entries in memory; it may wait for a dialog, or fail."""

    priority: float = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library does not say its types
        self.entries: dict[tuple[str, str], str] = {}
        self.calls: list[tuple[str, str]] = []
        """What was asked, and for whom."""
        self.threads: set[threading.Thread] = set()
        self.error: Exception | None = None
        """Raised instead of an answer."""
        self.entered = threading.Event()
        """Set when a call has come."""
        self.answered = threading.Event()
        """Calls wait for it: whether the dialog has been answered."""
        self.answered.set()

    def get_password(self, service: str, username: str) -> str | None:
        self._enter("get", username)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._enter("set", username)
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._enter("delete", username)
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError("No such password!")

    def _enter(self, call: str, username: str) -> None:
        self.calls.append((call, username))
        self.threads.add(threading.current_thread())
        self.entered.set()
        self.answered.wait()
        if self.error is not None:
            raise self.error


FOLDER = "OCITUI_TEST_KEYRING"
"""The variable that names the folder of a `FolderKeyring`."""


class FolderKeyring(KeyringBackend):
    """Keeps entries in files, for programs that the tests start; a file `locked` beside them locks it."""

    priority: float = 5

    @staticmethod
    def file(username: str) -> Path:
        return Path(os.environ[FOLDER]) / username.replace(":", "_")

    def get_password(self, service: str, username: str) -> str | None:
        if self.file("locked").exists():
            raise KeyringLocked("Failed to unlock the collection!")
        file = self.file(username)
        return file.read_text() if service == "ocitui" and file.exists() else None

    def set_password(self, service: str, username: str, password: str) -> None:
        if service == "ocitui":
            self.file(username).write_text(password)

    def delete_password(self, service: str, username: str) -> None:
        if service == "ocitui":
            self.file(username).unlink()


class Dialogs:
    """A keyring and its store; its dialogs are answered at the latest when the test ends."""

    def __init__(self) -> None:
        self.backend = MemoryKeyring()
        self.store = KeyringStore(lambda: self.backend)

    def open(self) -> None:
        """Let calls wait from now on."""
        self.backend.answered.clear()
        self.backend.entered.clear()

    def answer(self) -> None:
        """Let calls go on."""
        self.backend.answered.set()


def dialogs() -> Iterator[Dialogs]:
    """Make a keyring for a test, and leave no thread of it behind."""
    made = Dialogs()
    yield made
    made.answer()
    for thread in made.backend.threads:
        thread.join(10)
