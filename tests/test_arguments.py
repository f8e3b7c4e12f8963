"""The command line: places, options, and what is said at once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tui import __version__
from tui.arguments import Arguments, Place, PlaceError, parse_arguments, parse_command, parse_place
from tui.client.names import Digest, RegistryHost, Repository, Tag
from tui.login_arguments import (
    LoginArguments,
    LogoutArguments,
    parse_login_arguments,
    parse_logout_arguments,
)
from tui.parser import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "sha256:" + "ab" * 32


def place(
    host: str | None,
    repository: str | None = None,
    reference: Tag | Digest | None = None,
) -> Place:
    return Place(
        None if host is None else RegistryHost(host),
        None if repository is None else Repository(repository),
        reference,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpine", place("docker.io", "library/alpine")),
        ("alpine:3", place("docker.io", "library/alpine", Tag("3"))),
        ("alpine:3.18", place("docker.io", "library/alpine", Tag("3.18"))),
        (f"alpine@{DIGEST}", place("docker.io", "library/alpine", Digest(DIGEST))),
        ("org/app", place("docker.io", "org/app")),
        ("org/app:v1.2-rc.1", place("docker.io", "org/app", Tag("v1.2-rc.1"))),
        ("docker.io", place("docker.io")),
        ("docker.io/alpine", place("docker.io", "library/alpine")),
        ("index.docker.io/org/app", place("docker.io", "org/app")),
        ("registry-1.docker.io/library/alpine", place("docker.io", "library/alpine")),
        ("localhost", place("localhost")),
        ("localhost:5000", place("localhost:5000")),
        ("localhost/app", place("localhost", "app")),
        ("registry.example.com", place("registry.example.com")),
        ("Registry.Example.COM/app", place("registry.example.com", "app")),
        ("registry.example.com/", place("registry.example.com")),
        ("registry.example.com/team/app/", place("registry.example.com", "team/app")),
        ("127.0.0.1:5000", place("127.0.0.1:5000")),
        ("127.0.0.1:5000/a/b/c:d", place("127.0.0.1:5000", "a/b/c", Tag("d"))),
        ("[::1]:5000/app", place("[::1]:5000", "app")),
        ("[::1]", place("[::1]")),
        ("registry:5000/app:1", place("registry:5000", "app", Tag("1"))),
        ("registry:5000/", place("registry:5000")),
        ("registry:5000", place("docker.io", "library/registry", Tag("5000"))),
        (f"quay.io/org/app:1@{DIGEST}", place("quay.io", "org/app", Digest(DIGEST))),
    ],
)
def test_a_place_is_read_as_people_write_it(text: str, expected: Place) -> None:
    assert parse_place(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://registry", Place(RegistryHost("registry"), scheme="http")),
        ("https://registry:5000/", Place(RegistryHost("registry:5000"), scheme="https")),
        ("HTTP://registry/app:1", Place(RegistryHost("registry"), Repository("app"), Tag("1"), "http")),
        ("https://registry.example.com/v2/", Place(RegistryHost("registry.example.com"), scheme="https")),
        ("https://index.docker.io/v1/", Place(RegistryHost("docker.io"), scheme="https")),
        (
            "https://docker.io/alpine",
            Place(RegistryHost("docker.io"), Repository("library/alpine"), None, "https"),
        ),
    ],
)
def test_a_scheme_says_outright_that_a_host_follows(text: str, expected: Place) -> None:
    assert parse_place(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("Alpine", "'Alpine' is not a valid repository: capital letters"),
        ("alpine:", "tag"),
        ("alpine:-x", "tag"),
        ("alpine@sha256:12", "64 hex digits"),
        ("alpine@", "digest"),
        ("registry.example.com:latest", "registry host"),
        ("registry.example.com:0/app", "port"),
        ("registry.example.com:99999", "port"),
        ("[::g]/app", "registry host"),
        ("https://", "empty"),
        ("oci://registry.example.com/app", "'oci' is no scheme"),
        ("https://registry.example.com/app?x=1", "query"),
        ("https://registry.example.com/app#x", "fragment"),
        ("a//b", "repository"),
        ("registry.example.com/" + "a" * 256, "255"),
    ],
)
def test_what_is_no_place_is_said_to_be_none(text: str, words: str) -> None:
    with pytest.raises(PlaceError, match=words):
        parse_place(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://alice:hunter2@registry.example.com/app",
        "http://hunter2@registry.example.com",
        "alice:hunter2@registry.example.com/app",
        "hunter2@registry/app",
        "alice:hunter2@registry.example.com",
    ],
)
def test_a_password_in_a_place_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(PlaceError) as caught:
        parse_place(text)
    assert "hunter2" not in str(caught.value)


def test_escape_sequences_of_a_place_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("a\x1b]52;c;aGk=\x07", "http://a\x1b[2J/app", "x\u202e://y", "https://a/b?\x1b[2J"):
        with pytest.raises(SystemExit) as caught:
            parse_arguments([text])
        assert caught.value.code == ExitCode.USAGE
        said = capsys.readouterr().err
        assert said.replace("\n", "").isprintable()


def test_without_arguments_there_is_no_place() -> None:
    assert parse_arguments([]) == Arguments()


def test_options_stand_before_and_behind_the_place(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    expected = Arguments(place("registry:5000", "app"), insecure_http=True, ca_file=authority)
    options = ["--insecure-http", "--ca-file", str(authority)]
    assert parse_arguments([*options, "registry:5000/app"]) == expected
    assert parse_arguments(["registry:5000/app", *options]) == expected


def test_the_scheme_http_is_consent_to_plain_http() -> None:
    assert parse_arguments(["http://registry/app"]).insecure_http
    assert not parse_arguments(["https://registry/app"]).insecure_http
    assert not parse_arguments(["registry.example.com/app"]).insecure_http


def test_the_demo_has_places_of_its_own() -> None:
    assert parse_arguments(["--demo"]) == Arguments(demo=True)
    assert parse_arguments(["--demo", "library/debian:bookworm"]) == Arguments(
        place(None, "library/debian", Tag("bookworm")), demo=True
    )
    assert parse_arguments(["--demo", "hello"]).place == place(None, "hello")
    assert parse_arguments(["--demo", f"hello@{DIGEST}"]).place == place(None, "hello", Digest(DIGEST))


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--insecure-http"], "--insecure-http is for one registry"),
        (["--insecure-http", "https://registry/app"], "contradicts"),
        (["--ca-file", "/nowhere/ca.pem"], "/nowhere/ca.pem"),
        (["--ca-file"], "--ca-file"),
        (["--insecure", "registry/app"], "--insecure"),
        (["alpine", "busybox"], "busybox"),
        (["--demo", "registry:5000/app"], "tag"),
        (["-x"], "-x"),
    ],
)
def test_wrong_arguments_end_with_two_and_one_sentence(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_arguments(argv)
    assert caught.value.code == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err.splitlines()[0]
    assert said.err.splitlines()[1:] == ["Try 'ocitui --help'."]


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_arguments(["--version"])
    assert caught.value.code == ExitCode.FINE
    assert capsys.readouterr().out == f"ocitui {__version__}\n"


def test_the_help_tells_options_places_environment_and_exit_codes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as caught:
        parse_arguments(["--help"])
    assert caught.value.code == ExitCode.FINE
    told = capsys.readouterr().out
    for word in (
        "PLACE", "--demo", "--insecure-http", "--ca-file FILE", "--version", "alpine:3",
        "oci:PATH", "docker-archive:PATH", "image.tar",
        "OCITUI_CONFIG", "OCITUI_STATE", "NO_COLOR", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE",
        "130 interrupted",
    ):  # fmt: skip
        assert word in told
    assert max(map(len, told.splitlines())) <= 86


def test_neither_textual_nor_httpx_is_loaded_for_the_command_line() -> None:
    script = (
        "import sys, tui.arguments\n"
        "tui.arguments.parse_arguments(['registry.example.com/app:1'])\n"
        "tui.arguments.parse_arguments(['oci:/:v1'])\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} "
        "& {'httpx', 'textual', 'rich', 'tomlkit', 'keyring', 'starlette', 'ssl', 'asyncio'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


# Commands


def test_the_first_argument_may_be_a_command() -> None:
    host = RegistryHost("registry.example.com")
    assert parse_command(["login", "registry.example.com"]) == LoginArguments(host)
    assert parse_command(["logout", "registry.example.com"]) == LogoutArguments(host)
    assert parse_command(["registry.example.com"]) == Arguments(Place(host))


def test_what_is_called_like_a_command_can_still_be_opened() -> None:
    assert parse_command(["library/login"]) == Arguments(place("docker.io", "library/login"))
    assert parse_command(["--demo", "login"]) == Arguments(place(None, "login"), demo=True)


def test_a_login_has_options_before_and_behind_the_host(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    options = ["--username", "alice", "--password-stdin", "--insecure-http", "--ca-file", str(authority)]
    expected = LoginArguments(
        RegistryHost("registry:5000"), "alice", password_stdin=True, insecure_http=True, ca_file=authority
    )
    assert parse_login_arguments(["registry:5000", *options]) == expected
    assert parse_login_arguments([*options, "registry:5000"]) == expected


@pytest.mark.parametrize(
    ("text", "host", "insecure_http"),
    [
        ("registry", "registry", False),
        ("Registry.Example.COM:5000", "registry.example.com:5000", False),
        ("http://registry/v2/", "registry", True),
        ("https://registry", "registry", False),
        ("https://index.docker.io/v1/", "docker.io", False),
        ("registry-1.docker.io", "docker.io", False),
    ],
)
def test_a_login_is_at_a_host_or_a_url(text: str, host: str, insecure_http: bool) -> None:  # noqa: FBT001 - expected
    assert parse_login_arguments([text]) == LoginArguments(RegistryHost(host), insecure_http=insecure_http)
    assert parse_logout_arguments([text]) == LogoutArguments(RegistryHost(host))


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["login"], "HOST"),
        (["login", "registry/app"], "something stands behind the host"),
        (["login", "alice:hunter2@registry"], "a login stands before it"),
        (["login", "https://alice:hunter2@registry"], "give the login separately"),
        (["login", "registry", "--password-stdin"], "--password-stdin needs --username"),
        (["login", "registry", "--password", "hunter2"], "--password"),
        (["login", "https://registry", "--insecure-http"], "contradicts"),
        (["login", "registry", "--ca-file", "/nowhere/ca.pem"], "/nowhere/ca.pem"),
        (["logout"], "HOST"),
        (["logout", "registry", "other"], "other"),
    ],
)
def test_wrong_arguments_of_a_command_end_with_two_and_one_sentence(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_command(argv)
    assert caught.value.code == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err.splitlines()[0]
    assert said.err.splitlines()[1:] == [f"Try 'ocitui {argv[0]} --help'."]


@pytest.mark.parametrize(
    "argv", [["login", "alice:hunter2@registry"], ["login", "https://a:hunter2@registry"]]
)
def test_a_login_in_the_host_is_not_repeated(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_command(argv)
    assert "hunter2" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["login", "logout"])
def test_commands_have_a_help_of_their_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_command([command, "--help"])
    assert caught.value.code == ExitCode.FINE
    told = capsys.readouterr().out
    assert "HOST" in told
    assert "keyring" in told
