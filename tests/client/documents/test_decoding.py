from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.client.answers import error_infos
from tui.client.documents.decoding import MAX_VALUES, DoubtfulJSONError, decode_json

MIB = 1024 * 1024
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"tags": ["v1", null]}', {"tags": ["v1", None]}),
        (b"\xef\xbb\xbf[]", []),
        (b' "\xc3\xa9" ', "é"),
        (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
    ],
)
def test_reads_json_in_utf_8(body: bytes, expected: object) -> None:
    assert decode_json(body) == expected


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nonsense", b"\xff", "[]".encode("utf-16"), b"1" * 5000, b'{"a" 1}']
)
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        decode_json(body)
    assert not isinstance(caught.value, DoubtfulJSONError)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_nested_without_end_is_an_error(body: bytes) -> None:
    with pytest.raises(RecursionError):
        decode_json(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"token": "a", "token": "b"}', "says 'token' more than once"),
        (b'{"x": {"\\u001b": 1, "\\u001b": 2}}', r"says '\\x1b' more than once"),
        (b'{"expires_in": NaN}', "says NaN"),
        (b"[-Infinity]", "says -Infinity"),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_an_error(body: bytes, message: str) -> None:
    with pytest.raises(DoubtfulJSONError, match=message):
        decode_json(body)


@pytest.mark.parametrize("piece", ["[],", "{},", "1,", '"",', "null,"])
def test_a_flood_of_values_is_refused_before_it_is_decoded(piece: str) -> None:
    body = f"[{piece * (MAX_VALUES + 1)}0]".encode()
    tracemalloc.start()
    try:
        with pytest.raises(DoubtfulJSONError, match="2,000,000 values"):
            decode_json(body)
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


def test_a_million_tags_are_no_flood() -> None:
    tags = [f"v{number}" for number in range(1_000_000)]
    assert decode_json(json.dumps({"name": "a", "tags": tags}).encode())["tags"] == tags


@given(st.binary() | st.text(alphabet='[]{}:,"\\aeE+-.019NInfity tru').map(str.encode))
def test_any_bytes_are_json_or_an_error(body: bytes) -> None:
    try:
        value = decode_json(body)
    except (ValueError, RecursionError):
        return
    assert value == json.loads(body)


@given(
    st.binary()
    | st.builds(
        json.dumps, st.dictionaries(st.sampled_from(["errors", "code", "error", "message"]), ANY_JSON)
    ).map(str.encode)
)
def test_any_body_explains_a_refusal_or_nothing(body: bytes) -> None:
    for info in error_infos(body):
        assert str(info).isprintable()
        assert repr(info).isprintable()


@pytest.mark.parametrize("depth", [900, 980, 2_000])
def test_a_body_that_is_nested_deeply_explains_nothing_and_does_no_harm(depth: int) -> None:
    body = (
        b'{"code": '
        + b"[" * depth
        + b"]" * depth
        + b', "message": "x", "detail": '
        + b"[" * depth
        + b"]" * depth
    )
    for info in error_infos(body + b"}"):
        assert info.message == "x"
        assert str(info).isprintable()
        assert len(repr(info)) < 1000
