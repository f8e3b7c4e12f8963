"""Credential helpers: what is asked of them, what they answer, and what they do instead."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tui.client.login.auth import BasicAuth, IdentityToken
from tui.client.names import RegistryHost
from tui.credentials.errors import HelperFailedError, HelperMissingError, HelperTimeoutError
from tui.credentials.helpers import MAX_ANSWER, ask_helper

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the helpers of these tests are shell scripts")

HOST = RegistryHost("registry.example.com:5000")
WORD = "hunter2"
PROGRAM = "docker-credential-fake"


class Helper:
    """A helper in the PATH of a test; it writes down what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / PROGRAM
        self.log = folder / "log"

    def write(self, body: str) -> None:
        script = f'#!/bin/sh\nread -r key\nprintf "%s %s\\n" "$*" "$key" >>"{self.log}"\n{body}\n'
        self.path.write_text(script)
        self.path.chmod(0o755)

    def keep(self, entries: dict[str, Any]) -> None:
        """Let it keep logins by key, and say of all others that they are absent."""
        cases = []
        for number, (key, entry) in enumerate(entries.items()):
            answer = self.folder / f"answer-{number}"
            answer.write_text(entry if isinstance(entry, str) else json.dumps(entry))
            cases.append(f'"{key}") cat "{answer}" ;;')
        absent = '*) echo "credentials not found in native keychain"; exit 1 ;;'
        self.write(f'case "$key" in\n{chr(10).join([*cases, absent])}\nesac')

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Helper:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return Helper(folder)


def answer(username: str, secret: str = WORD) -> dict[str, str]:
    return {"ServerURL": "whatever", "Username": username, "Secret": secret}


async def test_a_helper_gives_user_and_password(helper: Helper) -> None:
    helper.keep({HOST: answer("alice")})
    login = await ask_helper("fake", HOST)
    assert login is not None
    assert login.auth == BasicAuth("alice", WORD)
    assert (login.username, login.source) == ("alice", PROGRAM)
    assert helper.asked == [f"get {HOST}"]


async def test_a_certain_user_name_means_an_identity_token(helper: Helper) -> None:
    helper.keep({HOST: answer("<token>")})
    login = await ask_helper("fake", HOST)
    assert login is not None
    assert login.auth == IdentityToken(WORD)
    assert login.who == "identity token"


async def test_the_name_is_tried_as_a_host_and_as_a_url(helper: Helper) -> None:
    helper.keep({f"https://{HOST}": answer("alice")})
    assert await ask_helper("fake", HOST) is not None
    assert helper.asked == [f"get {HOST}", f"get https://{HOST}"]


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io", "registry-1.docker.io"])
async def test_docker_hub_has_a_name_of_its_own(helper: Helper, name: str) -> None:
    helper.keep({"https://index.docker.io/v1/": answer("alice")})
    assert await ask_helper("fake", RegistryHost(name)) is not None
    assert helper.asked == ["get https://index.docker.io/v1/"]


async def test_what_is_absent_is_no_login(helper: Helper) -> None:
    helper.keep({"other.example.com": answer("alice")})
    assert await ask_helper("fake", HOST) is None


@pytest.mark.parametrize(
    "entry", [answer("", ""), {}, answer("alice", ""), {"Username": None, "Secret": None}]
)
async def test_empty_fields_are_no_login(helper: Helper, entry: dict[str, Any]) -> None:
    helper.keep({HOST: entry, f"https://{HOST}": entry})
    assert await ask_helper("fake", HOST) is None


