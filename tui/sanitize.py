"""Foreign text made safe to show.

What a registry, a layer or a file says may hold escape sequences, invisible characters, direction
overrides, floods of combining marks, or megabytes where a word is expected. The functions here turn it
into text that a terminal shows as it is: every character is printable, what was invisible can be seen,
and the length is bounded. Only what is shown changes; files and requests keep their bytes.

Pure: the standard library, no state but a cache of single characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ELLIPSIS: Final = "…"
"""Stands where text was cut."""

MARKS_PER_LETTER: Final = 4
"""Combining marks that a letter may carry: living scripts need three, a flood paints over other lines."""

TAB_WIDTH: Final = 8
"""Distance of the tab stops that `multi_line` expands to, in characters."""

FILE_NAME_BYTES: Final = 200
"""Length of a file name in UTF-8; file systems take 255, and `.part` and a number may follow."""

EXTENSION_BYTES: Final = 24
"""Of a name that is too long, an ending of up to this many bytes is kept (`.spdx.json.tar.gz`)."""

_DOTTED_CIRCLE: Final = "\u25cc"
_INVISIBLE_LETTERS: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
)
_CONJOINING: Final = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb]")
_EMOJI_STYLE: Final = frozenset("\ufe0e\ufe0f")
_RESERVED_NAME: Final = re.compile(
    r"(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$|clock\$)"
    r"[ ]*(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
)
_NOT_IN_FILE_NAMES: Final = re.compile(r'[<>:"|?*]')


def visible(text: str, *, limit: int = 4096) -> str:
    """Show foreign text with nothing hidden in it, line breaks included.

    C0 controls and DEL become their pictures (`␛`), everything else that is invisible or reorders text
    becomes its code point (`⟨202E⟩`), a letter keeps at most `MARKS_PER_LETTER` combining marks.

    Args:
        text: what was received.
        limit: length of the answer in characters; what is longer ends with `…`.
    """
    return _bounded(text, limit, _glyph)


def one_line(text: str, *, limit: int = 200) -> str:
    """Show foreign text in a cell, a title or a message: as `visible`, line breaks as `⏎`, tabs as `→`.

    Args:
        text: what was received.
        limit: length of the answer in characters; what is longer ends with `…`.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    kept = text[: limit * 4 + 1].replace("\r\n", "\n")
    return _bounded(kept, limit, _line_glyph)


def multi_line(text: str, limit: int = 65_536) -> str:
    r"""Show foreign text in several lines: as `visible`, `\n` (and `\r\n`) kept, tabs expanded.

    Args:
        text: what was received.
        limit: length of the answer in characters, before tabs are expanded; what is longer ends with `…`.
    """
    kept = text[: limit * 4 + 1].replace("\r\n", "\n")
    return _bounded(kept, limit, _text_glyph).expandtabs(TAB_WIDTH)


def safe_file_name(text: str, fallback: str) -> str:
    """Reduce foreign text to a plain file name that every common file system takes.

    The last part of a path counts. Control, invisible and reordering characters are left out, characters
    that Windows refuses become `_`, leading dots and hyphens and trailing dots go, names of devices get a
    leading `_`, and at most `FILE_NAME_BYTES` bytes of UTF-8 remain, the ending among them.

    Args:
        text: a title from an annotation, a path in an archive, ...
        fallback: the name to use when nothing remains; it is returned as it is.
    """
    parts = [part for part in re.split(r"[/\\]", text[:4096]) if part.strip(" .")]
    if not parts:
        return fallback
    name = unicodedata.normalize("NFC", "".join(map(_plain_glyph, parts[-1])))
    name = _NOT_IN_FILE_NAMES.sub("_", name).lstrip(" .-").rstrip(" .")
    if not name:
        return fallback
    if _RESERVED_NAME.fullmatch(name):
        name = f"_{name}"
    return _cut_file_name(name)


def _bounded(text: str, limit: int, glyph: Callable[[str], str]) -> str:
    """Join what stands for each character until `limit` characters are used up."""
    if limit < 1:
        return ""
    # Marks beyond the allowed ones use up no room; reading on through a flood of them must end too.
    head = text[: limit * 4]
    dropped = len(head) < len(text)
    pieces: list[str] = []
    room = limit
    for piece in _pieces(head, glyph):
        if len(piece) > room:
            dropped = True
            break
        room -= len(piece)
        pieces.append(piece)
    if dropped:
        while room < 1:
            room += len(pieces.pop())
        pieces.append(ELLIPSIS)
    return "".join(pieces)


def _pieces(text: str, glyph: Callable[[str], str]) -> Iterator[str]:
    """Yield what stands for each character, with floods of combining marks reduced to `…`."""
    base = ""
    marks = 0
    for character in text:
        piece = glyph(character)
        if not piece:
            if base and not base.isascii():
                continue
            piece = _code_point(character)
        if piece != character or not _joins(character):
            base, marks = piece, 0
            yield piece
            continue
        if base in {"", "\n"}:
            base = _DOTTED_CIRCLE
            yield base
        marks += 1
        if marks <= MARKS_PER_LETTER:
            yield piece
        elif marks == MARKS_PER_LETTER + 1:
            yield ELLIPSIS


@lru_cache(maxsize=4096)
def _glyph(character: str) -> str:
    """What stands for one character; empty for those that only ask for an emoji's style."""
    if character in _EMOJI_STYLE:
        return ""
    if character in _INVISIBLE_LETTERS or _is_variation_selector(character):
        return _code_point(character)
    if character.isprintable():
        return character
    if character < " " or character == "\x7f":
        # The pictures stand in the order of the controls, DEL's behind the one of the space.
        return chr(0x2400 + min(ord(character), 0x21))
    if unicodedata.category(character) != "Zs":
        return _code_point(character)
    return "  " if unicodedata.east_asian_width(character) in "WF" else " "


def _line_glyph(character: str) -> str:
    return {"\n": "⏎", "\t": "→"}.get(character) or _glyph(character)


def _text_glyph(character: str) -> str:
    return character if character in "\n\t" else _glyph(character)


@lru_cache(maxsize=4096)
def _joins(character: str) -> bool:
    """Whether a character is drawn over or into the one before it."""
    return unicodedata.category(character) in {"Mn", "Me"} or _CONJOINING.match(character) is not None


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _code_point(character: str) -> str:
    return f"\u27e8{ord(character):04X}\u27e9"


def _plain_glyph(character: str) -> str:
    """What of a character may stand in a file name."""
    piece = _glyph(character)
    return piece if piece == character or piece.isspace() else ""


def _cut_file_name(name: str) -> str:
    encoded = name.encode()
    if len(encoded) <= FILE_NAME_BYTES:
        return name
    ending = re.search(r"(?:\.[0-9A-Za-z]{1,8}){1,3}$", name)
    suffix = ending[0] if ending and len(ending[0]) <= EXTENSION_BYTES else ""
    stem = encoded[: FILE_NAME_BYTES - len(suffix)].decode(errors="ignore")
    return stem.rstrip(" .") + suffix
