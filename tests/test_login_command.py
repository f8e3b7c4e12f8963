"""`ocitui login` and `ocitui logout`, from scripts and from a terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from tests.credentials.keyrings import FOLDER
from tui.__main__ import main
from tui.client.names import RegistryHost
from tui.demo import BasicLogin, BearerLogin, DemoServer
from tui.parser import ExitCode
from tui.state import load_state, state_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


WORD = "s3cret:hunter2"
USERS = {"alice": WORD, "jürgen": "pässwörd 🔑"}


@pytest.fixture(scope="module", params=[BasicLogin(USERS), BearerLogin(USERS, anonymous_pull=True)])
def server(request: pytest.FixtureRequest) -> Iterator[DemoServer]:
    with DemoServer(login=request.param) as started:
        yield started


@pytest.fixture(autouse=True)
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "keyring"
    folder.mkdir()
    monkeypatch.setenv(FOLDER, str(folder))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.credentials.keyrings.FolderKeyring")
    return folder


class Run:
    """What a command said and how it ended."""

    def __init__(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capfd = capfd
        self._monkeypatch = monkeypatch
        self.out = self.err = ""

    def __call__(self, *argv: str, stdin: bytes | str = b"") -> int:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        status = main(argv)
        self.out, self.err = self._capfd.readouterr()
        return status

    def login(self, host: str, *options: str, username: str = "alice", password: bytes | str = WORD) -> int:
        return self("login", host, *options, "--username", username, "--password-stdin", stdin=password)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(capfd, monkeypatch)


def entries(keyring: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in keyring.iterdir()}


def test_a_right_login_is_kept_and_told(run: Run, server: DemoServer, keyring: Path) -> None:
    assert run.login(server.host) == ExitCode.FINE
    assert run.out == (
        f"Logged in at {server.host} as alice.\n"
        "It is kept in the keyring (tests.credentials.keyrings.FolderKeyring).\n"
    )
    assert run.err == ""
    (entry,) = entries(keyring).values()
    assert json.loads(entry) == {"username": "alice", "secret": WORD, "kind": "password"}


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_line_end_behind_a_password_is_not_part_of_it(run: Run, server: DemoServer, end: str) -> None:
    assert run.login(server.host, username="jürgen", password=f"{USERS['jürgen']}{end}") == ExitCode.FINE


@pytest.mark.parametrize(
    ("username", "password"), [("alice", "wrong"), ("mallory", WORD), ("alice", f"{WORD} ")]
)
def test_a_wrong_login_is_refused_and_not_kept(
    run: Run, server: DemoServer, keyring: Path, username: str, password: str
) -> None:
    assert run.login(server.host, username=username, password=password) == ExitCode.REFUSED
    assert run.out == ""
    assert run.err.startswith(f"ocitui login: {server.host} refuses this login: ")
    assert "401" in run.err
    assert "Traceback" not in run.err
    assert entries(keyring) == {}


def test_a_wrong_login_leaves_the_one_that_is_kept(run: Run, server: DemoServer, keyring: Path) -> None:
    run.login(server.host)
    before = entries(keyring)
    assert run.login(server.host, password="wrong") == ExitCode.REFUSED
    assert entries(keyring) == before


def test_where_everybody_is_let_in_a_login_is_kept_unchecked(
    run: Run, demo: DemoServer, keyring: Path
) -> None:
    assert run.login(demo.host, password="anything") == ExitCode.FINE
    assert "lets in everybody: the login as alice could not be checked" in run.out
    assert entries(keyring)


def test_what_is_no_registry_is_told(run: Run, keyring: Path) -> None:
    assert run.login("127.0.0.1:1") == ExitCode.REFUSED
    assert run.err.startswith("ocitui login: 127.0.0.1:1 could not be asked: ")
    assert entries(keyring) == {}


def test_without_a_keyring_nothing_is_kept_anywhere(
    run: Run, server: DemoServer, monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    assert run.login(server.host) == ExitCode.REFUSED
    assert run.out == ""
    assert "the login is right, but it is not kept: there is no keyring" in run.err
    assert "OCITUI_PASSWORD" in run.err
    assert not home.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_locked_keyring_is_told(run: Run, server: DemoServer, keyring: Path) -> None:
    (keyring / "locked").touch()
    for status in (run.login(server.host), run("logout", server.host)):
        assert status == ExitCode.REFUSED
        assert "is locked" in run.err
        assert "Unlock" in run.err


def test_the_registry_is_remembered_and_the_login_is_not(run: Run, server: DemoServer, home: Path) -> None:
    run.login(server.host)
    assert load_state().registries == (RegistryHost(server.host),)
    assert WORD not in state_path().read_text()
    for file in home.rglob("*"):
        assert not file.is_file() or WORD.encode() not in file.read_bytes()


def test_programs_that_run_are_told_by_a_mark(run: Run, server: DemoServer) -> None:
    mark = state_path().with_name("logins-changed")
    run.login(server.host)
    first = mark.stat().st_mtime_ns
    run("logout", server.host)
    assert mark.stat().st_mtime_ns > first
    assert mark.read_bytes() == b""


def test_logging_out_removes_the_login(run: Run, server: DemoServer, keyring: Path) -> None:
    run.login(server.host)
    assert run("logout", server.host) == ExitCode.FINE
    assert run.out == f"The login for {server.host} is removed from the keyring.\n"
    assert entries(keyring) == {}
    assert run("logout", server.host) == ExitCode.FINE
    assert run.out == f"The keyring keeps no login for {server.host}.\n"


def test_logging_out_tells_of_dockers_login_and_leaves_it(run: Run, server: DemoServer, home: Path) -> None:
    config = home / ".docker" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"auths": {server.host: {"auth": b64encode(b"bob:pw").decode()}}}))
    before = config.read_bytes()
    assert run("logout", server.host) == ExitCode.FINE
    assert f"'docker logout {server.host}'" in run.err
    assert "as bob" in run.err
    assert config.read_bytes() == before


# What cannot be a login


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [
        ("alice", b"", "the password is empty"),
        ("alice", b"\n", "the password is empty"),
        ("alice", b"a\nb\n", "line end"),
        ("alice", b"\xff\xfe", "cannot be sent"),
        ("alice", b"x" * 2_000_000, "too long"),
        ("a:b", b"pw", "colon"),
        ("<token>", b"", "the token is empty"),
    ],
)
def test_what_is_no_login_is_a_wrong_argument(run: Run, username: str, password: bytes, words: str) -> None:
    assert run.login("127.0.0.1:1", username=username, password=password) == ExitCode.USAGE
    assert run.err.startswith("ocitui login: ")
    assert words in run.err


def test_without_a_terminal_nothing_is_asked(run: Run) -> None:
    assert run("login", "127.0.0.1:1") == ExitCode.USAGE
    assert "--password-stdin" in run.err


def test_damaged_settings_are_told(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("theme = ")
    monkeypatch.setenv("OCITUI_CONFIG", str(settings))
    assert run.login("127.0.0.1:1") == ExitCode.REFUSED
    assert str(settings) in run.err


# In a terminal


class Terminal:
    """The command with a terminal as its standard input; what it says comes over a pipe."""

    def __init__(self, *argv: str) -> None:
        self.master, slave = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui", *argv],
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        os.close(slave)
        assert self.process.stderr is not None
        self._stderr = self.process.stderr

    def wait_for(self, text: str) -> None:
        said = b""
        while not said.endswith(text.encode()):
            byte = self._stderr.read(1)
            assert byte, said
            said += byte

    def type(self, line: str) -> None:
        os.write(self.master, line.encode())

    def end(self) -> tuple[int, str, str, str]:
        """Return the exit status, the outputs, and what stood on the terminal."""
        out, err = self.process.communicate(timeout=60)
        try:
            shown = os.read(self.master, 65536)
        except OSError:  # nothing, and the other end has been closed
            shown = b""
        os.close(self.master)
        return self.process.returncode, out.decode(), err.decode(), shown.decode()


needs_pty = pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals here")


@needs_pty
def test_what_is_missing_is_asked_for_and_the_password_is_not_shown(
    server: DemoServer, keyring: Path
) -> None:
    terminal = Terminal("login", server.host)
    terminal.wait_for(f"User name at {server.host}: ")
    terminal.type("alice\n")
    terminal.wait_for("Password: ")
    terminal.type(f"{WORD}\n")
    status, out, err, shown = terminal.end()
    assert (status, err.strip()) == (0, "")
    assert out.startswith(f"Logged in at {server.host} as alice.")
    assert entries(keyring)
    assert "alice" in shown
    assert WORD not in shown + out + err


@needs_pty
def test_ctrl_c_at_a_question_ends_quietly(keyring: Path) -> None:
    terminal = Terminal("login", "127.0.0.1:1", "--username", "alice")
    terminal.wait_for("Password: ")
    terminal.process.send_signal(2)
    status, out, err, _ = terminal.end()
    assert status == ExitCode.INTERRUPTED
    assert "Traceback" not in out + err
    assert entries(keyring) == {}


@needs_pty
def test_a_password_on_a_terminal_is_not_taken_for_the_standard_input() -> None:
    status, _, err, _ = Terminal("login", "127.0.0.1:1", "--username", "a", "--password-stdin").end()
    assert status == ExitCode.USAGE
    assert "would show it" in err


@needs_pty
def test_an_end_of_input_at_a_question_is_told() -> None:
    terminal = Terminal("login", "127.0.0.1:1", "--username", "<token>")
    terminal.wait_for("Identity token: ")
    terminal.type("\x04")
    status, _, err, _ = terminal.end()
    assert status == ExitCode.USAGE
    assert "nothing was entered" in err
