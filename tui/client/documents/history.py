"""Which step of its history made a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.documents import schema1

if TYPE_CHECKING:
    from tui.client.documents.image_config import HistoryStep, ImageConfig
    from tui.client.documents.image_manifest import Manifest


def layer_history(manifest: Manifest, config: ImageConfig | None) -> tuple[HistoryStep | None, ...]:
    """Give the step that made each layer, or None for each where that is not known.

    The history does not name layers: its steps that are not empty make one layer each, in order. Nothing is
    known where their number, or that of the config's ``diff_ids``, is not that of the layers.

    Args:
        manifest: The manifest.
        config: Its config; schema 1 has none, and carries its history itself.
    """
    layers = len(manifest.layers)
    if manifest.is_schema1:
        steps = schema1.read_history(manifest.raw)
    elif config is not None and len(config.diff_ids) in {0, layers}:
        steps = tuple(step for step in config.history if not step.empty_layer)
    else:
        steps = ()
    return steps if len(steps) == layers else (None,) * layers
