"""The listings: repositories, tags, referrers, page by page with Link ("Content Discovery")."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from starlette.responses import JSONResponse

from tui.demo.grammar import is_digest
from tui.demo.problems import ProblemError, digest_invalid, name_unknown
from tui.demo.storage import OCI_INDEX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from tui.demo.options import Options
    from tui.demo.storage import Storage


MAX_DIGITS = 9
"""Digits of `n` that are read: enough for any page."""


class Listings:
    """Endpoints that list.

    Args:
        storage: What there is to list.
        options: Page size, and which listings exist.
    """

    def __init__(self, storage: Storage, options: Options) -> None:
        self._storage = storage
        self._options = options

    async def catalog(self, request: Request) -> Response:
        """Answer GET `/v2/_catalog`."""
        if not self._options.catalog:
            raise ProblemError(404, "UNSUPPORTED", "this registry does not list its repositories")
        names, headers = self._page(request, self._storage.repositories())
        return JSONResponse({"repositories": names}, headers=headers)

    async def tags(self, request: Request, name: str) -> Response:
        """Answer GET `tags/list` (end-8)."""
        if not self._storage.has_repository(name):
            raise name_unknown(name)
        tags, headers = self._page(request, self._storage.tags(name))
        return JSONResponse({"name": name, "tags": tags}, headers=headers)

    async def referrers(self, request: Request, name: str) -> Response:
        """Answer GET `referrers/<digest>` (end-12): an empty index where nothing refers, never 404."""
        if not self._options.referrers:
            raise ProblemError(404, "UNSUPPORTED", "this registry has no referrers API")
        digest = request.path_params["digest"]
        if not is_digest(digest):
            raise digest_invalid(digest)
        found = {one.digest: one for one in self._storage.referrers(name, digest)}
        headers = {}
        kind = request.query_params.get("artifactType")
        if kind:
            found = {key: one for key, one in found.items() if one.artifact_type == kind}
            headers["OCI-Filters-Applied"] = "artifactType"
        digests, more_headers = self._page(request, tuple(found))
        index = {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [found[one].descriptor() for one in digests],
        }
        return JSONResponse(index, headers=headers | more_headers, media_type=OCI_INDEX)

    def _page(self, request: Request, entries: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """Cut out the page that a request asks for.

        Args:
            request: Its query says `n` (most entries) and `last` (the entry before the first).
            entries: All of them, sorted.

        Returns:
            The page's entries, and a Link header if more follow.

        Raises:
            ProblemError: `n` is no number of entries.
        """
        query = request.query_params
        size = self._options.page_size
        if "n" in query:
            asked = query["n"]
            if not (asked.isascii() and asked.isdigit() and len(asked) <= MAX_DIGITS):
                message = "invalid number of results requested"
                raise ProblemError(400, "PAGINATION_NUMBER_INVALID", message, detail={"n": asked})
            size = min(size, int(asked))
        start = bisect_right(entries, query["last"]) if "last" in query else 0
        page = list(entries[start : start + size])
        if not page or start + size >= len(entries):
            return page, {}
        kept = [(key, value) for key, value in query.multi_items() if key not in {"n", "last"}]
        following = urlencode([*kept, ("last", page[-1]), ("n", size)])
        return page, {"Link": f'<{quote(request.url.path)}?{following}>; rel="next"'}
