"""Widgets that know nothing of registries: a table, a view of a document's lines, the line of a filter."""

from __future__ import annotations

from tui.widgets.columns import Column
from tui.widgets.document import Document
from tui.widgets.filter import FilterInput
from tui.widgets.json_document import JsonDocument
from tui.widgets.lines import LineView
from tui.widgets.table import VirtualTable
from tui.widgets.text_document import Field, FieldsDocument, Section, TextDocument

__all__ = [
    "Column",
    "Document",
    "Field",
    "FieldsDocument",
    "FilterInput",
    "JsonDocument",
    "LineView",
    "Section",
    "TextDocument",
    "VirtualTable",
]
