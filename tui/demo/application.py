"""The registry as an ASGI application: routes, request log, hooks."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tui.demo.access import CATALOG_ACCESS, NoLogin, repository_access
from tui.demo.blobs import Blobs
from tui.demo.grammar import is_name
from tui.demo.listings import Listings
from tui.demo.manifests import Manifests
from tui.demo.options import Options
from tui.demo.problems import ProblemError, answer_problem, answer_unrouted, name_invalid
from tui.demo.uploads import Uploads

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tui.demo.access import Login
    from tui.demo.storage import Storage

Hook = Callable[[Request], Awaitable[Response | None]]
"""Called before a request is handled; a response that it returns is sent instead of the registry's."""

Handler = Callable[[Request, str], Awaitable[Response]]
"""An endpoint of a repository: the request and the repository's name."""

MAX_LOGGED = 20_000
"""Requests that the log keeps: more than a test makes, few enough for a demo that runs for days."""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request as it arrived."""

    method: str
    path: str
    """Percent-encoded, as it was sent; without the query."""
    query: str
    """What follows the question mark, as it was sent."""
    headers: Headers
    """Looked up without regard to case."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}{'?' if self.query else ''}{self.query}"


class RequestLog:
    """The requests that arrived, oldest first; may be read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=MAX_LOGGED)

    def add(self, request: LoggedRequest) -> None:
        """Note a request."""
        with self._lock:
            self._requests.append(request)

    def all(self) -> tuple[LoggedRequest, ...]:
        """Return the requests so far."""
        with self._lock:
            return tuple(self._requests)

    def clear(self) -> None:
        """Forget the requests so far."""
        with self._lock:
            self._requests.clear()


class _Front:
    """Stands before everything else: writes the log, calls the hooks, and changes headers."""

    def __init__(self, app: ASGIApp, log: RequestLog, before: list[Hook], options: Options) -> None:
        self._app = app
        self._log = log
        self._before = before
        self._headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in options.headers]
        self._hidden = {name.encode() for name in options.hidden_headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope.get("raw_path", b"").decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        self._log.add(LoggedRequest(scope["method"], path, query, Headers(raw=list(scope["headers"]))))

        async def send_changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [(name, value) for name, value in message["headers"] if name not in self._hidden]
                message = {**message, "headers": [*kept, *self._headers]}
            await send(message)

        try:
            for hook in tuple(self._before):
                response = await hook(Request(scope, receive))
                if response is not None:
                    await response(scope, receive, send_changed)
                    return
            await self._app(scope, receive, send_changed)
        except ClientDisconnect:
            return  # nobody is left to answer
        except asyncio.CancelledError:
            return  # the server stops and has closed the connection


def application(
    storage: Storage,
    *,
    login: Login | None = None,
    before: list[Hook] | None = None,
    log: RequestLog | None = None,
    **options: Any,
) -> Starlette:
    """Build the registry.

    Args:
        storage: What it holds; may be changed while it serves.
        login: `BasicLogin` or `BearerLogin`; by default everybody may do everything.
        before: Hooks, called in order for every request; the list may be changed while it serves.
        log: Where requests are noted.
        **options: The fields of `Options`.
    """
    chosen = Options(**options)
    guard = NoLogin() if login is None else login
    listings = Listings(storage, chosen)
    manifests = Manifests(storage, chosen)
    blobs = Blobs(storage, chosen)
    uploads = Uploads(storage, chosen, guard)

    async def version(request: Request) -> Response:
        guard.check(request, ())
        return JSONResponse({}, headers={"Docker-Distribution-API-Version": "registry/2.0"})

    async def catalog(request: Request) -> Response:
        guard.check(request, CATALOG_ACCESS)
        return await listings.catalog(request)

    def resource(path: str, handlers: dict[str, tuple[Handler, str]]) -> Route:
        """Return the route of a path below a repository: by method, its handler and the actions it needs."""

        async def dispatch(request: Request) -> Response:
            name: str = request.path_params["name"]
            handler, actions = handlers["GET" if request.method == "HEAD" else request.method]
            if not is_name(name):
                raise name_invalid(name)
            guard.check(request, repository_access(name, *actions.split(",")))
            return await handler(request, name)

        return Route("/v2/{name:path}/" + path, dispatch, methods=list(handlers))

    session: dict[str, tuple[Handler, str]] = {
        "GET": (uploads.status, "pull,push"),
        "PATCH": (uploads.append, "pull,push"),
        "PUT": (uploads.finish, "pull,push"),
        "DELETE": (uploads.cancel, "pull,push"),
    }
    manifest: dict[str, tuple[Handler, str]] = {
        "GET": (manifests.read, "pull"),
        "PUT": (manifests.push, "pull,push"),
        "DELETE": (manifests.delete, "delete"),
    }
    routes: list[BaseRoute] = [
        Route("/v2/", version),
        Route("/v2", version),
        Route("/v2/_catalog", catalog),
        resource("tags/list", {"GET": (listings.tags, "pull")}),
        resource("referrers/{digest}", {"GET": (listings.referrers, "pull")}),
        resource("manifests/{reference}", manifest),
        resource("blobs/uploads/", {"POST": (uploads.start, "pull,push")}),
        resource("blobs/uploads", {"POST": (uploads.start, "pull,push")}),
        resource("blobs/uploads/{session}", session),
        resource("blobs/{digest}", {"GET": (blobs.read, "pull"), "DELETE": (blobs.delete, "delete")}),
        *guard.routes(),
    ]
    front = Middleware(
        _Front,
        log=RequestLog() if log is None else log,
        before=[] if before is None else before,
        options=chosen,
    )
    app = Starlette(
        routes=routes,
        middleware=[front],
        exception_handlers={ProblemError: answer_problem, HTTPException: answer_unrouted},
    )
    app.router.redirect_slashes = False
    return app
