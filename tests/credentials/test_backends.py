"""Which keyring is chosen: never one that keeps secrets in plain text, not even inside of a chain."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from keyring import backends as keyring_backends
from keyring.backends import chainer, fail, null

from tests.credentials.keyrings import MemoryKeyring
from tui.credentials.backends import backend_name, choose_backend, is_safe
from tui.credentials.errors import KeyringUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from keyring.backend import KeyringBackend


class Weak(MemoryKeyring):
    priority = 0.9


class Plain(MemoryKeyring):
    """Of the library's collection of other keyrings, with a priority that it should not have."""

    __module__ = "keyrings.alt.file"


class BasedOnPlain(Plain):
    __module__ = "keyrings.cryptfile.cryptfile"


class Chain(chainer.ChainerBackend):
    members: tuple[KeyringBackend, ...] = ()
    backends = property(lambda self: list(self.members))

    def __init__(self, *members: KeyringBackend) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library does not say its types
        self.members = members


def test_a_keyring_of_enough_priority_is_safe() -> None:
    assert is_safe(MemoryKeyring())


@pytest.mark.parametrize("kind", [Weak, Plain, BasedOnPlain])
def test_a_keyring_of_low_priority_or_over_plain_text_is_not(kind: type[MemoryKeyring]) -> None:
    assert not is_safe(kind())


def test_what_keeps_nothing_is_not() -> None:
    assert not is_safe(fail.Keyring())  # type: ignore[no-untyped-call]  # as above
    assert not is_safe(null.Keyring())  # type: ignore[no-untyped-call]  # as above


def test_a_chain_is_as_safe_as_its_members() -> None:
    assert is_safe(Chain(MemoryKeyring(), MemoryKeyring()))
    assert not is_safe(Chain(MemoryKeyring(), Plain()))
    assert not is_safe(Chain())


def test_keyrings_are_called_as_people_know_them() -> None:
    assert backend_name(MemoryKeyring()) == "tests.credentials.keyrings.MemoryKeyring"
    assert keyring_backends.__path__  # the names below are of modules that are there
    for module, name in (("SecretService", "Secret Service"), ("kwallet", "KWallet")):
        known = type("Keyring", (MemoryKeyring,), {"__module__": f"keyring.backends.{module}"})
        assert backend_name(known()) == name
    assert backend_name(Chain(MemoryKeyring(), Plain())) == (
        "tests.credentials.keyrings.MemoryKeyring, keyrings.alt.file.Plain"
    )


@pytest.mark.parametrize(
    "named",
    ["keyring.backends.null.Keyring", "tests.credentials.test_backends.Plain", "nowhere.Keyring", "nothing",
     "keyring.backends.null.Nothing"],
)  # fmt: skip
def test_a_configured_keyring_that_cannot_be_used_is_not_replaced_by_another(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", named)
    with pytest.raises(KeyringUnavailableError) as caught:
        choose_backend()
    assert "configured" in str(caught.value)


def test_a_configured_keyring_that_is_safe_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.credentials.keyrings.MemoryKeyring")
    assert isinstance(choose_backend(), MemoryKeyring)


SCRIPT = """
import keyring.backend
class Keyring(keyring.backend.KeyringBackend):
    get_password = set_password = delete_password = None
class Plaintext(Keyring):
    __module__ = "keyrings.alt.file"
    priority = 0.5
class Encrypted(Keyring):
    __module__ = "keyrings.alt.file"
    priority = 12
class Good(Keyring):
    priority = {priority}
class Better(Keyring):
    priority = {priority} + 1
from tui.credentials.backends import backend_name, choose_backend
try:
    print(backend_name(choose_backend()))
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("priority", "told"),
    [("5", "__main__.Better\n"), ("-5", "there is no keyring on this machine that keeps secrets safe\n")],
)
def test_the_best_safe_keyring_is_chosen_and_no_chain_over_plain_text(
    priority: str, told: str, tmp_path: Path
) -> None:
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    script = textwrap.dedent(SCRIPT).format(priority=priority)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert done.stdout == told
