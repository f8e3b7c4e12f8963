"""The shapes of documents: objects, arrays and texts held against the JSON Schema that is kept beside this.

Each object and each array is checked for itself, without what is inside of its objects and arrays, which come
after it. So the work that a hostile document makes is bounded by what it is worth, and the validator never
sees deep nesting or a million errors at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from tui.client.documents.parsing import Problems, child_path
from tui.client.documents.sentences import is_digest, is_time, told, wrong_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jsonschema_rs import Validator

MAX_COUNTED: Final = 10_000
"""Problems after which nobody looks for more: each costs time, and a hundred are told."""

SLICE: Final = 1_000
"""Members of an array or a map that the validator gets at a time: it makes all its errors at once."""

Look = Callable[[dict[str, Any], str, str], None]
"""What is called with each object, the name of its definition and its path."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """A part of the schema, and what holds JSON against it."""

    schema: dict[str, Any]
    """The rules, with objects and arrays inside of them reduced to their types."""
    validator: Validator

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> _Rules:
        """Compile rules in which references to definitions stand for these."""
        import jsonschema_rs  # noqa: PLC0415 - it is large, and most runs of the program validate nothing

        reduced = {
            key: {name: _reduced(rules) for name, rules in value.items()}
            if key == "properties"
            else _reduced(value)
            for key, value in schema.items()
        }
        validator = jsonschema_rs.Draft202012Validator(
            reduced,
            formats={"oci-digest": is_digest, "oci-time": is_time},
            validate_formats=True,
            offline=True,
        )
        return cls(reduced, validator)


@dataclass(frozen=True, slots=True)
class _Shape:
    """One definition of the schema, for itself."""

    members: _Rules | None = None
    """The rules for an object's members that have names in the schema."""
    values: _Rules | None = None
    """The rules for an array's elements, or for all other members of an object: those of an array of them."""
    keys: _Rules | None = None
    """The rules for the keys of all other members: those of an array of them."""
    inside: Mapping[str, str] = field(default_factory=dict)
    """The definitions of the members that are objects or arrays."""
    element: str = ""
    """The definition of the elements, where they are objects."""


def check_shape(document: Any, name: str, problems: Problems, look: Look) -> None:
    """Note everything about a document that its schema does not allow.

    Args:
        document: A JSON value.
        name: The name of the document's definition in the schema.
        problems: Where to note what is wrong.
        look: Called for each object, for rules that a schema cannot tell.
    """
    if isinstance(document, dict):
        _Check(problems, look).check(document, name, "$")
    else:
        problems.add("$", wrong_type(document, _definitions()[name]))


