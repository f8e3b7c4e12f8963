"""Certificates by host, in folders that are laid out as Docker's and Podman's ``certs.d`` are.

``certs.d/HOST[:PORT]/`` holds authorities (``*.crt``), client certificates (``*.cert``), and the key of each
of these under its name (``*.key``). The first folder that knows a host is the one that counts for it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.client.errors import CertificateError, RequestLine
from tui.client.redaction import quoted
from tui.client.wire.tls import MAX_PATH, NO_TLS, KeyPair, Tls

if TYPE_CHECKING:
    from tui.client.names import RegistryHost

__all__ = ["CertsFolders", "certs_folders"]

SYSTEM_FOLDERS: Final = (Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d"))
"""Podman's folder, and Docker's."""


def certs_folders() -> tuple[Path, ...]:
    """List the folders in which Docker and Podman look: the person's own ones, then those of the system.

    They are ``~/.config/containers/certs.d``, ``~/.docker/certs.d`` (``DOCKER_CONFIG`` names another folder
    than ``~/.docker``), ``/etc/containers/certs.d`` and ``/etc/docker/certs.d``. Nothing is read yet.
    """
    own: list[Path] = []
    try:
        home = Path.home()
    except RuntimeError:  # nobody knows where it is
        home = None
    configuration = os.environ.get("XDG_CONFIG_HOME") or (home and home / ".config")
    docker = os.environ.get("DOCKER_CONFIG") or (home and home / ".docker")
    if configuration:
        own.append(Path(configuration) / "containers" / "certs.d")
    if docker:
        own.append(Path(docker) / "certs.d")
    return (*own, *SYSTEM_FOLDERS)


@dataclass(frozen=True, slots=True)
class CertsFolders:
    """Folders with certificates by host; they are looked at when a host is first connected to."""

    folders: tuple[Path, ...] = ()
    """The folders, from the first one that is looked at."""

    def tls(self, host: RegistryHost) -> Tls:
        """Find what there is for a registry.

        Args:
            host: The registry, by the name and the port that people use for it.

        Raises:
            CertificateError: A certificate has no key, or a key no certificate.
        """
        for folder in self.folders:
            place = folder / host
            try:
                names = {entry.name for entry in place.iterdir()}
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                # What one may not look into is for others.
                continue
            except OSError as error:
                raise _problem(
                    host, f"the folder {quoted(str(place), MAX_PATH)} cannot be read", "Check it."
                ) from error
            return _read(place, names, host)
        return NO_TLS


def _read(place: Path, names: set[str], host: RegistryHost) -> Tls:
    shown: list[KeyPair] = []
    for name in sorted(names):
        stem, _, kind = name.rpartition(".")
        if kind == "cert":
            if f"{stem}.key" not in names:
                raise _problem(
                    host,
                    f"there is no key for the client certificate {quoted(str(place / name), MAX_PATH)}",
                    f"Put it beside it as {stem}.key; an authority's certificate is called .crt.",
                )
            shown.append(KeyPair(place / name, place / f"{stem}.key"))
        elif kind == "key" and f"{stem}.cert" not in names:
            raise _problem(
                host,
                f"there is no client certificate for the key {quoted(str(place / name), MAX_PATH)}",
                f"Put it beside it as {stem}.cert; .crt is for authorities.",
            )
    authorities = [place / name for name in sorted(names) if name.endswith(".crt")]
    return Tls(tuple(authorities), tuple(shown))


def _problem(host: RegistryHost, message: str, remedy: str) -> CertificateError:
    return CertificateError(message, request=RequestLine("GET", f"https://{host}/v2/"), remedy=remedy)
