from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tui import figures

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (212_000_000, "212 MB"),
        (3_600_000_000, "3.6 GB"),
        (5 * 10**18, "5000 PB"),
    ],
)
def test_sizes_are_told_in_decimal_units_and_never_as_a_thousand_of_one(octets: int, text: str) -> None:
    assert figures.size(octets) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(1, 0, "-"), (0, 10, "0 %"), (1, 1000, "<1 %"), (1, 3, "33 %"), (5, 5, "100 %")],
)
def test_shares(part: int, whole: int, text: str) -> None:
    assert figures.share(part, whole) == text


def test_a_bar_fills_its_width_and_shows_the_smallest_part() -> None:
    assert figures.bar(1, 1, 10) == "█" * 10
    assert figures.bar(1, 2, 3) == "█▌"
    assert figures.bar(1, 10**9, 10) == "▏"
    assert figures.bar(0, 5, 10) == ""
    assert figures.bar(9, 5, 10) == "█" * 10


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=23), "23 h"),
        (timedelta(days=31), "31 d"),
        (timedelta(days=61), "2 mo"),
        (timedelta(days=800), "2 y"),
    ],
)
def test_ages(ago: timedelta, text: str) -> None:
    assert figures.age(NOW - ago, NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (4.4, "4 s"), (65, "1 min 05 s"), (7800, "2 h 10 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert figures.duration(seconds) == text


def test_counts() -> None:
    assert figures.count(100_000) == "100,000"
    assert figures.counted(1, "layer") == "1 layer"
    assert figures.counted(2, "entry", "entries") == "2 entries"
