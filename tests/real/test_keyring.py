"""Logins in a real Secret Service, checked at real registries."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.real.conftest import PASSWORD, USER, SecuredRegistry, TokenRegistry
from tests.real.programs import require
from tests.real.secret_service import SecretService, short_folder
from tests.real.terminal import Terminal
from tui.parser import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOWHERE = "127.0.0.1:1"

FIND = """\
import asyncio, sys
from tui.client import Client, RegistryHost
from tui.credentials import LoginStore

async def main():
    host, patience = RegistryHost(sys.argv[1]), float(sys.argv[2])
    store = LoginStore(patience=patience)
    login = await store.find(host)
    print(login.label if login else "nobody")
    for problem in store.problems(host):
        print(type(problem).__name__, problem, problem.remedy, sep="|")
    if sys.argv[3:]:
        async with Client() as client:
            await client.registry(host, store.provider(host)).verify()
            print("let in")
    await store.aclose()

asyncio.run(main())
"""
"""Tells who one is at a registry, what went wrong, and whether one is let in."""


@pytest.fixture(scope="module", autouse=True)
def _programs() -> None:
    require("dbus-run-session", "gnome-keyring-daemon")


@pytest.fixture(name="folder")
def _folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture
def service(folder: Path) -> Iterator[SecretService]:
    with SecretService(folder) as started:
        yield started


def log_in(
    service: SecretService, host: str, *options: str, username: str = USER, password: str = PASSWORD
) -> subprocess.CompletedProcess[str]:
    return service.ocitui(
        "login", host, *options, "--username", username, "--password-stdin", text=f"{password}\n"
    )


def complaints(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command complained of; that it waits for the keyring a busy machine may bring about."""
    lines = done.stderr.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("Waiting for the keyring"))


