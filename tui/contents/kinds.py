"""What a file is, by its first bytes and its name: text, JSON, XML, or none of these."""

from __future__ import annotations

import codecs
from enum import Enum
from typing import Final

__all__ = ["Form", "as_text", "form_of"]

SAMPLE: Final = 8_192
"""Bytes at the beginning of a file by which text is told from other bytes."""

_MARKS: Final = (
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JSON_NAMES: Final = (".json", ".jsonld", ".map", ".webmanifest")
_XML_NAMES: Final = (
    ".xml",
    ".svg",
    ".xsd",
    ".xsl",
    ".xhtml",
    ".plist",
    ".pom",
    ".csproj",
    ".wsdl",
    ".rdf",
    ".xlf",
)


class Form(Enum):
    """As what a file is read best."""

    JSON = "JSON"
    XML = "XML"
    TEXT = "text"
    BYTES = "bytes"


def form_of(name: str, data: bytes, *, cut: bool = False) -> Form:
    """Tell what a file seems to be; whether it is valid JSON or XML is for its reader to find out.

    Args:
        name: Of the file, without folders.
        data: Its first bytes.
        cut: Whether more follow.
    """
    if as_text(data, cut=cut) is None:
        return Form.BYTES
    head = data[:SAMPLE].removeprefix(codecs.BOM_UTF8).lstrip()
    lowered = name.lower()
    if lowered.endswith(_JSON_NAMES):
        return Form.JSON
    if lowered.endswith(_XML_NAMES) or head.startswith(b"<?xml"):
        return Form.XML
    return Form.JSON if head.startswith((b"{", b"[")) else Form.TEXT


def as_text(data: bytes, *, cut: bool = False) -> str | None:
    """Read bytes as text; None where they are none.

    UTF-16 is known by its byte order mark. Text that is neither that nor UTF-8 keeps the bytes that are no
    UTF-8 as surrogates (``surrogateescape``): which letters they are nobody can know.

    Args:
        data: The bytes.
        cut: Whether more follow, so that the last letter may be half there.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                text = codecs.getincrementaldecoder(encoding)().decode(data, final=not cut)
            except UnicodeDecodeError:
                return None
            return None if "\0" in text[:SAMPLE] else text
    if b"\0" in data[:SAMPLE]:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=not cut)
    except UnicodeDecodeError:
        pass
    # Text of another encoding has no controls, and most of its letters are those of ASCII.
    controls = sum(byte < ord(" ") and byte not in b"\t\n\f\r\x1b" for byte in data[:SAMPLE])
    letters = sum(byte < 0x80 for byte in data[:SAMPLE])  # noqa: PLR2004  # the letters of ASCII
    if controls or 2 * letters < len(data[:SAMPLE]):
        return None
    return data.decode(errors="surrogateescape")
