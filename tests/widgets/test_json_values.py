"""JSON is read so that it can be shown as it was written."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.json_values import (
    DEEPEST,
    JsonLiteral,
    JsonObject,
    JsonReadError,
    _DeepReader,
    brackets,
    child,
    from_python,
    json_text,
    read_json,
    scalar_text,
    size,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


def plain(value: Any) -> Any:
    """Turn what was read into what `json` reads."""
    if isinstance(value, JsonObject):
        return {name: plain(item) for name, item in value.members}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return json.loads(value) if isinstance(value, JsonLiteral) else value


@given(JSON, st.sampled_from([None, 2]))
def test_both_readers_read_what_json_reads(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert plain(read_json(text)) == value
    assert plain(_DeepReader(text).read()) == value


@given(JSON)
def test_what_is_written_is_the_same_json(value: Any) -> None:
    written = json_text(read_json(json.dumps(value)))
    assert json.loads(written) == value
    assert written == json.dumps(value, indent=2, ensure_ascii=False)


@pytest.mark.parametrize("text", ["1.10", "1e400", "-0", "0.1e-7", "9" * 5_000, "NaN", "-Infinity"])
def test_a_number_keeps_its_text(text: str) -> None:
    (value,) = read_json(f"[{text}]")
    assert isinstance(value, JsonLiteral)
    assert scalar_text(value) == text


def test_members_of_the_same_name_are_all_kept() -> None:
    value = read_json('{"a": 1, "b": 2, "a": 3}')
    assert value.members == [("a", "1"), ("b", "2"), ("a", "3")]
    assert [child(value, index) for index in range(3)] == value.members


def test_lone_surrogates_and_controls_are_read() -> None:
    assert read_json('["\\ud800", "a\x1bb\nc"]') == ["\ud800", "a\x1bb\nc"]


@pytest.mark.parametrize("reader", [read_json, lambda text: _DeepReader(text).read()])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[1 2]",
        "{1: 2}",
        '{"a"}',
        '{"a": }',
        '{"a": 1,}',
        "[] []",
        "x",
        '"',
    ],
)
def test_what_is_no_json_is_refused(reader: Any, text: str) -> None:
    with pytest.raises((JsonReadError, json.JSONDecodeError)):
        reader(text)


def test_an_error_says_why_and_where() -> None:
    with pytest.raises(JsonReadError, match=r"^Expecting ':' delimiter, line 2, column 6$"):
        read_json('{\n "a" 1}')


@pytest.mark.parametrize("unit", ["[", '{"a":', '[{"a":'])
def test_deep_nesting_is_read(unit: str) -> None:
    depth = 10_000 // (unit.count("[") + unit.count("{"))
    closing = "".join({"[": "]", "{": "}"}[c] for c in reversed(unit) if c in "[{")
    value = read_json(unit * depth + "1" + closing * depth)
    levels = 0
    while size(value):
        value = child(value, 0)[1]
        levels += 1
    assert levels == 10_000
    assert value == "1"


def test_deep_json_is_written() -> None:
    value = read_json("[" * 5_000 + "]" * 5_000)
    assert json_text(value).count("[") == 5_000


@pytest.mark.parametrize(
    "text", ["[" * (DEEPEST + 1) + "1" + "]" * (DEEPEST + 1), "[" * 2_000_000, '{"a":' * 500_000]
)
def test_what_nobody_reads_is_refused(text: str) -> None:
    with pytest.raises(JsonReadError, match="Nested deeper than 20,000 levels"):
        read_json(text)


def test_what_json_made_is_taken_too() -> None:
    value = from_python({"a": [1, 2.5, None, True], "b": MappingProxyType({"c": (1,)})})
    assert json_text(value) == json.dumps({"a": [1, 2.5, None, True], "b": {"c": [1]}}, indent=2)


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(JsonReadError):
        from_python(value)


def test_a_value_too_deep_for_python_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(JsonReadError, match="Nested too deeply"):
        from_python(value)


def test_sizes_and_brackets() -> None:
    assert [size(value) for value in (JsonObject([]), [1, 2], "ab", JsonLiteral("12"), None)] == [
        0,
        2,
        None,
        None,
        None,
    ]
    assert brackets(JsonObject([])) + brackets([]) == "{}[]"
