"""The commands `ocitui login` and `ocitui logout`: logins from a terminal or a script.

A login is checked at the registry before it is kept, and it is kept in the keyring or nowhere. What happened
stands on the standard output, everything else on the standard error.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
import warnings
from typing import TYPE_CHECKING, Final, TypeVar

from tui.arguments import Place
from tui.client.errors import RegistryError, UnauthorizedError
from tui.config import SettingsError, load_settings
from tui.credentials import (
    InvalidLoginError,
    KeyringError,
    KeyringWaitingError,
    LoginStore,
    Secret,
    make_login,
)
from tui.credentials.logins import TOKEN_USER
from tui.credentials.patience import GoneOnError, wait_patiently
from tui.parser import ExitCode
from tui.sanitize import one_line
from tui.session import Session, login_files_watched
from tui.state import StateError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from tui.config import Settings
    from tui.credentials import Login
    from tui.login_arguments import LoginArguments, LogoutArguments

__all__ = ["log_in", "log_out"]

MAX_PASSWORD: Final = 1024 * 1024
"""Bytes of a password from the standard input: tokens that name groups and rights grow to hundreds of KiB."""

KEYRING_SECONDS: Final = 120.0
"""Seconds to wait for the keyring: time to look for its dialog and answer it, and an end for scripts."""

NOTICE_SECONDS: Final = 2.0
"""Seconds after which it is said that the keyring is waited for: nobody looks at a command before."""

_ResultT = TypeVar("_ResultT")


class _UsageError(Exception):
    """What was given is no login; the message is a sentence without a full stop."""


def log_in(arguments: LoginArguments) -> int:
    """Check a login at a registry and keep it, and tell how it ended (see `ExitCode`)."""
    try:
        settings = load_settings()
        login = _given_login(arguments)
    except SettingsError as error:
        return _refuse("login", str(error))
    except (_UsageError, InvalidLoginError) as error:
        _say(f"ocitui login: {error}")
        return ExitCode.USAGE
    return asyncio.run(_log_in(arguments, login, settings))


def log_out(arguments: LogoutArguments) -> int:
    """Remove a login from the keyring, and tell how it ended (see `ExitCode`)."""
    return asyncio.run(_log_out(arguments))


async def _log_in(arguments: LoginArguments, login: Login, settings: Settings) -> int:
    host = arguments.host
    session = Session(settings, logins=_logins(), ca_file=arguments.ca_file)
    if arguments.insecure_http:
        session.connections.allow_plain_http(host)
    try:
        checked = await session.connections.check_login(host, login)
        keyring = await _from_keyring(session.logins.keep(host, login))
    except UnauthorizedError as error:
        return _refuse("login", f"{host} refuses this login: {error}", error.remedy)
    except RegistryError as error:
        return _refuse("login", f"{host} could not be asked: {error}", error.remedy)
    except KeyringError as error:
        return _refuse("login", f"the login is right, but it is not kept: {error}", error.remedy)
    finally:
        await session.aclose()
    who = one_line(login.who)
    if checked:
        print(f"Logged in at {host} as {who}.")  # noqa: T201 - what the command has to say
    else:
        print(f"{host} lets in everybody: the login as {who} could not be checked.")  # noqa: T201 - as above
    print(f"It is kept in the keyring ({keyring}).")  # noqa: T201 - as above
    try:
        session.remember(Place(host))
    except StateError as error:
        _say(f"ocitui login: the registry is not remembered: {error}")
    return ExitCode.FINE


async def _log_out(arguments: LogoutArguments) -> int:
    host, logins = arguments.host, _logins()
    try:
        removed = await _from_keyring(logins.forget(host))
    except KeyringError as error:
        return _refuse("logout", f"the login is not removed: {error}", error.remedy)
    finally:
        await logins.aclose()
    found = f"The login for {host} is removed from the keyring."
    print(found if removed else f"The keyring keeps no login for {host}.")  # noqa: T201 - what the command has to say
    if (other := logins.peek(host)) is not None:
        tool = f"{other.source.lower()} logout {host}"
        _say(f"{other.source} still has a login for {host}, as {one_line(other.who)}: '{tool}' removes it.")
    return ExitCode.FINE


def _logins() -> LoginStore:
    return LoginStore(files=login_files_watched())


async def _from_keyring(work: Coroutine[Any, Any, _ResultT]) -> _ResultT:
    """Wait for the keyring, say so when it takes long, and not for ever.

    Raises:
        KeyringError: The keyring does not do it.
    """
    try:
        return await wait_patiently(
            work,
            seconds=KEYRING_SECONDS,
            enough=asyncio.Event(),
            notice=lambda: _say("Waiting for the keyring, which may have opened a dialog …"),
            left=asyncio.Task.cancel,
            notice_after=NOTICE_SECONDS,
        )
    except GoneOnError:
        raise KeyringWaitingError from None


def _given_login(arguments: LoginArguments) -> Login:
    """Read the login from the standard input, or ask for it on the terminal.

    Raises:
        _UsageError: There is none.
        InvalidLoginError: It is none that could be sent.
    """
    if arguments.password_stdin:
        if sys.stdin.isatty():
            raise _UsageError("--password-stdin, but the standard input is a terminal, which would show it")
        return make_login(arguments.username, _password_from_stdin())
    if not sys.stdin.isatty():
        raise _UsageError("there is no terminal to ask on: use --username and --password-stdin")
    username = arguments.username or _ask_username(arguments.host)
    what = "Identity token" if username == TOKEN_USER else "Password"
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return make_login(username, Secret(getpass.getpass(f"{what}: ")))
        except getpass.GetPassWarning:
            raise _UsageError("the terminal cannot hide what is typed: use --password-stdin") from None
        except EOFError:
            raise _UsageError("nothing was entered") from None


def _ask_username(host: str) -> str:
    print(f"User name at {host}: ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a question
    return sys.stdin.readline().strip()


def _password_from_stdin() -> Secret:
    """Read the standard input, without the one line end that editors and `echo` put behind a password."""
    data = Secret(sys.stdin.buffer.read(MAX_PASSWORD + 1).decode(errors="surrogateescape"))
    if len(data.reveal()) > MAX_PASSWORD:
        raise _UsageError("what came from the standard input is too long for a password")
    return Secret(data.reveal().removesuffix("\n").removesuffix("\r"))


def _refuse(command: str, problem: str, remedy: str = "") -> int:
    _say(f"ocitui {command}: {problem}." + (f"\n{remedy}" if remedy else ""))
    return ExitCode.REFUSED


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - what the command has to say beside what happened
