"""How often a download tries again, and how long it waits."""

from __future__ import annotations

import pytest

from tests.transfers.sources import LINE
from tui.client.errors import (
    CertificateError,
    ConnectionFailedError,
    ConnectionLostError,
    DeniedError,
    RateLimitedError,
    RegistryError,
    SizeMismatchError,
    UnsupportedError,
)
from tui.transfers.retries import PROGRESS, Patience, Retries

LOST = ConnectionLostError("it broke", request=LINE)
FAR = 10_000_000


def waits(error: RegistryError, positions: list[int], retries: Retries) -> list[float | None]:
    patience = Patience(retries)
    return [patience.wait(error, position) for position in positions]


def test_waits_grow_to_a_longest_one_and_end() -> None:
    retries = Retries(tries=5, first_wait=1.0, longest_wait=6.0)
    *some, last = waits(LOST, [0] * 6, retries)
    assert last is None
    for wait, expected in zip(some, [1, 2, 4, 6, 6], strict=True):
        assert wait is not None
        assert 0.75 * expected <= wait <= 1.25 * expected


def test_progress_starts_the_count_again() -> None:
    retries = Retries(tries=1, first_wait=0)
    assert waits(LOST, [0, PROGRESS, 2 * PROGRESS, 2 * PROGRESS], retries) == [0, 0, 0, None]
    assert waits(LOST, [0, PROGRESS - 1], retries) == [0, None]


def test_many_small_steps_are_progress() -> None:
    retries = Retries(tries=2, first_wait=0)
    positions = [step * PROGRESS // 2 for step in range(20)]
    assert None not in waits(LOST, positions, retries)


def test_beginning_again_is_no_progress() -> None:
    retries = Retries(tries=2, first_wait=0)
    assert waits(LOST, [FAR, 0, FAR // 2, FAR // 2], retries) == [0, 0, None, None]


def test_a_registry_that_says_when_is_heard_up_to_a_limit() -> None:
    retries = Retries(first_wait=0, longest_wait=20)
    for asked, expected in [(7.0, 7.0), (3600.0, 20.0), (None, 0.0)]:
        assert waits(RateLimitedError((), 429, LINE, retry_after=asked), [FAR], retries) == [expected]


@pytest.mark.parametrize(
    "error",
    [
        UnsupportedError((), 405, LINE),
        CertificateError("not trusted", request=LINE),
        SizeMismatchError(FAR, FAR + 1, request=LINE),
        SizeMismatchError(FAR * 2, FAR // 2, request=LINE),
    ],
)
def test_what_does_not_pass_by_itself_is_told(error: RegistryError) -> None:
    assert waits(error, [FAR], Retries(first_wait=0)) == [None]


@pytest.mark.parametrize(
    "error", [ConnectionFailedError("no route", request=LINE), DeniedError((), 403, LINE)]
)
def test_a_first_answer_counts(error: RegistryError) -> None:
    assert waits(error, [0], Retries(first_wait=0)) == [None]
    assert waits(error, [1], Retries(first_wait=0)) == [0]


def test_a_refusal_is_believed_sooner_than_a_loss() -> None:
    denied = DeniedError((), 403, LINE)
    assert waits(denied, [FAR] * 4, Retries(first_wait=0)) == [0, 0, None, None]
    patience = Patience(Retries(first_wait=0))
    errors: list[RegistryError] = [LOST, LOST, denied, LOST, denied, denied]
    assert [patience.wait(error, FAR) for error in errors] == [0, 0, 0, 0, 0, None]
