"""Where a registry sends those who ask for a blob: the files of its storage, on another origin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tests.real.http_server import Answer, Asked

if TYPE_CHECKING:
    from pathlib import Path

TOUCHES_LOGIN = "Only one auth mechanism allowed"
"""What an object store says to a signed URL that comes with a login as well."""


@dataclass
class BlobFiles:
    """Answers requests for files under a folder, as an object store does; hand it to an `HttpServer`."""

    root: Path
    ranges: bool = True
    """Whether ranges are answered; if not, every answer is the whole file."""

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        if "authorization" in asked.headers:
            return Answer(400, TOUCHES_LOGIN.encode(), {"Content-Type": "text/plain"})
        path = self.root / unquote(urlsplit(asked.target).path).lstrip("/")
        if not path.is_file():
            return Answer(404)
        content = path.read_bytes()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("range", ""))
        if not self.ranges or wanted is None:
            return Answer(200, content, {"Content-Type": "application/octet-stream"})
        first = int(wanted[1])
        last = min(int(wanted[2] or len(content) - 1), len(content) - 1)
        if first > last:
            return Answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        part = f"bytes {first}-{last}/{len(content)}"
        return Answer(206, content[first : last + 1], {"Content-Range": part})
