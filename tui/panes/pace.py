"""How often a screen that changes all the time is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message_pump import MessagePump
    from textual.timer import Timer


class Pace:
    """Does a thing at once, and then, while it is asked for again and again, now and then."""

    def __init__(self, owner: MessagePump, act: Callable[[], object], seconds: float) -> None:
        """Begin at rest.

        Args:
            owner: Whose timers are used.
            act: What is done.
            seconds: The least time between two times.
        """
        self._owner = owner
        self._act = act
        self._seconds = seconds
        self._timer: Timer | None = None
        self._asked = False

    def ask(self) -> None:
        """Do it now, or when the time since it was done last is over."""
        if self._timer is not None:
            self._asked = True
            return
        self._timer = self._owner.set_timer(self._seconds, self._go_on, name="pace")
        self._act()

    def stop(self) -> None:
        """Forget what was asked for."""
        if self._timer is not None:
            self._timer.stop()
        self._timer, self._asked = None, False

    def _go_on(self) -> None:
        self._timer = None
        if self._asked:
            self._asked = False
            self.ask()
