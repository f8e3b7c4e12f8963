import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.client.documents.parsing import MAX_ELEMENTS, MAX_PROBLEMS, Fields, Problems, child_path, read_json
from tui.client.errors import ParseJSONError, Violation


def read(raw: bytes) -> tuple[Any, tuple[Violation, ...]]:
    problems = Problems()
    return read_json(raw, problems), problems.collected()


def fields_of(members: dict[str, Any]) -> Fields:
    return Fields(members, "$", Problems())


def found(fields: Fields) -> list[str]:
    return [str(violation) for violation in fields.problems.collected()]


class TestReadJSON:
    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            (b"", "the document is empty"),
            (b" \n", "the document is empty"),
            (b"{", "line 1, column 2"),
            (b"<html>", "the document is not JSON: Expecting value"),
            (b"{'a': 1}", "the document is not JSON"),
            (b"[1,]", "the document is not JSON"),
            (b'"a\nb"', "the document is not JSON"),
            (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
            ('{"a": 1}'.encode("utf-16"), "byte 0 is not UTF-8"),
            (b"\xed\xa0\x80", "byte 0 is not UTF-8"),
            (b"[" * 1_000_000, "the document is nested too deeply"),
            (b'{"a":' * 1_000_000, "the document is nested too deeply"),
        ],
    )
    def test_what_is_no_json(self, raw: bytes, said: str) -> None:
        with pytest.raises(ParseJSONError) as caught:
            read(raw)
        assert said in str(caught.value)

    def test_repeated_keys_are_noted_with_their_places(self) -> None:
        value, problems = read(b'{"a": 1, "b": [{"c": {"d": 1}}, {"c": 1, "c": 2, "c": 3}], "a": 4}')
        assert value == {"a": 4, "b": [{"c": {"d": 1}}, {"c": 3}]}
        said = "it is there more than once; the last one counts"
        assert problems == (Violation("$.a", said), Violation("$.b[1].c", said), Violation("$.b[1].c", said))

    def test_a_repeated_key_inside_of_what_is_overwritten_has_no_place(self) -> None:
        value, problems = read(b'{"a": {"x": 1, "x": 2}, "a": {"y": 1}}')
        assert value == {"a": {"y": 1}}
        assert [problem.path for problem in problems] == ["$.a"]

    def test_constants_that_are_no_json_are_noted(self) -> None:
        value, problems = read(b"[NaN, Infinity, -Infinity]")
        assert math.isnan(value[0])
        assert value[1:] == [math.inf, -math.inf]
        assert [problem.message for problem in problems] == [
            "NaN is not a JSON value",
            "Infinity is not a JSON value",
            "-Infinity is not a JSON value",
        ]

    def test_a_byte_order_mark_is_noted(self) -> None:
        assert read(b"\xef\xbb\xbf{}") == ({}, (Violation("$", "it begins with a byte order mark"),))

    def test_numbers_of_any_length_are_read(self) -> None:
        value, problems = read(b"[9007199254740993, -%s, %s]" % (b"9" * 5000, b"9" * 5000))
        assert value == [9007199254740993, -math.inf, math.inf]
        assert problems == ()

    @settings(deadline=None, max_examples=100)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda s: st.lists(s) | st.dictionaries(st.text(), s),
        )
    )
    def test_what_json_writes_is_read_back(self, value: Any) -> None:
        assert read(json.dumps(value).encode()) == (value, ())


class TestProblems:
    def test_they_are_bounded(self) -> None:
        problems = Problems()
        for number in range(MAX_PROBLEMS + 5):
            problems.add(f"$[{number}]", "it is odd")
        collected = problems.collected()
        assert len(collected) == MAX_PROBLEMS + 1
        assert collected[-1] == Violation("$", "5 more problems")

    @pytest.mark.parametrize(
        ("key", "path"),
        [
            ("layers", "$.layers"),
            (3, "$[3]"),
            ("os.version", "$['os.version']"),
            ("", "$['']"),
            ("\x1b[2J", "$['\\x1b[2J']"),
            ("k" * 100, "$['" + "k" * 79 + "…']"),
        ],
    )
    def test_paths(self, key: str | int, path: str) -> None:
        assert child_path("$", key) == path

    def test_paths_are_bounded(self) -> None:
        path = "$"
        for _ in range(1000):
            path = child_path(path, "\u202e" * 100)
        assert len(path) < 1000
        assert path.endswith("…")
        assert path.isprintable()


