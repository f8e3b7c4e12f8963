"""The registry behind a real socket, on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

import uvicorn

from tui.demo.application import LoggedRequest, RequestLog, application
from tui.demo.samples import build_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from tui.demo.access import Login
    from tui.demo.application import Hook
    from tui.demo.storage import Storage

LOOPBACK = "127.0.0.1"
"""The only address that the server listens on."""

KEEP_ALIVE = 600
"""Seconds that an idle connection stays open: longer than a test, so that no request meets a closing one."""

START_LIMIT = 30.0
"""Seconds that the thread may take to serve: far more than a busy machine needs."""

ACCEPT_TURNS = 4
"""Turns of the event loop after which a connection that was accepted last is known."""


class _Server(uvicorn.Server):
    """uvicorn's server, told when to stop instead of looking ten times a second, and stopping at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        self.serving.set()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close every connection, whatever it waits for, and end the requests on them."""
        for one in sockets or []:
            # Before the server is closed: asyncio loses connections that it accepts at that moment.
            asyncio.get_running_loop().remove_reader(one)
        for _ in range(ACCEPT_TURNS):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        self._abort_connections()
        await asyncio.sleep(0)
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def tell_to_stop(self) -> None:
        """End `serve`; from any thread."""
        self._call(self._stopping.set)

    def tell_to_drop(self) -> None:
        """Close all connections; from any thread."""
        self._call(self._abort_connections)

    def _call(self, function: Callable[[], None]) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(function)

    def _abort_connections(self) -> None:
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if isinstance(transport, asyncio.Transport):
                transport.abort()


def _run(server: _Server, listener: socket.socket) -> None:
    """Serve on a listening socket until told to stop."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(server.serve([listener]))


class DemoServer:
    """A registry on a loopback port; also a context manager that starts and stops it.

    Args:
        storage: What it holds; by default the samples. It may be changed while the registry serves.
        port: Port on 127.0.0.1; 0 for a free one.
        login: `BasicLogin` or `BearerLogin`; by default everybody may do everything.
        before: Hooks, called in order before every request is handled. May be changed in `server.before`.
        **options: The fields of `tui.demo.options.Options`.

    Attributes:
        storage: What it holds.
        before: The hooks.
    """

    def __init__(
        self,
        storage: Storage | None = None,
        *,
        port: int = 0,
        login: Login | None = None,
        before: Iterable[Hook] = (),
        **options: Any,
    ) -> None:
        self.storage = build_samples() if storage is None else storage
        self.before: list[Hook] = list(before)
        self._log = RequestLog()
        self._port = port
        self._app = application(self.storage, login=login, before=self.before, log=self._log, **options)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to serve; returns when the port accepts connections. Does nothing when it serves already.

        Raises:
            OSError: The port is taken.
            RuntimeError: The server did not come up.
        """
        if self._thread is not None:
            return
        # asyncio switches Nagle's algorithm off only where the protocol is named; with it, every answer
        # in two parts takes 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK, self._port))
        except OSError:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        # Without a handler, the logging module would write uvicorn's complaints to standard error.
        uvicorn_log = logging.getLogger("uvicorn")
        if not uvicorn_log.handlers:
            uvicorn_log.addHandler(logging.NullHandler())
        config = uvicorn.Config(
            self._app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        server = _Server(config)
        thread = threading.Thread(target=_run, args=(server, listener), name="demo registry", daemon=True)
        thread.start()
        if not server.serving.wait(START_LIMIT):
            raise RuntimeError("the demo registry did not start")
        self._server, self._thread = server, thread

    def stop(self) -> None:
        """Close the port and all connections, whatever they wait for; returns when the thread has ended."""
        if self._server is not None and self._thread is not None:
            self._server.tell_to_stop()
            self._thread.join()
        self._server = self._thread = None

    def drop_connections(self) -> None:
        """Close all open connections at once, in the middle of what they carry; the port stays open."""
        if self._server is not None:
            self._server.tell_to_drop()

    @property
    def port(self) -> int:
        """The port; before the start, the one that was asked for."""
        return self._port

    @property
    def host(self) -> str:
        """Host and port, as registries are named: "127.0.0.1:5000"."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def url(self) -> str:
        """Where it serves: "http://127.0.0.1:5000"."""
        return f"http://{self.host}"

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """The requests that have arrived, oldest first."""
        return self._log.all()

    def forget_requests(self) -> None:
        """Empty the log of requests."""
        self._log.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
