"""HTTP/2 for the server of the benchmarks: requests without bodies, answered at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h2.config
import h2.connection
import h2.events

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

__all__ = ["Reply", "serve_http2"]

READ_SIZE: Final = 64 * 1024

Reply = tuple[list[tuple[str, str]], bytes]
"""Headers, that of the status first, and the body."""


async def serve_http2(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Callable[[Mapping[str, str]], Reply]
) -> None:
    """Answer the requests of one connection, side by side, until it is closed.

    Args:
        reader: Where they come from.
        writer: Where answers go.
        answer: Answers a request by its headers, those of HTTP/2 among them.
    """
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    bodies: dict[int, bytes] = {}
    data = b""
    while True:
        for event in connection.receive_data(data) if data else ():
            match event:
                case h2.events.RequestReceived(stream_id=int(stream), headers=list(fields)):
                    asked = {bytes(name).decode(): bytes(value).decode() for name, value in fields}
                    headers, body = answer(asked)
                    connection.send_headers(stream, headers)
                    bodies[stream] = body if asked[":method"] == "GET" else b""
                case h2.events.StreamReset(stream_id=int(stream)):
                    bodies.pop(stream, None)
        _send_bodies(connection, bodies)
        writer.write(connection.data_to_send())
        await writer.drain()
        if not (data := await reader.read(READ_SIZE)):
            return


def _send_bodies(connection: h2.connection.H2Connection, bodies: dict[int, bytes]) -> None:
    """Send as much of each body as the client takes."""
    for stream in list(bodies):
        while bodies[stream]:
            room = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size)
            if room <= 0:
                break
            connection.send_data(stream, bodies[stream][:room])
            bodies[stream] = bodies[stream][room:]
        if not bodies[stream]:
            connection.end_stream(stream)
            del bodies[stream]
