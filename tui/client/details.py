"""What errors carry: the request, what the registry said, what is wrong with a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tui.client.redaction import MAX_QUOTED, cut, printable, redacted_url

MAX_DETAIL: Final = 200
"""Characters of a registry's own message, and of a value in a repr."""


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request as it may be shown: its method and its URL, which is redacted when the value is made."""

    method: str
    """The HTTP method, in capitals."""
    url: str
    """The URL without user, fragment and secret values of its query."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", printable(self.method, 16))
        object.__setattr__(self, "url", redacted_url(self.url))

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """One error of an answer's body (distribution specification, "Error Codes").

    The texts are the registry's, unchanged; `str()` makes them printable and short.
    """

    code: str
    """The code, such as ``MANIFEST_UNKNOWN``; registries have codes of their own, and leave it out."""
    message: str = ""
    """The registry's words for a person."""
    detail: Any = field(default=None, hash=False)
    """Any JSON value, unstructured by the specification."""

    def __str__(self) -> str:
        parts = (printable(self.code, MAX_QUOTED), printable(self.message, MAX_DETAIL))
        return ": ".join(part for part in parts if part)

    def __repr__(self) -> str:
        shown = ", ".join(short_repr(value) for value in (self.code, self.message, self.detail))
        return f"ErrorInfo({shown})"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with a document."""

    path: str
    """Where, such as ``$.layers[2].digest``."""
    message: str
    """What, as a phrase; foreign text in it is printable and short."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def short_repr(value: object) -> str:
    """Give the `repr` of a value, cut to a bounded length."""
    try:
        return cut(repr(value), MAX_DETAIL)
    except RecursionError:
        return "…"
