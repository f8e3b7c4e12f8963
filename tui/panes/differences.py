"""What differs between two images, a table for each respect in which they can differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.content import Content
from textual.message import Message

from tui.figures import count
from tui.panes.differences_keys import DIFFERENCES_KEYS
from tui.panes.rows import Order
from tui.panes.rows_pane import RowsPane
from tui.panes.tabs import TabLine
from tui.panes.views import View
from tui.sanitize import one_line
from tui.widgets.text_document import TextDocument

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui.widgets.columns import Column
    from tui.widgets.document import Document

NAME_LIMIT: Final = 1_000
"""Characters of a cell that are shown; wider than any terminal."""


class Mark(Enum):
    """What became of something from the first image to the other."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"
    UNSURE = "unsure"
    SAME = "same"


GLYPHS: Final = {
    Mark.ADDED: "+",
    Mark.CHANGED: "~",
    Mark.REMOVED: "−",
    Mark.MOVED: "↕",
    Mark.UNSURE: "?",
    Mark.SAME: "=",
}
"""Stand before what became of something."""

STYLES: Final = {
    Mark.ADDED: "$text-success",
    Mark.CHANGED: "$text-warning",
    Mark.REMOVED: "$text-error",
    Mark.MOVED: "$secondary",
    Mark.UNSURE: ".virtual-table--muted",
    Mark.SAME: ".virtual-table--muted",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A row: something that one of the images has, or both."""

    mark: Mark
    name: str
    """What it is; foreign text."""
    before: str = ""
    """What the first image has of it; foreign text."""
    after: str = ""
    """What the other image has of it; foreign text."""
    more: str = ""
    """What else there is to say in a word: a digest, or in which respect it differs."""
    weight: int = 0
    """How much it is about in bytes, to sort by."""
    word: str = ""
    """What its mark means, where it is another word than usual."""
    key: Hashable = None
    """What makes it that row; its name where it is left out."""
    subject: Any = field(default=None, compare=False, hash=False)
    """What it is made of, for who opens it."""

    @property
    def change(self) -> str:
        """What became of it, in a word."""
        return self.word or self.mark.value


@dataclass(frozen=True, slots=True)
class Respect:
    """A tab: a respect in which two images can differ."""

    name: str
    label: str
    columns: Sequence[Column[Difference]]
    rows: Sequence[Difference] = ()
    note: str = ""
    """What is said below the rows."""
    failed: bool = False
    """Whether the note says what went wrong."""
    known: bool = True
    """Whether the rows are all that there are."""
    by_weight: bool = False
    """Whether the rows can be sorted by their weight."""

    @property
    def changes(self) -> int:
        """How many rows tell a difference that is certain."""
        return sum(row.mark not in {Mark.SAME, Mark.UNSURE} for row in self.rows)

    @property
    def title(self) -> str:
        """Its label, with how much differs."""
        return f"{self.label} {count(self.changes)}" if self.known and not self.failed else self.label


def marked(row: Difference) -> Content:
    """Make the cell of a row's name, its mark before it."""
    style = "strike" if row.mark is Mark.REMOVED else ""
    return Content.assemble(
        (f"{GLYPHS[row.mark]} ", STYLES[row.mark]),
        Content.styled(one_line(row.name, limit=NAME_LIMIT), style),
        strip_control_codes=False,
    )


def change_cell(row: Difference) -> Content:
    """Make the cell of the word for a row's mark."""
    return Content.styled(row.change, STYLES[row.mark])


def _no_document() -> Document:
    """Stand for the document of a tab that shows rows."""
    return TextDocument(())


class DifferencesPane(RowsPane[Difference]):
    """Shows what differs, one respect at a time."""

    DEFAULT_CSS = """
    DifferencesPane {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &:focus-within { border: round $border; border-title-color: $text-accent; border-title-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*DIFFERENCES_KEYS]

    TITLE: ClassVar[str] = "Comparison"
    NOUN: ClassVar[str] = "difference"

    @dataclass
    class Highlighted(Message):
        """The cursor is on another row."""

        row: Difference | None

    @dataclass
    class Opened(Message):
        """The person wants to see a difference closer."""

        row: Difference

    @dataclass
    class Chosen(Message):
        """Another respect is looked at."""

        name: str

    class Reloaded(Message):
        """The person wants what failed, or was stopped, to be asked for again."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        self._respects: dict[str, Respect] = {}
        self._chosen = ""
        self._kept: Mark | None = None
        self._there: frozenset[Mark] = frozenset()
        """The marks of the rows that are looked at, whether or not they show."""
        super().__init__(id=id)
        self.tab_line = TabLine()

    def compose(self) -> ComposeResult:
        yield self.tab_line
        yield from super().compose()

    # What a pane says about itself.

    def columns(self) -> Sequence[Column[Difference]]:
        return self.respect.columns if self.respect is not None else ()

    def orders(self) -> Sequence[Order[Difference]]:
        plain: Order[Difference] = Order("", None)
        if self.respect is None or not self.respect.by_weight:
            return (plain,)
        return (plain, Order("largest first", lambda row: -row.weight))

    def row_key(self, row: Difference) -> Hashable:
        return row.key if row.key is not None else row.name

    def row_text(self, row: Difference) -> str:
        return f"{row.name} {row.before} {row.after} {row.more} {row.change}"

    def highlighted(self, row: Difference | None) -> Message:
        return self.Highlighted(row)

    def opened(self, row: Difference) -> Message:
        return self.Opened(row)

    def status(self, shown: int, total: int) -> str:
        kept = f"only {self._kept.value}" if self._kept is not None else ""
        return " · ".join(filter(None, (kept, super().status(shown, total))))

    # What is shown.

    @property
    def respect(self) -> Respect | None:
        """What is looked at."""
        return self._respects.get(self._chosen)

    def tell(self, note: str, *, failed: bool = False) -> None:
        """Say something in place of all rows."""
        self._respects, self._there = {}, frozenset()
        self.tab_line.show((), "")
        self._failed, self._complete = failed, False
        self._replace(())
        self._tell(note)

    def show(self, respects: Sequence[Respect]) -> None:
        """Show what differs; the respect that is looked at stays, where there is one like it."""
        self._respects = {respect.name: respect for respect in respects}
        if self._chosen not in self._respects:
            self._chosen = respects[0].name
        self._show_chosen()

    def update_respect(self, respect: Respect) -> None:
        """Show what has become known in one respect."""
        self._respects[respect.name] = respect
        if respect.name == self._chosen:
            self._show_chosen()
        else:
            self._show_tabs()

    def choose(self, name: str) -> None:
        """Look at another respect."""
        if name in self._respects and name != self._chosen:
            self._chosen, self._kept, self._order = name, None, 0
            self._rows.clear()
            self.post_message(self.Chosen(name))
            self._show_chosen()

    def _show_tabs(self) -> None:
        labels = tuple(View(one.name, one.title, _no_document) for one in self._respects.values())
        self.tab_line.show(labels, self._chosen)

    def _show_chosen(self) -> None:
        respect = self.respect
        if respect is None:
            return
        self._show_tabs()
        self.table.columns = respect.columns
        self._failed, self._complete = respect.failed, respect.known
        self._there = frozenset(row.mark for row in respect.rows)
        kept = self._kept
        self._replace([row for row in respect.rows if kept is None or row.mark is kept])
        self._tell(respect.note)
        self.refresh_bindings()

    def _replace(self, rows: Sequence[Difference]) -> None:
        words = self.filter_input.text
        self._rows.clear()
        self._rows.append(rows)
        if words:
            self._rows.filter(words)
        self._show_rows()

    def empty_note(self) -> str:
        if self._kept is not None:
            return f"nothing was {self._kept.value}"
        return "nothing differs here"

    # What the person does.

    @on(TabLine.Chosen)
    def _choose(self, event: TabLine.Chosen) -> None:
        event.stop()
        self.choose(event.name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "tab":
            return len(self._respects) > 1
        if action == "only":
            return Mark[str(parameters[0])] in self._there
        return super().check_action(action, parameters)

    def action_tab(self, step: int) -> None:
        """Look at another respect, in a circle."""
        names = list(self._respects)
        self.choose(names[(names.index(self._chosen) + step) % len(names)])

    def action_only(self, name: str) -> None:
        """Show only what has a mark, or all again."""
        mark = Mark[name]
        self._kept = None if self._kept is mark else mark
        self._show_chosen()

    def action_reload(self) -> None:
        """Ask again for what failed, or was stopped."""
        self.post_message(self.Reloaded())