class _Check:
    """One document that is held against its schema, object by object."""

    def __init__(self, problems: Problems, look: Look) -> None:
        self._problems = problems
        self._look = look

    def check(self, value: dict[str, Any] | list[Any], name: str, path: str) -> None:
        """Check an object or array of the type that its definition wants, then what is in it."""
        shape = _shape(name)
        if isinstance(value, list):
            self._check_values(list(enumerate(value)), shape.values, path)
            for number, element in enumerate(value if shape.element else ()):
                if self._is_enough():
                    return
                if isinstance(element, dict):
                    self.check(element, shape.element, child_path(path, number))
            return
        self._check_members(value, shape, path)
        self._look(value, name, path)
        for key, inner in shape.inside.items():
            member = value.get(key)
            if isinstance(member, list if _is_array(inner) else dict) and not self._is_enough():
                self.check(member, inner, child_path(path, key))

    def _is_enough(self) -> bool:
        if self._problems.total <= MAX_COUNTED:
            return False
        self._problems.give_up()
        return True

    def _check_members(self, value: dict[str, Any], shape: _Shape, path: str) -> None:
        rules = shape.members.schema["properties"] if shape.members is not None else {}
        if shape.members is not None:
            named = {key: value[key] for key in rules if key in value}
            for key, member in named.items():
                if isinstance(member, float) and member.is_integer() and _is_integer(rules[key]):
                    self._problems.add(child_path(path, key), "it is written as a fraction")
            instance = {key: self._hollow(member, path, key) for key, member in named.items()}
            self._validate(instance, shape.members, path, ())
        others = [(key, member) for key, member in value.items() if key not in rules] if shape.values else []
        self._check_values([(key, key) for key, _ in others], shape.keys, path)
        self._check_values(others, shape.values, path)

    def _check_values(
        self, members: Sequence[tuple[str | int, Any]], rules: _Rules | None, path: str
    ) -> None:
        """Check values that all have the same rules, each with its key."""
        for start in range(0, len(members) if rules else 0, SLICE):
            if rules is None or self._is_enough():
                return
            part = members[start : start + SLICE]
            instance = [self._hollow(member, path, key) for key, member in part]
            self._validate(instance, rules, path, [key for key, _ in part])

    def _hollow(self, member: Any, path: str, key: str | int) -> Any:
        """Give a value without what is in it, and in an encoding that there is."""
        if isinstance(member, dict | list):
            return type(member)()
        if isinstance(member, float) and not math.isfinite(member):
            return 0.5  # a number like them, and JSON
        if isinstance(member, str) and not member.isascii():
            encoded = member.encode("utf-8", "replace")
            if encoded.count(b"?") > member.count("?"):
                self._problems.add(
                    child_path(path, key), "it has half of a surrogate pair, which is no character"
                )
            return encoded.decode()
        return member

    def _validate(self, instance: Any, rules: _Rules, path: str, keys: Sequence[str | int]) -> None:
        """Validate an object, or an array whose elements stand under `keys` in the document."""
        for error in rules.validator.iter_errors(instance):
            where, value = path, instance
            for step in error.instance_path:
                value = value[step]
                where = child_path(where, keys[step] if isinstance(step, int) else step)
            key, sentence = told(error, rules.schema, value)
            self._problems.add(where if key is None else child_path(where, key), sentence)


@cache
def _definitions() -> dict[str, Any]:
    text = resources.files("tui.client.documents").joinpath("schemas/documents.json").read_text("utf-8")
    definitions: dict[str, Any] = json.loads(text)["$defs"]
    return definitions


def _is_array(name: str) -> bool:
    return "array" in _definitions()[name]["type"]


def _is_integer(rules: Mapping[str, Any]) -> bool:
    return "integer" in rules.get("type", ()) or isinstance(rules.get("const"), int)


def _named(rules: Any) -> str:
    """Give the name of the definition that a rule refers to, or nothing."""
    return str(rules.get("$ref", "")).removeprefix("#/$defs/") if isinstance(rules, dict) else ""


def _is_container(name: str) -> bool:
    types = _definitions()[name].get("type", ()) if name else ()
    return "object" in types or "array" in types


def _reduced(rules: Any) -> Any:
    """Put definitions in the place of references to them: of objects and arrays their type alone."""
    if not (name := _named(rules)):
        return rules
    definition = _definitions()[name]
    return {"type": definition["type"]} if _is_container(name) else definition


@cache
def _shape(name: str) -> _Shape:
    definition = _definitions()[name]
    if _is_array(name):
        element = _named(definition["items"])
        return _Shape(values=_Rules.of(definition), element=element if _is_container(element) else "")
    properties = definition.get("properties", {})
    plain = {key: rules for key, rules in definition.items() if key in {"required", "properties"}}
    return _Shape(
        members=_Rules.of(plain) if properties else None,
        values=_rules_of_all(definition.get("additionalProperties")),
        keys=_rules_of_all(definition.get("propertyNames")),
        inside={key: _named(rules) for key, rules in properties.items() if _is_container(_named(rules))},
    )


def _rules_of_all(rules: Any) -> _Rules | None:
    return None if rules is None else _Rules.of({"items": rules})
