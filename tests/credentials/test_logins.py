"""Logins as people enter them."""

from __future__ import annotations

import pickle

import pytest

from tui.client.login.auth import BasicAuth, IdentityToken, TokenAuth
from tui.credentials import InvalidLoginError, Kind, Secret, make_login

WORD = "hunter2"


def test_a_user_name_and_a_password() -> None:
    login = make_login("alice", Secret(WORD))
    assert login.auth == BasicAuth("alice", WORD)
    assert login.label == "alice (this run)"


def test_a_password_may_hold_what_people_put_into_passwords() -> None:
    for password in (" a b ", "a:b", "pässwörd", "🔑", "'\"\\"):
        assert make_login("alice", Secret(password)).auth == BasicAuth("alice", password)


def test_an_identity_token_is_told_by_its_kind_or_by_the_user_name() -> None:
    assert make_login("<token>", Secret(WORD)).auth == IdentityToken(WORD)
    assert make_login("", Secret(WORD), Kind.IDENTITY_TOKEN).auth == IdentityToken(WORD)
    named = make_login("alice", Secret(WORD), Kind.IDENTITY_TOKEN)
    assert named.auth == IdentityToken(WORD, "alice")
    assert named.who == "alice"


def test_a_token_that_is_sent_as_it_is() -> None:
    login = make_login("", Secret(WORD), Kind.TOKEN, source="keyring")
    assert login.auth == TokenAuth(WORD)
    assert login.label == "token (keyring)"


@pytest.mark.parametrize(
    ("username", "secret", "kind", "words"),
    [
        ("alice", "", None, "the password is empty"),
        ("<token>", "", None, "the token is empty"),
        ("", WORD, None, "the user name is empty"),
        ("a:b", WORD, None, "colon"),
        ("a\nb", WORD, None, "user name"),
        ("a\x7f", WORD, None, "user name"),
        ("a\udcff", WORD, None, "user name"),
        ("a" * 2000, WORD, None, "too long"),
        ("alice", f"{WORD}\n", None, "line end"),
        ("alice", f"{WORD}\0", None, "cannot be sent"),
        ("alice", f"{WORD}\udcff", None, "cannot be sent"),
        ("", f"{WORD} {WORD}", Kind.TOKEN, "token"),
        ("", f"{WORD}é", Kind.TOKEN, "token"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_repeating_it(
    username: str, secret: str, kind: Kind | None, words: str
) -> None:
    with pytest.raises(InvalidLoginError) as caught:
        make_login(username, Secret(secret), kind)
    assert words in str(caught.value)
    assert caught.value.remedy
    assert WORD not in f"{caught.value!r}{caught.value.__context__!r}"


def test_a_login_hides_its_secret_and_is_not_pickled() -> None:
    for kind in Kind:
        login = make_login("alice", Secret(WORD), kind)
        assert WORD not in f"{login!r}{login}"
        with pytest.raises(TypeError):
            pickle.dumps(login)
