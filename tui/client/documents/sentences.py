"""What the errors of a validator mean, in sentences that a person understands, and the formats of texts."""

from __future__ import annotations

import calendar
import re
from typing import TYPE_CHECKING, Any, Final

from tui.client.documents.parsing import NAMES_OF_TYPES, kind_of
from tui.client.errors import InvalidNameError
from tui.client.names import Digest
from tui.client.redaction import quoted

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

__all__ = ["is_digest", "is_time", "told", "wrong_type"]

_TIME: Final = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)

_BOUNDS: Final = {"minimum": "it is negative", "maximum": "it is larger than an int64"}

_FORMATS: Final = {
    "oci-time": "it is no date and time as RFC 3339 writes them",
    "uri": "it is no URI (RFC 3986)",
}


def is_time(text: str) -> bool:
    """Tell whether a text is a date and a time (RFC 3339, section 5.6)."""
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    # The calendar of the standard library begins with the year 1; 0 is a leap year as 2000 is.
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year or 2000, month)[1]  # noqa: PLR2004 - a year's months


def told(error: ValidationError, schema: dict[str, Any], value: Any) -> tuple[str | None, str]:
    """Tell an error in a sentence; with the key of the member that it is about, where that is none."""
    rule = error.kind.name
    rules: Any = schema
    for step in error.schema_path[:-1]:
        rules = rules[step]
    if rule == "required":
        return error.kind.property, "it is missing"  # type: ignore[attr-defined]  # this kind has it
    if rule == "type":
        return None, wrong_type(value, rules)
    if rule in {"const", "enum"}:
        return None, _wrong_value(value, rules)
    if rule == "format":
        return None, _wrong_format(value, rules["format"])
    return None, _BOUNDS.get(rule) or rules["description"]


def wrong_type(value: Any, rules: dict[str, Any]) -> str:
    """Say that a value is of another type than its rules want."""
    types = [rules["type"]] if isinstance(rules["type"], str) else rules["type"]
    return f"it is {kind_of(value)}, not {NAMES_OF_TYPES[types[0]]}"


def _wrong_value(value: Any, rules: dict[str, Any]) -> str:
    expected = rules["const"] if "const" in rules else rules["enum"][0]
    if not isinstance(expected, str):
        return f"it is not {expected}"
    actual = quoted(value) if isinstance(value, str) else kind_of(value)
    return f"it is {actual}, not {quoted(expected)}"


def _wrong_format(value: str, name: str) -> str:
    if name != "oci-digest":
        return _FORMATS[name]
    try:
        Digest(value)
    except InvalidNameError as error:
        return str(error)
    raise AssertionError("the validator and the grammar agree about digests")


def is_digest(text: str) -> bool:
    """Tell whether a text is a digest (image specification, "Digests")."""
    try:
        Digest(text)
    except InvalidNameError:
        return False
    return True
