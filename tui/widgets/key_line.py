"""The line of keys at the bottom of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Footer

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen

_Shown = tuple[tuple[object, ...], ...]


class KeyLine(Footer):
    """Textual's footer, made anew only when other keys work than those that it shows.

    To make all its labels takes ten times as long as moving a cursor, after which mostly the same keys work.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=True)
        self._shown: _Shown = ()

    def compose(self) -> ComposeResult:
        """Make a label for each key that works, and remember which these are."""
        if self._bindings_ready:
            self._shown = _keys(self.screen)
        yield from super().compose()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Make the labels anew if they are no longer right."""
        if _keys(screen) != self._shown:
            super().bindings_changed(screen)


def _keys(screen: Screen[object]) -> _Shown:
    return tuple(
        (active.binding.key, active.binding.description, active.binding.show, active.enabled, active.tooltip)
        for active in screen.active_bindings.values()
    )
