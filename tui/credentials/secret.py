"""Text that must not be seen: by nobody who looks at a log, a crash report or a message."""

from __future__ import annotations

from typing import Any, Final, NoReturn

__all__ = ["Secret"]

_SHOWN: Final = "Secret('***')"


class Secret:
    """A password or a token; `repr`, `str` and formatting hide it, it is never pickled.

    Args:
        text: What to hide.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for the one who sends it to where it belongs."""
        return self._text

    @property
    def can_be_encoded(self) -> bool:
        """Whether the text has a form in UTF-8: half a character of UTF-16, as JSON may hold it, has none."""
        return not any("\ud800" <= char <= "\udfff" for char in self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # Lone surrogates, which a terminal or a JSON file can produce, have an encoding here too.
        mine, theirs = (text.encode("utf-8", "surrogatepass") for text in (self._text, other._text))
        import hmac  # noqa: PLC0415  # it loads OpenSSL, for which the first frame would wait

        return hmac.compare_digest(mine, theirs)

    __hash__ = None  # type: ignore[assignment]  # a hash would tell which secrets are equal

    def __repr__(self) -> str:
        return _SHOWN

    def __str__(self) -> str:
        return _SHOWN

    def __format__(self, format_spec: str) -> str:
        return _SHOWN

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
