"""Uploads of blobs: in one piece, in chunks, or mounted from another repository ("Pushing blobs")."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import Response

from tui.demo.access import repository_access
from tui.demo.bodies import read_body
from tui.demo.grammar import ALGORITHMS, digest_of, is_digest, is_name
from tui.demo.problems import ProblemError, digest_invalid, name_invalid, unsupported

if TYPE_CHECKING:
    from starlette.requests import Request

    from tui.demo.access import Login
    from tui.demo.options import Options
    from tui.demo.storage import Storage

_CONTENT_RANGE = re.compile(r"(?:bytes[ =])?([0-9]{1,18})-([0-9]{1,18})(?:/.*)?")


@dataclass(slots=True)
class _Session:
    """An upload under way."""

    name: str
    state: str
    data: bytearray = field(default_factory=bytearray)
    busy: bool = False


class Uploads:
    """Endpoints under `/v2/<name>/blobs/uploads/`.

    Args:
        storage: Where finished blobs go.
        options: What is allowed.
        login: Asked whether a blob may be mounted from another repository.
    """

    def __init__(self, storage: Storage, options: Options, login: Login) -> None:
        self._storage = storage
        self._options = options
        self._login = login
        self._sessions: dict[str, _Session] = {}

    async def start(self, request: Request, name: str) -> Response:
        """Answer POST: a new session (end-4a), a whole blob (end-4b) or a mount (end-11)."""
        if not self._options.push:
            raise unsupported("this registry is read-only")
        query = request.query_params
        if "mount" in query and self._mount(request, name, query["mount"], query.get("from")):
            return _created(name, query["mount"])
        if "digest" in query:
            digest = _checked_digest(query["digest"])
            data = await read_body(request, self._options.max_blob)
            return self._store(name, digest, data)
        if query.get("digest-algorithm", ALGORITHMS[0]) not in ALGORITHMS:
            raise digest_invalid(query["digest-algorithm"])
        while len(self._sessions) >= self._options.max_uploads:
            del self._sessions[next(iter(self._sessions))]
        identity = str(uuid.uuid4())
        self._sessions[identity] = session = _Session(name, secrets.token_hex(8))
        self._storage.create_repository(name)
        return Response(status_code=202, headers=_progress(identity, session))

    async def append(self, request: Request, name: str) -> Response:
        """Answer PATCH (end-5): one chunk, or a stream without Content-Range."""
        identity, session = self._find(request, name)
        await self._receive(request, identity, session)
        return Response(status_code=202, headers=_progress(identity, session))

    async def finish(self, request: Request, name: str) -> Response:
        """Answer PUT (end-6): the last chunk, if any, and the digest of the whole."""
        identity, session = self._find(request, name)
        digest = _checked_digest(request.query_params.get("digest", ""))
        await self._receive(request, identity, session)
        self._sessions.pop(identity, None)
        return self._store(name, digest, bytes(session.data))

    async def status(self, request: Request, name: str) -> Response:
        """Answer GET (end-13): how far the upload is."""
        identity, session = self._find(request, name)
        return Response(status_code=204, headers=_progress(identity, session))

    async def cancel(self, request: Request, name: str) -> Response:
        """Answer DELETE (end-14)."""
        identity, _session = self._find(request, name)
        del self._sessions[identity]
        return Response(status_code=204)

    def _find(self, request: Request, name: str) -> tuple[str, _Session]:
        """Return the session that a path and its `_state` name."""
        identity: str = request.path_params["session"]
        session = self._sessions.get(identity)
        state = request.query_params.get("_state", "")
        if session is None or session.name != name or not secrets.compare_digest(session.state, state):
            message = "blob upload unknown to registry"
            raise ProblemError(404, "BLOB_UPLOAD_UNKNOWN", message, detail={"session": identity})
        return identity, session

    async def _receive(self, request: Request, identity: str, session: _Session) -> None:
        """Append a request's body to a session.

        Raises:
            ProblemError: It does not begin where the session ends (416), has another length than it says,
                or comes while another one is being received.
        """
        if session.busy:
            raise ProblemError(409, "BLOB_UPLOAD_INVALID", "another chunk is being received")
        before = len(session.data)
        expected = None
        if "content-range" in request.headers:
            expected = _chunk_size(request.headers["content-range"], identity, session)
        session.busy = True
        try:
            await read_body(request, self._options.max_blob, into=session.data)
        finally:
            session.busy = False
        received = len(session.data) - before
        if expected is not None and received != expected:
            del session.data[before:]
            detail = {"announced": expected, "received": received}
            raise ProblemError(
                400, "SIZE_INVALID", "the chunk has another length than its range", detail=detail
            )

    def _store(self, name: str, digest: str, data: bytes) -> Response:
        if digest_of(data, digest.partition(":")[0]) != digest:
            raise digest_invalid(digest, "provided digest did not match uploaded content")
        self._storage.put_blob(name, data, digest=digest)
        return _created(name, digest)

    def _mount(self, request: Request, name: str, digest: str, source: str | None) -> bool:
        """Take a blob over from another repository, or from any; say whether that went."""
        digest = _checked_digest(digest)
        if source is not None and not is_name(source):
            raise name_invalid(source)
        sources = self._storage.repositories_with(digest) if source is None else (source,)
        for one in sources:
            data = self._storage.get_blob(one, digest)
            if data is not None and self._may_pull(request, one):
                self._storage.put_blob(name, data, digest=digest)
                return True
        return False

    def _may_pull(self, request: Request, name: str) -> bool:
        """Say whether a request's login reaches as far as another repository."""
        try:
            self._login.check(request, repository_access(name, "pull"))
        except ProblemError:
            return False
        return True


def _checked_digest(digest: str) -> str:
    if not is_digest(digest):
        raise digest_invalid(digest)
    return digest


def _created(name: str, digest: str) -> Response:
    headers = {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest}
    return Response(status_code=201, headers=headers)


def _progress(identity: str, session: _Session) -> dict[str, str]:
    """Return the headers that say where an upload goes on; an empty one has the range "0-0"."""
    return {
        "Location": f"/v2/{session.name}/blobs/uploads/{identity}?_state={session.state}",
        "Docker-Upload-UUID": identity,
        "Range": f"0-{max(0, len(session.data) - 1)}",
    }


def _chunk_size(text: str, identity: str, session: _Session) -> int:
    """Return how many bytes a chunk's Content-Range announces.

    Raises:
        ProblemError: It is none, or the chunk does not follow what is there.
    """
    match = _CONTENT_RANGE.fullmatch(text.strip())
    if match is None or int(match[1]) != len(session.data) or int(match[2]) < int(match[1]):
        message = "the chunk does not follow what has been received"
        headers = _progress(identity, session)
        raise ProblemError(416, "BLOB_UPLOAD_INVALID", message, detail={"range": text}, headers=headers)
    return int(match[2]) - int(match[1]) + 1
