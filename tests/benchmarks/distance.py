"""A proxy that puts a server far away: what passes arrives later, as over a long line.

`python -m tests.benchmarks.distance HOST:PORT SECONDS` prints its own host and port on the first line, and
passes on every connection until it is ended.

A round trip takes so many seconds: bytes arrive half of it after they were sent, in either direction, and so
does the end of a connection. The kernel accepts a connection at once; therefore the first bytes of a client
arrive a whole round trip later than those after them would, as if it had waited for the answer to its SYN.
Bytes are neither fewer nor slower for that: there is no limit to how many are on their way, and nothing of
TCP's slow start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from typing import Final

ADDRESS: Final = "127.0.0.2"
"""Where to listen: a loopback address that nobody takes for one where plain HTTP is spoken."""

READ_SIZE: Final = 256 * 1024


class Distance:
    """Passes connections on.

    Args:
        host: Where the server listens.
        port: As above.
        round_trip: Seconds.
    """

    def __init__(self, host: str, port: int, round_trip: float) -> None:
        self._host = host
        self._port = port
        self._round_trip = round_trip

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one connection, both ways."""
        established = asyncio.get_running_loop().time() + self._round_trip
        there, back = await asyncio.open_connection(self._host, self._port, limit=READ_SIZE)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._carry(reader, back, established))
            group.create_task(self._carry(there, writer, 0.0))

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, established: float
    ) -> None:
        """Carry bytes one way, and then their end; what was sent before a time counts as sent then."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(_deliver(under_way, writer))
        loop = asyncio.get_running_loop()
        data = b" "
        while data:
            try:
                data = await reader.read(READ_SIZE)
            except ConnectionError:
                data = b""
            under_way.put_nowait((max(loop.time(), established) + self._round_trip / 2, data))
        await delivery


async def _deliver(under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ConnectionError):
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                break
            writer.write(data)
            await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.distance")
    parser.add_argument("server", metavar="HOST:PORT")
    parser.add_argument("round_trip", type=float, metavar="SECONDS")
    arguments = parser.parse_args()
    host, _, port = arguments.server.rpartition(":")
    distance = Distance(host, int(port), arguments.round_trip)
    listening = await asyncio.start_server(distance.serve, ADDRESS, 0, limit=READ_SIZE, backlog=1024)
    own_host, own_port = listening.sockets[0].getsockname()
    print(f"{own_host}:{own_port}", flush=True)  # noqa: T201 - who started the proxy reads it
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