@pytest.mark.parametrize(
    "text",
    ["", "hunter2", "[]", "null", '"hunter2"', "[" * 100_000, '{"Username": 1, "Secret": "hunter2"}',
     '{"Username": "alice", "Secret": ["hunter2"]}', '{"Username": "a:b", "Secret": "hunter2"}',
     '{"Username": "alice", "Secret": "hunter2\\nX: y"}',
     '{"Username": "alice", "Secret": "\\ud800hunter2"}'],
)  # fmt: skip
async def test_what_cannot_be_understood_is_an_error_that_does_not_repeat_it(
    helper: Helper, text: str
) -> None:
    helper.keep({HOST: text})
    with pytest.raises(HelperFailedError) as caught:
        await ask_helper("fake", HOST)
    assert PROGRAM in str(caught.value)
    assert WORD not in f"{caught.value!r}{caught.value.__context__!r}{caught.value.__cause__!r}"


async def test_a_helper_that_fails_is_quoted_and_made_printable(helper: Helper) -> None:
    helper.write(r'printf "error: \033]52;c;aGk=\007 no agent%0500d" 1; exit 3')
    with pytest.raises(HelperFailedError) as caught:
        await ask_helper("fake", HOST)
    assert "exit status 3" in str(caught.value)
    assert "no agent" in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    assert caught.value.remedy


async def test_a_helper_that_is_not_there_is_an_error() -> None:
    with pytest.raises(HelperMissingError) as caught:
        await ask_helper("no-such-helper", HOST)
    assert str(caught.value) == "docker-credential-no-such-helper is not on PATH"


@pytest.mark.parametrize("place", ["", ".", "bin"])
async def test_a_relative_place_of_path_is_never_looked_into(
    helper: Helper, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    helper.keep({HOST: answer("mallory")})
    monkeypatch.chdir(helper.folder.parent if place == "bin" else helper.folder)
    monkeypatch.setenv("PATH", place)
    with pytest.raises(HelperMissingError):
        await ask_helper("fake", HOST)
    assert helper.asked == []


async def test_what_is_no_program_is_an_error(helper: Helper) -> None:
    helper.path.write_bytes(b"\x7fELF and nothing else")
    helper.path.chmod(0o755)
    with pytest.raises(HelperFailedError) as caught:
        await ask_helper("fake", HOST)
    assert "cannot be started" in str(caught.value)


async def test_a_helper_that_does_not_answer_is_ended_with_all_that_it_started(
    helper: Helper, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    helper.write(f'sleep 300 & echo "$! $$" >"{pids}"; wait')
    with pytest.raises(HelperTimeoutError) as caught:
        await ask_helper("fake", HOST, seconds=1.5)
    assert caught.value.remedy
    for pid in pids.read_text().split():
        state = Path(f"/proc/{pid}/stat")
        assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


async def test_a_helper_that_says_more_and_more_is_ended(helper: Helper) -> None:
    helper.write("yes")
    with pytest.raises(HelperFailedError) as caught:
        await ask_helper("fake", HOST)
    assert f"{MAX_ANSWER:,} bytes" in str(caught.value)


async def test_a_helper_that_does_not_listen_may_answer(helper: Helper) -> None:
    helper.path.write_text(f"#!/bin/sh\nexec <&-\necho '{json.dumps(answer('alice'))}'\n")
    helper.path.chmod(0o755)
    assert await ask_helper("fake", HOST) is not None


async def test_a_helper_gets_no_secret_and_no_terminal(
    helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCITUI_PASSWORD", WORD)
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", WORD)
    monkeypatch.setenv("GPG_TTY", "/dev/pts/0")
    monkeypatch.setenv("FOR_HELPERS", "kept")
    seen = helper.folder / "environment"
    helper.write(f'env >"{seen}"; (exec 3>/dev/tty) 2>/dev/null && echo terminal >>"{seen}"; echo "{{}}"')
    await ask_helper("fake", HOST)
    lines = seen.read_text().splitlines()
    assert "FOR_HELPERS=kept" in lines
    assert "terminal" not in lines
    assert not [line for line in lines if WORD in line or line.startswith("GPG_TTY")]


async def test_the_key_is_no_part_of_a_command_line(helper: Helper) -> None:
    helper.keep({})
    assert await ask_helper("fake", HOST) is None
    assert {line.split()[0] for line in helper.asked} == {"get"}
