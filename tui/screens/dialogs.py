"""Small dialogs above the browser: a question with answers, and the list of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui.sanitize import multi_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.screen import Screen

MOVEMENT: Final = "cursor."
"""Begins the ids of keys that move the cursor."""


class Dialog(Vertical):
    """The frame of a dialog: a titled box in the middle of the screen."""

    DEFAULT_CSS = """
    Dialog {
        width: 72;
        max-width: 96%;
        height: auto;
        max-height: 92%;
        padding: 1 2;
        background: $background;
        border: round $border;
        border-title-color: $text-accent;
        border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    """


class QuestionScreen(ModalScreen[str]):
    """Asks a question; the answer is the id of the button that was pressed, "" for Escape."""

    DEFAULT_CSS = """
    QuestionScreen { align: center middle; }
    QuestionScreen Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    QuestionScreen Button { margin-left: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss('')", "cancel", id="question.cancel", tooltip="Leave things as they are"),
        Binding("left", "app.focus_previous", show=False, id="question.previous"),
        Binding("right", "app.focus_next", show=False, id="question.next"),
    ]

    def __init__(self, title: str, text: str, answers: Mapping[str, str]) -> None:
        """Ask.

        Args:
            title: What it is about.
            text: The question; foreign text in it may be hostile.
            answers: Labels of the buttons by id, the first one in focus.
        """
        super().__init__()
        self._title = title
        self._text = text
        self._answers = answers

    def compose(self) -> ComposeResult:
        with Dialog() as dialog:
            dialog.border_title = Content(multi_line(self._title))
            yield Static(Content(multi_line(self._text)))
            with Horizontal():
                for name, label in self._answers.items():
                    yield Button(Content(label), id=name, compact=True)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "")


class HelpScreen(ModalScreen[None]):
    """Lists the keys that work on a screen, under the names that the footer and the palette use."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen Dialog { width: 76; padding: 0 1 0 2; }
    HelpScreen VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,question_mark", "dismiss", "close", id="help.close", tooltip="Close the list of keys"
        ),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self._keys = key_table(screen)

    def compose(self) -> ComposeResult:
        with Dialog() as dialog:
            dialog.border_title = "Keys"
            dialog.border_subtitle = "esc close"
            with VerticalScroll():
                yield Static(self._content())

    def _content(self) -> Content:
        width = max((len(keys) for keys, _ in self._keys), default=0)
        lines = [
            Content.assemble((f"{keys:>{width}}", "bold"), "  ", (tooltip, "$foreground-muted"))
            for keys, tooltip in self._keys
        ]
        return Content("\n").join(lines)


def key_table(screen: Screen[Any]) -> list[tuple[str, str]]:
    """List the keys that work on a screen now, and what they do; keys of one action share a line.

    Those that move the cursor come last: they are the ones that a person knows.
    """
    app = screen.app
    by_action: dict[tuple[str, str], list[str]] = {}
    bindings = [active.binding for active in screen.active_bindings.values()]
    for binding in sorted(bindings, key=lambda binding: (binding.id or "").startswith(MOVEMENT)):
        if binding.system or not binding.tooltip:
            continue
        keys = by_action.setdefault((binding.action, binding.tooltip), [])
        display = app.get_key_display(Binding(binding.key, binding.action))
        if display not in keys:
            keys.append(display)
    return [(" ".join(keys), tooltip) for (_, tooltip), keys in by_action.items()]
