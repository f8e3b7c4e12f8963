"""Errors as a person reads them: the reason first, then what to try, then what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.errors import RegistryError

if TYPE_CHECKING:
    from tui.contents.errors import ContentsError
    from tui.credentials import CredentialsError
    from tui.transfers import DownloadError

INVALID = "invalid"
"""Marks what is not as its specification says; the details tell in which way."""


def sentence(text: str) -> str:
    """Make a sentence of a phrase: a capital unless it begins with a name, and a full stop."""
    text = text.strip()
    word = text.partition(" ")[0]
    if word.isalpha():
        text = text[:1].upper() + text[1:]
    return text if text[-1:] in {"", ".", "!", "?", "…"} else f"{text}."


def told(error: RegistryError | DownloadError | CredentialsError) -> str:
    """Tell an error and its remedy in one line."""
    return " ".join(filter(None, (sentence(str(error)), error.remedy)))


def failure_lines(error: RegistryError) -> list[str]:
    """Tell why a registry's answer is missing: the reason, what to try, and what was asked, a line each."""
    asked = str(error.request) if error.request is not None else ""
    return [line for line in (f"✗ {sentence(error.message)}", error.remedy, asked) if line]


def trouble_lines(error: RegistryError | ContentsError) -> list[str]:
    """Tell why something inside a layer cannot be shown: the reason, and what there is to say beside it."""
    return failure_lines(error) if isinstance(error, RegistryError) else [f"✗ {sentence(str(error))}"]


def titled(title: str, *, invalid: bool) -> str:
    """Make the title of a pane about a document."""
    return f"{title} · {INVALID}" if invalid else title
