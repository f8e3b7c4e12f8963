"""One HTTP/2 connection for many small requests at a time (RFC 9113); they have no bodies.

Each answer has a window of its own, and is read as fast as its reader takes it: one that is left half read
holds nobody up. What the server says of the connection as a whole (it goes away, it allows so many requests)
is heeded; what breaks the protocol ends the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import httpcore
import httpx

from tui.client.limits import KIB, MIB
from tui.client.wire.http2_answers import Http2Answer, NotProcessedError, as_read_timeout

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Http2Connection"]

READ_SIZE: Final = 256 * KIB
"""Bytes of one read."""

STREAM_WINDOW: Final = 1 * MIB
"""Bytes of one answer that may be on their way or wait for their reader: 50 ms at 160 Mbit/s."""

LISTENING: Final = 1.0
"""Seconds for which a server may speak first: two round trips to the other side of the earth."""

CONNECTION_WINDOW: Final = 2**31 - 1
"""Bytes of all answers together, the most that there is: those of the streams are what limits them."""

MAX_HEADERS: Final = 64 * KIB
"""Bytes of the headers of one answer, unpacked: as much as HTTP/1.1 is read with."""

MAX_FRAME: Final = 16 * KIB
"""Bytes of a frame, without its head: what HTTP/2 allows those who have not agreed on more."""

_FRAME_HEAD: Final = 9
_GOAWAY: Final = 7
_NOT_SENT: Final = frozenset({b"connection", b"host", b"keep-alive", b"proxy-connection", b"te", b"upgrade"})
_STREAM_ID: Final = 0x7FFFFFFF


class Http2Connection:
    """A connection over which HTTP/2 has been agreed.

    Args:
        stream: The connection, behind its TLS handshake.
        listens: Whether the server is let speak first. One that does not accept a client certificate says so
            after the handshake, and what has been sent to it by then may cost what it says.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream, *, listens: bool = False) -> None:
        self.is_broken = False
        """Whether the server does not keep to HTTP/2, or does not want it."""
        self._stream = stream
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding=None)
        )
        self._h2.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEADERS,
            },
        )
        # Some servers refuse connections that mention it.
        del self._h2.local_settings[h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL]
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW - self._h2.inbound_flow_control_window)
        self._answers: dict[int, Http2Answer] = {}
        self._error: Exception | None = None
        self._goes_away = False
        self._idle_since = time.monotonic()
        self._room = asyncio.Event()
        self._unsent = asyncio.Event()
        self._sent = asyncio.Event()
        self._heard = asyncio.Event()
        if not listens:
            self._heard.set()
        self._is_mute = False
        self._flush()
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]

    def is_usable(self, idle_seconds: float) -> bool:
        """Tell whether further requests may be sent.

        Args:
            idle_seconds: How long the connection may have been without requests.
        """
        if self.is_broken or self._goes_away or self._error is not None:
            return False
        return bool(self._answers) or time.monotonic() - self._idle_since < idle_seconds

    async def ask(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return its answer when the headers are there.

        Args:
            request: The request; it has no body.

        Raises:
            NotProcessedError: The server has not looked at it.
            httpcore.NetworkError: The connection or the answer broke off.
            httpcore.ReadTimeout: The server went silent.
        """
        timeout = request.extensions.get("timeout", {}).get("read")
        await self._wait_for_room(timeout)
        try:
            number = self._h2.get_next_available_stream_id()
            self._h2.send_headers(number, _headers(request), end_stream=True)
        except h2.exceptions.ProtocolError as error:
            raise httpcore.LocalProtocolError(str(error)) from error
        answer = self._answers[number] = Http2Answer(self, number, timeout)
        self._flush()
        try:
            status, headers = await answer.head()
        except BaseException:
            await answer.aclose()
            raise
        return httpx.Response(status, headers=headers, stream=answer)

    def taken(self, number: int, count: int) -> None:
        """Let the server send as many bytes more of an answer as its reader has taken."""
        if count and self._error is None:
            self._h2.acknowledge_received_data(count, number)
            self._flush()

    def leave(self, answer: Http2Answer) -> None:
        """Forget an answer; the server is told if it has not been sent to its end."""
        if self._answers.pop(answer.number, None) is None:
            return
        self._idle_since = time.monotonic()
        self._room.set()
        if self._error is None and not answer.is_complete:
            with contextlib.suppress(h2.exceptions.ProtocolError):
                self._h2.reset_stream(answer.number, h2.errors.ErrorCodes.CANCEL)
            self._flush()
        if self._goes_away:
            self.retire()

    def retire(self) -> None:
        """Send nothing more over the connection, and close it when the answers under way have ended."""
        self._goes_away = True
        self._room.set()
        if not self._answers:
            self._tasks[0].cancel()

    async def aclose(self) -> None:
        """Close the connection."""
        self._fail(httpcore.ReadError("the connection is closed"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stream.aclose()

    async def _wait_for_room(self, timeout: float | None) -> None:  # noqa: ASYNC109 - as httpcore has it
        """Wait until the server allows one more request.

        Raises:
            NotProcessedError: It goes away before.
            httpcore.ReadTimeout: It does not within the time.
        """
        with as_read_timeout():
            async with asyncio.timeout(timeout):
                while True:
                    if self._error is not None or self._goes_away:
                        raise NotProcessedError
                    if self._h2.open_outbound_streams < self._h2.remote_settings.max_concurrent_streams:
                        return
                    self._room.clear()
                    await self._room.wait()

    async def _read(self) -> None:
        """Hand out what comes, until nothing more does."""
        frames = bytearray()
        try:
            while data := await self._stream.read(READ_SIZE):
                self._heard.set()
                frames += data
                for frame in _whole_frames(frames):
                    self._receive(frame)
                # A server that sends and does not read gets no further.
                self._flush()
                await self._sent.wait()
            raise httpcore.ReadError("the server closed the connection")
        except h2.exceptions.ProtocolError as error:
            self.is_broken = True
            self._fail(httpcore.ReadError(f"the server's HTTP/2 is broken: {error}"), error)
        except (httpcore.NetworkError, OSError) as error:
            self._fail(error)
        finally:
            self._fail(httpcore.ReadError("the connection is closed"))
            self._tasks[1].cancel()
            await self._stream.aclose()

    def _receive(self, frame: bytes) -> None:
        if frame[3] == _GOAWAY and len(frame) >= _FRAME_HEAD + 8:
            # After this frame, h2 would take none of the answers that are still to come.
            self._go_away(frame[_FRAME_HEAD:])
            return
        for event in self._h2.receive_data(frame):
            match event:
                case h2.events.ResponseReceived():
                    self._answer(event.stream_id).begin(event.headers)
                case h2.events.DataReceived():
                    self._answer(event.stream_id).feed(event.data, event.flow_controlled_length)
                case h2.events.StreamEnded():
                    self._answer(event.stream_id).end()
                case h2.events.StreamReset():
                    self._answer(event.stream_id).fail(self._reset_error(event.error_code))
                case h2.events.RemoteSettingsChanged():
                    self._room.set()

    def _answer(self, number: int | None) -> Http2Answer:
        """Find an answer; what comes for one that was left goes into one that nobody reads."""
        return self._answers.get(number or 0) or Http2Answer(self, number or 0, None)

    def _go_away(self, payload: bytes) -> None:
        """Heed that the server goes away, and which of the requests it will still answer."""
        last = int.from_bytes(payload[:4], "big") & _STREAM_ID
        if int.from_bytes(payload[4:8], "big") == h2.errors.ErrorCodes.HTTP_1_1_REQUIRED:
            self.is_broken = True
        self.retire()
        for number, answer in self._answers.items():
            if number > last:
                answer.fail(NotProcessedError())

    def _reset_error(self, code: int | None) -> Exception:
        if code == h2.errors.ErrorCodes.HTTP_1_1_REQUIRED:
            self.is_broken = True
            return NotProcessedError()
        if code == h2.errors.ErrorCodes.REFUSED_STREAM:
            return NotProcessedError()
        return httpcore.ReadError("the server broke the answer off")

    async def _write(self) -> None:
        """Send what there is to send, for as long as the connection lasts."""
        # Servers that speak second are few, and are not waited for.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LISTENING):
                await self._heard.wait()
        try:
            while True:
                await self._unsent.wait()
                self._unsent.clear()
                if data := self._h2.data_to_send():
                    await self._stream.write(data)
                if not self._unsent.is_set():
                    self._sent.set()
        except (httpcore.NetworkError, OSError):
            # What the server has said before it hung up is told to the reader, and says more.
            self._is_mute = True
            self._sent.set()

    def _flush(self) -> None:
        """Let what there is to send be sent."""
        if not self._is_mute:
            self._sent.clear()
            self._unsent.set()

    def _fail(self, error: Exception, reason: Exception | None = None) -> None:
        """End all answers."""
        if self._error is None:
            error.__cause__ = reason or error.__cause__
            self._error = error
        self._room.set()
        for answer in list(self._answers.values()):
            answer.fail(self._error)


def _headers(request: httpx.Request) -> list[tuple[bytes, bytes]]:
    host = next(value for name, value in request.headers.raw if name.lower() == b"host")
    return [
        (b":method", request.method.encode("ascii")),
        (b":authority", host),
        (b":scheme", request.url.raw_scheme),
        (b":path", request.url.raw_path),
        *((name.lower(), value) for name, value in request.headers.raw if name.lower() not in _NOT_SENT),
    ]


def _whole_frames(data: bytearray) -> Iterator[bytes]:
    """Cut off the frames that have arrived as a whole.

    Raises:
        h2.exceptions.FrameTooLargeError: One is longer than allowed.
    """
    while len(data) >= _FRAME_HEAD:
        size = _FRAME_HEAD + int.from_bytes(data[:3], "big")
        if size > _FRAME_HEAD + MAX_FRAME:
            raise h2.exceptions.FrameTooLargeError(f"a frame of {size:,} bytes")
        if len(data) < size:
            return
        frame = bytes(data[:size])
        del data[:size]
        yield frame
