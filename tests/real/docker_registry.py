"""Debian's docker-registry, or a newer distribution, on a free loopback port, as a context manager."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from tests.real.listening import ListeningProcess
from tests.real.programs import clean_environment

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


@dataclass
class DockerRegistry:
    """One server process over a folder of stored images.

    Entering starts it and waits until it says where it listens; leaving ends it.
    """

    folder: Path
    """Where configuration and home of the process lie."""
    storage: Path
    """The root of the stored images."""
    sections: dict[str, Any] = field(default_factory=dict)
    """Further sections of the configuration, such as `auth`, and further entries of those that there are."""
    certificate: tuple[Path, Path] | None = None
    """Certificate and key to speak TLS with."""
    client_authority: Path | None = None
    """The authority whose certificates clients must show; none is asked for where it is left out."""
    program: str = "docker-registry"
    """Debian's, or `distribution`."""

    def __post_init__(self) -> None:
        self._process: ListeningProcess | None = None

    @property
    def host(self) -> str:
        """Address and port."""
        return "" if self._process is None else self._process.host

    @property
    def url(self) -> str:
        """Scheme, address and port."""
        return f"{'https' if self.certificate else 'http'}://{self.host}"

    @property
    def log(self) -> list[str]:
        """What the server has written so far, line by line."""
        return [] if self._process is None else self._process.log

    def _configuration(self) -> dict[str, Any]:
        http: dict[str, Any] = {"addr": "127.0.0.1:0", "secret": "any"}
        if self.certificate is not None:
            certificate, key = self.certificate
            http["tls"] = {"certificate": str(certificate), "key": str(key)}
            if self.client_authority is not None:
                http["tls"]["clientcas"] = [str(self.client_authority)]
        basic: dict[str, Any] = {
            "version": 0.1,
            "log": {"level": "info", "formatter": "json", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.storage)},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": http,
            "validation": {"manifests": {"urls": {"allow": ["^https?://"]}}},
            "compatibility": {"schema1": {"enabled": True}},
        }
        return basic | {
            name: {**basic.get(name, {}), **entries} if isinstance(entries, dict) else entries
            for name, entries in self.sections.items()
        }

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "configuration.yml"
        configuration.write_text(json.dumps(self._configuration()), encoding="utf-8")
        self._process = ListeningProcess(
            [self.program, "serve", str(configuration)],
            clean_environment(self.folder / "home"),
            r"listening on 127\.0\.0\.1:(\d+)",
        )
        self._process.start()
        return self

    def stop(self) -> None:
        """End the process; without effect when it has ended."""
        if self._process is not None:
            self._process.stop()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
