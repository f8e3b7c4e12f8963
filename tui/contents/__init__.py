"""What is inside a layer: its files, streamed from bytes that may lie anywhere.

    layer = open_layer(FileSource("layer.tar.gz"))
    async for entry in layer:
        print(entry.path, entry.size)
    print(await layer.read(layer.entries[0]))

This package knows no registry and no user interface: it reads a `ByteSource`.
Public names are loaded when they are first used, isal and zstandard when a layer needs them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tui.contents.byte_source import ByteSource
    from tui.contents.comparison import (
        ConfigDifference,
        FileDifference,
        LayerDifference,
        LayerFate,
        compare_configs,
        compare_files,
        compare_layers,
        files_of,
    )
    from tui.contents.differing_lines import Line, LinesDifference, compare_lines
    from tui.contents.entries import Chunk, Entry, Kind
    from tui.contents.errors import (
        ContentsError,
        DamagedContentError,
        NoRangesError,
        NotInLayerError,
        NotSavedError,
        TooLargeError,
        UnreadableLayerError,
    )
    from tui.contents.finding import Order, biggest, ordered, search, with_ancestors, with_changes
    from tui.contents.kinds import Form, as_text, form_of
    from tui.contents.layer import Layer, open_layer
    from tui.contents.merged import Hidden, MergedTree
    from tui.contents.nodes import Change, Node
    from tui.contents.packages import Package, Summary, summarise
    from tui.contents.release import Release
    from tui.contents.saving import LeftOut, Saved, ToSave, save, things_below
    from tui.contents.sources import BytesSource, FileSource
    from tui.contents.store import LayerStore
    from tui.contents.tree import LayerTree
    from tui.contents.wasted import Wasted, WastedFile, hidden_files, wasted_space

__all__ = [
    "ByteSource",
    "BytesSource",
    "Change",
    "Chunk",
    "ConfigDifference",
    "ContentsError",
    "DamagedContentError",
    "Entry",
    "FileDifference",
    "FileSource",
    "Form",
    "Hidden",
    "Kind",
    "Layer",
    "LayerDifference",
    "LayerFate",
    "LayerStore",
    "LayerTree",
    "LeftOut",
    "Line",
    "LinesDifference",
    "MergedTree",
    "NoRangesError",
    "Node",
    "NotInLayerError",
    "NotSavedError",
    "Order",
    "Package",
    "Release",
    "Saved",
    "Summary",
    "ToSave",
    "TooLargeError",
    "UnreadableLayerError",
    "Wasted",
    "WastedFile",
    "as_text",
    "biggest",
    "compare_configs",
    "compare_files",
    "compare_layers",
    "compare_lines",
    "files_of",
    "form_of",
    "hidden_files",
    "open_layer",
    "ordered",
    "save",
    "search",
    "summarise",
    "things_below",
    "wasted_space",
    "with_ancestors",
    "with_changes",
]

_ELSEWHERE: Final = {
    "ByteSource": "byte_source",
    "BytesSource": "sources",
    "Change": "nodes",
    "Chunk": "entries",
    "ConfigDifference": "comparison",
    "Entry": "entries",
    "FileDifference": "comparison",
    "FileSource": "sources",
    "Form": "kinds",
    "Hidden": "merged",
    "Kind": "entries",
    "Layer": "layer",
    "LayerDifference": "comparison",
    "LayerFate": "comparison",
    "LayerStore": "store",
    "LayerTree": "tree",
    "LeftOut": "saving",
    "Line": "differing_lines",
    "LinesDifference": "differing_lines",
    "MergedTree": "merged",
    "Node": "nodes",
    "Order": "finding",
    "Package": "packages",
    "Release": "release",
    "Saved": "saving",
    "Summary": "packages",
    "ToSave": "saving",
    "Wasted": "wasted",
    "WastedFile": "wasted",
    "as_text": "kinds",
    "biggest": "finding",
    "compare_configs": "comparison",
    "compare_files": "comparison",
    "compare_layers": "comparison",
    "compare_lines": "differing_lines",
    "files_of": "comparison",
    "form_of": "kinds",
    "hidden_files": "wasted",
    "open_layer": "layer",
    "ordered": "finding",
    "save": "saving",
    "search": "finding",
    "summarise": "packages",
    "things_below": "saving",
    "wasted_space": "wasted",
    "with_ancestors": "finding",
    "with_changes": "finding",
}
"""The module of each public name; names that are not here are errors."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_ELSEWHERE.get(name, 'errors')}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
