"""The files of Docker and Podman: what they say, and how damage to them is told."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tui import credentials
from tui.client.login.auth import BasicAuth, IdentityToken, TokenAuth
from tui.client.names import RegistryHost, Repository
from tui.credentials import KnownHost, Login, LoginFile, LoginStore, login_files
from tui.credentials.files import MAX_LOGIN_FILE, MAX_WARNINGS, read_login_file

HOST = RegistryHost("registry.example.com")
HUB = RegistryHost("docker.io")
WORD = "hunter2"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def pair(username: str, password: str = WORD) -> dict[str, str]:
    return {"auth": b64(f"{username}:{password}")}


def read_logins() -> LoginStore:
    return LoginStore()


def known_hosts() -> tuple[KnownHost, ...]:
    return read_logins().hosts


def find_login(host: RegistryHost, repository: Repository | None = None) -> Login | None:
    found = (read_login_file(file).find(host, repository) for file in login_files())
    return next((login for login in found if login is not None), None)


class Files:
    """A home with Docker's and Podman's files in it."""

    def __init__(self, folder: Path) -> None:
        self.docker = folder / "docker" / "config.json"
        self.podman = folder / "podman" / "auth.json"

    def write(self, path: Path, content: Any) -> None:
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(json.dumps(content))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    made = Files(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(made.docker.parent))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(made.podman))
    return made


# Where the files are


def test_docker_and_podman_say_by_variables_where_their_files_are() -> None:
    variables = {"DOCKER_CONFIG": "/d", "REGISTRY_AUTH_FILE": "/p/auth.json", "XDG_RUNTIME_DIR": "/run/x"}
    assert login_files(variables) == (
        LoginFile(Path("/d/config.json"), "Docker"),
        LoginFile(Path("/p/auth.json"), "Podman"),
    )


def test_without_variables_the_files_are_where_both_keep_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setenv("USERPROFILE", "/home/alice")
    session = [Path(f"/run/containers/{os.getuid()}/auth.json")] if hasattr(os, "getuid") else []
    assert [file.path for file in login_files({})] == [
        Path("/home/alice/.docker/config.json"),
        *session,
        Path("/home/alice/.config/containers/auth.json"),
    ]
    named = login_files(
        {"XDG_RUNTIME_DIR": "/run/user/7", "XDG_CONFIG_HOME": "/settings", "DOCKER_CONFIG": ""}
    )
    assert [file.path for file in named] == [
        Path("/home/alice/.docker/config.json"),
        Path("/run/user/7/containers/auth.json"),
        *session,
        Path("/settings/containers/auth.json"),
    ]


def test_a_file_that_both_use_is_read_once() -> None:
    variables = {"DOCKER_CONFIG": "/d", "REGISTRY_AUTH_FILE": "/d/config.json"}
    assert login_files(variables) == (LoginFile(Path("/d/config.json"), "Docker"),)


def test_no_file_is_no_login_and_no_warning(files: Files) -> None:
    assert not files.docker.exists()
    assert known_hosts() == ()
    assert find_login(HUB) is None
    assert read_logins().warnings == ()


def test_a_file_in_the_place_of_a_folder_is_no_login(files: Files) -> None:
    files.docker.parent.write_text("")
    assert read_logins().warnings == ()


# What they say


def test_a_login_is_split_at_the_first_colon(files: Files) -> None:
    files.write(files.docker, {"auths": {HOST: {"auth": b64("alice:a:b:c")}}})
    login = find_login(HOST)
    assert login is not None
    assert login.auth == BasicAuth("alice", "a:b:c")
    assert (login.username, login.source) == ("alice", "Docker")
    assert known_hosts() == (KnownHost(HOST, "Docker"),)


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("https://index.docker.io/v1/", "docker.io"),
        ("index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("https://registry.example.com", "registry.example.com"),
        ("http://registry.example.com:5000/v2/", "registry.example.com:5000"),
        ("https://registry.example.com/some/where", "registry.example.com"),
        ("Registry.Example.COM", "registry.example.com"),
        ("[::1]:5000", "[::1]:5000"),
    ],
)
def test_a_key_is_a_host_or_a_url(files: Files, key: str, host: str) -> None:
    files.write(files.docker, {"auths": {key: pair("alice")}})
    assert [known.host for known in known_hosts()] == [host]
    assert find_login(RegistryHost(host)) is not None


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io", "registry-1.docker.io"])
def test_docker_hub_is_found_by_every_name(files: Files, name: str) -> None:
    files.write(files.docker, {"auths": {"https://index.docker.io/v1/": pair("alice")}})
    login = find_login(RegistryHost(name))
    assert login is not None
    assert login.username == "alice"


def test_a_login_is_for_its_host_and_port_alone(files: Files) -> None:
    files.write(files.docker, {"auths": {"registry.example.com:5000": pair("alice")}})
    for other in (
        "registry.example.com",
        "registry.example.com:5001",
        "example.com",
        "a.registry.example.com",
    ):
        assert find_login(RegistryHost(other)) is None


def test_the_most_specific_login_counts(files: Files) -> None:
    files.write(
        files.podman,
        {
            "auths": {
                "registry.example.com": pair("host"),
                "registry.example.com/team": pair("team"),
                "registry.example.com/team/app": pair("app"),
            }
        },
    )

    def who(repository: str | None) -> str | None:
        login = find_login(HOST, None if repository is None else Repository(repository))
        return login.username if login else None

    assert who(None) == "host"
    assert who("other/app") == "host"
    assert who("team/other") == "team"
    assert who("team") == "team"
    assert who("team/app") == "app"
    assert who("team/app/sub") == "app"
    assert who("team/apple") == "team"
    assert who("teams/app") == "host"
    assert known_hosts() == (KnownHost(HOST, "Podman"),)


def test_a_login_for_a_part_of_a_registry_is_for_nothing_else(files: Files) -> None:
    files.write(files.podman, {"auths": {"registry.example.com/team": pair("team")}})
    assert find_login(HOST) is None
    assert find_login(HOST, Repository("other")) is None
    assert find_login(HOST, Repository("team/app")) is not None
    assert [known.host for known in known_hosts()] == [HOST]


def test_the_first_file_with_a_login_counts(files: Files) -> None:
    files.write(files.docker, {"auths": {HOST: {}, "a.example.com": pair("docker")}})
    files.write(files.podman, {"auths": {HOST: pair("podman"), "a.example.com": pair("podman")}})
    login, other = find_login(HOST), find_login(RegistryHost("a.example.com"))
    assert login is not None
    assert other is not None
    assert (login.username, login.source) == ("podman", "Podman")
    assert other.username == "docker"
    assert [known.source for known in known_hosts()] == ["Docker", "Docker"]


@pytest.mark.parametrize(
    "entry", [{}, {"auth": ""}, {"email": "a@b"}, pair("alice", ""), {"username": "alice"}]
)
def test_an_empty_entry_is_no_login_but_names_a_registry(files: Files, entry: dict[str, str]) -> None:
    files.write(files.docker, {"auths": {HOST: entry}})
    assert find_login(HOST) is None
    assert known_hosts() == (KnownHost(HOST, "Docker"),)
    assert read_logins().warnings == ()


def test_names_and_passwords_may_stand_in_the_open(files: Files) -> None:
    files.write(files.docker, {"auths": {HOST: {"username": "alice", "password": WORD}}})
    login = find_login(HOST)
    assert login is not None
    assert login.auth == BasicAuth("alice", WORD)


def test_tokens_are_known_by_their_fields(files: Files) -> None:
    files.write(
        files.docker,
        {
            "auths": {
                "a.example.com": {"auth": b64("alice:"), "identitytoken": WORD},
                "b.example.com": {"identitytoken": WORD},
                "c.example.com": {"registrytoken": WORD},
                "d.example.com": pair("<token>"),
            }
        },
    )
    found = [find_login(RegistryHost(f"{letter}.example.com")) for letter in "abcd"]
    assert [login.auth if login else None for login in found] == [
        IdentityToken(WORD, "alice"),
        IdentityToken(WORD, "<token>"),
        TokenAuth(WORD),
        IdentityToken(WORD, "<token>"),
    ]


def test_passwords_keep_what_is_theirs(files: Files) -> None:
    files.write(files.docker, {"auths": {HOST: {"auth": b64("ålice: pässwörd\0\0") + "\n"}}})
    login = find_login(HOST)
    assert login is not None
    assert login.auth == BasicAuth("ålice", " pässwörd")


def test_hosts_of_helpers_are_listed_and_have_no_login(files: Files) -> None:
    files.write(
        files.docker,
        {
            "credsStore": "secretservice",
            "credHelpers": {
                "ecr.example.com": "ecr-login",
                "bad.example.com": "../../x",
                "odd.example.com": 7,
            },
            "auths": {"https://index.docker.io/v1/": {}, HOST: pair("alice")},
        },
    )
    assert known_hosts() == (
        KnownHost(RegistryHost("ecr.example.com"), "Docker", "ecr-login"),
        KnownHost(RegistryHost("bad.example.com"), "Docker"),
        KnownHost(RegistryHost("odd.example.com"), "Docker"),
        KnownHost(HUB, "Docker", "secretservice"),
        KnownHost(HOST, "Docker"),
    )
    assert find_login(RegistryHost("ecr.example.com")) is None
    assert find_login(HUB) is None
    assert find_login(HOST) is not None


# What is damaged


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{" + WORD.encode(),
        b"\xff\xfe" + WORD.encode(),
        b"[" * 200_000,
        json.dumps([WORD]).encode(),
        b'"hunter2"',
        b" " * MAX_LOGIN_FILE + b"{}",
        b'{"auths": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_damaged_file_gives_a_warning_without_its_content(files: Files, content: bytes) -> None:
    files.write(files.docker, content)
    files.write(files.podman, {"auths": {HOST: pair("alice")}})
    logins = read_logins()
    (warning,) = logins.warnings
    assert str(files.docker) in warning
    assert WORD not in warning
    assert logins.peek(HOST) is not None


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (WORD, "not a JSON object"),
        ([WORD], "not a JSON object"),
        (None, "not a JSON object"),
        ({"auth": [WORD]}, "its auth is not text"),
        ({"auth": 7}, "its auth is not text"),
        ({"identitytoken": {"a": WORD}}, "its identitytoken is not text"),
        ({"auth": WORD + "!"}, "base64"),
        ({"auth": b64(WORD)}, "base64"),
        ({"auth": b64(b"\xff\xfe" + WORD.encode())}, "base64"),
        ({"auth": "ä"}, "base64"),
        ({"auth": b64("alice:hunter2")[:-1]}, "base64"),
    ],
)
def test_a_damaged_login_is_left_out_with_a_warning(files: Files, entry: object, words: str) -> None:
    files.write(files.docker, {"auths": {HOST: entry, "other.example.com": pair("alice")}})
    logins = read_logins()
    (warning,) = logins.warnings
    assert words in warning
    assert HOST in warning
    assert WORD not in warning
    assert b64(WORD) not in warning
    assert logins.peek(HOST) is None
    assert logins.peek(RegistryHost("other.example.com")) is not None
    assert [known.host for known in logins.hosts] == [HOST, "other.example.com"]


def test_a_key_that_names_no_registry_is_not_repeated(files: Files) -> None:
    keys = ["https://alice:hunter2@registry.example.com", "hunter2 \x1b[2J", "", "registry.example.com/UPPER"]
    files.write(files.docker, {"auths": {key: pair("alice") for key in keys}})
    logins = read_logins()
    assert logins.hosts == ()
    assert len(logins.warnings) == len(keys)
    assert WORD not in "".join(logins.warnings)
    assert "".join(logins.warnings).isprintable()


def test_tables_of_another_type_are_left_out(files: Files) -> None:
    files.write(files.docker, {"auths": [WORD], "credHelpers": WORD, "credsStore": {"a": WORD}})
    logins = read_logins()
    assert logins.hosts == ()
    assert [WORD in warning for warning in logins.warnings] == [False, False]
    files.write(files.docker, {"auths": None, "credHelpers": None})
    assert read_logins().warnings == ()


def test_many_warnings_are_counted(files: Files) -> None:
    files.write(files.docker, {"auths": {f"h{number}.example.com": 7 for number in range(1000)}})
    warnings = read_logins().warnings
    assert len(warnings) == MAX_WARNINGS + 1
    assert "995 more" in warnings[-1]


def test_a_refusal_of_the_system_gives_a_warning(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, flags: int, *_: object) -> int:
        raise PermissionError(13, "Permission denied", name, flags)

    files.write(files.docker, {"auths": {HOST: pair("alice")}})
    monkeypatch.setattr(os, "open", refuse)
    warning = read_logins().warnings[0]
    assert warning == f"{files.docker} cannot be read: permission denied"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name exist on POSIX")
def test_a_pipe_or_a_folder_in_the_place_of_a_file_keeps_nobody_waiting(files: Files) -> None:
    files.docker.parent.mkdir()
    os.mkfifo(files.docker)
    files.podman.mkdir(parents=True)
    assert [warning.rpartition(": ")[2] for warning in read_logins().warnings] == [
        "it is no regular file",
        "it is a folder",
    ]


# What is secret


def test_nothing_that_is_read_shows_a_secret(files: Files) -> None:
    files.write(
        files.docker,
        {"auths": {"a.b": pair("alice"), "c.d": {"identitytoken": WORD}, "e.f": {"registrytoken": WORD}}},
    )
    logins = read_logins()
    shown = repr(logins) + repr(logins.peek(RegistryHost("a.b"))) + repr(known_hosts())
    assert WORD not in shown
    assert b64(f"alice:{WORD}") not in shown


def test_public_names_are_sorted_and_there() -> None:
    assert list(credentials.__all__) == sorted(credentials.__all__)
    assert all(hasattr(credentials, name) for name in credentials.__all__)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_every_form_of_unicode_is_read(files: Files, encoding: str) -> None:
    files.write(files.docker, json.dumps({"auths": {HOST: pair("alice")}}).encode(encoding))
    assert find_login(HOST) is not None


def test_a_login_with_half_a_character_is_left_out(files: Files) -> None:
    files.write(files.docker, b'{"auths": {"a.b": {"username": "alice", "password": "hunter2\\ud800"}}}')
    logins = read_logins()
    assert logins.peek(RegistryHost("a.b")) is None
    (warning,) = logins.warnings
    assert warning.endswith("the login for a.b is left out, because its password holds half a character")


def test_a_helper_is_for_one_registry_or_for_all_others(files: Files) -> None:
    helpers = {HOST: "one", "https://index.docker.io/v1/": "hub", "c.d": "", "quay.io/team": "part"}
    files.write(files.docker, {"credsStore": "all", "credHelpers": helpers})
    (file,) = (read_login_file(file) for file in login_files()[:1])
    names = [file.helper(RegistryHost(name)) for name in (HOST, "docker.io", "c.d", "quay.io", "e.f")]
    assert names == ["one", "hub", "", "all", "all"]


@pytest.mark.parametrize("name", ["../../bin/sh", "a b", "", "-x", 7, None, ["x"], "x" * 100, "a\0b"])
def test_a_helper_with_a_strange_name_is_none(files: Files, name: object) -> None:
    files.write(files.docker, {"credsStore": name, "credHelpers": {HOST: name}})
    (file,) = (read_login_file(file) for file in login_files()[:1])
    assert (file.helper(HOST), file.helper(HUB)) == ("", "")
