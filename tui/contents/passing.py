"""One pass through a whole layer that builds restart points, and serves files as it passes them."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final

from tui.client.threads import finished, in_thread
from tui.contents.errors import ContentsError, DamagedContentError
from tui.contents.packing import Unpacker
from tui.contents.ranged import cut
from tui.contents.relay import EnoughError, Relay

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from tui.contents.byte_source import ByteSource, Piece
    from tui.contents.restarting import Finder, Points

__all__ = ["CUT_OFF", "ENOUGH", "MOST_WAITING", "Pass"]

CUT_OFF: Final = "The layer ends before the file does."
MOST_WAITING: Final = 4 << 20
"""Unpacked bytes that wait to be taken while the transfer goes on."""
ENOUGH: Final = 256 * 1024
"""Unpacked bytes that are handed over without waiting for more."""


class _Reader:
    """Somebody who waits for some bytes that the pass will come by."""

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.complete = False
        self.failure: Exception | None = None
        self.relay: Relay[bytes] = Relay(most=MOST_WAITING, enough=ENOUGH)


class Pass:
    """A pass that begins when its first file is wanted, and goes on behind it to the layer's end.

    Who leaves before a file was complete ends it, unless somebody else waits for one, or for its end.

    Args:
        source: The layer's packed bytes.
        finder: Makes what finds the points, on the worker thread.
        told: Called with the number of packed bytes that have come since the last call.
        found: Called with the points.
    """

    def __init__(
        self,
        source: ByteSource,
        finder: Callable[[], Finder],
        told: Callable[[int], object],
        found: Callable[[Points], object],
    ) -> None:
        self.unpacker = Unpacker()
        """Tells what lies where, as far as it has come."""
        self.fruitless = False
        """Whether no points can be found in these bytes, however often they pass."""
        self._source = source
        self._make = finder
        self._finder: Finder | None = None
        self._points: Points | None = None
        self._told = told
        self._found = found
        self._lock = threading.Lock()
        self._readers: list[_Reader] = []
        self._unpacking = True
        self._served = False
        self._waiting = 0
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        """Whether it has come to its end, or to that of its way."""
        return self._task is not None and self._task.done()

    def will_come_by(self, start: int) -> bool:
        """Tell whether an unpacked byte is still to come, and what lies there can be served.

        Args:
            start: Its place.
        """
        return self._unpacking and not self.over and self.unpacker.unpacked <= start

    async def pieces(self, start: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give some unpacked bytes as the pass comes by; it begins with the first call.

        Args:
            start: The first one.
            size: How many.

        Raises:
            DamagedContentError: They are not there, or cannot be unpacked.
            Exception: What the source raises.
        """
        reader = _Reader(start, start + size)
        with self._lock:
            self._readers.append(reader)
            late = self.unpacker.unpacked > start or not self._unpacking
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            while not late and (batch := await reader.relay.take()):
                for piece in batch:
                    yield piece
            if reader.failure is not None:
                raise reader.failure
        finally:
            await self._leave(reader)

    async def wait(self) -> None:
        """Wait until it is over; the points are there then, unless it failed."""
        if self._task is None:
            return
        self._waiting += 1
        try:
            await asyncio.wait([self._task])
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End it, wherever it is."""
        if self._task is not None:
            with self._lock:
                readers = list(self._readers)
            for reader in readers:
                reader.relay.stop()
            self._task.cancel()
            await finished(asyncio.ensure_future(asyncio.wait([self._task])))

    async def _leave(self, reader: _Reader) -> None:
        reader.relay.stop()
        with self._lock:
            if reader in self._readers:
                self._readers.remove(reader)
            needed = self._served or self._readers or self._waiting
        if not needed and not reader.complete:
            await self.close()

    async def _run(self) -> None:
        failure: Exception = ContentsError("The layer was closed.")
        try:
            await self._source.pump(self._write, self._told)
            await in_thread(self._end)
            if self._points is not None:
                self._found(self._points)
            failure = DamagedContentError(CUT_OFF)
        except Exception as error:  # noqa: BLE001 - it is raised where the file is waited for
            failure = error
        finally:
            self._fail(failure)
            await in_thread(self._drop)

    def _write(self, piece: Piece) -> None:
        if self._finder is None:
            self._finder = self._make()
        self._finder.write(piece)
        if self._unpacking:
            self._unpack(self.unpacker.feed(piece))

    def _end(self) -> None:
        if self._unpacking:
            self._unpack(self.unpacker.end())
        try:
            self._points = None if self._finder is None else self._finder.points()
        except ContentsError:
            self.fruitless = True

    def _unpack(self, parts: Iterator[Piece]) -> None:
        try:
            for part in parts:
                self._serve(part)
        except ContentsError as error:
            self._unpacking = False
            self._loop.call_soon_threadsafe(self._fail, error)

    def _serve(self, part: Piece) -> None:
        """Give each reader what it wants of a part."""
        after = self.unpacker.unpacked
        with self._lock:
            readers = list(self._readers)
        for reader in readers:
            try:
                if wanted := cut(part, after, reader.start, reader.end):
                    reader.relay.put([bytes(wanted)], len(wanted))
            except EnoughError:
                continue
            if after >= reader.end:
                with self._lock:
                    reader.complete = self._served = True
                    if reader in self._readers:
                        self._readers.remove(reader)
                self._loop.call_soon_threadsafe(reader.relay.finish)

    def _fail(self, failure: Exception) -> None:
        with self._lock:
            readers, self._readers = self._readers, []
            self._unpacking = False
        for reader in readers:
            reader.failure = failure
            reader.relay.finish()

    def _drop(self) -> None:
        if self._finder is not None:
            self._finder.close()
