"""The yardstick: an application with the same kinds of widgets as the program, and nothing behind them."""

from __future__ import annotations

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import DataTable, Footer, Static

TABLES = 3

ROW = "row-{:05}"
"""What rows show."""


class BareApp(App[None]):
    """Shows a line, tables side by side, and a footer."""

    CSS = """
    Static { height: 1; background: $panel; }
    DataTable { width: 1fr; border: round $border; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("d", "app.bell", "download"),
        Binding("o", "app.bell", "go to"),
        Binding("m", "app.bell", "details"),
        Binding("slash", "app.bell", "filter"),
    ]

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        yield Static("bare application", markup=False)
        with Horizontal():
            for _ in range(TABLES):
                yield DataTable(cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        for table in self.query(DataTable):
            table.add_column("name")
            table.add_rows([(ROW.format(number),) for number in range(self._rows)])


if __name__ == "__main__":
    BareApp(int(sys.argv[1])).run()
