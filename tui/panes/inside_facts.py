"""What there is to say about a layer, or an image, as a whole: what shows where the cursor is on its root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.figures import size
from tui.inside import MOST_ODD
from tui.ordering import natural_key
from tui.panes.views import View, overview
from tui.widgets.text_document import Field, FieldsDocument, Section, TextDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.contents.packages import Package, Summary
    from tui.inside import Inside

PROBLEMS: Final = "problems"

WIDEST_NAME: Final = 32
"""Columns of names and versions of packages grow up to so many characters; longer ones stand out."""


def pages_of(inside: Inside) -> tuple[View, ...]:
    """Make the tabs: what it is, and what is wrong with it where something is."""
    facts = [Field(label, value) for label, value in inside.described() if value]
    pages = [overview([Section("", facts)])]
    if inside.problems or inside.odd:
        pages.append(View(PROBLEMS, "Problems", lambda: FieldsDocument(_problems(inside))))
    return tuple(pages)


def image_pages(inside: Inside, summary: Summary) -> tuple[View, ...]:
    """Make the tabs of an image: which system it says that it is, and which packages it has."""
    release = summary.release
    facts = (
        ("system", release.title or "does not say which it is"),
        ("id", " ".join(filter(None, (release.id, release.version_id)))),
        ("like", ", ".join(release.like)),
        ("packages", f"{len(summary.packages):,}" if summary.managers else "no database of packages"),
        ("managed by", ", ".join(summary.managers)),
    )
    fields = [Field(label, value) for label, value in (*facts, *inside.described()) if value]
    wrong = [Field("✗", problem) for problem in summary.problems]
    pages = [overview([Section("", fields), Section("Not all could be read" if wrong else "", wrong)])]
    if summary.packages:
        pages.append(View("packages", "Packages", lambda: TextDocument(_packages(summary.packages), hang=2)))
    return tuple(pages)


def _packages(packages: Sequence[Package]) -> list[str]:
    """List packages by name, what there is to say of each in columns."""
    rows = sorted(packages, key=lambda package: natural_key(package.name))
    name = min(WIDEST_NAME, max(len(package.name) for package in rows))
    version = min(WIDEST_NAME, max(len(package.version) for package in rows))
    return [
        "  ".join(
            (
                package.name.ljust(name),
                package.version.ljust(version),
                package.architecture.ljust(6),
                size(package.size) if package.size is not None else "",
                package.license,
            )
        ).rstrip()
        for package in rows
    ]


def _problems(inside: Inside) -> list[Section]:
    odd = [Field(f"/{entry.path}", "\n".join(entry.problems)) for entry in inside.odd]
    if len(odd) >= MOST_ODD:
        odd.append(Field("…", "and perhaps more"))
    return [
        Section("The whole" if inside.problems else "", [Field("✗", problem) for problem in inside.problems]),
        Section("Single entries" if odd else "", odd),
    ]
