"""The keyring: what is kept in it, what goes wrong with it, and that nobody has to wait for it."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from keyring import errors

from tests.credentials.keyrings import Dialogs, MemoryKeyring
from tui.client.login.auth import BasicAuth, IdentityToken, TokenAuth
from tui.client.names import RegistryHost
from tui.credentials import (
    KeyringError,
    KeyringLockedError,
    KeyringNotSetUpError,
    KeyringStore,
    KeyringUnavailableError,
    Kind,
    Login,
    Secret,
    make_login,
)
from tui.credentials.errors import KeyringEntryError, KeyringFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

HOST = RegistryHost("registry.example.com:5000")
WORD = "hunter2"
ALICE = make_login("alice", Secret(WORD))


def entry(**fields: Any) -> str:
    return json.dumps({"username": "alice", "secret": WORD, "kind": "password", **fields})


@pytest.mark.parametrize(
    ("login", "auth", "kind"),
    [
        (ALICE, BasicAuth("alice", WORD), "password"),
        (make_login("<token>", Secret(WORD)), IdentityToken(WORD, "<token>"), "identity-token"),
        (make_login("bob", Secret(WORD), Kind.IDENTITY_TOKEN), IdentityToken(WORD, "bob"), "identity-token"),
        (make_login("", Secret(WORD), Kind.TOKEN), TokenAuth(WORD), "token"),
        (make_login("jürgen", Secret('pä"ss:\\wörd 🔑')), BasicAuth("jürgen", 'pä"ss:\\wörd 🔑'), "password"),
    ],
)
async def test_a_login_comes_back_as_it_was_kept(
    keyring: Dialogs, login: Login, auth: object, kind: str
) -> None:
    assert await keyring.store.get(HOST) is None
    await keyring.store.set(HOST, login)
    found = await keyring.store.get(HOST)
    assert found is not None
    assert (found.auth, found.username, found.source) == (auth, login.username, "keyring")
    kept = json.loads(keyring.backend.entries["ocitui", str(HOST)])
    assert kept.keys() == {"username", "secret", "kind"}
    assert kept["kind"] == kind


async def test_a_login_takes_the_place_of_the_one_before(keyring: Dialogs) -> None:
    await keyring.store.set(HOST, ALICE)
    await keyring.store.set(HOST, make_login("bob", Secret("other")))
    found = await keyring.store.get(HOST)
    assert found is not None
    assert found.username == "bob"
    assert len(keyring.backend.entries) == 1


async def test_a_login_is_for_its_host_and_port_alone(keyring: Dialogs) -> None:
    await keyring.store.set(HOST, ALICE)
    for other in ("registry.example.com", "registry.example.com:5001", "example.com:5000"):
        assert await keyring.store.get(RegistryHost(other)) is None


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io", "registry-1.docker.io"])
async def test_docker_hub_has_one_entry(keyring: Dialogs, name: str) -> None:
    await keyring.store.set(RegistryHost(name), ALICE)
    assert keyring.backend.entries.keys() == {("ocitui", "docker.io")}
    assert await keyring.store.get(RegistryHost("index.docker.io")) is not None


async def test_a_login_is_removed_once(keyring: Dialogs) -> None:
    await keyring.store.set(HOST, ALICE)
    assert await keyring.store.delete(HOST)
    assert await keyring.store.get(HOST) is None
    assert not await keyring.store.delete(HOST)


@pytest.mark.parametrize(
    "text",
    [
        "", "hunter2", "[]", "null", '"hunter2"', "{}", "[" * 100_000, "\ufeff{}",
        entry(kind="passphrase"), entry(kind=None), entry(kind=[]), entry(secret=None), entry(secret=7),
        entry(secret=[WORD]), entry(username=None), entry(username=7), entry(username={}),
        entry(secret=""), entry(secret="a\nb"), entry(username="a:b"), entry(username="\ud800"),
        entry(username="x" * 2_000_000), json.dumps({"username": "alice", "kind": "password"}),
    ],
)  # fmt: skip
async def test_what_is_no_login_of_this_program_is_an_error_that_does_not_repeat_it(
    keyring: Dialogs, text: str
) -> None:
    keyring.backend.entries["ocitui", str(HOST)] = text
    with pytest.raises(KeyringEntryError) as caught:
        await keyring.store.get(HOST)
    assert HOST in str(caught.value)
    assert f"ocitui logout {HOST}" in caught.value.remedy
    assert WORD not in f"{caught.value!r}{caught.value.__context__!r}{caught.value.__cause__!r}"
    assert await keyring.store.delete(HOST)


# What goes wrong

CALLS: list[Callable[[KeyringStore], Coroutine[Any, Any, object]]] = [
    lambda store: store.get(HOST),
    lambda store: store.set(HOST, ALICE),
    lambda store: store.delete(HOST),
]


@pytest.mark.parametrize("call", CALLS, ids=["get", "set", "delete"])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.KeyringLocked("Failed to unlock the collection!"), KeyringLockedError),
        (errors.InitError("Failed to create the collection"), KeyringNotSetUpError),
        (errors.NoKeyringError("none"), KeyringUnavailableError),
        (errors.PasswordSetError(WORD), KeyringFailedError),
        (OSError(5, WORD), KeyringFailedError),
        (RuntimeError(WORD), KeyringFailedError),
    ],
)
async def test_what_goes_wrong_is_told_in_a_sentence(
    keyring: Dialogs,
    call: Callable[[KeyringStore], Coroutine[Any, Any, object]],
    error: Exception,
    expected: type[KeyringError],
) -> None:
    keyring.backend.error = error
    with pytest.raises(expected) as caught:
        await call(keyring.store)
    assert str(caught.value).startswith(("the keyring", "there is no keyring"))
    assert caught.value.remedy.endswith(".")
    assert WORD not in f"{caught.value}{caught.value!r}{caught.value.remedy}"


async def test_without_a_keyring_every_call_says_so() -> None:
    def choose() -> MemoryKeyring:
        raise KeyringUnavailableError("there is no keyring")

    store = KeyringStore(choose)
    for call in CALLS:
        with pytest.raises(KeyringUnavailableError) as caught:
            await call(store)
        assert "OCITUI_PASSWORD" in caught.value.remedy
    with pytest.raises(KeyringUnavailableError):
        await store.name()


async def test_a_keyring_that_appears_later_is_used() -> None:
    backends: list[MemoryKeyring] = []

    def choose() -> MemoryKeyring:
        if not backends:
            raise KeyringUnavailableError("there is no keyring")
        return backends[0]

    store = KeyringStore(choose)
    with pytest.raises(KeyringUnavailableError):
        await store.get(HOST)
    backends.append(MemoryKeyring())
    assert await store.get(HOST) is None


# Nobody has to wait


@pytest.mark.parametrize("call", CALLS, ids=["get", "set", "delete"])
async def test_the_loop_goes_on_while_the_keyring_waits_for_its_dialog(
    keyring: Dialogs, call: Callable[[KeyringStore], Coroutine[Any, Any, object]]
) -> None:
    keyring.open()
    waiting = asyncio.ensure_future(call(keyring.store))
    await asyncio.to_thread(keyring.backend.entered.wait)
    assert not waiting.done()
    assert {thread.daemon for thread in keyring.backend.threads} == {True}
    assert threading.current_thread() not in keyring.backend.threads
    keyring.answer()
    await waiting


@pytest.mark.parametrize("call", CALLS, ids=["get", "set", "delete"])
async def test_who_waits_can_be_cancelled(
    keyring: Dialogs, call: Callable[[KeyringStore], Coroutine[Any, Any, object]]
) -> None:
    keyring.open()
    waiting = asyncio.ensure_future(call(keyring.store))
    await asyncio.to_thread(keyring.backend.entered.wait)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_was_cancelled_before_the_dialog_was_answered_is_not_kept(keyring: Dialogs) -> None:
    await keyring.store.set(HOST, ALICE)
    keyring.open()
    for call in (keyring.store.set(HOST, make_login("bob", Secret("other"))), keyring.store.delete(HOST)):
        waiting = asyncio.ensure_future(call)
        await asyncio.to_thread(keyring.backend.entered.wait)
        waiting.cancel()
        await asyncio.wait({waiting})
    keyring.answer()
    found = await keyring.store.get(HOST)
    assert found is not None
    assert found.username == "alice"


async def test_calls_come_one_after_the_other(keyring: Dialogs) -> None:
    keyring.open()
    first = asyncio.ensure_future(keyring.store.get(HOST))
    await asyncio.to_thread(keyring.backend.entered.wait)
    others = [asyncio.ensure_future(keyring.store.get(HOST)) for _ in range(3)]
    await asyncio.sleep(0)
    others[0].cancel()
    await asyncio.wait({others[0]})
    assert len(keyring.backend.calls) == 1
    keyring.answer()
    await asyncio.gather(first, *others[1:])
    assert len(keyring.backend.calls) == 3
