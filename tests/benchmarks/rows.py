"""What a benchmark finds: rows of figures, each beside a yardstick that was measured in the same rounds."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Bound", "Comparison", "Row", "compare", "in_turns", "percentile", "table"]

TITLES = ("benchmark", "what", "median", "min … max", "runs", "ratio", "min … max", "beside", "to reach")
RIGHT_ALIGNED = frozenset({2, 3, 4, 5, 6})


@dataclass(frozen=True, slots=True)
class Bound:
    """What a ratio, or a figure, should reach."""

    limit: float
    """The number itself still reaches it."""
    at_least: bool = False
    """Whether more is better."""

    def reached_by(self, figure: float) -> bool:
        """Tell whether a figure reaches it."""
        return figure >= self.limit if self.at_least else figure <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure beside that of a yardstick, as one ratio for each round."""

    beside: str
    """The yardstick."""
    ratios: tuple[float, ...]
    bound: Bound | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    benchmark: str
    what: str
    unit: str
    values: tuple[float, ...]
    """One for each run."""
    comparison: Comparison | None = None
    bound: Bound | None = None
    """What the figure itself should reach; for what is no time."""

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches what it should; None where nothing is asked of it."""
        if self.bound is not None:
            return self.bound.reached_by(median(self.values))
        if self.comparison is not None and self.comparison.bound is not None:
            return self.comparison.bound.reached_by(median(self.comparison.ratios))
        return None

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        found: dict[str, Any] = {
            "benchmark": self.benchmark,
            "what": self.what,
            "unit": self.unit,
            **_spread(self.values),
        }
        if self.comparison is not None:
            found["ratio"] = {"beside": self.comparison.beside, **_spread(self.comparison.ratios)}
        if (bound := self._bound) is not None:
            found["to_reach"] = str(bound)
            found["reached"] = self.reached
        return found

    @property
    def _bound(self) -> Bound | None:
        return self.bound or (self.comparison.bound if self.comparison is not None else None)

    def cells(self) -> tuple[str, ...]:
        """Return what the table shows of it."""
        ratio = spread = beside = wanted = ""
        if self.comparison is not None:
            ratio = f"{median(self.comparison.ratios):.2f}"
            spread = f"{min(self.comparison.ratios):.2f} … {max(self.comparison.ratios):.2f}"
            beside = self.comparison.beside
        if (bound := self._bound) is not None:
            wanted = f"{bound} {'✓' if self.reached else '✗'}"
        return (
            self.benchmark,
            self.what,
            f"{_figure(median(self.values))} {self.unit}",
            f"{_figure(min(self.values))} … {_figure(max(self.values))}",
            str(len(self.values)),
            ratio,
            spread,
            beside,
            wanted,
        )


def in_turns(rounds: int, subjects: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Measure several subjects in turns, A B A B, so that what slows the machine down slows all of them.

    Args:
        rounds: How often each is measured.
        subjects: Each measures once, and returns the figure.
    """
    figures: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, measure_once in subjects.items():
            figures[name].append(measure_once())
    return figures


def compare(
    figures: Sequence[float],
    yardstick: Sequence[float],
    beside: str,
    bound: Bound | None = None,
    *,
    inverse: bool = False,
) -> Comparison:
    """Divide the figures of each round by those of a yardstick in the same round.

    Args:
        figures: One for each round.
        yardstick: One for each round.
        beside: What the yardstick is called.
        bound: What the median of the ratios should reach.
        inverse: Whether to divide the other way round: how many times as fast, from two times.
    """
    pairs = zip(figures, yardstick, strict=True)
    return Comparison(beside, tuple(b / a if inverse else a / b for a, b in pairs), bound)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the least value that so many percent of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-round(len(ordered) * percent) // 100) - 1)]


def table(rows: Sequence[Row]) -> str:
    """Draw rows as a table of Markdown whose columns stand below each other."""
    lines = [TITLES, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(TITLES))]

    def drawn(cells: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if index in RIGHT_ALIGNED else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(parts)} |"

    rule = [
        "-" * (width - 1) + ":" if index in RIGHT_ALIGNED else "-" * width
        for index, width in enumerate(widths)
    ]
    return "\n".join([drawn(TITLES), f"| {' | '.join(rule)} |", *map(drawn, lines[1:])])


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {
        "median": round(median(values), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
        "runs": len(values),
    }


def _figure(value: float) -> str:
    """Write a figure with three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
