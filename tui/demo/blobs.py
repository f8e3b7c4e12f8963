"""Blobs: read whole or in part, and deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import Response

from tui.demo.bodies import PiecesResponse
from tui.demo.grammar import is_digest
from tui.demo.problems import ProblemError, blob_unknown, digest_invalid, name_unknown, unsupported

if TYPE_CHECKING:
    from starlette.requests import Request

    from tui.demo.options import Options
    from tui.demo.storage import Storage

_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.IGNORECASE)


class Blobs:
    """Endpoints `/v2/<name>/blobs/<digest>`.

    Args:
        storage: Where blobs are kept.
        options: What is allowed, and how fast.
    """

    def __init__(self, storage: Storage, options: Options) -> None:
        self._storage = storage
        self._options = options

    async def read(self, request: Request, name: str) -> Response:
        """Answer GET and HEAD (end-2): 200, 206 for one range, 307 where another origin has the blobs."""
        digest, data = self._find(request, name)
        headers = {
            "Content-Type": "application/octet-stream",
            "Docker-Content-Digest": digest,
            "ETag": f'"{digest}"',
        }
        origin = self._options.redirect_blobs
        if origin is not None:
            location = f"{origin}{request.url.path}?signature={digest[-16:]}"
            return Response(status_code=307, headers={"Location": location})
        view = memoryview(data)
        speed = self._options.bytes_per_second
        wanted = None
        if self._options.ranges:
            headers["Accept-Ranges"] = "bytes"
            wanted = _wanted_range(request, headers["ETag"], len(data))
        if wanted is None:
            return PiecesResponse(view, 200, headers, bytes_per_second=speed)
        start, end = wanted
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        return PiecesResponse(view[start:end], 206, headers, bytes_per_second=speed)

    async def delete(self, request: Request, name: str) -> Response:
        """Answer DELETE (end-10)."""
        if not self._options.delete:
            raise unsupported("this registry deletes nothing")
        digest, _data = self._find(request, name)
        self._storage.delete_blob(name, digest)
        return Response(status_code=202, headers={"Docker-Content-Digest": digest})

    def _find(self, request: Request, name: str) -> tuple[str, bytes]:
        digest: str = request.path_params["digest"]
        if not is_digest(digest):
            raise digest_invalid(digest)
        if not self._storage.has_repository(name):
            raise name_unknown(name)
        data = self._storage.get_blob(name, digest)
        if data is None:
            raise blob_unknown(digest)
        return digest, data


def _wanted_range(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """Return the start and the end (exclusive) of the one range that is asked for, or None for the whole.

    What is no single range of bytes is ignored (RFC 9110, section 14.2), and so is every range when
    `If-Range` names something else.

    Raises:
        ProblemError: Nothing of the blob lies in the range.
    """
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        return None
    if start >= end:
        headers = {"Content-Range": f"bytes */{size}"}
        message = "the range lies outside of the blob"
        raise ProblemError(416, "SIZE_INVALID", message, detail={"size": size}, headers=headers)
    return start, end
