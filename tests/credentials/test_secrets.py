"""Looks for secrets where they must not be: in errors and crash reports, reprs, logs, files and pictures."""

from __future__ import annotations

import gc
import io
import json
import logging
import re
import traceback
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import h11
import pytest
from rich.console import Console
from rich.traceback import Traceback
from textual.worker import WorkerFailed

from tests.ui import browse
from tui.client import Client, RegistryHost
from tui.credentials import (
    KeyringError,
    LoginStore,
    Secret,
    WatchedFiles,
    login_files,
    make_login,
    take_environment,
)
from tui.demo import BasicLogin, BearerLogin, DemoServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.credentials.keyrings import Dialogs
    from tui.client import Registry

USER, WORD = "alice", "hunter2-s3cret-w0rd"
PAIR = b64encode(f"{USER}:{WORD}".encode()).decode()

TOKEN = re.compile(r"Bearer [A-Za-z0-9._-]{8,}")
"""A token of the registry in a header."""


def look(text: str) -> None:
    """Complain where a secret is in a text, however its lines are broken."""
    joined = re.sub(r"[\s│╭╮╰╯─|]+", "", text)
    assert WORD not in joined
    assert PAIR not in joined
    assert TOKEN.search(text) is None


def crash_report(error: BaseException) -> str:
    """Write what a crash would show: as Textual does, and with more than that."""
    written = io.StringIO()
    console = Console(file=written, width=2000)
    kind, trace = type(error), error.__traceback__
    for more in ({"locals_max_length": 5}, {"locals_max_length": None, "locals_max_string": None}):
        limits: dict[str, Any] = more
        console.print(Traceback.from_exception(kind, error, trace, show_locals=True, **limits))
    plain = traceback.TracebackException.from_exception(error, capture_locals=True)
    return written.getvalue() + "".join(plain.format())


@pytest.fixture(params=["basic", "bearer"])
def server(request: pytest.FixtureRequest) -> Iterator[DemoServer]:
    users = {USER: WORD}
    login = BasicLogin(users) if request.param == "basic" else BearerLogin(users)
    with DemoServer(login=login) as started:
        yield started


async def use(registry: Registry) -> None:
    await registry.verify()
    async for page in registry.repositories():
        await anext(registry.tags(page.items[0]))


class BugError(Exception):
    """Something that nobody has foreseen."""


def fail(*given: object, **named: object) -> None:
    del given, named  # what matters are the frames of those who call
    raise BugError


def break_header(patch: pytest.MonkeyPatch, prefix: bytes) -> None:
    """Let the library that writes headers fail at a login."""
    send = h11.Connection.send

    def write(self: h11.Connection, event: h11.Event) -> object:
        headers = event.headers if isinstance(event, h11.Request) else ()
        if any(name == b"authorization" and value.startswith(prefix) for name, value in headers):
            fail()
        return send(self, event)

    patch.setattr(h11.Connection, "send", write)


BUGS: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    "writing the password": lambda patch: break_header(patch, b"Basic"),
    "writing any login": lambda patch: break_header(patch, b""),
    "reading a challenge": lambda patch: patch.setattr("tui.client.session.parse_challenges", fail),
    "making a proof": lambda patch: patch.setattr("tui.client.login.login.Proof", fail),
    "asking the token service": lambda patch: patch.setattr("tui.client.login.exchange.parse_token", fail),
    "reading an answer": lambda patch: patch.setattr("tui.client.listings.parse_json", fail),
}


@pytest.mark.parametrize("bug", BUGS)
async def test_a_bug_on_the_way_to_a_registry_shows_no_login(
    server: DemoServer, keyring: Dialogs, monkeypatch: pytest.MonkeyPatch, bug: str
) -> None:
    host = RegistryHost(server.host)
    store = LoginStore(keyring=keyring.store)
    await store.keep(host, make_login(USER, Secret(WORD)))
    BUGS[bug](monkeypatch)
    try:
        async with Client() as client:
            await use(client.registry(host, store.provider(host)))
    except BugError as error:
        report = crash_report(error)
        assert "BugError" in report
        look(report)
    else:
        assert bug == "asking the token service"  # which a registry with passwords does not have


