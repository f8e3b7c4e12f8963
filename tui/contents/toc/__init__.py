"""Tables of contents that layers carry at their end: eStargz and zstd:chunked.

    toc = await find_toc(source, annotations)
    if toc is not None:
        async for piece in read_chunks(source, toc.entries[0]):
            ...

What a layer of them holds is known after one or two requests, and a file is had by its parts alone.
"""

from __future__ import annotations

from tui.contents.toc.finding import Toc, find_toc
from tui.contents.toc.reading import chunks_cost, read_chunks

__all__ = ["Toc", "chunks_cost", "find_toc", "read_chunks"]
