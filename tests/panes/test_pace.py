"""How often what changes all the time is drawn."""

from __future__ import annotations

from textual.app import App

from tui.panes.pace import Pace


class Counting(App[None]):
    """Counts how often something is done, at a pace that the test sets."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.done = 0
        self.pace = Pace(self, self.act, seconds)

    def act(self) -> None:
        self.done += 1


async def test_the_first_time_is_at_once() -> None:
    app = Counting(60.0)
    async with app.run_test():
        app.pace.ask()
        assert app.done == 1


async def test_what_is_asked_for_meanwhile_is_done_once() -> None:
    app = Counting(0.05)
    async with app.run_test() as pilot:
        for _ in range(5):
            app.pace.ask()
        assert app.done == 1
        while app.done == 1:
            await pilot.pause(0.01)
        assert app.done == 2


async def test_after_its_rest_it_is_done_at_once_again() -> None:
    app = Counting(0.01)
    async with app.run_test() as pilot:
        app.pace.ask()
        while app.pace._timer is not None:
            await pilot.pause(0.01)
        app.pace.ask()
        assert app.done == 2


async def test_nothing_comes_after_it_was_stopped() -> None:
    app = Counting(0.01)
    async with app.run_test() as pilot:
        app.pace.ask()
        app.pace.ask()
        app.pace.stop()
        await pilot.pause(0.05)
        assert app.done == 1
        app.pace.ask()
        assert app.done == 2