@pytest.mark.parametrize("bug", ["get_password", "set_password"])
async def test_a_bug_in_the_keyring_shows_no_login(
    keyring: Dialogs, monkeypatch: pytest.MonkeyPatch, bug: str
) -> None:
    host, login = RegistryHost("registry.example.com"), make_login(USER, Secret(WORD))
    store = LoginStore(keyring=keyring.store)
    await store.keep(host, login)
    original = getattr(keyring.backend, bug)

    def break_down(*given: str) -> None:
        kept = original(*given)  # a local variable with the secret in it
        raise BugError(kept, *given)

    monkeypatch.setattr(keyring.backend, bug, break_down)
    with pytest.raises(KeyringError) as caught:
        await store.keep(host, login)
    look(crash_report(caught.value))
    look(repr(caught.value.__context__))


@pytest.mark.parametrize("part", ["canonical", "_decoded", "_Entry", "FileLogins"])
def test_a_bug_in_reading_files_shows_no_login(
    home: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    config = home / ".docker" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text(
        json.dumps({"auths": {"a.example.com": {"auth": PAIR}, "b.example.com": {"identitytoken": WORD}}})
    )
    monkeypatch.setattr(f"tui.credentials.files.{part}", fail)
    with pytest.raises(BugError) as caught:
        WatchedFiles(login_files()).logins()
    look(crash_report(caught.value))


def test_a_bug_in_reading_the_environment_shows_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCITUI_REGISTRY", "a.example.com")
    monkeypatch.setenv("OCITUI_USERNAME", USER)
    monkeypatch.setenv("OCITUI_PASSWORD", WORD)
    monkeypatch.setattr("tui.credentials.environment.make_login", fail)
    with pytest.raises(BugError) as caught:
        take_environment()
    look(crash_report(caught.value))


async def test_nothing_that_lives_shows_a_login(server: DemoServer, keyring: Dialogs) -> None:
    host = RegistryHost(server.host)
    store = LoginStore(keyring=keyring.store)
    await store.keep(host, make_login(USER, Secret(WORD)))
    store.keep_for_run(RegistryHost("other.example.com"), make_login("<token>", Secret(WORD)))
    async with Client() as client:
        registry = client.registry(host, store.provider(host))
        await use(registry)
        seen = 0
        for thing in gc.get_objects():
            kind = type(thing)
            if kind.__module__.startswith(("tui.client", "tui.credentials", "tui.library", "tui.session")):
                look(f"{thing!r}")
                seen += 1
        assert seen > 10
        assert registry.host == host


async def test_no_log_shows_a_login(
    server: DemoServer, keyring: Dialogs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host = RegistryHost(server.host)
    store = LoginStore(keyring=keyring.store)
    await store.keep(host, make_login(USER, Secret(WORD)))
    requests: list[object] = []
    async with Client(log=requests.append) as client:
        await use(client.registry(host, store.provider(host)))
        wrong = make_login(USER, Secret(f"{WORD} "))
        store.keep_for_run(host, wrong)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, it is looked at
            await use(client.registry(host, store.provider(host)))
        look(crash_report(caught.value))
    assert requests
    look(caplog.text)
    look(repr(requests))


async def test_no_picture_no_file_and_no_crash_of_the_program_shows_a_login(
    server: DemoServer, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ""
    try:
        async with browse(server) as ui:
            ui.session.logins.keep_for_run(RegistryHost(server.host), make_login(USER, Secret(WORD)))
            await ui.press("enter")
            await ui.until(lambda: ui.browser.repositories_pane.row is not None)
            look(ui.text())
            look(ui.app.export_screenshot())
            monkeypatch.setattr("tui.panes.repositories.batches", fail)
            await ui.press("r")
            await ui.until(lambda: ui.app._exception is not None)
    except WorkerFailed as error:
        report = crash_report(error)
    assert "BugError" in report
    look(report)
    for file in (*home.rglob("*"), *tmp_path.rglob("*")):
        if file.is_file():
            look(file.read_text(errors="replace"))


def test_the_look_finds_secrets() -> None:
    def local() -> None:
        password = WORD
        raise BugError(len(password))

    for text in (f"a {WORD}", f"Basic {PAIR}", "Bearer eyJhbGciOi.x.y", f"{WORD[:5]}\n│ {WORD[5:]}"):
        with pytest.raises(AssertionError):
            look(text)
    with pytest.raises(BugError) as caught:
        local()
    with pytest.raises(AssertionError):
        look(crash_report(caught.value))
