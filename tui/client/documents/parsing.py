"""JSON from strangers: read leniently, field by field, with everything that is wrong collected."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tui.client.documents.decoding import MAX_VALUES, has_too_many_values
from tui.client.errors import ParseJSONError, Violation
from tui.client.redaction import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PROBLEMS: Final = 100
"""Problems that are kept of one document: 4 MiB can have millions, and nobody reads them."""

MAX_ELEMENTS: Final = 50_000
"""Elements of an array that are read: 4 MiB hold fewer descriptors, but millions of nothings."""

MAX_PATH: Final = 300
"""Characters after which a path goes no deeper: keys are foreign, and nesting is cheap."""

MAX_INTEGER: Final = 2**63 - 1
"""The largest size that the specifications know (int64)."""

_MAX_DIGITS: Final = 40
"""Digits of a number that are worth an exact integer; Python refuses to read more than 4,300."""

_T = TypeVar("_T")

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,60}")

_KINDS: Final = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    type(None): "null",
}

NAMES_OF_TYPES: Final = {
    "object": _KINDS[dict],
    "array": _KINDS[list],
    "string": _KINDS[str],
    "boolean": _KINDS[bool],
    "integer": _KINDS[int],
    "number": _KINDS[float],
    "null": _KINDS[type(None)],
}
"""What JSON Schema calls the types, and what people call them."""


class Problems:
    """What is wrong with one document, in the order in which it was found; bounded."""

    def __init__(self) -> None:
        self._found: list[Violation] = []
        self._left_out = 0
        self._given_up = False

    def add(self, path: str, message: str) -> None:
        """Note a problem at a path such as ``$.layers[2].digest``."""
        if len(self._found) < MAX_PROBLEMS:
            self._found.append(Violation(path, message))
        else:
            self._left_out += 1

    def leave_out(self, number: int) -> None:
        """Count problems that nobody looked at closely."""
        self._left_out += number

    @property
    def total(self) -> int:
        """How many problems there are, those that are not kept with them."""
        return len(self._found) + self._left_out

    def give_up(self) -> None:
        """Note that nobody looks for further problems."""
        self._given_up = True

    def collected(self) -> tuple[Violation, ...]:
        """Give all problems; the last says how many more there are, if some were left out."""
        if not self._left_out:
            return tuple(self._found)
        least = "at least " if self._given_up else ""
        noun = "problem" if self._left_out == 1 else "problems"
        return (*self._found, Violation("$", f"{least}{self._left_out:,} more {noun}"))


def child_path(path: str, key: str | int) -> str:
    """Give the path of a member or element: ``$.layers``, ``$['os.version']``, ``$[3]``; it is bounded."""
    if len(path) > MAX_PATH:
        return path if path.endswith("…") else f"{path}…"
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if _PLAIN_KEY.fullmatch(key) else f"{path}[{quoted(key)}]"


def read_json(raw: bytes, problems: Problems) -> Any:
    """Read a JSON document.

    Duplicate keys (of which the last counts), NaN, infinities and a byte order mark are noted as problems.
    Integers of absurd length become floats.

    Raises:
        ParseJSONError: The bytes are not JSON in UTF-8, nested too deeply, or of too many values.
    """
    if has_too_many_values(raw):
        raise ParseJSONError(f"the document has more than {MAX_VALUES:,} values")
    if not raw.strip():
        raise ParseJSONError("the document is empty")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseJSONError(f"the document is not JSON: byte {error.start:,} is not UTF-8") from error
    if text.startswith("\ufeff"):
        problems.add("$", "it begins with a byte order mark")
        text = text[1:]
    hooks = _Hooks(problems)
    try:
        value = json.loads(
            text,
            object_pairs_hook=hooks.make_object,
            parse_int=_make_integer,
            parse_constant=hooks.make_constant,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno:,}, column {error.colno:,}"
        raise ParseJSONError(f"the document is not JSON: {error.msg} ({where})") from error
    except RecursionError as error:
        raise ParseJSONError("the document is nested too deeply") from error
    hooks.note_repeated(value)
    return value


def kind_of(value: Any) -> str:
    """Name the JSON type of a value, with its article."""
    return _KINDS[type(value)]


@dataclass(frozen=True, slots=True)
class Fields:
    """The members of one JSON object, read one by one.

    A member that is absent or of another type than wanted becomes an empty value; what is wrong is noted.
    """

    members: dict[str, Any]
    path: str
    problems: Problems

    @classmethod
    def of(cls, value: Any, path: str, problems: Problems) -> Fields | None:
        """Wrap an object; None, and a problem, if the value is something else."""
        if isinstance(value, dict):
            return cls(value, path, problems)
        problems.add(path, f"it is {kind_of(value)}, not an object")
        return None

    def note(self, key: str, message: str) -> None:
        """Note a problem with a member."""
        self.problems.add(child_path(self.path, key), message)

    def text(self, key: str, *, required: bool = False) -> str:
        """Read a string."""
        return self._typed(key, str, required=required) or ""

    def flag(self, key: str) -> bool:
        """Read true or false."""
        return self._typed(key, bool) or False

    def size(self, key: str, *, required: bool = False) -> int:
        """Read a size in bytes: 0 if it is absent, negative or larger than an int64."""
        value = self.members.get(key)
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            self.note(key, "it is written as a fraction")
            value = int(value)
        elif value is None or isinstance(value, bool) or not isinstance(value, int):
            return self._typed(key, int, required=required) or 0
        if not 0 <= value <= MAX_INTEGER:
            self.note(key, "it is negative" if value < 0 else "it is larger than an int64")
            return 0
        return value

    def base64(self, key: str) -> bytes | None:
        """Read bytes in Base64 (RFC 4648, section 4); None if they are absent or cannot be read."""
        value = self._typed(key, str)
        if value is None:
            return None
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            self.note(key, "it is not Base64")
            return None

    def object(self, key: str, *, required: bool = False) -> Fields | None:
        """Read an object."""
        value = self._typed(key, dict, required=required)
        return None if value is None else Fields(value, child_path(self.path, key), self.problems)

    def array(self, key: str, *, required: bool = False) -> Iterator[tuple[str, Any]]:
        """Read an array: the path and the value of each element, up to `MAX_ELEMENTS`."""
        path = child_path(self.path, key)
        values = self._typed(key, list, required=required) or []
        if len(values) > MAX_ELEMENTS:
            self.note(key, f"it has {len(values):,} elements, of which {MAX_ELEMENTS:,} are read")
        for number, value in enumerate(values[:MAX_ELEMENTS]):
            yield child_path(path, number), value

    def texts(self, key: str) -> tuple[str, ...]:
        """Read an array of strings, without elements that are none."""
        found: list[str] = []
        for path, value in self.array(key):
            if isinstance(value, str):
                found.append(value)
            else:
                self.problems.add(path, f"it is {kind_of(value)}, not a string")
        return tuple(found)

    def text_map(self, key: str) -> dict[str, str]:
        """Read an object of strings, without members that are none."""
        found: dict[str, str] = {}
        if fields := self.object(key):
            for name, value in fields.members.items():
                if isinstance(value, str):
                    found[name] = value
                else:
                    fields.note(name, f"it is {kind_of(value)}, not a string")
        return found

    def _typed(self, key: str, wanted: type[_T], *, required: bool = False) -> _T | None:
        if key not in self.members:
            if required:
                self.note(key, "it is missing")
            return None
        value = self.members[key]
        if isinstance(value, wanted) and type(value) is wanted:  # True is an int to isinstance alone
            return value
        self.note(key, f"it is {kind_of(value)}, not {_KINDS[wanted]}")
        return None


def _make_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)


class _Hooks:
    """What the JSON decoder calls, and what these calls saw."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._repeated: list[tuple[dict[str, Any], str]] = []

    def make_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            self._keep_repeated(made, pairs)
        return made

    def _keep_repeated(self, made: dict[str, Any], pairs: list[tuple[str, Any]]) -> None:
        room = MAX_PROBLEMS - len(self._repeated)
        seen: set[str] = set()
        for key, _ in pairs if room else ():
            if key in seen:
                self._repeated.append((made, key))
                room -= 1
                if not room:
                    break
            seen.add(key)
        if not room:
            self._problems.leave_out(len(pairs) - len(made) - sum(one is made for one, _ in self._repeated))

    def make_constant(self, name: str) -> float:
        self._problems.add("$", f"{name} is not a JSON value")
        return float(name)

    def note_repeated(self, document: Any) -> None:
        """Look for the paths of the objects with repeated keys, which the decoder did not know."""
        wanted: dict[int, list[str]] = {}
        for holder, key in self._repeated:
            wanted.setdefault(id(holder), []).append(key)
        waiting = [iter([("$", document)])] if wanted else []
        while waiting and wanted:
            path, current = next(waiting[-1], (None, None))
            if path is None:
                waiting.pop()
                continue
            for key in wanted.pop(id(current), ()):
                self._problems.add(child_path(path, key), "it is there more than once; the last one counts")
            if isinstance(current, dict | list) and current:
                waiting.append(_members(path, current))


def _members(path: str, value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """Give what stands in an object or an array, one after the other, with its path."""
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        yield child_path(path, key), member