class TestFields:
    def test_an_object_is_wanted(self) -> None:
        problems = Problems()
        assert Fields.of([], "$.a", problems) is None
        assert problems.collected() == (Violation("$.a", "it is an array, not an object"),)

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            (None, "null"),
            (True, "true or false"),
            (1, "an integer"),
            (1.5, "a number"),
            ([], "an array"),
            ({}, "an object"),
        ],
    )
    def test_a_string_is_wanted(self, value: Any, said: str) -> None:
        fields = fields_of({"a": value})
        assert fields.text("a") == ""
        assert found(fields) == [f"$.a: it is {said}, not a string"]

    def test_absence_is_a_problem_where_a_member_is_required(self) -> None:
        fields = fields_of({})
        assert fields.text("a") == ""
        assert found(fields) == []
        assert fields.text("a", required=True) == ""
        assert found(fields) == ["$.a: it is missing"]

    @pytest.mark.parametrize(
        ("value", "size", "said"),
        [
            (0, 0, []),
            (2**63 - 1, 2**63 - 1, []),
            (2**63, 0, ["$.a: it is larger than an int64"]),
            (10**30, 0, ["$.a: it is larger than an int64"]),
            (-1, 0, ["$.a: it is negative"]),
            (12.0, 12, ["$.a: it is written as a fraction"]),
            (1e300, 0, ["$.a: it is written as a fraction", "$.a: it is larger than an int64"]),
            (12.5, 0, ["$.a: it is a number, not an integer"]),
            (math.inf, 0, ["$.a: it is a number, not an integer"]),
            (math.nan, 0, ["$.a: it is a number, not an integer"]),
            (True, 0, ["$.a: it is true or false, not an integer"]),
            ("12", 0, ["$.a: it is a string, not an integer"]),
            (None, 0, ["$.a: it is null, not an integer"]),
        ],
    )
    def test_sizes(self, value: Any, size: int, said: list[str]) -> None:
        fields = fields_of({"a": value})
        assert fields.size("a") == size
        assert found(fields) == said

    def test_flags(self) -> None:
        fields = fields_of({"a": True, "b": False, "c": 1})
        assert [fields.flag(key) for key in "abcd"] == [True, False, False, False]
        assert found(fields) == ["$.c: it is an integer, not true or false"]

    @pytest.mark.parametrize(
        ("text", "data"),
        [("e30=", b"{}"), ("", b""), ("e30", None), ("e3 0=", None), ("ä", None), ("_-==", None)],
    )
    def test_base64(self, text: str, data: bytes | None) -> None:
        fields = fields_of({"a": text})
        assert fields.base64("a") == data
        assert found(fields) == ([] if data is not None else ["$.a: it is not Base64"])
        assert fields.base64("b") is None

    def test_texts_keep_what_is_text(self) -> None:
        fields = fields_of({"a": ["x", None, "y", 3]})
        assert fields.texts("a") == ("x", "y")
        assert found(fields) == [
            "$.a[1]: it is null, not a string",
            "$.a[3]: it is an integer, not a string",
        ]

    def test_text_maps_keep_what_is_text(self) -> None:
        fields = fields_of({"a": {"x.y": None, "b": "c"}, "d": None})
        assert fields.text_map("a") == {"b": "c"}
        assert fields.text_map("d") == {}
        assert found(fields) == ["$.a['x.y']: it is null, not a string", "$.d: it is null, not an object"]

    def test_long_arrays_are_read_in_part(self) -> None:
        fields = fields_of({"a": ["x"] * (MAX_ELEMENTS + 1)})
        assert len(fields.texts("a")) == MAX_ELEMENTS
        assert found(fields) == ["$.a: it has 50,001 elements, of which 50,000 are read"]
