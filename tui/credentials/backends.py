"""Which of the machine's keyrings is used: one that keeps secrets safe, or none.

Everything here may block, and imports the keyring library, which takes its time: never call it on the loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.credentials.errors import KeyringUnavailableError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["backend_name", "choose_backend", "is_safe"]

LEAST_PRIORITY: Final = 1
"""The priority from which on the keyring library itself recommends a backend."""

_UNSAFE: Final = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Modules whose backends keep nothing, keep it in plain text or weakly, or ask on the terminal."""

_NAMES: Final = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.Windows": "Windows Credential Manager",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.libsecret": "Secret Service",
    "keyring.backends.macOS": "macOS Keychain",
}


def choose_backend() -> KeyringBackend:
    """Choose the keyring that a person has configured, or else the best one that there is.

    Raises:
        KeyringUnavailableError: There is none that keeps secrets safe.
    """
    from keyring import core  # noqa: PLC0415 - it takes a tenth of a second, which the first frame has not
    from keyring.backends import chainer, fail  # noqa: PLC0415 - as above

    def is_eligible(backend: KeyringBackend) -> bool:
        # Which of several a chain would use is decided here, once.
        return not isinstance(backend, chainer.ChainerBackend) and is_safe(backend)

    try:
        core.init_backend(limit=is_eligible)
    except (AttributeError, ImportError, RuntimeError, ValueError):
        raise KeyringUnavailableError("the keyring that is configured cannot be used") from None
    chosen = core.get_keyring()
    if isinstance(chosen, fail.Keyring):
        raise KeyringUnavailableError("there is no keyring on this machine that keeps secrets safe")
    if not is_safe(chosen):
        raise KeyringUnavailableError(
            f"the keyring that is configured ({backend_name(chosen)}) does not keep secrets safe"
        )
    return chosen


def is_safe(backend: KeyringBackend) -> bool:
    """Tell whether a backend keeps secrets encrypted; of a chain, whether all its members do."""
    from keyring.backends import chainer  # noqa: PLC0415 - as in `choose_backend`

    if isinstance(backend, chainer.ChainerBackend):
        members = list(backend.backends)
        return bool(members) and all(is_safe(member) for member in members)
    modules = [kind.__module__ for kind in type(backend).__mro__]
    if any(f"{module}.".startswith(f"{unsafe}.") for module in modules for unsafe in _UNSAFE):
        return False
    return bool(backend.priority >= LEAST_PRIORITY)


def backend_name(backend: KeyringBackend) -> str:
    """Tell what people call a keyring; of one that is not widely known, its class."""
    from keyring.backends import chainer  # noqa: PLC0415 - as in `choose_backend`

    if isinstance(backend, chainer.ChainerBackend):
        return ", ".join(backend_name(member) for member in backend.backends)
    kind = type(backend)
    return _NAMES.get(kind.__module__, f"{kind.__module__}.{kind.__qualname__}")
