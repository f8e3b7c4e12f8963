"""Speed and time left."""

from __future__ import annotations

import pytest

from tui.client.errors import ConnectionLostError, RequestLine
from tui.transfers.progress import SPEED_WINDOW, Meter, Progress, State


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(clock: Clock) -> Meter:
    return Meter(clock=clock)


def test_nothing_is_known_before_the_beginning(meter: Meter) -> None:
    assert meter.snapshot() == Progress(State.QUEUED, 0, None, 0.0, None)
    meter.enter(State.RUNNING)
    assert meter.snapshot() == Progress(State.RUNNING, 0, None, 0.0, None)


def test_speed_and_time_left_follow_the_bytes(meter: Meter, clock: Clock) -> None:
    meter.begin(10_000)
    for _ in range(4):
        clock.now += 0.5
        meter.advance(1000)
    assert meter.snapshot() == Progress(State.RUNNING, 4000, 10_000, 2000.0, 3.0)


def test_waiting_for_the_first_byte_is_no_part_of_the_speed(meter: Meter, clock: Clock) -> None:
    clock.now += 60
    meter.begin(None)
    clock.now += 1
    meter.advance(500)
    assert meter.speed() == 500


def test_the_speed_is_that_of_the_last_seconds(meter: Meter, clock: Clock) -> None:
    meter.begin(None)
    for _ in range(100):
        clock.now += 1
        meter.advance(10)
    for _ in range(int(SPEED_WINDOW)):
        clock.now += 1
        meter.advance(1000)
    assert meter.speed() == 1000
    assert meter.snapshot().eta is None


def test_one_pause_does_not_make_the_speed_jump(meter: Meter, clock: Clock) -> None:
    meter.begin(None)
    for step in range(60):
        clock.now += 0.05 if step % 2 else 0.15
        meter.advance(100)
        if step > 20:
            assert meter.speed() == pytest.approx(1000, rel=0.1)


def test_a_stall_lets_the_speed_sink(meter: Meter, clock: Clock) -> None:
    meter.begin(100_000)
    clock.now += 1
    meter.advance(1000)
    speeds = []
    for _ in range(30):
        clock.now += 1
        speeds.append(meter.speed())
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[-1] < 50


def test_many_small_chunks_are_few_points(meter: Meter, clock: Clock) -> None:
    meter.begin(None)
    for _ in range(10_000):
        clock.now += 0.001
        meter.advance(1)
    assert len(meter._samples) <= 55
    assert meter.speed() == pytest.approx(1000, rel=0.05)


def test_a_clock_that_stands_still_gives_no_speed(meter: Meter) -> None:
    meter.begin(10)
    meter.advance(5)
    assert meter.snapshot() == Progress(State.RUNNING, 5, 10, 0.0, None)


def test_more_bytes_than_announced_leave_no_time(meter: Meter, clock: Clock) -> None:
    meter.begin(10)
    clock.now += 1
    meter.advance(20)
    assert meter.snapshot().eta == 0.0


@pytest.mark.parametrize("state", [state for state in State if state is not State.RUNNING])
def test_only_what_runs_has_a_speed(meter: Meter, clock: Clock, state: State) -> None:
    meter.begin(10)
    clock.now += 1
    meter.advance(5)
    meter.enter(state)
    assert meter.snapshot() == Progress(state, 5, 10, 0.0, None)


def test_a_state_is_under_way_or_at_rest() -> None:
    active = {State.QUEUED, State.CHECKING, State.RUNNING, State.WAITING}
    assert {state for state in State if state.is_active} == active
    assert {state for state in State if state.is_final} == set(State) - active - {State.PAUSED}


def test_what_was_there_before_is_no_part_of_the_speed(meter: Meter, clock: Clock) -> None:
    meter.check()
    clock.now += 1
    meter.advance(1_000_000)
    assert meter.snapshot() == Progress(State.CHECKING, 1_000_000, None, 0.0, None)
    meter.begin(1_010_000, 1_000_000)
    clock.now += 1
    meter.advance(1000)
    assert meter.snapshot() == Progress(State.RUNNING, 1_001_000, 1_010_000, 1000.0, 9.0)


def waits(meter: Meter) -> bool:
    return meter.setback is not None or meter.wait_left is not None


def test_a_wait_tells_why_and_how_long(meter: Meter, clock: Clock) -> None:
    lost = ConnectionLostError("it broke", request=RequestLine("GET", "https://h/v2/"))
    meter.begin(10)
    assert not waits(meter)
    meter.wait(lost, 8)
    clock.now += 3
    assert (meter.state, meter.setback, meter.wait_left) == (State.WAITING, lost, 5)
    clock.now += 30
    assert meter.wait_left == 0
    meter.begin(10)
    assert meter.snapshot().state is State.RUNNING
    assert not waits(meter)
