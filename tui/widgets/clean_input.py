"""A line of input that shows all that was pasted into it."""

from __future__ import annotations

from typing import Final

from textual.widgets import Input

from tui.sanitize import one_line

LONGEST_VALUE: Final = 4_096
"""Characters that are taken: paths are no longer."""


class CleanInput(Input):
    """A field whose value is what one sees: hidden characters in what was pasted become visible ones."""

    def validate_value(self, value: str) -> str:
        """Make a value safe to show."""
        return one_line(value, limit=LONGEST_VALUE)
