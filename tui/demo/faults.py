"""Hooks that make the registry misbehave: it waits, refuses, answers something else, breaks off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tui.demo.bodies import PiecesResponse
from tui.demo.problems import error_response

if TYPE_CHECKING:
    from tui.demo.application import Hook

Matcher = Callable[[Request], bool]
"""Chooses requests."""


def path_has(part: str) -> Matcher:
    """Choose the requests whose path contains a text."""
    return lambda request: part in request.url.path


def method_is(method: str) -> Matcher:
    """Choose the requests of a method."""
    return lambda request: request.method == method


class Gate:
    """A hook that holds requests back until it is opened; may be used from any thread and any event loop.

    Args:
        matching: Which requests; by default all.

    Example:
        gate = Gate(path_has("/tags/list"))
        server.before.append(gate)
        ...                        # the client asks
        await gate.arrived()       # the request is held back now
        gate.open()                # and goes on
    """

    def __init__(self, matching: Matcher | None = None) -> None:
        self._matching = matching
        self._arrived: Future[None] = Future()
        self._opened: Future[None] = Future()
        self._abandoned: Future[None] = Future()

    async def __call__(self, request: Request) -> Response | None:
        """Hold a request back; one whose client leaves is answered with nothing."""
        if self._opened.done() or (self._matching is not None and not self._matching(request)):
            return None
        _settle(self._arrived)
        opened = asyncio.ensure_future(asyncio.wrap_future(_follower(self._opened)))
        left = asyncio.ensure_future(_disconnected(request))
        try:
            await asyncio.wait({opened, left}, return_when=asyncio.FIRST_COMPLETED)
            if opened.done():
                return None
            _settle(self._abandoned)
            return Response(status_code=204)
        finally:
            opened.cancel()
            left.cancel()

    def open(self) -> None:
        """Let all requests pass, those that wait and those that come."""
        _settle(self._opened)

    async def arrived(self) -> None:
        """Wait until a request is held back."""
        await asyncio.wrap_future(_follower(self._arrived))

    async def abandoned(self) -> None:
        """Wait until a client has closed the connection of a request that is held back."""
        await asyncio.wrap_future(_follower(self._abandoned))

    def wait_arrived(self, timeout: float) -> None:
        """Wait, outside of event loops, until a request is held back; TimeoutError after some seconds."""
        self._arrived.result(timeout)


def reply(
    response: Callable[[], Response], matching: Matcher | None = None, times: int | None = None
) -> Hook:
    """Return a hook that answers instead of the registry.

    Args:
        response: Makes the answer.
        matching: Which requests; by default all.
        times: How many of them; by default all, else the later ones pass.
    """
    left = times

    async def hook(request: Request) -> Response | None:
        nonlocal left
        if left == 0 or (matching is not None and not matching(request)):
            return None
        if left is not None:
            left -= 1
        return response()

    return hook


def too_many_requests(
    retry_after: str | None = "1", matching: Matcher | None = None, times: int | None = 1
) -> Hook:
    """Return a hook that answers 429.

    Args:
        retry_after: The header's value, seconds or a date; None for none.
        matching: Which requests; by default all.
        times: How many of them; None for all.
    """
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    message = "too many requests"
    return reply(lambda: error_response(429, "TOOMANYREQUESTS", message, headers=headers), matching, times)


def html_page(status: int = 200, matching: Matcher | None = None, times: int | None = None) -> Hook:
    """Return a hook that answers with a page for people, as proxies and portals do."""
    page = "<!doctype html><title>Sign in</title><h1>Welcome to the guest network</h1>"
    return reply(lambda: HTMLResponse(page, status), matching, times)


def redirect(location: str, matching: Matcher | None = None, status: int = 307) -> Hook:
    """Return a hook that sends clients elsewhere."""
    return reply(lambda: RedirectResponse(location, status), matching)


def cut_off(
    data: bytes, after: int, matching: Matcher | None = None, times: int | None = None, status: int = 200
) -> Hook:
    """Return a hook that announces a body and closes the connection after a part of it.

    Args:
        data: The body.
        after: Bytes of it that are sent.
        matching: Which requests; by default all.
        times: How many of them; None for all.
        status: Status of the answer.
    """
    return reply(lambda: PiecesResponse(memoryview(data), status, cut_off=after), matching, times)


def _settle(future: Future[None]) -> None:
    """Mark a future as done, unless it is."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(None)


def _follower(future: Future[None]) -> Future[None]:
    """Return a future that is done when another one is; to cancel it leaves the other one alone."""
    follower: Future[None] = Future()

    def follow(_future: Future[None]) -> None:
        if follower.set_running_or_notify_cancel():
            follower.set_result(None)

    future.add_done_callback(follow)
    return follower


async def _disconnected(request: Request) -> None:
    """Wait until the client has left; never for a request with a body, which is not ours to read."""
    if set(request.headers.keys()) & {"content-length", "transfer-encoding"}:
        await asyncio.Event().wait()
    while (await request.receive())["type"] != "http.disconnect":
        pass
