"""Bytes are shown by their values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.hex_document import HexDocument


def drawn(document: HexDocument, width: int) -> list[str]:
    return [document.line(index, width).plain for index in range(document.line_count(width))]


def test_a_line_has_an_offset_values_and_letters() -> None:
    assert drawn(HexDocument(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0>"), 80) == [
        "0000  7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 00  ·ELF············",
        "0010  3e                                                >",
    ]


@pytest.mark.parametrize(("width", "lines"), [(200, 4), (72, 4), (71, 8), (39, 8), (38, 16), (3, 16)])
def test_a_narrow_view_has_fewer_bytes_in_a_line(width: int, lines: int) -> None:
    assert HexDocument(bytes(64)).line_count(width) == lines


def test_offsets_count_from_the_beginning_of_the_file_and_have_room() -> None:
    document = HexDocument(b"abcd", start=0x123456789)
    assert drawn(document, 80)[0].startswith("0123456789  61 62 63 64 ")


def test_no_bytes_take_no_line() -> None:
    assert drawn(HexDocument(b""), 80) == []


def test_a_line_is_found_again_at_another_width() -> None:
    document = HexDocument(bytes(range(64)))
    assert document.reflowed(2, 80, 40) == 4
    assert document.reflowed(5, 40, 80) == 2


def test_copying_gives_the_values() -> None:
    assert HexDocument(b"AB").raw(0, 80) == "41 42"


@given(st.binary(max_size=300), st.integers(30, 100))
def test_all_bytes_are_there_and_nothing_reaches_the_terminal_but_text(data: bytes, width: int) -> None:
    document = HexDocument(data)
    lines = drawn(document, width)
    assert all(line.isprintable() and cell_len(line) <= width for line in lines)
    values = " ".join(document.raw(index, width) for index in range(len(lines)))
    assert bytes.fromhex(values) == data
