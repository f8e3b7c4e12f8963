"""Figures as a person reads them: sizes, counts, shares, ages, durations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_SIZE_UNITS = ("kB", "MB", "GB", "TB", "PB")
_THOUSAND = 1000
_TEN = 10
_HUNDRED = 100

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_MONTH = 30 * _DAY
_YEAR = 365 * _DAY
_MONTHS_FROM = 60 * _DAY
"""Up to two months an age is told in days, because "31 d" says more than "1 mo"."""

_BAR_EIGHTHS = " ▏▎▍▌▋▊▉█"


def size(octets: int) -> str:
    """Tell a number of bytes in decimal units, as registries do: "999 B", "3.6 MB", "212 MB"."""
    if octets < _THOUSAND:
        return f"{octets} B"
    value = octets / _THOUSAND
    units = iter(_SIZE_UNITS)
    unit = next(units)
    # Rounding must not lead to "1000 kB".
    while value >= _THOUSAND - 0.5 and (greater := next(units, "")):
        value /= _THOUSAND
        unit = greater
    digits = 1 if round(value, 1) < _HUNDRED else 0
    return f"{value:.{digits}f} {unit}"


def count(number: int) -> str:
    """Tell a number with separators for thousands: "100,000"."""
    return f"{number:,}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Tell how many of a thing there are: "1 layer", "3 layers"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def share(part: int, whole: int) -> str:
    """Tell a part of a whole in per cent; "-" where the whole is unknown or nothing."""
    if whole <= 0:
        return "-"
    percent = _HUNDRED * part / whole
    return "<1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def bar(part: float, whole: float, width: int) -> str:
    """Draw a part of a whole as a bar of at most `width` cells, exact to an eighth of a cell.

    Something greater than nothing always shows at least an eighth.
    """
    if whole <= 0 or part <= 0 or width <= 0:
        return ""
    eighths = min(max(round(8 * width * part / whole), 1), 8 * width)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_BAR_EIGHTHS[rest] if rest else "")


def duration(seconds: float) -> str:
    """Tell a time span in its two greatest units: "4 s", "1 min 05 s", "2 h 10 min"."""
    whole = max(round(seconds), 0)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def age(moment: datetime, now: datetime) -> str:
    """Tell how long ago something was, in one unit: "now", "5 min", "3 h", "31 d", "4 mo", "2 y".

    Both moments carry their time zone. What lies in the future is "now": clocks differ.
    """
    seconds = int((now - moment).total_seconds())
    for limit, unit, name in (
        (_HOUR, _MINUTE, "min"),
        (_DAY, _HOUR, "h"),
        (_MONTHS_FROM, _DAY, "d"),
        (_YEAR, _MONTH, "mo"),
    ):
        if seconds < limit:
            return f"{seconds // unit} {name}" if seconds >= _MINUTE else "now"
    return f"{seconds // _YEAR} y"
