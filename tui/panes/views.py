"""The tabs of the detail view: which there are for a subject, and the document of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.content import Content

from tui.figures import age, size
from tui.panes.facts import violation_facts
from tui.panes.layers import step_summary
from tui.sanitize import one_line
from tui.widgets.json_document import JsonDocument
from tui.widgets.text_document import Field, FieldsDocument, Section, TextDocument
from tui.wording import trouble_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from tui.client import HistoryStep, ImageConfig, Index, Manifest
    from tui.client.errors import RegistryError
    from tui.contents.errors import ContentsError
    from tui.library import Verdict
    from tui.widgets.document import Document

OVERVIEW: Final = "overview"

STEP_LIMIT: Final = 4_000
"""Characters of one step of a history that are shown."""


@dataclass(frozen=True, slots=True)
class View:
    """One tab: its id, its label, and what makes its document when it is looked at."""

    name: str
    label: str
    make: Callable[[], Document]


def overview(sections: Sequence[Section]) -> View:
    """Make the tab of labels and values."""
    return View(OVERVIEW, "Summary", lambda: FieldsDocument(sections))


def violations(verdict: Verdict) -> tuple[View, ...]:
    """Make the tab of what is wrong, if anything is."""
    if not verdict.count:
        return ()
    return (View("violations", "Violations", lambda: FieldsDocument(violation_facts(verdict))),)


def of_index(sections: Sequence[Section], index: Index, verdict: Verdict) -> tuple[View, ...]:
    """Make the tabs of an index."""
    return (
        overview(sections),
        *violations(verdict),
        View("manifest", "Index", lambda: JsonDocument(index.raw)),
    )


def of_manifest(
    sections: Sequence[Section],
    manifest: Manifest,
    config: ImageConfig | None,
    verdict: Verdict,
    *,
    problem: RegistryError | None,
    now: datetime,
) -> tuple[View, ...]:
    """Make the tabs of a manifest; `problem` says why there is no config where there should be one."""
    shown = [
        overview(sections),
        *violations(verdict),
        View("manifest", "Manifest", lambda: JsonDocument(manifest.raw)),
    ]
    if config is not None:
        shown.append(View("config", "Config", lambda: JsonDocument(config.raw)))
        if config.history:
            shown.append(View("history", "History", lambda: history(manifest, config, now)))
    elif problem is not None:
        shown.append(View("config", "Config", lambda: error_document(problem)))
        shown.extend(as_it_came(problem))
    return tuple(shown)


def of_failure(error: RegistryError) -> tuple[View, ...]:
    """Make the tabs of what cannot be shown as what it should be: why, and what came instead."""
    return (View(OVERVIEW, "Summary", lambda: error_document(error)), *as_it_came(error))


def as_it_came(error: RegistryError) -> tuple[View, ...]:
    """Make the tab of a document that cannot be read, if it came at all."""
    document = error.document
    return () if document is None else (View("raw", "As it came", lambda: JsonDocument(document)),)


def error_document(error: RegistryError | ContentsError) -> Document:
    """Say what went wrong, and what to try."""
    reason, *rest = (one_line(line, limit=STEP_LIMIT) for line in trouble_lines(error))
    lines: list[str | Content] = [Content(reason).stylize(".line-view--error")]
    lines.extend(Content(line).stylize(".line-view--muted") for line in rest)
    return TextDocument(lines, hang=2)


def history(manifest: Manifest, config: ImageConfig, now: datetime) -> Document:
    """Show the steps that made an image, the oldest first, with the number and the size of the layers."""
    layers = iter(enumerate(manifest.layers, start=1))
    told = sum(not step.empty_layer for step in config.history) == len(manifest.layers)
    fields: list[Field] = []
    for step in config.history:
        label = "·"
        figures = ""
        if told and not step.empty_layer:
            number, layer = next(layers)
            label, figures = str(number), size(layer.size)
        fields.append(Field(label, _step(step, figures, now)))
    return FieldsDocument([Section("", fields)])


def _step(step: HistoryStep, figures: str, now: datetime) -> Content:
    """Make one step: what it did, below it in dim letters its size, its age and its comment."""
    summary = Content(one_line(step_summary(step), limit=STEP_LIMIT) or "-")
    when = age(step.created, now) if step.created is not None else ""
    below = "  ".join(filter(None, (figures, when, one_line(step.comment))))
    return Content.assemble(summary, "\n", (below, ".line-view--muted")) if below else summary
