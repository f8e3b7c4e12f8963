"""Hosts of registries, as people write them (`tui.client.names` is the public place)."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, Self

from tui.client.errors import InvalidNameError

MAX_HOST: Final = 261
"""Characters of a host: a name of 255 and a port."""

DOCKER_HUB: Final = "docker.io"
"""The host by which references name Docker Hub."""

HUB_NAMES: Final = frozenset({DOCKER_HUB, "index.docker.io"})
"""Its names in references; none of them serves the API."""

_HUB_API_HOST: Final = "registry-1.docker.io"
_MAX_PORT: Final = 65535

_API_PATHS: Final = frozenset({"", "/", "/v1", "/v1/", "/v2", "/v2/"})
"""Paths that a registry's URL may have: Docker's login files know Docker Hub as ``https://index.docker.io/v1/``."""

# As in distribution/reference, which names no underscores, zones or IPv4 inside of IPv6.
_DOMAIN_COMPONENT = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
HOST_GRAMMAR: Final = rf"(?:{_DOMAIN_COMPONENT}(?:\.{_DOMAIN_COMPONENT})*|\[[A-Fa-f0-9:]+\])"
_HOST_PATTERN = re.compile(rf"(?P<hostname>{HOST_GRAMMAR})(?::(?P<port>[0-9]{{1,5}}))?")
_URL_PATTERN = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<rest>.*)", re.DOTALL
)


class RegistryHost(str):
    """A registry's ``host[:port]`` in lower case: ``docker.io``, ``127.0.0.1:5000``, ``[::1]:5000``.

    Args:
        text: A DNS name, an IPv4 address or an IPv6 address in brackets, with or without a port.

    Raises:
        InvalidNameError: The text is something else.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the host and put it into lower case."""
        if "@" in text:  # the message must not tell the login
            raise InvalidNameError("registry host", text.rpartition("@")[2], "a login stands before it")
        match = _HOST_PATTERN.fullmatch(text) if len(text) <= MAX_HOST else None
        if match is None:
            raise InvalidNameError("registry host", text, _host_fault(text))
        if match["port"] and not 0 < int(match["port"]) <= _MAX_PORT:
            raise InvalidNameError("registry host", text, f"a port is a number from 1 to {_MAX_PORT}")
        if match["hostname"].startswith("["):
            try:
                ipaddress.IPv6Address(match["hostname"][1:-1])
            except ipaddress.AddressValueError as error:
                raise InvalidNameError("registry host", text, "that is no IPv6 address") from error
        return super().__new__(cls, text.lower())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a host, or the host of a URL; scheme and API path of the URL are dropped.

        Args:
            text: ``host[:port]``, or an http or https URL without user, query and fragment whose path is
                empty or the API's own (``/v1/``, ``/v2/``). White space around it is ignored.

        Raises:
            InvalidNameError: The text is something else.
        """
        stripped = text.strip()
        match = _URL_PATTERN.fullmatch(stripped)
        if match is None:
            return cls(stripped.removesuffix("/"))
        if match["scheme"].lower() not in {"http", "https"}:
            raise InvalidNameError("registry URL", text, "the scheme is neither http nor https")
        if "@" in match["authority"]:
            raise InvalidNameError("registry URL", text, "it contains a user; give the login separately")
        if match["path"] not in _API_PATHS or match["rest"]:
            raise InvalidNameError("registry URL", text, "something stands behind the host")
        return cls(match["authority"])

    @property
    def hostname(self) -> str:
        """The host without its port; IPv6 addresses without brackets."""
        if self.startswith("["):
            return self[1:].partition("]")[0]
        return self.partition(":")[0]

    @property
    def port(self) -> int | None:
        """The port, if the host has one."""
        digits = self.rpartition("]")[2].partition(":")[2]
        return int(digits) if digits else None

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine: ``localhost`` and names under it, 127.0.0.0/8, ::1."""
        return is_loopback(self.hostname)

    @property
    def is_docker_hub(self) -> bool:
        """Whether the host is a name of Docker Hub."""
        return self in HUB_NAMES or self == _HUB_API_HOST

    @property
    def api_host(self) -> RegistryHost:
        """The host that serves the API: Docker Hub's differs from its name."""
        return RegistryHost(_HUB_API_HOST) if self in HUB_NAMES else self


def is_loopback(hostname: str) -> bool:
    """Tell whether a host is this machine, without looking it up.

    Args:
        hostname: A name, or an address without brackets.
    """
    name = hostname.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)


def _host_fault(text: str) -> str:
    if not text:
        return "it is empty"
    if len(text) > MAX_HOST:
        return f"it has more than {MAX_HOST} characters"
    if "/" in text:
        return "something stands behind the host"
    if text.count(":") > 1 and not text.startswith("["):
        return "an IPv6 address stands in brackets"
    return "a host is letters, digits, dashes and periods, and maybe a port"
