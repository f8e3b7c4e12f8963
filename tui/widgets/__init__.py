"""Widgets that know nothing of registries: a table, lines of a document, the line of a filter."""

from __future__ import annotations

from tui.widgets.columns import Column
from tui.widgets.filter import FilterInput
from tui.widgets.table import VirtualTable

__all__ = ["Column", "FilterInput", "VirtualTable"]
