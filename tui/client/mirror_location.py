"""Where a mirror is: its host, and the repository under which it keeps those of another registry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from tui.client.errors import InvalidNameError
from tui.client.names import RegistryHost, Repository

__all__ = ["MirrorLocation"]

_LOCATION: Final = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>[^/?#]*)(?:/v2(?=/|\Z))?/?(?P<prefix>.*?)/?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class MirrorLocation:
    """The place of a mirror: ``mirror.example.com``, ``http://10.0.0.5:5000``, ``harbor.example.com/hub``."""

    host: RegistryHost
    """The mirror's host."""
    scheme: str | None = None
    """``http`` or ``https``, where it was written."""
    prefix: Repository | None = None
    """What stands before the names of repositories there, as with caches of many registries."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the place of a mirror.

        Args:
            text: ``host[:port]`` or a URL, with or without the beginning of the names of repositories.

        Raises:
            InvalidNameError: It is something else.
        """
        match = _LOCATION.fullmatch(text.strip())
        if match is None:
            raise InvalidNameError("mirror", text, "it is neither a host nor a URL")
        host = RegistryHost(match["host"])
        scheme = match["scheme"]
        return cls(
            host,
            scheme.lower() if scheme else None,
            Repository(match["prefix"]) if match["prefix"] else None,
        )

    def repository(self, repository: Repository) -> Repository:
        """Give the name that a repository has on the mirror.

        Raises:
            InvalidNameError: It would be too long.
        """
        return repository if self.prefix is None else Repository(f"{self.prefix}/{repository}")
