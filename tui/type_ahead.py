"""Keys that are typed faster than they are acted on.

Textual hands a key to what has the focus the moment it is read. Of keys that are read together, those after
one that moves the focus, opens the filter or a dialog would reach the list that is just being left.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import Any

    from textual import events
    from textual.app import App
    from textual.message_pump import MessagePump

ROUNDS: Final = 3
"""How often everything between the focus and the application is waited for: a key climbs up to its binding,
then the message that the binding sends climbs, then what that message has brought up takes the focus."""

PATIENCE_SECONDS: Final = 0.3
"""Keys wait no longer than this, whatever has become of those who were to be waited for."""


class TypeAhead:
    """Hands keys on one by one, each when what the one before has set off is done."""

    def __init__(self, app: App[Any]) -> None:
        """Begin with no keys, for an application whose focus it is about."""
        self._app = app
        self._waiting: deque[events.Key] = deque()
        self._next: events.Key | None = None
        self._turn = 0
        self._busy = False

    @property
    def is_idle(self) -> bool:
        """Whether all that was typed has been handed on, and what it set off is done."""
        return not self._busy and not self._waiting and self._next is None

    def must_wait(self, key: events.Key) -> bool:
        """Tell whether a key has to wait for the one before; then it comes again when its turn has come."""
        if key is self._next:
            self._next = None
            return False
        if self._busy:
            if not self._waiting:
                self._limit_patience()
            self._waiting.append(key)
        return self._busy

    def handed_on(self) -> None:
        """Wait until what a key that was handed on sets off is done."""
        self._busy = True
        self._turn += 1
        if self._waiting:
            self._limit_patience()
        self._round(self._turn, ROUNDS)

    def _limit_patience(self) -> None:
        self._app.set_timer(PATIENCE_SECONDS, partial(self._done, self._turn))

    def _round(self, turn: int, left: int) -> None:
        """Pass through the queues of what has the focus and of all that is around it."""
        if not left:
            self._done(turn)
            return
        screens = self._app.screen_stack
        if not screens:
            # The program is being left.
            self._done(turn)
            return
        focus = screens[-1].focused or screens[-1]
        self._climb([*focus.ancestors_with_self], turn, left)

    def _climb(self, path: list[MessagePump], turn: int, left: int) -> None:
        while path:
            if path.pop(0).call_later(self._climb, path, turn, left):
                return
        self._round(turn, left - 1)

    def _done(self, turn: int) -> None:
        """Let the next key come, if this is still about the one that is under way."""
        if turn != self._turn or self._next is not None:
            return
        self._busy = bool(self._waiting)
        if self._waiting:
            self._next = self._waiting.popleft()
            self._app.post_message(self._next)
