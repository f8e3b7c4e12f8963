import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.contents.kinds import SAMPLE, Form, as_text, form_of

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"))


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a", b"words", Form.TEXT),
        ("a", b"", Form.TEXT),
        ("A.JSON", b"1", Form.JSON),
        ("a", codecs.BOM_UTF8 + b'\n {"a": 1}', Form.JSON),
        ("a.svg", b"<svg/>", Form.XML),
        ("a", b'<?xml version="1.0"?>', Form.XML),
        ("a.xml", b"[", Form.XML),
        ("a.json", b"\0", Form.BYTES),
        ("ls", b"\x7fELF\2\1\1\0", Form.BYTES),
        ("a.mp3", b"\xff\xfb\x90\x64", Form.BYTES),
        ("odd", codecs.BOM_UTF16_LE + b"a\0b", Form.BYTES),
        ("wide", codecs.BOM_UTF32_LE + "a".encode("utf-32-le"), Form.BYTES),
        ("latin", "Grüße an alle".encode("latin-1"), Form.TEXT),
    ],
)
def test_a_file_is_judged_by_its_bytes_and_its_name(name: str, data: bytes, expected: Form) -> None:
    assert form_of(name, data) is expected


@given(TEXTS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_text_is_read_back_from_every_encoding_that_is_known(text: str, encoding: str) -> None:
    assert as_text(text.encode(encoding)) == text


@given(TEXTS, st.sampled_from(["utf-8", "utf-16"]), st.integers(0, 400))
def test_text_that_is_cut_anywhere_is_text_as_far_as_it_goes(text: str, encoding: str, end: int) -> None:
    data = text.encode(encoding)
    read = as_text(data[: max(2, end)], cut=True)
    assert read is not None
    assert text.startswith(read)
    assert len(text) - len(read) <= len(data) - len(data[: max(2, end)]) + 1


@given(st.binary(max_size=300))
def test_what_is_called_text_of_another_encoding_loses_nothing(data: bytes) -> None:
    text = as_text(data)
    if text is not None and any("\udc80" <= letter <= "\udcff" for letter in text):
        assert text.encode(errors="surrogateescape") == data


def test_bytes_behind_the_sample_do_not_count() -> None:
    assert as_text(b"a" * SAMPLE + b"\0") == "a" * SAMPLE + "\0"
