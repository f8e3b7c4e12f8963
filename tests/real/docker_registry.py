"""Debian's docker-registry on a free loopback port, as a context manager."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Self

import pytest

from tests.real.programs import clean_environment

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

LONGEST_START = 20.0
"""Seconds within which the server listens, on a machine that is busy with other things."""

LONGEST_STOP = 10.0
"""Seconds within which the server ends when it is told to."""


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
    """Sections of the configuration beside the basic ones: `auth`, `middleware`."""
    certificate: tuple[Path, Path] | None = None
    """Certificate and key to speak TLS with."""
    log: list[str] = field(default_factory=list)
    """What the server has written so far, line by line."""

    def __post_init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._listening = threading.Event()
        self._host = ""

    @property
    def host(self) -> str:
        """Address and port."""
        return self._host

    @property
    def url(self) -> str:
        """Scheme, address and port."""
        return f"{'https' if self.certificate else 'http'}://{self._host}"

    def _configuration(self) -> dict[str, Any]:
        http: dict[str, Any] = {"addr": "127.0.0.1:0", "secret": "any"}
        if self.certificate is not None:
            certificate, key = self.certificate
            http["tls"] = {"certificate": str(certificate), "key": str(key)}
        return {
            "version": 0.1,
            "log": {"level": "info", "formatter": "json"},
            "storage": {
                "filesystem": {"rootdirectory": str(self.storage)},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": http,
            "validation": {"manifests": {"urls": {"allow": ["^https?://"]}}},
            "compatibility": {"schema1": {"enabled": True}},
            **self.sections,
        }

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "configuration.yml"
        configuration.write_text(json.dumps(self._configuration()), encoding="utf-8")
        self._process = subprocess.Popen(
            ["docker-registry", "serve", str(configuration)],
            env=clean_environment(self.folder / "home"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stderr,), daemon=True)
        self._reader.start()
        if not self._listening.wait(LONGEST_START) or not self._host:
            self.stop()
            pytest.fail(f"docker-registry does not listen: {' '.join(self.log)}")
        return self

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            self.log.append(line)
            if found := re.search(r"listening on (127\.0\.0\.1:\d+)", line):
                self._host = found[1]
                self._listening.set()
        self._listening.set()

    def stop(self) -> None:
        """End the process; without effect when it has ended."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(LONGEST_STOP)
        if self._reader is not None:
            self._reader.join(LONGEST_STOP)
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
