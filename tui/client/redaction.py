"""Foreign text and URLs as they may stand in messages: visible, short, and without secrets."""

from __future__ import annotations

import re
from typing import Final

MAX_QUOTED: Final = 80
"""Characters of a foreign name that a sentence still carries well."""

MAX_URL: Final = 400
"""Characters of a URL in a message: enough for a host, a repository's 255 and a digest."""

MAX_MESSAGE: Final = 1000
"""Characters of a whole message, whatever it was put together from."""

HARMLESS_PARAMETERS: Final = frozenset(
    {"digest", "digest-algorithm", "from", "last", "mount", "n", "ns", "scope", "service", "tag"}
)
"""Parameters of a query whose values say what was asked and never who asked."""

BLANK: Final = "***"
"""What stands where a secret may have stood."""

_AUTHORITY = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*:)?//(?P<authority>[^/?#]*)")


def cut(text: str, limit: int) -> str:
    """Shorten `text` to `limit` characters, the last of which is an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def printable(text: str, limit: int = MAX_MESSAGE) -> str:
    r"""Shorten `text` and show whatever is not printable as a backslash escape (``\x1b``, ``\u202e``)."""
    shortened = cut(text, limit)
    if shortened.isprintable():
        return shortened
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in shortened
    )


def quoted(text: str, limit: int = MAX_QUOTED) -> str:
    """Shorten `text` and put it between quotation marks, with escapes for what is not printable."""
    return repr(cut(text, limit))


def redacted_url(url: str) -> str:
    """Show a URL without its user, its fragment and the values of its query, except harmless ones.

    Any text is accepted: what is no URL is only made printable and shortened.
    """
    rest, _, _ = url.partition("#")
    rest, mark, query = rest.partition("?")
    head = ""
    if match := _AUTHORITY.match(rest):
        authority = match["authority"].rpartition("@")[2]
        head = f"{match['scheme'] or ''}//{authority}"
        rest = rest[match.end() :]
    if mark:
        query = "&".join(_redacted_parameter(parameter) for parameter in query[:MAX_URL].split("&"))
    return printable(f"{head}{rest}{mark}{query}", MAX_URL)


def _redacted_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    # Some servers see further parameters behind these signs.
    if not parameter or (equals and name in HARMLESS_PARAMETERS and not set(value) & set(";?=")):
        return parameter
    return f"{name}={BLANK}" if equals else BLANK