def find(service: SecretService, host: str, *, patience: float = 30.0, enter: bool = False) -> list[str]:
    more = ["enter"] if enter else []
    done = service.run(sys.executable, "-c", FIND, host, str(patience), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def make_keyring(folder: Path) -> None:
    """Set a keyring up, with something in it, so that it can be locked."""
    with SecretService(folder) as service:
        done = service.run(sys.executable, "-m", "keyring", "set", "ocitui", NOWHERE, text="x")
        assert done.returncode == 0, done.stderr


def entry(service: SecretService, host: str) -> str:
    """Ask the keyring library's own command for an entry."""
    return service.run(sys.executable, "-m", "keyring", "get", "ocitui", host).stdout.strip()


def test_a_login_is_checked_kept_found_and_removed(service: SecretService, tokens: TokenRegistry) -> None:
    host = tokens.server.host
    done = log_in(service, host)
    assert (done.returncode, complaints(done)) == (0, "")
    assert done.stdout == (f"Logged in at {host} as {USER}.\nIt is kept in the keyring (Secret Service).\n")
    assert json.loads(entry(service, host)) == {"username": USER, "secret": PASSWORD, "kind": "password"}
    assert find(service, host, enter=True) == [f"{USER} (keyring)", "let in"]
    done = service.ocitui("logout", host)
    assert (done.returncode, done.stdout) == (0, f"The login for {host} is removed from the keyring.\n")
    assert entry(service, host) == ""
    assert find(service, host) == ["nobody"]
    assert service.ocitui("logout", host).stdout == f"The keyring keeps no login for {host}.\n"


def test_a_registry_over_tls_needs_the_file_of_its_authority(
    service: SecretService, secured: SecuredRegistry
) -> None:
    host = secured.server.host
    done = log_in(service, host)
    assert done.returncode == 1
    assert "--ca-file" in done.stderr or "authority" in done.stderr
    assert entry(service, host) == ""
    done = log_in(service, host, "--ca-file", str(secured.certificate.authority))
    assert (done.returncode, complaints(done)) == (0, "")
    assert entry(service, host)


@pytest.mark.parametrize(("username", "password"), [(USER, "not hers"), ("mallory", PASSWORD)])
def test_a_wrong_login_is_refused_by_both_kinds_of_registries_and_not_kept(
    service: SecretService, secured: SecuredRegistry, tokens: TokenRegistry, username: str, password: str
) -> None:
    authority = ("--ca-file", str(secured.certificate.authority))
    for host, options in ((secured.server.host, authority), (tokens.server.host, ())):
        done = log_in(service, host, *options, username=username, password=password)
        assert done.returncode == 1
        assert done.stdout == ""
        assert f"{host} refuses this login" in done.stderr
        assert password not in done.stderr
        assert entry(service, host) == ""


def test_an_identity_token_is_checked_by_its_exchange(service: SecretService, tokens: TokenRegistry) -> None:
    host = tokens.server.host
    done = log_in(service, host, username="<token>", password="stale")
    assert (done.returncode, done.stdout) == (1, "")
    done = log_in(service, host, username="<token>", password="refresh of alice")
    assert (done.returncode, complaints(done)) == (0, "")
    assert json.loads(entry(service, host))["kind"] == "identity-token"
    assert find(service, host, enter=True) == ["identity token (keyring)", "let in"]


def test_no_file_holds_the_password(service: SecretService, tokens: TokenRegistry) -> None:
    log_in(service, tokens.server.host)
    files = [path for path in service.home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".keyring" for path in files)
    for path in files:
        assert PASSWORD.encode() not in path.read_bytes(), path


# What may be wrong with a keyring


def test_without_a_session_there_is_no_keyring(service: SecretService, tokens: TokenRegistry) -> None:
    service.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    assert find(service, NOWHERE)[1].startswith("KeyringUnavailableError|there is no keyring")
    done = log_in(service, tokens.server.host)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the login is right, but it is not kept: there is no keyring" in done.stderr


def test_a_locked_keyring_without_a_display_is_told(folder: Path, tokens: TokenRegistry) -> None:
    host = tokens.server.host
    with SecretService(folder) as unlocked:
        assert log_in(unlocked, host).returncode == 0
    with SecretService(folder, unlocked=False) as locked:
        assert find(locked, host) == [
            "nobody",
            "KeyringLockedError|the keyring (Secret Service) is locked|Unlock the keyring and try again.",
        ]
        for done in (log_in(locked, host), locked.ocitui("logout", host)):
            assert (done.returncode, done.stdout) == (1, "")
            assert "the keyring (Secret Service) is locked" in done.stderr
            assert "Traceback" not in done.stderr


def test_a_keyring_that_was_never_set_up_is_told(folder: Path, tokens: TokenRegistry) -> None:
    with SecretService(folder, unlocked=False) as service:
        assert find(service, NOWHERE)[1].startswith("KeyringNotSetUpError|")
        done = log_in(service, tokens.server.host)
        assert done.returncode == 1
        assert "has not been set up" in done.stderr


def test_a_keyring_that_waits_for_its_dialog_keeps_nobody_from_going_on(
    folder: Path, tokens: TokenRegistry
) -> None:
    host = tokens.server.host
    with SecretService(folder) as unlocked:
        assert log_in(unlocked, host).returncode == 0
    with SecretService(folder, unlocked=False) as locked:
        locked.open_dialogs()
        told = find(locked, host, patience=1.0)
        locked.wait_for_dialog()
        assert told[0] == "nobody"
        assert told[1].startswith("KeyringWaitingError|the keyring does not answer; it may wait")


DISMISSED = """\
import asyncio, sys
from tui.client import RegistryHost
from tui.credentials import LoginStore

async def main():
    host, told = RegistryHost(sys.argv[1]), asyncio.Event()
    store = LoginStore(patience=1.0)
    await store.find(host)
    print(type(store.problems(host)[0]).__name__, flush=True)
    store.subscribe(lambda _: told.set())
    await told.wait()
    await store.find(host)
    print(type(store.problems(host)[0]).__name__)

asyncio.run(main())
"""


def test_a_dialog_that_is_dismissed_later_is_taken_up(folder: Path) -> None:
    with SecretService(folder) as unlocked:
        assert (
            unlocked.run(sys.executable, "-m", "keyring", "set", "ocitui", NOWHERE, text="x").returncode == 0
        )
    with SecretService(folder, unlocked=False) as locked:
        locked.open_dialogs()
        command = [sys.executable, "-c", DISMISSED, NOWHERE]
        with subprocess.Popen(command, env=locked.environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "KeyringWaitingError\n"
            locked.dismiss_dialogs()
            assert process.stdout.readline() == "KeyringLockedError\n"


def test_ctrl_c_ends_a_login_that_waits_for_a_dialog(folder: Path, tokens: TokenRegistry) -> None:
    with SecretService(folder) as unlocked:
        assert (
            unlocked.run(sys.executable, "-m", "keyring", "set", "ocitui", NOWHERE, text="x").returncode == 0
        )
    with SecretService(folder, unlocked=False) as locked:
        locked.open_dialogs()
        command = [sys.executable, "-m", "tui", "login", tokens.server.host]
        with subprocess.Popen(
            [*command, "--username", USER, "--password-stdin"],
            env=locked.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stderr is not None
            process.stdin.write(PASSWORD)
            process.stdin.close()
            assert process.stderr.readline().startswith("Waiting for the keyring")
            process.send_signal(signal.SIGINT)
            assert process.stderr.read() == ""
        assert process.returncode == ExitCode.INTERRUPTED


# The browser


def browser(service: SecretService, host: str, **variables: str) -> Terminal:
    """The program in a terminal, started with the name of a registry."""
    require("tmux")
    folder = service.home / "terminal"
    folder.mkdir()
    return Terminal([sys.executable, "-m", "tui", host], {**service.environment, **variables}, folder)


def test_the_browser_uses_the_login_in_the_keyring(service: SecretService, tokens: TokenRegistry) -> None:
    assert log_in(service, tokens.server.host).returncode == 0
    with browser(service, tokens.server.host) as terminal:
        terminal.wait_for(r"team/platform/tools/app")
        terminal.wait_for(rf"{USER} \(keyring\)")


def test_the_browser_uses_the_login_in_the_environment(service: SecretService, tokens: TokenRegistry) -> None:
    host = tokens.server.host
    login = {"OCITUI_REGISTRY": host, "OCITUI_USERNAME": USER, "OCITUI_PASSWORD": PASSWORD}
    with browser(service, host, **login) as terminal:
        terminal.wait_for(r"team/platform/tools/app")
        terminal.wait_for(rf"{USER} \(environment\)")


def test_the_browser_can_be_left_while_the_keyring_waits_for_its_dialog(
    folder: Path, tokens: TokenRegistry
) -> None:
    make_keyring(folder)
    with SecretService(folder, unlocked=False) as locked:
        locked.open_dialogs()
        with browser(locked, tokens.server.host) as terminal:
            locked.wait_for_dialog()
            terminal.press("q")
            assert terminal.wait_for_end() == 0
