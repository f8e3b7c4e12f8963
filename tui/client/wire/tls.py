"""Trust in servers, and the certificate that they are shown."""

from __future__ import annotations

import os
import ssl
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

import truststore

from tui.client.errors import CertificateError
from tui.client.redaction import quoted

if TYPE_CHECKING:
    from pathlib import Path

    from tui.client.errors import RequestLine

__all__ = ["MAX_PATH", "NO_TLS", "SHARES_CONTEXTS", "KeyPair", "Tls"]

MAX_PATH: Final = 300
"""Characters of a path that an error shows."""

_KEEPS_A_STORE: Final = sys.platform in {"darwin", "win32"}

SHARES_CONTEXTS: Final = not _KEEPS_A_STORE
"""Whether connections may share a context: where the operating system itself checks certificates, each
handshake holds its context's lock."""

_AUTHORITIES: Final = (
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)
"""Where systems keep the authorities that they trust, for a Python that was built for another system."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A client certificate and the key that belongs to it, as files in PEM."""

    certificate: Path
    """The certificate, and those between it and its authority behind it."""
    key: Path | None = None
    """Its key, without a passphrase; None where it stands in the same file."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How TLS is spoken with the servers of one registry; equal values share their connections."""

    authorities: tuple[Path, ...] = ()
    """Files in PEM with authorities that are trusted beside those of the operating system."""
    shown: tuple[KeyPair, ...] = ()
    """Client certificates; of several for the same kind of key, the first one is shown."""

    @classmethod
    def of(cls, ca_file: Path | None, client_certificate: Path | None, client_key: Path | None) -> Self:
        """Put together what there is of files.

        Args:
            ca_file: Authorities.
            client_certificate: What is shown.
            client_key: Its key, where it is not in the same file.

        Raises:
            ValueError: There is a key without a certificate.
        """
        if client_key is not None and client_certificate is None:
            raise ValueError("a client key needs the certificate that it belongs to")
        return cls(
            () if ca_file is None else (ca_file,),
            () if client_certificate is None else (KeyPair(client_certificate, client_key),),
        )

    @property
    def for_others(self) -> Tls:
        """The same trust, for servers that are not to see who asks."""
        return replace(self, shown=()) if self.shown else self

    def __add__(self, other: Tls) -> Tls:
        """Trust both; show what this one shows, and only without that what the other one shows."""
        return Tls((*self.authorities, *other.authorities), self.shown or other.shown)

    def context(self, line: RequestLine) -> ssl.SSLContext:
        """Make a context of its own.

        Args:
            line: The request that needs it, for errors.

        Raises:
            CertificateError: One of the files cannot be read, or a key does not belong to its certificate.
        """
        context = _system_context()
        for file in self.authorities:
            try:
                context.load_verify_locations(cafile=file)
            except (OSError, ssl.SSLError) as error:
                shown = quoted(str(file), MAX_PATH)
                raise CertificateError(
                    f"the file of certificates {shown} cannot be read: {_reason(error)}",
                    request=line,
                    remedy="Give a file with certificates in PEM.",
                ) from error
        # A further certificate for the same kind of key takes the place of the one before.
        for pair in reversed(self.shown):
            _show(context, pair, line)
        return context


class Contexts:
    """The contexts of one client: where connections may share them, one for each trust and use."""

    def __init__(self) -> None:
        self._made: dict[tuple[Tls, str], ssl.SSLContext] = {}

    def get(self, tls: Tls, use: str, line: RequestLine) -> ssl.SSLContext:
        """Give a context that only connections of the same use have; reading the authorities takes 30 ms.

        Args:
            tls: Whom to trust, and which certificate to show.
            use: What the connections have in common: what is negotiated, and on which threads.
            line: The request that needs it, for errors.

        Raises:
            CertificateError: A file of certificates or keys cannot be read.
        """
        if not SHARES_CONTEXTS:
            return tls.context(line)
        if (tls, use) not in self._made:
            self._made[tls, use] = tls.context(line)
        return self._made[tls, use]


NO_TLS: Final = Tls()
"""Nothing beside what the operating system trusts."""


def _system_context() -> ssl.SSLContext:
    if _KEEPS_A_STORE:
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    defaults = ssl.get_default_verify_paths()
    if not defaults.cafile and not _has_files(defaults.capath):
        found = next((file for file in _AUTHORITIES if os.path.isfile(file)), None)  # noqa: PTH113 - as text
        if found is not None:
            context.load_verify_locations(cafile=found)
    else:
        # Reading a hundred and fifty authorities takes 30 ms: once for all connections, not for each of them.
        context.set_default_verify_paths()
    return context


def _has_files(folder: str | None) -> bool:
    return folder is not None and os.path.isdir(folder) and bool(os.listdir(folder))  # noqa: PTH112, PTH208 - as text


def _show(context: ssl.SSLContext, pair: KeyPair, line: RequestLine) -> None:
    key = pair.key or pair.certificate
    certificate_shown, key_shown = (quoted(str(file), MAX_PATH) for file in (pair.certificate, key))
    for file, what, shown in ((pair.certificate, "certificate", certificate_shown), (key, "key", key_shown)):
        try:
            file.open("rb").close()
        except OSError as error:
            raise CertificateError(
                f"the client {what} {shown} cannot be read: {_reason(error)}",
                request=line,
                remedy="Check the file, and who may read it.",
            ) from error
    try:
        context.load_cert_chain(pair.certificate, key, _no_passphrase)
    except _PassphraseWantedError:
        raise CertificateError(
            f"the client key {key_shown} is kept under a passphrase",
            request=line,
            remedy="Give a key without a passphrase, in a file that only you can read.",
        ) from None
    except (OSError, ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            problem, remedy = (
                f"the client key {key_shown} does not belong to the certificate {certificate_shown}",
                "Give the key that the certificate was made for.",
            )
        else:
            problem, remedy = (
                f"the client certificate {certificate_shown} or its key {key_shown} cannot be read",
                "Give both in PEM.",
            )
        raise CertificateError(problem, request=line, remedy=remedy) from None


class _PassphraseWantedError(Exception):
    """A key that only a person could open."""


def _no_passphrase() -> str:
    """Stand where OpenSSL would ask on the terminal."""
    raise _PassphraseWantedError


def _reason(error: OSError) -> str:
    """Say what went wrong with a file, which the message names already."""
    if isinstance(error, ssl.SSLError):
        return "it holds none"
    return (error.strerror or type(error).__name__).lower()
