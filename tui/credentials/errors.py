"""What goes wrong with logins and the places where they are kept, as one tree.

* CredentialsError
  * InvalidLoginError             a user name or a secret that no registry could be sent
  * KeyringError                  the keyring does not do what was asked
    * KeyringUnavailableError     there is none, or none that is safe
    * KeyringLockedError          it is locked, and nobody unlocked it
    * KeyringNotSetUpError        it has never been set up, and that cannot be done now
    * KeyringWaitingError         it has not answered yet, perhaps because of a dialog
    * KeyringEntryError           what it keeps under this name is not a login of this program
    * KeyringFailedError          anything else
  * HelperError                   a credential helper does not do what was asked
    * HelperMissingError          the program is not there
    * HelperTimeoutError          it did not answer in time
    * HelperFailedError           anything else

`str()` of each is a phrase without a full stop that fits at the beginning of a sentence or behind a colon;
`remedy` is a sentence about what a person can try. Neither holds a secret.
"""

from __future__ import annotations

from typing import ClassVar, Final

from tui.client.redaction import printable, quoted

__all__ = [
    "CredentialsError",
    "HelperError",
    "HelperFailedError",
    "HelperMissingError",
    "HelperTimeoutError",
    "InvalidLoginError",
    "KeyringEntryError",
    "KeyringError",
    "KeyringFailedError",
    "KeyringLockedError",
    "KeyringNotSetUpError",
    "KeyringUnavailableError",
    "KeyringWaitingError",
]

MAX_SAID: Final = 200
"""Characters of what a helper says that are repeated."""


class CredentialsError(Exception):
    """The root of the tree.

    Args:
        message: What is wrong, as a phrase.
        remedy: What a person can try, as a sentence; the class's own where it is left out.
    """

    default_remedy: ClassVar[str] = ""
    """What a person can try when the one who raised the error knew nothing better."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        self.remedy = self.default_remedy if remedy is None else remedy
        super().__init__(printable(message))


class InvalidLoginError(CredentialsError):
    """A user name or a secret that no registry could be sent."""

    default_remedy = "Enter it again."


class KeyringError(CredentialsError):
    """The keyring does not do what was asked."""


class KeyringUnavailableError(KeyringError):
    """There is no keyring, or none that keeps secrets safe."""

    default_remedy = (
        "Install a keyring such as GNOME Keyring or KWallet. Without one a login lasts for one run, or comes "
        "from OCITUI_REGISTRY, OCITUI_USERNAME and OCITUI_PASSWORD."
    )


class KeyringLockedError(KeyringError):
    """The keyring is locked, and nobody unlocked it.

    Args:
        name: The keyring's name.
    """

    default_remedy = "Unlock the keyring and try again."

    def __init__(self, name: str) -> None:
        super().__init__(f"the keyring ({name}) is locked")


class KeyringNotSetUpError(KeyringError):
    """The keyring has never been set up, and that cannot be done now.

    Args:
        name: The keyring's name.
    """

    default_remedy = "Set the keyring up in a desktop session, and try again."

    def __init__(self, name: str) -> None:
        super().__init__(f"the keyring ({name}) has not been set up, and cannot be without a dialog")


class KeyringWaitingError(KeyringError):
    """The keyring has not answered yet, perhaps because somebody has to answer its dialog."""

    default_remedy = "Look for a dialog of the keyring and answer it, then try again."

    def __init__(self) -> None:
        super().__init__("the keyring does not answer; it may wait for a dialog")


class KeyringEntryError(KeyringError):
    """What the keyring keeps for a registry is not a login of this program.

    Args:
        host: The registry.
    """

    def __init__(self, host: str) -> None:
        super().__init__(
            f"what the keyring keeps for {host} is not a login of this program",
            remedy=f"Replace it by logging in again, or remove it: ocitui logout {host}.",
        )


class KeyringFailedError(KeyringError):
    """The keyring failed.

    Args:
        name: The keyring's name.
        reason: What happened there, in a few words.
    """

    default_remedy = "Try again, and look at the keyring with its own program."

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"the keyring ({name}) failed: {reason}")


class HelperError(CredentialsError):
    """A credential helper does not do what was asked.

    Args:
        program: The helper's file name.
        reason: What is wrong, as the rest of a sentence that begins with the name.
    """

    def __init__(self, program: str, reason: str, *, remedy: str | None = None) -> None:
        self.program = program
        super().__init__(f"{program} {reason}", remedy=remedy)


class HelperMissingError(HelperError):
    """The helper's program is not there."""

    default_remedy = "Install it, or take it out of the configuration of Docker or Podman."

    def __init__(self, program: str) -> None:
        super().__init__(program, "is not on PATH")


class HelperTimeoutError(HelperError):
    """The helper did not answer in time, perhaps because it waits for a dialog."""

    default_remedy = "Look for a dialog and answer it, then try again."

    def __init__(self, program: str) -> None:
        super().__init__(program, "does not answer; it may wait for a dialog")


class HelperFailedError(HelperError):
    """The helper ended with an error, or said what cannot be understood.

    Args:
        program: The helper's file name.
        reason: What is wrong, as the rest of a sentence that begins with the name.
        said: The helper's own words.
    """

    default_remedy = "Try it by hand, or log in anew with the program that uses it."

    def __init__(self, program: str, reason: str, said: str = "") -> None:
        super().__init__(program, reason + (f": {quoted(said, MAX_SAID)}" if said else ""))
