"""The members of a tar as its bytes come by: headers are read, bodies are passed over.

This is POSIX's tar (ustar and pax) with what GNU tar and older programs write. Whatever stands in it, the
reader keeps one header and one extended header at most, and goes on behind what is damaged.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from tui.client.redaction import quoted
from tui.contents.ahead import EXTENSIONS, MAX_EXTENSION, Ahead
from tui.contents.entries import Entry, Kind
from tui.contents.sparse import BAD_MAP, MAX_PIECES, MapInBody, MapInHeaders, SparseFiles, numbers_of
from tui.contents.tar_headers import (
    BAD_SIZE,
    BLOCK,
    IN_CHECKSUM,
    HeaderDecoder,
    are_zeros,
    is_header,
    padded,
    says_ustar,
    size_in,
)
from tui.contents.tar_members import entry_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui.contents.byte_source import Piece

__all__ = ["TarReader"]

MAX_PROBLEMS: Final = 20
"""Problems of a tar that are told one by one: nobody reads more."""

WRONG_CHECKSUM: Final = "a header with a wrong checksum"
NO_MEMBER: Final = "a header that says more of a member that does not follow"

_ZEROS: Final = bytes(BLOCK)
_COLUMN: Final = 64
"""Blocks that are looked at together in a search: as long as one look at each takes."""
_DIGITS: Final = bytes(ord("0") if byte in b" 01234567" else 0 for byte in range(256))
"""Tells bytes that may stand in the middle of a checksum from all others."""
_SPARSE: Final = ord("S")


class TarReader:
    """Reads the members of a tar from its bytes, which may be cut into pieces anywhere."""

    def __init__(self) -> None:
        self.position = 0
        """Bytes of the tar that have been seen."""
        self.ended = False
        """Whether its own end has been seen, which is two blocks of zeros."""
        self._problems: list[str] = []
        self._told = 0
        self._decoder = HeaderDecoder()
        self._entries: list[Entry] = []
        # The next bytes that are needed: from where on, how many, what takes them, and those that are here.
        self._next = 0
        self._want = BLOCK
        self._take: Callable[[bytes], None] = self._take_header
        self._held = bytearray()
        self._ahead = Ahead()
        # The member whose map or body comes now.
        self._waiting: Entry | None = None
        self._path = ""
        self._body_end = 0
        self._sparse = SparseFiles()
        self._seen_header = False
        self._lone_zeros: int | None = None
        self._lost: int | None = None
        self._tail_is_zeros = True
        self._finished = False

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the tar as a whole, each as a few words a person understands."""
        more = self._told - len(self._problems)
        return (*self._problems, f"{more:,} more of this kind") if more else tuple(self._problems)

    def feed(self, data: Piece) -> list[Entry]:
        """Take the next bytes, and give the entries whose headers end in them.

        Args:
            data: As many as there are; nothing keeps them.
        """
        entries = self._entries = []
        start = self.position
        end = self.position = start + len(data)
        held = self._held
        with memoryview(data) as view:
            while not self.ended:
                if self._lost is not None and not held and self._next >= start:
                    self._search(view, start)
                at, want = self._next, self._want
                if not held and at >= start and at + want <= end:
                    taken = bytes(view[at - start : at - start + want])
                else:
                    if at + len(held) >= end:
                        return entries
                    first = at + len(held) - start
                    held += view[first : first + want - len(held)]
                    if len(held) < want:
                        return entries
                    taken = bytes(held)
                    held.clear()
                self._next = at + want
                self._take(taken)
            if self._tail_is_zeros:
                self._tail_is_zeros = are_zeros(view[max(self._next - start, 0) :])
        return entries

    def end(self) -> list[Entry]:
        """Say that there are no more bytes, and give the entries that waited for some."""
        if self._finished:
            return []
        self._finished = True
        if self.ended:
            if not self._tail_is_zeros:
                self._tell(f"{self.position - self._next:,} bytes behind its end that are not zeros")
            return []
        self._tell_cut()
        if self._waiting is not None:
            return [unreadable(self._waiting, BAD_MAP)]
        return []

    def _tell_cut(self) -> None:
        missing = self._body_end - self.position
        if self._lost is not None:
            what = "damaged" if self._seen_header else "no tar, or one that is damaged"
            self._tell(f"{what} from byte {self._lost:,} to its end")
        elif self._held or self._take != self._take_header:
            self._tell(f"cut off at byte {self.position:,}, in the middle of a header")
        elif missing > 0:
            self._tell(f"cut off: {quoted(self._path)} lacks its last {missing:,} bytes")
        elif self._ahead.is_something:
            self._tell(NO_MEMBER)

    def _tell(self, problem: str) -> None:
        self._told += 1
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)

    def _take_header(self, block: bytes) -> None:
        if not block[0] and block == _ZEROS:
            self._take_zeros()
        elif is_header(block):
            self._seen_header = True
            if self._lone_zeros is not None:
                self._tell(f"a lone block of zeros at byte {self._lone_zeros:,}")
                self._lone_zeros = None
            if block[156] in EXTENSIONS:
                self._begin_extension(block)
            else:
                self._take_member(block)
        else:
            self._take_damaged(block)

    def _take_zeros(self) -> None:
        if self._lone_zeros is None:
            self._lone_zeros = self._next - BLOCK
            return
        self.ended = True
        if self._ahead.is_something:
            self._tell(NO_MEMBER)

    def _take_damaged(self, block: bytes) -> None:
        """Show as much of a member as its damaged header says, and look for the next whole one."""
        self._lost = self._next - BLOCK
        self._lone_zeros = None
        self._take = partial(self._take_lost, self._lost)
        if says_ustar(block) and block[156] not in EXTENSIONS:
            header, attributes, _ = self._ahead.apply(self._decoder.decode(block))
            entry, _ = entry_of(header, attributes, self._next)
            self._entries.append(unreadable(entry, WRONG_CHECKSUM))
        self._ahead.forget()

    def _take_lost(self, since: int, block: bytes) -> None:
        if is_header(block):
            passed = self._next - BLOCK - since
            self._tell(f"damaged at byte {since:,}: {passed:,} bytes are passed over")
            self._lost = None
            self._take = self._take_header
            self._take_header(block)

    def _search(self, view: memoryview, start: int) -> None:
        """Go to the next block that may be a header, for which one byte of each block is looked at.

        Args:
            view: The bytes that are here.
            start: Where they begin in the tar.
        """
        while column := bytes(view[self._next - start + IN_CHECKSUM :: BLOCK][:_COLUMN]):
            found = column.translate(_DIGITS).find(b"0")
            if found >= 0:
                self._next += found * BLOCK
                return
            self._next += len(column) * BLOCK

    def _begin_extension(self, block: bytes) -> None:
        size = size_in(block)
        if size is None:
            self._tell(f"an extended header at byte {self._next - BLOCK:,} with {BAD_SIZE}")
            size = 0
        self._want = min(size, MAX_EXTENSION)
        self._take = partial(self._take_extension, block[156], size)
        if not size:
            self._take(b"")

    def _take_extension(self, flag: int, size: int, data: bytes) -> None:
        self._next += padded(size) - len(data)
        self._want = BLOCK
        self._take = self._take_header
        for problem in self._ahead.keep(flag, size, data):
            self._tell(problem)

    def _take_member(self, block: bytes) -> None:
        header, attributes, extended = self._ahead.apply(self._decoder.decode(block))
        entry, stored = entry_of(header, attributes, self._next)
        self._path = entry.path
        self._body_end = self._next + stored
        if header.flag == _SPARSE:
            in_headers = MapInHeaders(block)
            self._read_map(entry, in_headers, in_headers.real)
        elif extended is not None and entry.kind is Kind.FILE:
            real = extended.real_size()
            if extended.has_map_in_body:
                self._read_map(entry, MapInBody(), real)
            else:
                self._put_sparse(entry, numbers_of(extended.map_values(MAX_PIECES)), real)
        else:
            self._entries.append(entry)
            self._next += padded(stored)

    def _read_map(self, entry: Entry, map_: MapInHeaders | MapInBody, real: int | None) -> None:
        """Wait for the next block of a map, or put its file among the entries."""
        if map_.continued and (isinstance(map_, MapInHeaders) or self._next < self._body_end):
            self._waiting = entry
            self._take = partial(self._take_map, entry, map_, real)
        else:
            self._waiting = None
            self._take = self._take_header
            self._put_sparse(entry, [None] if map_.continued else map_.numbers, real)

    def _take_map(self, entry: Entry, map_: MapInHeaders | MapInBody, real: int | None, block: bytes) -> None:
        map_.add(block)
        if isinstance(map_, MapInHeaders):
            self._body_end += BLOCK
        self._read_map(entry, map_, real)

    def _put_sparse(self, entry: Entry, numbers: Sequence[int | None], real: int | None) -> None:
        stored = max(self._body_end - self._next, 0)
        self._entries.append(self._sparse.entry(replace(entry, offset=self._next), numbers, real, stored))
        self._next += padded(stored)
