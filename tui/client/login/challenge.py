"""The ``WWW-Authenticate`` header, read tolerantly (RFC 9110, section 11.6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Challenge", "parse_challenges"]

_SEPARATORS = re.compile(r"[\s,]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ASSIGNMENT = re.compile(r"[ \t]*=[ \t]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|\\?\Z)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BARE_VALUE = re.compile(r"[^\s,]*")
_TOKEN68 = re.compile(r"[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|\Z)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that a server offers."""

    scheme: str
    """The scheme in lower case: ``basic``, ``bearer``, ``negotiate``."""

    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The parameters by their names in lower case: ``realm``, ``service``, ``scope``, ``error``."""


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """Read the challenges of all ``WWW-Authenticate`` headers of an answer, in their order.

    What cannot be read is passed over: a server that writes its header badly may still offer a way in. Of a
    parameter that comes twice the first counts.

    Args:
        values: The values of the headers, one each.
    """
    return [challenge for value in values for challenge in _parse(value)]


def _parse(value: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while (at := _end(_SEPARATORS, value, at)) < len(value):
        token = _TOKEN.match(value, at)
        if token is None:
            at = _end(_BARE_VALUE, value, at + 1)
            continue
        at = token.end()
        if assignment := _ASSIGNMENT.match(value, at):
            text, at = _value(value, assignment.end())
            if found:
                found[-1][1].setdefault(token[0].lower(), text)
        else:
            found.append((token[0].lower(), {}))
            at = _end(_TOKEN68, value, at)
    return [Challenge(scheme, MappingProxyType(parameters)) for scheme, parameters in found]


def _value(text: str, at: int) -> tuple[str, int]:
    if quoted := _QUOTED.match(text, at):
        return _ESCAPED.sub(r"\1", quoted[1]), quoted.end()
    bare = _BARE_VALUE.match(text, at)
    return (bare[0], bare.end()) if bare else ("", at)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Tell where a match that begins at `at` ends; at `at` where there is none."""
    match = pattern.match(text, at)
    return match.end() if match else at
