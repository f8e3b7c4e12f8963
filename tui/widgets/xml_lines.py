"""XML as lines that are set in by how deep they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal
from xml.parsers import expat  # entities are refused, and none is fetched from elsewhere
from xml.sax.saxutils import escape, quoteattr  # these write, and read nothing

from textual.content import Content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEEPEST_INDENT: Final = 40
"""Levels by which a line is set in; what is nested deeper stands below each other."""

LONGEST_BESIDE: Final = 120
"""Characters of a text that stands between its tags in one line."""

MUTED: Final = ".line-view--muted"

Item = tuple[Literal["start", "end", "text", "other"], str, "Mapping[str, str]"]
"""A tag that begins or ends, by its name; a text; something else as it is written. Attributes of a tag."""


class XmlReadError(ValueError):
    """A text is not XML, or is made to grow; the message says why."""


def xml_lines(data: bytes) -> list[Content]:
    """Format a document: a line for each tag, short texts beside theirs.

    Args:
        data: the whole document.

    Raises:
        XmlReadError: it is no XML, or defines entities, which can make megabytes of a line.
    """
    items = _read(data)
    lines: list[Content] = []
    depth = index = 0
    while index < len(items):
        kind, text, attributes = items[index]
        following = [item[0] for item in items[index + 1 : index + 3]]
        if kind == "end":
            depth -= 1
            lines.append(_line(depth, _closing(text)))
        elif kind == "text":
            lines.extend(
                _line(depth, Content(escape(line.strip()))) for line in text.split("\n") if line.strip()
            )
        elif kind == "other":
            lines.extend(_line(depth, Content.styled(line.strip(), MUTED)) for line in text.split("\n"))
        elif following[:1] == ["end"]:
            lines.append(_line(depth, _opening(text, attributes, "/>")))
            index += 1
        elif following == ["text", "end"] and _is_short(beside := items[index + 1][1].strip()):
            tag = _opening(text, attributes, ">")
            lines.append(_line(depth, Content.assemble(tag, escape(beside), _closing(text))))
            index += 2
        else:
            lines.append(_line(depth, _opening(text, attributes, ">")))
            depth += 1
        index += 1
    return lines


def _read(data: bytes) -> list[Item]:
    items: list[Item] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise XmlReadError("It defines entities, which are not read.")

    def text(value: str) -> None:
        if items and items[-1][0] == "text":
            value = items.pop()[1] + value
        if value.strip():
            items.append(("text", value, {}))

    def other(value: str) -> None:
        items.append(("other", value, {}))

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: items.append(("start", name, attributes))
    parser.EndElementHandler = lambda name: items.append(("end", name, {}))
    parser.CharacterDataHandler = text
    parser.CommentHandler = lambda value: other(f"<!--{value}-->")
    parser.ProcessingInstructionHandler = lambda name, value: other(f"<?{name} {value}?>")
    parser.XmlDeclHandler = lambda version, encoding, _: other(_declared(version, encoding))
    parser.StartDoctypeDeclHandler = lambda name, *_: other(f"<!DOCTYPE {name}>")
    try:
        parser.Parse(data, True)  # noqa: FBT003  # the one argument that it takes
    except (expat.ExpatError, LookupError, ValueError) as error:
        # It is no XML, or of an encoding that Python does not know, or that expat does not take.
        raise XmlReadError(str(error)) from error
    return items


def _declared(version: str, encoding: str | None) -> str:
    return f'<?xml version="{version}"' + (f' encoding="{encoding}"' if encoding else "") + "?>"


def _is_short(text: str) -> bool:
    return len(text) <= LONGEST_BESIDE and "\n" not in text


def _line(depth: int, content: Content) -> Content:
    return Content.assemble("  " * min(depth, DEEPEST_INDENT), content)


def _closing(name: str) -> Content:
    return Content.assemble(("</", MUTED), (name, ".line-view--key"), (">", MUTED))


def _opening(name: str, attributes: Mapping[str, str], end: str) -> Content:
    parts = [Content.styled("<", MUTED), Content.styled(name, ".line-view--key"), *_written(attributes)]
    return Content.assemble(*parts, (end, MUTED))


def _written(attributes: Mapping[str, str]) -> Iterator[Content]:
    for name, value in attributes.items():
        yield Content.assemble(" ", name, ("=", MUTED), (quoteattr(value), ".line-view--string"))
