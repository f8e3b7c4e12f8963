from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.client.login.challenge import parse_challenges


def read(*values: str) -> list[tuple[str, dict[str, str]]]:
    return [(challenge.scheme, dict(challenge.parameters)) for challenge in parse_challenges(values)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('Basic realm="x"', [("basic", {"realm": "x"})]),
        (
            'Bearer realm="https://auth.docker.io/token",service="registry",scope="repository:a/b:pull,push"',
            [
                (
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        ('BEARER REALM="r" , Service = "s"', [("bearer", {"realm": "r", "service": "s"})]),
        (
            "Bearer realm=https://a.example/t?x=1,service=s",
            [("bearer", {"realm": "https://a.example/t?x=1", "service": "s"})],
        ),
        ('Negotiate, Basic realm="x"', [("negotiate", {}), ("basic", {"realm": "x"})]),
        ('Negotiate YWJj==, Bearer realm="r"', [("negotiate", {}), ("bearer", {"realm": "r"})]),
        (
            'Basic realm="a", Bearer realm="b", error="insufficient_scope"',
            [("basic", {"realm": "a"}), ("bearer", {"realm": "b", "error": "insufficient_scope"})],
        ),
        (r'Basic realm="say \"hi\" \\ here"', [("basic", {"realm": r'say "hi" \ here'})]),
        ('Basic realm="not closed', [("basic", {"realm": "not closed"})]),
        ('Basic realm="not closed\\', [("basic", {"realm": "not closed"})]),
        ('Basic realm=""', [("basic", {"realm": ""})]),
        ('Bearer realm="one",realm="two"', [("bearer", {"realm": "one"})]),
        ("Basic", [("basic", {})]),
        ('realm="without a scheme"', []),
        ("", []),
        (" , ,", []),
        ('@@@ Basic realm="x"', [("basic", {"realm": "x"})]),
        ('"Basic" Bearer realm="r"', [("bearer", {"realm": "r"})]),
    ],
)
def test_reads_what_servers_send(value: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert read(value) == expected


def test_reads_several_headers_in_their_order() -> None:
    assert read('Basic realm="a"', 'Bearer realm="b"') == [
        ("basic", {"realm": "a"}),
        ("bearer", {"realm": "b"}),
    ]


@given(st.text(alphabet='Basic realm="\\,= \t\n@é', max_size=60))
def test_ends_with_any_text(value: str) -> None:
    for challenge in parse_challenges([value]):
        assert challenge.scheme == challenge.scheme.lower()


TOKENS = st.from_regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True)
VALUES = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20)
CHALLENGES = st.lists(
    st.tuples(TOKENS, st.dictionaries(TOKENS.map(str.lower), VALUES, max_size=4)), max_size=3
)


def quoted(value: str) -> str:
    """Write a value as the grammar has it (RFC 9110, section 5.6.4)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@settings(deadline=None)
@given(CHALLENGES, st.sampled_from([", ", ",", " ,\t"]), st.sampled_from(["=", " = "]))
def test_what_the_grammar_writes_is_read_back(
    challenges: list[tuple[str, dict[str, str]]], comma: str, equals: str
) -> None:
    written = [
        f"{scheme} " + comma.join(f"{name}{equals}{quoted(value)}" for name, value in parameters.items())
        for scheme, parameters in challenges
    ]
    expected = [(scheme.lower(), parameters) for scheme, parameters in challenges]
    assert read(comma.join(written)) == expected
    assert read(*written) == expected


def test_a_long_header_is_read_in_linear_time() -> None:
    assert len(read('Basic realm="\\' + '\\"' * 100_000)) == 1
    assert len(read("a, " * 50_000)) == 50_000
    assert read("=" * 100_000) == []
