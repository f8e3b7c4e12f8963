"""The layers of a manifest, in order, with the steps of the history that made them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.content import Content
from textual.message import Message

from tui.client.errors import InvalidManifestError, RegistryError
from tui.client.media_types import is_image_config, short
from tui.client.models import Index, layer_history
from tui.figures import bar, counted, share, size
from tui.panes.base import ListPane
from tui.panes.rows import Batch
from tui.places import LayerPlace, ManifestPlace
from tui.sanitize import one_line
from tui.widgets.columns import Column
from tui.wording import titled

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Hashable, Sequence

    from tui.client import HistoryStep, ImageConfig, Manifest

BAR_CELLS = 10
"""Cells of the bar that shows a layer's share of the whole."""

TITLE_ANNOTATION = "org.opencontainers.image.title"

SHELL = "/bin/sh -c "
"""How builders write that a shell ran a step."""

NO_RUN = SHELL + "#(nop)"
"""How Docker's classic builder writes that a step ran nothing."""


SHELL_OPTIONS = re.compile(r"^RUN set -[a-z]+(?: -o pipefail)?\s*(?:;|&&)\s*")
"""What many steps begin with, and says nothing of what they do."""

NAME_LIMIT = 400
"""Characters of a name in a cell; wider than any terminal."""


def step_summary(step: HistoryStep) -> str:
    """Tell what a step of the history did as a line of a Dockerfile, without the shell that ran it."""
    text = (step.created_by.strip() or step.comment.strip()).removesuffix("# buildkit").strip()
    if text.startswith(NO_RUN):
        return text.removeprefix(NO_RUN).strip()
    command = text.removeprefix("RUN ")
    return f"RUN {command.removeprefix(SHELL).strip()}" if command.startswith(SHELL) else text


def place_name(place: LayerPlace) -> str:
    """Tell what a layer is: the step that made it, its title, or its media type."""
    if place.step is not None:
        return step_summary(place.step)
    if place.descriptor is None:
        return ""
    name = place.descriptor.annotations.get(TITLE_ANNOTATION, "") or place.descriptor.media_type
    return name if place.number else f"config  {name}"


def arrange(place: ManifestPlace, manifest: Manifest, config: ImageConfig | None) -> list[LayerPlace]:
    """List layers in order, between them the steps that made none, and the config at the end."""
    whole = sum(layer.size for layer in manifest.layers)
    steps: Sequence[HistoryStep | None] = layer_history(manifest, config) if config is not None else ()
    diff_ids = config.diff_ids if config is not None and len(config.diff_ids) == len(manifest.layers) else ()
    layers = [
        LayerPlace(
            place,
            layer,
            number=number,
            count=len(manifest.layers),
            whole=whole,
            step=steps[number - 1] if steps else None,
            diff_id=diff_ids[number - 1] if diff_ids else "",
        )
        for number, layer in enumerate(manifest.layers, start=1)
    ]
    rows: list[LayerPlace] = []
    history = config.history if config is not None else ()
    if sum(not step.empty_layer for step in history) == len(layers):
        waiting = iter(layers)
        rows.extend(
            LayerPlace(place, None, step=step) if step.empty_layer else next(waiting) for step in history
        )
    else:
        rows.extend(layers)
    if manifest.config is not None:
        rows.append(LayerPlace(place, manifest.config))
    return rows


def _number_cell(place: LayerPlace) -> str:
    if place.number:
        return str(place.number)
    return "·" if place.descriptor is None else "◇"


def _bar_cell(place: LayerPlace) -> str:
    return bar(place.descriptor.size, place.whole, BAR_CELLS) if place.number and place.descriptor else ""


def _size_cell(place: LayerPlace) -> str:
    if place.descriptor is None:
        return ""
    # Docker's first schema does not say how large its layers are.
    return size(place.descriptor.size) if place.descriptor.size else "-"


def _share_cell(place: LayerPlace) -> str:
    return share(place.descriptor.size, place.whole) if place.number and place.descriptor else ""


