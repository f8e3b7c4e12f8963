from __future__ import annotations

import httpx
import pytest

from tui.client.notices import MAX_WARNINGS, RateLimit, Warnings, parse_warnings


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('299 - "moved to ghcr.io"', ["moved to ghcr.io"]),
        (r'299 - "say \"hi\" \\ "', ['say "hi" \\ ']),
        ('  299  -  "x"  ', ["x"]),
        ('299 - "a, b" , 299 - "c",299 - "d"', ["a, b", "c", "d"]),
        ('299 - ""', []),
        ('199 - "x"', []),
        ('299 - "a", 199 - "x"', []),
        ('299 agent "x"', []),
        ('299 - "x" "Sat, 21 Nov 2026 09:13:00 GMT"', []),
        ("299 - x", []),
        ('299 - "x', []),
        ('299 - "' + "x" * 4097 + '"', []),
        ("", []),
    ],
)
def test_reads_warnings_of_the_specification(value: str, expected: list[str]) -> None:
    assert list(parse_warnings(value)) == expected


def test_keeps_each_warning_once_and_not_endlessly_many() -> None:
    warnings = Warnings()
    headers = httpx.Headers([("Warning", '299 - "a"'), ("Warning", '299 - "b"'), ("Warning", '299 - "a"')])
    warnings.note(headers)
    warnings.note(headers)
    assert warnings.texts == ("a", "b")
    for number in range(2 * MAX_WARNINGS):
        warnings.note(httpx.Headers({"Warning": f'299 - "{number}"'}))
    assert len(warnings.texts) == MAX_WARNINGS


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"}, RateLimit(100, 76, 21600)),
        ({"ratelimit-remaining": "76"}, RateLimit(None, 76, None)),
        ({"ratelimit-limit": "many"}, None),
    ],
)
def test_reads_how_much_is_left(headers: dict[str, str], expected: RateLimit | None) -> None:
    warnings = Warnings()
    warnings.note(httpx.Headers(headers))
    assert warnings.rate_limit == expected
