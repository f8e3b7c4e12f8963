"""The command `ocitui`: arguments, settings and logins become a session, and the session an application.

The only place where things are put together. Nothing that draws or connects is imported before the arguments
have been read.
"""

from __future__ import annotations

import gc
import importlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tui.arguments import Arguments, parse_command
from tui.client.names import RegistryHost
from tui.login_arguments import LoginArguments
from tui.parser import ExitCode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tui.app import OcituiApp
    from tui.arguments import Place
    from tui.demo import DemoServer
    from tui.session import Session

Prepared = TypeVar("Prepared")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, and tell how it ended (see `ExitCode`)."""
    arguments = parse_command(argv)
    try:
        if isinstance(arguments, Arguments):
            return browse(arguments)
        from tui import login_command  # noqa: PLC0415  # see the module's docstring

        if isinstance(arguments, LoginArguments):
            return login_command.log_in(arguments)
        return login_command.log_out(arguments)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def browse(arguments: Arguments) -> int:
    """Run the browser where there is a terminal for it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("ocitui: this is a program for a terminal, and here is none", file=sys.stderr)  # noqa: T201  # the command's own complaint
        return ExitCode.USAGE
    # Nearly all that is made before the first frame stays: looking for garbage would be a tenth of the time.
    gc.disable()
    try:
        return run(arguments)
    finally:
        gc.enable()


def run(arguments: Arguments) -> int:
    """Run the browser until the person leaves it."""
    from tui.app import OcituiApp  # noqa: PLC0415  # see the module's docstring
    from tui.config import SettingsError, load_settings  # noqa: PLC0415  # see the module's docstring
    from tui.credentials import LoginStore, take_environment  # noqa: PLC0415  # see the module's docstring
    from tui.session import Session, login_files_watched  # noqa: PLC0415  # see the module's docstring

    try:
        settings = load_settings()
    except SettingsError as error:
        print(f"ocitui: {error}", file=sys.stderr)  # noqa: T201  # the command's own complaint
        return ExitCode.REFUSED
    logins = LoginStore(take_environment(), files=login_files_watched())
    session = Session(settings, logins=logins, ca_file=arguments.ca_file)
    if arguments.demo:
        session.starting = "starting the demo registry …"
        servers: list[DemoServer] = []
        try:
            return _run_app(OcituiApp(session, _open_demo(session, arguments.place, servers)))
        finally:
            for server in servers:
                server.stop()
    return _run_app(OcituiApp(session, _open_place(session, arguments)))


def _run_app(app: OcituiApp) -> int:
    app.run()
    return app.return_code or ExitCode.FINE


def _open_place(session: Session, arguments: Arguments) -> Callable[[], Awaitable[Place | None]]:
    """Make what runs after the first frame: it loads the client aside, and tells what the arguments name."""

    async def start() -> Place | None:
        place = arguments.place
        if place is not None and isinstance(place.host, RegistryHost) and arguments.insecure_http:
            session.connections.allow_plain_http(place.host)
        await _aside(_load_client)
        return place

    return start


def _open_demo(
    session: Session, place: Place | None, servers: list[DemoServer]
) -> Callable[[], Awaitable[Place | None]]:
    """Make what runs after the first frame: it starts the demo registry aside, and tells where it is."""

    def serve() -> DemoServer:
        from tui.demo import DemoServer  # noqa: PLC0415  # nobody else needs a server

        server = DemoServer()
        server.start()
        servers.append(server)
        _load_client()
        return server

    async def start() -> Place | None:
        from tui.arguments import Place  # noqa: PLC0415  # for the type checker a name, here a value
        from tui.session import DEMO  # noqa: PLC0415  # as above

        server = await _aside(serve)
        host = RegistryHost(server.host)
        session.add_registry(host, DEMO)
        return replace(place, host=host) if place is not None else Place(host)

    return start


async def _aside(prepare: Callable[[], Prepared]) -> Prepared:
    """Run on a thread what is left of the start, while the person looks at the first frame."""
    import asyncio  # noqa: PLC0415  # it takes longer to load than the version takes to print

    prepared = await asyncio.to_thread(prepare)
    if not gc.isenabled():
        # What there is by now stays to the end, and is not looked through again and again.
        gc.freeze()
        gc.enable()
    return prepared


def _load_client() -> None:
    """Import the client and what it stands on."""
    importlib.import_module("tui.client.registry")


if __name__ == "__main__":
    sys.exit(main())
