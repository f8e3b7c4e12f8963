"""What dialogs share that ask where on disk something goes, and then start it."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from tui.client.errors import RegistryError
from tui.sanitize import one_line
from tui.screens.dialogs import QuestionScreen
from tui.state import StateError
from tui.transfers import DownloadError, FolderMissingError, Transfer
from tui.widgets.clean_input import CleanInput
from tui.wording import sentence, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui.session import Session

ENTRIES_LOOKED_AT = 2_000
"""Entries of a folder that are looked through for a suggestion; a person sees no delay."""

ResultT = TypeVar("ResultT")


class FolderSuggester(Suggester):
    """Completes the path of a folder."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first folder, in order, whose path begins with what was typed."""
        return await asyncio.to_thread(self._complete, value)

    @staticmethod
    def _complete(value: str) -> str | None:
        head, separator, start = value.rpartition("/")
        if not separator:
            return None
        try:
            folder = Path(head or "/").expanduser()
            names = sorted(
                entry.name
                for entry, _ in zip(folder.iterdir(), range(ENTRIES_LOOKED_AT), strict=False)
                if entry.name.startswith(start) and entry.name != start and entry.is_dir()
            )
        except (OSError, RuntimeError, ValueError):
            # What cannot be looked into has no suggestions.
            return None
        visible = [name for name in names if start or not name.startswith(".")]
        return f"{head}/{visible[0]}" if visible and visible[0].isprintable() else None


class PlacingScreen(ModalScreen[tuple[Transfer, ...]]):
    """Asks for a folder, settles what is in the way, and starts something; the answer is what was started."""

    DEFAULT_CSS = """
    PlacingScreen { align: center middle; }
    PlacingScreen .facts { color: $text-muted; margin-bottom: 1; }
    PlacingScreen .label { color: $text-muted; }
    PlacingScreen #name { margin-bottom: 0; }
    PlacingScreen .problem { margin-top: 1; color: $text-muted; display: none; }
    PlacingScreen .problem.-there { display: block; }
    PlacingScreen .problem.-wrong { color: $text-error; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False, id="download.next"),
        Binding("up", "app.focus_previous", show=False, id="download.previous"),
    ]

    TITLE_OF_QUESTIONS: ClassVar[str]
    """What stands above the questions that are asked."""

    def __init__(self, session: Session, name: str) -> None:
        """Ask.

        Args:
            session: Where something is started.
            name: What a file is to be called, unless the person says otherwise.
        """
        super().__init__()
        self.session = session
        self.folder_input = CleanInput(
            str(session.download_folder), id="folder", compact=True, suggester=FolderSuggester()
        )
        self.file_input = CleanInput(name, id="name", compact=True)
        self.problem = Static(classes="problem")

    @abstractmethod
    async def start(self, folder: Path) -> Sequence[Transfer] | None:
        """Start what is wanted; None where the person has thought better of it.

        Args:
            folder: Where it goes.

        Raises:
            DownloadError: It cannot go there.
            RegistryError: The registry is out of reach, or says no.
            OSError: The folder cannot be made.
        """

    @on(Input.Changed)
    def _forget_problem(self) -> None:
        self.problem.remove_class("-there")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.begin()

    @work(group="begin", exclusive=True, description="start downloads")
    async def begin(self) -> None:
        """Start what is wanted, or say why not."""
        try:
            folder = _expanded(self.folder_input.value)
            transfers = await self.start(folder)
        except (DownloadError, RegistryError) as error:
            self.say(told(error), wrong=True)
        except (OSError, RuntimeError, ValueError) as error:
            # The folder cannot be made, its "~" has no home, or its name no meaning to the system.
            self.say(f"The folder cannot be used: {error}", wrong=True)
        else:
            if transfers is not None:
                self._remember(folder)
                self.dismiss(tuple(transfers))

    async def in_folder(self, folder: Path, check: Callable[[], ResultT]) -> ResultT | None:
        """Look whether something can be put into a folder, and make it where that is wanted; else None.

        Args:
            folder: The folder.
            check: What looks; called on a thread.

        Raises:
            DownloadError: It cannot.
            OSError: The folder cannot be made.
        """
        try:
            return await asyncio.to_thread(check)
        except FolderMissingError as error:
            if not await self.may(sentence(str(error)), "create", "Create the folder"):
                return None
            await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            return await asyncio.to_thread(check)

    async def may(self, text: str, answer: str, label: str, no: str = "Choose another") -> bool:
        """Ask whether something is wanted.

        Args:
            text: The question.
            answer: The id of the answer that says so.
            label: That answer.
            no: The other one.
        """
        question = QuestionScreen(self.TITLE_OF_QUESTIONS, text, {"no": no, answer: label})
        return await self.app.push_screen_wait(question) == answer

    def _remember(self, folder: Path) -> None:
        try:
            self.session.remember_folder(folder.absolute())
        except StateError as error:
            self.notify(str(error), title="The folder is not remembered", severity="warning", markup=False)

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Show what goes on, or what is wrong."""
        self.problem.update(Content(one_line(text, limit=600)))
        self.problem.set_class(wrong, "-wrong")
        self.problem.add_class("-there")


def _expanded(text: str) -> Path:
    """Read a folder as people write it, "~" included."""
    return Path(text.strip() or ".").expanduser()