def _kind_cell(place: LayerPlace) -> str:
    return short(place.descriptor.media_type) if place.number and place.descriptor else ""


def _name_cell(place: LayerPlace) -> str | Content:
    """Show what made a layer without the options of its shell; what is no layer stands back."""
    if place.number:
        return SHELL_OPTIONS.sub("RUN ", place_name(place), count=1)
    if place.descriptor is None:
        name = place_name(place)
    else:
        kind = short(place.descriptor.media_type)
        name = "config" if kind == "config" else f"config  {kind}"
    return Content.styled(one_line(name, limit=NAME_LIMIT), ".virtual-table--muted")


def _digest_cell(place: LayerPlace) -> str:
    return place.descriptor.digest.short if place.descriptor is not None else ""


class LayersPane(ListPane[ManifestPlace, LayerPlace]):
    """Lists the layers of a manifest, lowest first."""

    MARKABLE: ClassVar[bool] = True
    TITLE: ClassVar[str] = "Layers"
    NOUN: ClassVar[str] = "layer"

    @dataclass
    class Highlighted(Message):
        """The cursor is on another layer."""

        place: LayerPlace | None
        """The layer, None where the list is empty."""

    @dataclass
    class Opened(Message):
        """The person wants to look closer at a layer."""

        place: LayerPlace
        """The layer."""

    def columns(self) -> Sequence[Column[LayerPlace]]:
        return (
            Column("#", _number_cell, width=3, align="right"),
            Column("share", _bar_cell, width=BAR_CELLS, min_table_width=48, style="$secondary"),
            Column("size", _size_cell, width=8, align="right"),
            Column("%", _share_cell, width=5, align="right", min_table_width=62),
            Column("type", _kind_cell, width=6, min_table_width=68),
            Column("made by", _name_cell),
            Column("digest", _digest_cell, width=12, min_table_width=84, style=".virtual-table--muted"),
        )

    async def pages(self, subject: ManifestPlace) -> AsyncGenerator[Batch[LayerPlace], None]:
        manifest = await self.library.manifest(subject.host, subject.repository, subject.reference)
        self._judge(manifest, None)
        if isinstance(manifest, Index):
            raise InvalidManifestError(f"{subject.text} is an index, and no manifest")
        config = None
        if manifest.config is not None and is_image_config(manifest.config.media_type):
            try:
                config = await self.library.config(subject.host, subject.repository, manifest)
            except RegistryError as error:
                # The layers are known without their history; the error stands below them.
                yield Batch(arrange(subject, manifest, None), last=False, patient=False)
                raise error from None
            self._judge(manifest, config)
        yield Batch(arrange(subject, manifest, config), last=True)

    @work(exclusive=True, group="judge", description="validate a manifest and its config")
    async def _judge(self, manifest: Index | Manifest, config: ImageConfig | None) -> None:
        """Say in the title whether the manifest and its config are as they should be."""
        verdict = await self.library.verdict(manifest, config)
        self.border_title = titled(self.TITLE, invalid=bool(verdict.count))

    def row_key(self, row: LayerPlace) -> Hashable:
        return (row.number, row.descriptor.digest if row.descriptor is not None else row.step)

    def can_mark(self, row: LayerPlace) -> bool:
        return row.descriptor is not None

    def row_text(self, row: LayerPlace) -> str:
        return f"{place_name(row)} {row.descriptor.digest if row.descriptor is not None else ''}"

    def highlighted(self, row: LayerPlace | None) -> Message:
        return self.Highlighted(row)

    def opened(self, row: LayerPlace) -> Message:
        return self.Opened(row)

    def empty_note(self) -> str:
        return "This manifest has no layers."

    def status(self, shown: int, total: int) -> str:
        layers = [place for place in self.listed if place.number]
        if not layers:
            return super().status(shown, total)
        whole = layers[0].whole
        return " · ".join(filter(None, (counted(len(layers), "layer"), size(whole) if whole else "")))
