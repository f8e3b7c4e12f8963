"""Docker's credential helpers: programs that keep logins and are asked for them; they are only read.

`docker-credential-NAME get` gets a registry's name on its standard input and answers with a JSON object. A
name must match exactly, so the forms that Docker and others use are tried one after the other. What is absent
is told by exit status 1 and a sentence on the standard output, or by empty fields.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui.credentials.aside import run_aside
from tui.credentials.environment import SECRET_VARIABLES
from tui.credentials.errors import (
    HelperFailedError,
    HelperMissingError,
    HelperTimeoutError,
    InvalidLoginError,
)
from tui.credentials.logins import TOKEN_USER, Kind, Login, make_login
from tui.credentials.secret import Secret

if TYPE_CHECKING:
    from tui.client.names import RegistryHost

__all__ = ["ask_helper", "helper_program"]

HELPER_SECONDS: Final = 30.0
"""Seconds that a helper may take: some ask a service for a token, others wait for a dialog."""

GRACE_SECONDS: Final = 5.0
"""Further seconds, after which even a helper that cannot be ended is left behind."""

MAX_ANSWER: Final = 1024 * 1024
"""Bytes of an answer: tokens that name groups and rights grow to hundreds of KiB."""

HUB_KEYS: Final = ("https://index.docker.io/v1/", "docker.io")
"""The names under which helpers keep the login for Docker Hub: Docker's own, and Podman's."""

_ABSENT: Final = "credentials not found in native keychain"
"""What helpers say where nothing is kept, whichever way they keep it (docker-credential-helpers)."""

_TERMINAL_VARIABLES: Final = ("GPG_TTY",)
"""Variables that lead a helper's own questions to the terminal, which belongs to this program."""


def helper_program(name: str) -> str:
    """Return the file name of a helper's program."""
    return f"docker-credential-{name}"


async def ask_helper(name: str, host: RegistryHost, *, seconds: float = HELPER_SECONDS) -> Login | None:
    """Ask a helper for the login of a registry, off the loop.

    Args:
        name: The helper's name, as in `credsStore`: `pass` for `docker-credential-pass`.
        host: The registry.
        seconds: How long each question may take.

    Returns:
        The login, whose source is the name of the program; None where the helper keeps none.

    Raises:
        HelperError: The helper is not there, fails, or does not answer.
    """
    program = helper_program(name)
    for key in HUB_KEYS if host.is_docker_hub else (host, f"https://{host}"):
        try:
            async with asyncio.timeout(seconds + GRACE_SECONDS):
                login = await run_aside(lambda key=key: _ask(program, key, seconds), name=program)  # type: ignore[misc]  # mypy does not infer a lambda with a default
        except TimeoutError:
            raise HelperTimeoutError(program) from None
        if login is not None:
            return login
    return None


def _ask(program: str, key: str, seconds: float) -> Login | None:
    status, answer = _converse(program, key, seconds)
    if status != 0:
        said = answer.reveal().strip()
        if said.lower() == _ABSENT:
            return None
        raise HelperFailedError(program, f"ended with the exit status {status}", said)
    fields = _fields(answer)
    if fields is None:
        raise HelperFailedError(program, "gave an answer that cannot be understood")
    username, secret = fields
    if not secret:
        return None
    try:
        kind = Kind.IDENTITY_TOKEN if username == TOKEN_USER or not username else Kind.PASSWORD
        return make_login(username, secret, kind, source=program)
    except InvalidLoginError as error:
        raise HelperFailedError(program, f"gave a login that cannot be used: {error}") from None


def _fields(answer: Secret) -> tuple[str, Secret] | None:
    """Read the user name and the secret of an answer; None where it has none."""
    try:
        document: Any = json.loads(answer.reveal())
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    username, secret = document.get("Username") or "", document.get("Secret") or ""
    if not isinstance(username, str) or not isinstance(secret, str):
        return None
    return username, Secret(secret)


def _converse(program: str, text: str, seconds: float) -> tuple[int, Secret]:
    """Run a helper to its end.

    Returns:
        Its exit status, and what it wrote to its standard output.
    """
    ended_by_clock = threading.Event()
    with _started(program) as process:

        def end() -> None:
            ended_by_clock.set()
            _end(process)

        clock = threading.Timer(seconds, end)
        clock.daemon = True
        clock.start()
        try:
            answer, complete = _exchange(process, text)
            if not complete:
                _end(process)
            status = process.wait()
        finally:
            clock.cancel()
    if ended_by_clock.is_set():
        raise HelperTimeoutError(program)
    if not complete:
        raise HelperFailedError(program, f"said more than {MAX_ANSWER:,} bytes")
    return status, answer


def _exchange(process: subprocess.Popen[bytes], text: str) -> tuple[Secret, bool]:
    """Say something to a process and read what it answers, and whether that is all."""
    given, answered = process.stdin, process.stdout
    if given is None or answered is None:
        raise TypeError("the process has no pipes")
    with contextlib.suppress(OSError):  # who does not listen may still answer
        given.write(text.encode())
        given.close()
    data = answered.read(MAX_ANSWER + 1)
    return Secret(data.decode(errors="replace")), len(data) <= MAX_ANSWER


def _started(program: str) -> subprocess.Popen[bytes]:
    found = shutil.which(program)
    # A relative entry of PATH would run what lies in the folder that the person happens to be in.
    if found is None or not Path(found).is_absolute():
        raise HelperMissingError(program)
    hidden = (*SECRET_VARIABLES, *_TERMINAL_VARIABLES)
    try:
        return subprocess.Popen(  # noqa: S603 - the person's own configuration names the program
            [found, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in hidden},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise HelperFailedError(program, f"cannot be started: {reason}") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a helper and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        elif process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
