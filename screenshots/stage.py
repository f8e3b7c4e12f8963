"""The program on a stage: over the demo registry, under another name, another clock and another home."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import httpx
from starlette.responses import StreamingResponse

from screenshots.svg import clean, screen_lines
from tui.app import OcituiApp
from tui.arguments import parse_place
from tui.client.names import RegistryHost
from tui.config import load_settings
from tui.demo import DemoServer
from tui.demo.layers import CLOCK
from tui.session import Session
from tui.transfers import Downloads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request
    from textual.pilot import Pilot

    from tui.arguments import Place

HOST: Final = RegistryHost("registry.example.com")
"""What the demo registry is called in the pictures."""

LOGIN: Final = b"alice:secret"
"""Who is logged in there."""

NOW: Final = CLOCK + timedelta(hours=6)
"""When the pictures are taken."""

DEADLINE: Final = 30.0
"""Seconds in which the screen comes to show what a scene waits for: a busy machine needs a few."""

STEP: Final = 0.05
"""Seconds between two looks at the screen."""

CALM_LOOKS: Final = 6
"""So many looks in a row see the same while nothing is asked of the registry: then nothing moves any more."""


def furnish(home: Path) -> dict[str, str]:
    """Put a person's files into an empty home, and return the environment that leads to them.

    The environment is all that the program gets to see of the machine.
    """
    docker = home / "docker"
    docker.mkdir()
    login = {"auths": {HOST: {"auth": base64.b64encode(LOGIN).decode()}}}
    (docker / "config.json").write_text(json.dumps(login))
    settings = home / "settings.toml"
    settings.write_text(f'download_folder = "{home.as_posix()}"\n\n[registries."{HOST}"]\n')
    return {
        "HOME": str(home),
        "DOCKER_CONFIG": str(docker),
        "REGISTRY_AUTH_FILE": str(home / "no-auth.json"),
        "OCITUI_CONFIG": str(settings),
        "OCITUI_STATE": str(home / "state.json"),
        # No folder can be in a file: what one scene has found out of layers is not known in the next one.
        "XDG_CACHE_HOME": str(settings),
        "TEXTUAL_ANIMATIONS": "none",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "TZ": "UTC",
    }


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds that have passed."""
        return self.now


class Redirected(httpx.AsyncBaseTransport):
    """Carries what is meant for `HOST` to the demo registry, and knows no other host.

    Attributes:
        under_way: Requests without an answer so far.
    """

    def __init__(self, port: int) -> None:
        self.under_way = 0
        self._port = port
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its `Host` still names the registry."""
        if request.url.host != HOST:
            raise httpx.ConnectError("there is no network here", request=request)
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        self.under_way += 1
        try:
            return await self._inner.handle_async_request(request)
        finally:
            self.under_way -= 1

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


class Stage:
    """The running program, and what a scene does with it."""

    def __init__(
        self, pilot: Pilot[None], session: Session, server: DemoServer, transport: Redirected, clock: Clock
    ) -> None:
        self.session = session
        self.clock = clock
        self._pilot = pilot
        self._server = server
        self._transport = transport

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self._pilot.press(*keys)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something has become true.

        Raises:
            TimeoutError: it has not; the message shows the screen.
        """
        try:
            async with asyncio.timeout(DEADLINE):
                while not condition():
                    await self._pilot.pause(STEP)
        except TimeoutError as error:
            screen = "\n".join(screen_lines(self._draw()))
            raise TimeoutError(f"this is not what was waited for:\n{screen}") from error

    async def until_shown(self, *texts: str) -> None:
        """Wait until all texts are on the screen, each on one line.

        Raises:
            TimeoutError: they did not come.
        """
        await self.until(lambda: all(self._shows(text) for text in texts))

    async def picture(self, title: str) -> str:
        """Wait until nothing moves any more, and return the picture.

        Raises:
            TimeoutError: the screen does not come to rest.
        """
        seen, looks = "", 0
        async with asyncio.timeout(DEADLINE):
            while looks < CALM_LOOKS:
                await self._pilot.pause(STEP)
                now = self._draw()
                looks = looks + 1 if now == seen and not self._transport.under_way else 0
                seen = now
        background = self._pilot.app.theme_variables["background"]
        return clean(seen, title=title, background=background)

    def hold_large_blobs(self, after: int) -> None:
        """Let the registry send so many bytes of blobs that have more, and the rest never."""

        async def hook(request: Request) -> StreamingResponse | None:
            repository, blobs, digest = request.url.path.removeprefix("/v2/").partition("/blobs/")
            data = self._server.storage.get_blob(repository, digest) if blobs else None
            if data is None or len(data) <= after or request.method != "GET" or "range" in request.headers:
                return None

            async def pieces() -> AsyncIterator[bytes]:
                yield data[:after]
                await asyncio.Event().wait()

            return StreamingResponse(pieces(), headers={"Content-Length": str(len(data))})

        self._server.before.append(hook)

    def _draw(self) -> str:
        return self._pilot.app.export_screenshot()

    def _shows(self, text: str) -> bool:
        return any(text in line for line in screen_lines(self._draw()))


@asynccontextmanager
async def staged(place: str, size: tuple[int, int], theme: str) -> AsyncIterator[Stage]:
    """Start the program on a place of the demo registry, as `ocitui HOST/PLACE` does.

    Args:
        place: `REPOSITORY[:TAG]`.
        size: columns and lines of the terminal.
        theme: the colours.
    """
    with DemoServer() as server:
        transport, clock = Redirected(server.port), Clock()
        session = Session(load_settings(), transport=transport, now=lambda: NOW)
        session.downloads = Downloads(clock=clock)

        async def start() -> Place:
            return parse_place(f"{HOST}/{place}")

        app = OcituiApp(session, start)
        app.theme = theme
        async with app.run_test(size=size) as pilot:
            yield Stage(pilot, session, server, transport, clock)
