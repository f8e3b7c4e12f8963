"""Which parts of a program's text are what: `python -m tui.lexing`, a process of its own.

It reads a JSON object with `name` and `text` from its standard input, and writes a JSON list of pairs: a
length in characters, and one of the words of `WORDS`, or "". The rules of some hundred languages take
unforeseeable time for text that is made to that end: a process can be ended at any time.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS: Final = {
    "Comment": "muted",
    "Keyword": "key",
    "Keyword.Constant": "constant",
    "Literal.Number": "number",
    "Literal.String": "string",
    "Generic.Heading": "heading",
    "Generic.Subheading": "heading",
    "Name.Attribute": "key",
    "Name.Builtin": "constant",
    "Name.Constant": "constant",
    "Name.Tag": "key",
}
"""How kinds of tokens are called here, the general for what is under it."""

INTERPRETERS: Final = {
    "ash": "sh",
    "dash": "sh",
    "node": "javascript",
    "python2": "python",
    "python3": "python",
}
"""What programs that scripts name in their first line read, where it is not called as they are."""

SETTINGS: Final = (".conf", ".cnf", ".list", ".properties", ".repo", "-release", ".env", "rc")
"""Endings of names of files that are mostly lines of names and values."""


def lexer_for(name: str, text: str) -> Any:
    """Find out by its name, or by its first line, which language a text is in; None for none that is known.

    Args:
        name: of the file, without folders.
        text: its beginning.
    """
    from pygments.lexers import find_lexer_class_for_filename, get_lexer_by_name  # noqa: PLC0415  # not needed to know the words
    from pygments.util import ClassNotFound  # noqa: PLC0415  # as above

    found = find_lexer_class_for_filename(name)
    if found is not None:
        return found()
    if text.startswith("#!"):
        words = text[2:].partition("\n")[0].split()
        program = next((word.rpartition("/")[2] for word in words if not word.endswith("/env")), "")
        try:
            return get_lexer_by_name(INTERPRETERS.get(program, program))
        except ClassNotFound:
            return None
    return get_lexer_by_name("ini") if name.endswith(SETTINGS) else None


def tokens(name: str, text: str) -> Iterator[tuple[int, str]]:
    """Tell of each part of a text how long and what it is; nothing for a language that is not known."""
    lexer = lexer_for(name, text)
    if lexer is None:
        return
    end = 0
    for start, kind, value in lexer.get_tokens_unprocessed(text):
        if start > end:
            yield start - end, ""
        yield len(value), _word(kind)
        end = start + len(value)


def _word(kind: Any) -> str:
    while kind is not None:
        if word := WORDS.get(".".join(kind)):
            return word
        kind = kind.parent
    return ""


def main() -> None:
    """Answer the one question that standard input asks."""
    asked = json.load(sys.stdin)
    json.dump(list(tokens(asked["name"], asked["text"])), sys.stdout)


if __name__ == "__main__":
    main()
