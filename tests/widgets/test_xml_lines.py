"""XML is set in by how deep it is, and nothing in it grows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.xml_lines import XmlReadError, xml_lines

BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>"""


def drawn(data: bytes) -> list[str]:
    return [line.plain for line in xml_lines(data)]


def test_tags_are_set_in_and_short_texts_stand_beside_theirs() -> None:
    source = b"""<?xml version='1.0' encoding="UTF-8"?><!-- why --><project xmlns="x:y" a='1 &lt; "2"'>
      <name>app &amp; co</name><empty></empty><many><one/>loose
      text</many></project>"""
    assert drawn(source) == [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<!-- why -->",
        '<project xmlns="x:y" a=\'1 &lt; "2"\'>',
        "  <name>app &amp; co</name>",
        "  <empty/>",
        "  <many>",
        "    <one/>",
        "    loose",
        "    text",
        "  </many>",
        "</project>",
    ]


def test_names_and_values_have_their_styles() -> None:
    line = xml_lines(b'<a b="c"/>')[0]
    styles = {line.plain[span.start : span.end]: span.style for span in line.spans}
    assert styles == {
        "<": ".line-view--muted",
        "a": ".line-view--key",
        "=": ".line-view--muted",
        '"c"': ".line-view--string",
        "/>": ".line-view--muted",
    }


@pytest.mark.parametrize(
    "data", [b"", b"<a>", b"words", b"<a></b>", b'<?xml version="1.0" encoding="odd"?><a/>']
)
def test_what_is_no_xml_is_told_from_it(data: bytes) -> None:
    with pytest.raises(XmlReadError):
        xml_lines(data)


def test_entities_are_refused() -> None:
    with pytest.raises(XmlReadError, match="entities"):
        xml_lines(BOMB)


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert drawn(b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a>x</a>') == ["<!DOCTYPE a>", "<a>x</a>"]


def test_depth_costs_no_more_than_lines() -> None:
    lines = drawn(b"<a>" * 50_000 + b"</a>" * 50_000)
    assert len(lines) == 99_999
    assert max(map(len, lines)) < 100


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        xml_lines(b"<a>" + data + b"</a>")
    except XmlReadError:
        return
