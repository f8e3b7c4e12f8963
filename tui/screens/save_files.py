"""The dialog that asks where files of a layer or an image are saved to, and shows how far that is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tui.contents.errors import ContentsError
from tui.contents.saving import save
from tui.figures import counted, size
from tui.files_to_save import bytes_to_save, files_to_save
from tui.panes.pace import Pace
from tui.sanitize import one_line, safe_file_name
from tui.screens.dialogs import Dialog
from tui.screens.placing import PlacingScreen
from tui.transfers import Transfer, check_target
from tui.widgets.tick import Tick
from tui.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import ComposeResult

    from tui.contents.nodes import Node
    from tui.contents.saving import Saved
    from tui.inside import Inside
    from tui.session import Session

TOLD: Final = 3
"""Things left out that are named with their reasons; the others are counted."""

TELL_SECONDS: Final = 0.2
"""How far it is is told so often."""


class SaveFilesScreen(PlacingScreen):
    """Asks for a folder, and saves a file or a directory into it; Escape ends it, and what is whole stays."""

    DEFAULT_CSS = """
    SaveFilesScreen Tick { margin-top: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(())", "cancel", id="save.cancel", tooltip="Save nothing"),
    ]

    TITLE_OF_QUESTIONS: ClassVar[str] = "Save files"

    def __init__(self, session: Session, inside: Inside, node: Node) -> None:
        """Ask.

        Args:
            session: Remembers the folder.
            inside: Where the files are.
            node: What is saved.
        """
        super().__init__(session, safe_file_name(node.name, "files"))
        self._inside = inside
        self._node = node
        self._links = Tick("make symbolic links, as they are; otherwise they are left out")
        self._done = ""
        self._telling = Pace(self, lambda: self.say(self._done), TELL_SECONDS)

    @property
    def _is_directory(self) -> bool:
        return self._node.is_directory or self._inside.located(self._node).directory is not None

    def compose(self) -> ComposeResult:
        node = self._node
        with Dialog() as dialog:
            dialog.border_title = "Save files"
            dialog.border_subtitle = "enter start  → complete  esc cancel"
            figures = f"{counted(node.count, 'file')} · {size(node.total)}"
            yield Static(
                Content(f"{one_line(f'/{node.path}')}\n{figures} · {self._inside.title}"), classes="facts"
            )
            yield Static("folder", classes="label")
            yield self.folder_input
            yield Static("name", classes="label")
            yield self.file_input
            if self._is_directory:
                yield self._links
            yield self.problem

    async def start(self, folder: Path) -> Sequence[Transfer] | None:
        name = safe_file_name(self.file_input.value.strip(), safe_file_name(self._node.name, "files"))

        def check() -> bool:
            check_target(folder / name)
            return True

        if not await self.in_folder(folder, check):
            return None
        things = await asyncio.to_thread(files_to_save, self._inside, self._node, name)
        whole = bytes_to_save(things)

        def tell(done: int, files: int) -> None:
            self._done = f"{size(done)} of {size(whole)} · {counted(files, 'file')} saved"
            self._telling.ask()

        self.say(f"saving {size(whole)} …")
        try:
            saved = await save(things, folder, most=whole, links=self._links.value, progress=tell)
        except ContentsError as error:
            self._telling.stop()
            self.say(sentence(str(error)), wrong=True)
            return None
        self._telling.stop()
        self._report(saved, folder / name)
        return ()

    def _report(self, saved: Saved, target: Path) -> None:
        """Say what was saved, and what was left out and why."""
        verified = ", verified" if saved.verified else ""
        links = f", {counted(saved.links, 'link')}" if saved.links else ""
        text = f"{counted(saved.files, 'file')}{links}, {size(saved.size)}{verified}, in {target}"
        told = saved.left_out[:TOLD]
        lines = [one_line(sentence(text), limit=400)]
        lines += [f"left out: {one_line(left.path)}: {one_line(left.reason)}" for left in told]
        more = saved.left_out_count - len(told)
        if more > 0:
            lines.append(f"and {more:,} more left out")
        self.app.notify(
            "\n".join(lines),
            title="Saved" if saved.files or not saved.left_out_count else "Nothing was saved",
            severity="warning" if saved.left_out_count else "information",
            markup=False,
        )
