"""Text of programs in colours, found out by a process that ends whatever the text is made to do."""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_TEXT: Final = 256 * 1024
"""Characters of a text that gets colours: those of a long program, read in a second."""

PATIENCE_SECONDS: Final = 5.0
"""After so long a text stays without colours: longer than any takes that was written to be read."""

COMMAND: Final = ("-P", "-m", "tui.lexing")
"""Asks for the colours; nothing of the folder that one is in is loaded."""


async def coloured(name: str, lines: Sequence[str]) -> list[Content] | None:
    """Colour lines of text by the language that they are in; None where it is not known, or takes too long.

    Args:
        name: of the file, without folders.
        lines: as they are shown, without line breaks.
    """
    text = "\n".join(lines)
    if len(text) > LONGEST_TEXT or not sys.executable:
        return None
    answer = await _ask(json.dumps({"name": name, "text": text}).encode())
    tokens: list[Any] = json.loads(answer) if answer else []
    return _in_lines(lines, tokens) if tokens else None


async def _ask(question: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer, _ = await process.communicate(question)
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return answer if not process.returncode else b""


def _in_lines(lines: Sequence[str], tokens: Iterable[tuple[int, str]]) -> list[Content]:
    """Put the styles of tokens, which follow each other through the whole text, into its lines."""
    spans: list[list[Span]] = [[] for _ in lines]
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    line = begin = 0
    for length, word in tokens:
        end = begin + length
        while begin < end and line < len(lines):
            stop = min(end, starts[line] + len(lines[line]))
            if word and stop > begin:
                spans[line].append(Span(begin - starts[line], stop - starts[line], f".line-view--{word}"))
            if end < starts[line + 1]:
                break
            line += 1
            begin = starts[line]
        begin = end
    return [Content(text, found, strip_control_codes=False) for text, found in zip(lines, spans, strict=True)]
