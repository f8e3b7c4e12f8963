"""A secret shows itself to nobody by accident."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from tui.client.login.auth import BasicAuth
from tui.credentials import Login, Secret

WORD = "hunter2"


def test_only_reveal_shows_it() -> None:
    secret = Secret(WORD)
    assert secret.reveal() == WORD
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{secret!r}", repr([secret])):
        assert WORD not in shown


def test_secrets_are_equal_by_what_they_hide() -> None:
    assert Secret(WORD) == Secret(WORD)
    assert Secret(WORD) != Secret("other")
    assert Secret(WORD) != WORD
    assert Secret("\udc80ä") == Secret("\udc80ä")
    assert not Secret("")
    assert Secret(WORD)


def test_a_secret_is_neither_hashed_nor_pickled() -> None:
    with pytest.raises(TypeError):
        hash(Secret(WORD))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled") as caught:
            pickle.dumps(Secret(WORD), protocol)
        assert WORD not in "".join(traceback.format_exception(caught.value))


def test_a_copy_is_the_same_secret() -> None:
    secret = Secret(WORD)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_a_login_shows_who_and_whence_and_is_not_pickled() -> None:
    login = Login(BasicAuth("alice", WORD), "alice", "Docker")
    assert "alice" in repr(login)
    assert "Docker" in repr(login)
    assert WORD not in repr(login)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(login, protocol)
