"""Bodies of requests, read under a limit, and bodies of answers, sent in pieces."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

from tui.demo.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

CHUNK = 128 * 1024
"""Bytes of a blob that are handed to the connection at once: a slow reader holds only few of them."""

PACED_STEP = 0.05
"""Seconds between two pieces of a blob whose speed is limited: a progress bar moves smoothly."""


def too_large(limit: int) -> ProblemError:
    """Return the refusal of a body that is larger than a limit in bytes."""
    return ProblemError(
        413, "SIZE_INVALID", f"the body is larger than {limit} bytes", detail={"limit": limit}
    )


async def read_body(request: Request, limit: int, into: bytearray | None = None) -> bytes:
    """Read a request's body.

    Args:
        request: Whose body.
        limit: Most bytes that the body may have.
        into: What to append it to while it comes; the limit then counts what is there already.

    Raises:
        ProblemError: The body is larger; what came is left out of `into`.
    """
    collected = bytearray() if into is None else into
    before = len(collected)
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and before + int(announced) > limit:
        raise too_large(limit)
    async for piece in request.stream():
        if len(collected) + len(piece) > limit:
            del collected[before:]
            raise too_large(limit)
        collected += piece
    return bytes(collected) if into is None else b""


class PiecesResponse(Response):
    """Bytes sent piece by piece, so that a client sees them come and can leave in between.

    Args:
        data: The body.
        status_code: Status.
        headers: Further headers; Content-Length is added.
        bytes_per_second: How fast; None for as fast as it goes.
        cut_off: Close the connection after so many bytes; None for never.
    """

    def __init__(
        self,
        data: memoryview,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        bytes_per_second: int | None = None,
        cut_off: int | None = None,
    ) -> None:
        super().__init__(None, status_code, {"Content-Length": str(len(data))} | dict(headers or {}))
        self._data = data
        self._bytes_per_second = bytes_per_second
        self._cut_off = cut_off

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; ASGI."""
        del receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        end = len(self._data) if self._cut_off is None else min(self._cut_off, len(self._data))
        step = CHUNK
        if self._bytes_per_second is not None:
            step = max(1, min(CHUNK, int(self._bytes_per_second * PACED_STEP)))
        if scope["method"] != "HEAD":
            for start in range(0, end, step):
                piece = bytes(self._data[start : min(start + step, end)])
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                if self._bytes_per_second is not None:
                    await asyncio.sleep(len(piece) / self._bytes_per_second)
        if self._cut_off is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
