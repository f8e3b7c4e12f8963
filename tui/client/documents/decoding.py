"""JSON that decides something, read strictly and within bounds: tokens and listings.

Where a name stands twice in an object, or a number is none, two readers could take one document for two
different things. Documents that are only shown are read leniently, by `tui.client.documents.parsing`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tui.client.redaction import quoted

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["MAX_VALUES", "DoubtfulJSONError", "decode_json", "has_too_many_values"]

MAX_VALUES: Final = 2_000_000
"""Values of one document: twice the tags of the largest page. One of three bytes takes 72 in memory."""


class DoubtfulJSONError(ValueError):
    """JSON that is well formed, and still not taken; the message is a phrase about the document."""


def has_too_many_values(body: bytes) -> bool:
    """Tell whether a document may have more than `MAX_VALUES`, without decoding it."""
    # Each value but the first of its array or object stands behind a comma.
    return body.count(b",") + body.count(b"[") + body.count(b"{") > MAX_VALUES


def decode_json(body: bytes) -> Any:
    """Decode JSON in UTF-8, with or without a byte order mark.

    Args:
        body: The document.

    Raises:
        DoubtfulJSONError: It has too many values, a name twice in one object, or NaN or an infinity.
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.
    """
    if has_too_many_values(body):
        raise DoubtfulJSONError(f"has more than {MAX_VALUES:,} values")
    return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_make_object, parse_constant=_refuse)


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise DoubtfulJSONError(f"says {quoted(name)} more than once")
            seen.add(name)
    return made


def _refuse(name: str) -> NoReturn:
    raise DoubtfulJSONError(f"says {name}, which is not a JSON value")
