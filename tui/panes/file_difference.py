"""What differs between a file of one image and the file at its path in the other one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from tui.contents.differing_lines import compare_lines, with_context
from tui.contents.kinds import as_text
from tui.figures import counted, size
from tui.panes.entry_facts import entry_section
from tui.panes.file_views import PREVIEW_BYTES
from tui.panes.views import View
from tui.widgets.text_document import LONGEST_LINE, Field, FieldsDocument, Section, TextDocument, cleaned_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.contents.comparison import FileDifference
    from tui.contents.differing_lines import Line
    from tui.contents.entries import Entry

SIGNS: Final = {" ": "  ", "-": "− ", "+": "+ "}
STYLES: Final = {" ": "", "-": "$text-error", "+": "$text-success"}

MOST_LINES: Final = 50_000
"""Of each text so many lines are compared: more nobody reads, and a megabyte may be as many lines."""

MOST_SHOWN: Final = 10_000
"""Lines of a difference that are shown."""


def facts(difference: FileDifference) -> View:
    """Make the tab of what the lists of files say of both; what differs is there twice."""
    before, after = _said(difference.before), _said(difference.after)
    fields = []
    for label in dict.fromkeys((*before, *after)):
        old, new = before.get(label, ""), after.get(label, "")
        if old == new:
            fields.append(Field(label, old))
        else:
            both = (f"{SIGNS['-']}{old}" if old else "", f"{SIGNS['+']}{new}" if new else "")
            fields.append(Field(label, "\n".join(filter(None, both))))
    return View("facts", "Facts", lambda: FieldsDocument([Section("", fields)]))


def _said(entry: Entry | None) -> dict[str, str]:
    """Tell what a list says of an entry, by label."""
    if entry is None:
        return {}
    return {field.label: str(field.value) for field in entry_section(entry).fields}


def difference(before: bytes, after: bytes, *, cut: bool) -> tuple[View, ...]:
    """Make the tab of what differs in the text of two files, or of where their bytes do.

    Args:
        before: The first bytes of the one, `PREVIEW_BYTES` at most.
        after: Those of the other.
        cut: Whether either of them has more.
    """
    old, new = as_text(before, cut=cut), as_text(after, cut=cut)
    limit = f"Of each file the first {size(PREVIEW_BYTES)} are compared."
    if before == after:
        said = "The bytes of both are the same." if not cut else f"{limit} They are the same."
        return (View("text", "Text", lambda: TextDocument([_muted(said)])),)
    if old is None or new is None:
        at = next(
            (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
            min(len(before), len(after)),
        )
        said = f"These are not texts. The first byte that differs is at {at:,} ({at:#x})."
        return (View("text", "Text", lambda: TextDocument([_muted(said)])),)
    first, second = _lines(old), _lines(new)
    found = compare_lines(first[:MOST_LINES], second[:MOST_LINES])
    lines = [_muted(f"{counted(found.removed, 'line')} removed, {counted(found.added, 'line')} added")]
    if cut:
        lines.append(_muted(limit))
    if max(len(first), len(second)) > MOST_LINES:
        lines.append(_muted(f"Of each file the first {MOST_LINES:,} lines are compared."))
    if not found.minimal:
        lines.append(_muted("They differ in so much that what lies between is not told apart."))
    for group in with_context(found.lines):
        lines += [Content(""), _muted(_place(group)), *map(_line, group[: max(0, MOST_SHOWN - len(lines))])]
        if len(lines) >= MOST_SHOWN:
            lines.append(_muted(f"… more than {MOST_SHOWN:,} lines are not shown"))
            break
    if not found.removed and not found.added:
        lines.append(_muted("Only line breaks, or how letters are written as bytes, differ."))
    return (View("text", "Text", lambda: TextDocument(lines, hang=2)),)


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def _place(group: Sequence[Line]) -> str:
    """Tell where lines stand in both texts, as `diff -u` does."""
    before = [line.before for line in group if line.before is not None]
    after = [line.after for line in group if line.after is not None]
    places = [f"{numbers[0]},{len(numbers)}" if numbers else "0,0" for numbers in (before, after)]
    return f"@@ -{places[0]} +{places[1]} @@"


def _line(line: Line) -> Content:
    text = cleaned_line(line.text[:LONGEST_LINE])
    whole = Content.assemble(SIGNS[line.mark], text, strip_control_codes=False)
    return whole.stylize(STYLES[line.mark]) if STYLES[line.mark] else whole


def _muted(text: str) -> Content:
    return Content(text).stylize(".line-view--muted")
