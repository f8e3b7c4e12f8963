"""A registry that takes blobs and manifests, and any of whose answers can be another one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.client.helpers import parameters
from tui.client import Digest

if TYPE_CHECKING:
    from tests.faults import Exchange

Odd = Callable[["OddRegistry", "Exchange"], Awaitable[bool]]
"""Answers instead of the registry; false where it has not."""

UPLOADS = re.compile(r"/v2/(?P<repository>.+)/blobs/uploads/(?P<upload>[^/]*)")
BLOB = re.compile(r"/v2/(?P<repository>.+)/blobs/(?P<digest>[^/]+)")


class OddRegistry:
    """Answers as the specification says, but for what is odd about it.

    Args:
        location: Where an upload goes on, from its number.
        **odd: By method, what answers before the registry does.
    """

    def __init__(self, location: Callable[[int], str] | None = None, **odd: Odd) -> None:
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[int, bytearray] = {}
        self._location = location or (
            lambda number: f"/v2/team/alpha/blobs/uploads/{number}?_state=s%3D{number}"
        )
        self._odd = odd
        self._begun = 0

    async def __call__(self, exchange: Exchange) -> None:
        odd = self._odd.get(exchange.asked.method)
        if odd is None or not await odd(self, exchange):
            await self.answer(exchange)

    async def answer(self, exchange: Exchange) -> None:
        """Answer as the specification says."""
        asked = exchange.asked
        if asked.method == "POST":
            await self.begin(exchange)
        elif asked.method in {"GET", "PATCH", "PUT", "DELETE"} and UPLOADS.fullmatch(asked.path):
            await self._go_on(exchange)
        elif asked.method in {"GET", "HEAD"} and (match := BLOB.fullmatch(asked.path)):
            blob = self.blobs.get(match["digest"])
            await exchange.reply(404 if blob is None else 200, b"" if blob is None else blob)
        else:
            await exchange.reply(404)

    async def begin(self, exchange: Exchange, **headers: str) -> None:
        """Open an upload."""
        self._begun += 1
        self.uploads[self._begun] = bytearray()
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        await exchange.reply(202, b"", {**self.progress(self._begun), **own})

    def progress(self, number: int) -> dict[str, str]:
        """Make the headers that say where an upload goes on, and how far it is."""
        last = max(len(self.uploads[number]) - 1, 0)
        return {"Location": self._location(number), "Range": f"0-{last}"}

    async def _go_on(self, exchange: Exchange) -> None:
        asked = exchange.asked
        number = int(asked.path.rpartition("/")[2])
        data = self.uploads.get(number)
        if data is None:
            await exchange.reply(404, {"errors": [{"code": "BLOB_UPLOAD_UNKNOWN"}]})
        elif asked.method == "DELETE":
            del self.uploads[number]
            await exchange.reply(204)
        elif asked.method == "GET":
            await exchange.reply(204, b"", self.progress(number))
        elif asked.headers.get("content-range", f"{len(data)}-").partition("-")[0] != str(len(data)):
            await exchange.reply(416, b"", self.progress(number))
        elif asked.method == "PATCH":
            data += asked.body
            await exchange.reply(202, b"", self.progress(number))
        else:
            data += asked.body
            digest = Digest(dict(parameters(asked))["digest"])
            if Digest.of(bytes(data), digest.algorithm) != digest:
                await exchange.reply(400, {"errors": [{"code": "DIGEST_INVALID"}]})
                return
            self.blobs[digest] = bytes(data)
            del self.uploads[number]
            await exchange.reply(201, b"", {"Docker-Content-Digest": digest})


def answering(status: int, **headers: str) -> Odd:
    """Answer always the same."""
    own = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_registry: OddRegistry, exchange: Exchange) -> bool:
        await exchange.reply(status, b"", own)
        return True

    return answer


def once(odd: Odd) -> Odd:
    """Be odd the first time alone."""
    left = 1

    async def answer(registry: OddRegistry, exchange: Exchange) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and await odd(registry, exchange)

    return answer
