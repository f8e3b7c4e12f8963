"""Where a login comes from and where it is kept: this run, environment, keyring, Docker's and Podman's files.

`LoginStore` is the face of it all::

    logins = LoginStore(take_environment())
    registry = client.registry(host, logins.provider(host))     # asked when the registry wants a login
    login = await logins.find(host)                             # who one is there; None is nobody
    print(login.who, login.source)                              # alice keyring

    login = make_login("alice", Secret(...))                    # raises InvalidLoginError
    await logins.keep(host, login)                              # in the keyring; raises KeyringError
    logins.keep_for_run(host, login)                            # in memory
    await logins.forget(host)

Docker's and Podman's files and the helpers that they name are only read. Nothing here writes a secret to a
file, and no error, `repr` or traceback shows one.
"""

from __future__ import annotations

from tui.credentials.environment import EnvironmentLogins, take_environment
from tui.credentials.errors import (
    CredentialsError,
    HelperError,
    InvalidLoginError,
    KeyringError,
    KeyringLockedError,
    KeyringNotSetUpError,
    KeyringUnavailableError,
    KeyringWaitingError,
)
from tui.credentials.files import LoginFile, login_files
from tui.credentials.keyring_store import KeyringStore
from tui.credentials.logins import Kind, KnownHost, Login, make_login
from tui.credentials.secret import Secret
from tui.credentials.store import LoginStore
from tui.credentials.watched import WatchedFiles

__all__ = [
    "CredentialsError",
    "EnvironmentLogins",
    "HelperError",
    "InvalidLoginError",
    "KeyringError",
    "KeyringLockedError",
    "KeyringNotSetUpError",
    "KeyringStore",
    "KeyringUnavailableError",
    "KeyringWaitingError",
    "Kind",
    "KnownHost",
    "Login",
    "LoginFile",
    "LoginStore",
    "Secret",
    "WatchedFiles",
    "login_files",
    "make_login",
    "take_environment",
]
