"""What there is to say about a layer, or an image, as a whole: what shows where the cursor is on its root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.inside import MOST_ODD
from tui.panes.views import View, overview
from tui.widgets.text_document import Field, FieldsDocument, Section

if TYPE_CHECKING:
    from tui.inside import Inside

PROBLEMS: Final = "problems"


def pages_of(inside: Inside) -> tuple[View, ...]:
    """Make the tabs: what it is, and what is wrong with it where something is."""
    facts = [Field(label, value) for label, value in inside.described() if value]
    pages = [overview([Section("", facts)])]
    if inside.problems or inside.odd:
        pages.append(View(PROBLEMS, "Problems", lambda: FieldsDocument(_problems(inside))))
    return tuple(pages)


def _problems(inside: Inside) -> list[Section]:
    odd = [Field(f"/{entry.path}", "\n".join(entry.problems)) for entry in inside.odd]
    if len(odd) >= MOST_ODD:
        odd.append(Field("…", "and perhaps more"))
    return [
        Section("The whole" if inside.problems else "", [Field("✗", problem) for problem in inside.problems]),
        Section("Single entries" if odd else "", odd),
    ]
