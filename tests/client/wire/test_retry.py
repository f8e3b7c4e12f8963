from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.client.limits import Limits
from tui.client.wire.retry import backoff, repeats_after, retry_after

NOW = datetime(2026, 11, 21, 9, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 500, 999_999_999_999.0),
        ("Sat, 21 Nov 2026 09:13:00 GMT", 60.0),
        ("Sat, 21 Nov 2026 09:11:00 GMT", 0.0),
        ("Saturday, 21-Nov-26 09:13:00 GMT", 60.0),
        ("Sat Nov 21 09:13:00 2026", 60.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
    ],
)
def test_reads_seconds_and_dates(value: str | None, expected: float | None) -> None:
    assert retry_after(value, NOW) == expected


def test_waits_longer_each_time_up_to_a_bound() -> None:
    limits = Limits(backoff=0.5, max_backoff=3.0)
    for attempt, longest in ((1, 0.5), (2, 1.0), (3, 2.0), (4, 3.0), (50, 3.0)):
        waits = [backoff(attempt, limits) for _ in range(50)]
        assert all(longest / 2 <= wait <= longest for wait in waits)
        assert len(set(waits)) > 1


def test_waits_not_at_all_when_told_so() -> None:
    assert backoff(3, Limits(backoff=0)) == 0


@given(
    st.text(max_size=60)
    | st.from_regex(r"[A-Z][a-z]{2}, \d{1,20} [A-Z][a-z]{2} \d{1,20} \d\d:\d\d:\d\d [+-]\d{1,20}")
)
def test_reads_anything_as_a_time_or_as_nothing(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    "value",
    [
        f"Sat, 21 Nov {'9' * 20} 09:13:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        f"Sat, 21 Nov 2026 09:13:00 +{'9' * 30}",
    ],
)
def test_a_date_outside_of_all_calendars_is_none(value: str) -> None:
    assert retry_after(value, NOW) in {None, 0.0}


@pytest.mark.parametrize(
    ("method", "status", "again", "expected"),
    [
        ("GET", None, False, True),
        ("HEAD", 503, False, True),
        ("GET", 404, False, False),
        ("PUT", None, False, False),
        ("PUT", 503, False, False),
        ("PUT", 429, False, True),
        ("PATCH", 429, False, True),
        ("DELETE", 429, False, True),
        ("PUT", None, True, True),
        ("POST", 503, True, True),
        ("POST", 400, True, False),
    ],
)
def test_what_has_effects_is_repeated_where_it_had_none_or_says_so(
    method: str, status: int | None, *, again: bool, expected: bool
) -> None:
    assert repeats_after(method, status, again=again) is expected
