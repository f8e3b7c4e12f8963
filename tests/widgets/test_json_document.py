"""JSON becomes lines that fold."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tui.widgets import JsonDocument
from tui.widgets.json_document import LONGEST_VALUE
from tui.widgets.json_values import JsonObject

WIDTH = 80


def drawn(document: JsonDocument) -> list[str]:
    return [document.line(index, WIDTH).plain.rstrip() for index in range(document.line_count(WIDTH))]


def styles(document: JsonDocument, index: int) -> dict[str, str]:
    line = document.line(index, WIDTH)
    return {line.plain[start:end]: str(style) for start, end, style in line.spans}


def test_a_document_is_drawn_as_it_was_written() -> None:
    document = JsonDocument(
        b'{"version": 2, "rate": 1.10, "on": true, "none": null, "empty": [{}, []], "name": "a\\"b"}'
    )
    assert drawn(document) == [
        "▾ {",
        '    "version": 2,',
        '    "rate": 1.10,',
        '    "on": true,',
        '    "none": null,',
        '  ▾ "empty": [',
        "      {},",
        "      []",
        "    ],",
        '    "name": "a\\"b"',
        "  }",
    ]
    assert document.is_valid
    assert document.folds


def test_what_is_folded_says_how_much_is_in_it() -> None:
    document = JsonDocument(
        b'{"config": {"a": 1, "b": 2}, "layers": [1, 2, 3], "one": {"x": 1}, "single": [1]}'
    )
    assert document.fold_all(0) == 0
    assert drawn(document) == [
        "▾ {",
        '  ▸ "config": { 2 keys },',
        '  ▸ "layers": [ 3 items ],',
        '  ▸ "one": { 1 key },',
        '  ▸ "single": [ 1 item ]',
        "  }",
    ]


def test_toggling_and_where_the_cursor_goes() -> None:
    document = JsonDocument(b'{"a": {"b": [1, 2]}, "c": 3}')
    assert drawn(document)[5:7] == ["      ]", "    },"]
    assert document.fold_start(5) == 2
    assert document.toggle(5)
    assert drawn(document) == ["▾ {", '  ▾ "a": {', '    ▸ "b": [ 2 items ]', "    },", '    "c": 3', "  }"]
    assert document.toggle(2)
    assert document.line_count(WIDTH) == 9
    assert not document.toggle(3)
    assert not document.toggle(7)
    assert not document.toggle(0)
    assert document.fold_all(3) == 1
    assert document.unfold_all(1) == 1
    assert document.line_count(WIDTH) == 9


def test_a_closing_line_stays_one_when_everything_is_unfolded() -> None:
    document = JsonDocument(b'{"a": [[1], [2]]}')
    document.toggle(3)
    end = document.line_count(WIDTH) - 1
    assert document.unfold_all(end) == document.line_count(WIDTH) - 1


def test_members_of_the_same_name_are_both_shown() -> None:
    assert drawn(JsonDocument(b'{"a": 1, "a": 2}')) == ["▾ {", '    "a": 1,', '    "a": 2', "  }"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (b'"text"', '  "text"'),
        (b"12345678901234567890.0", "  12345678901234567890.0"),
        (b"null", "  null"),
        (b"[]", "  []"),
        (b"{}", "  {}"),
        (b'\xef\xbb\xbf"mark"', '  "mark"'),
        ("\u00e9", None),
        ('"\u00e9"', '  "\u00e9"'),
        (None, "  null"),
        (1.5, "  1.5"),
    ],
)
def test_a_document_of_one_value(source: Any, line: str | None) -> None:
    document = JsonDocument(source)
    if line is None:
        assert not document.is_valid
    else:
        assert drawn(document) == [line]
        assert not document.folds
        assert not document.toggle(0)
        assert (document.fold_start(0), document.fold_all(0), document.unfold_all(0)) == (0, 0, 0)


def test_values_of_python_are_shown_too() -> None:
    assert drawn(JsonDocument({"a": [1, {"b": None}]})) == drawn(JsonDocument(b'{"a": [1, {"b": null}]}'))


def test_hostile_strings_and_names_are_shown_harmless() -> None:
    raw = json.dumps({"\x1b]52;c;x\x07": "\u202e\ud800\x9b[/foo]\u0085"}, ensure_ascii=True).encode()
    document = JsonDocument(raw)
    assert drawn(document)[1] == '    "\\u001b]52;c;x\\u0007": "⟨202E⟩⟨D800⟩⟨009B⟩[/foo]⟨0085⟩"'


def test_long_strings_are_cut_where_they_show_only() -> None:
    document = JsonDocument({"k" * 5_000_000: "v" * 5_000_000})
    line = document.line(1, WIDTH).plain
    assert len(line) < 2 * LONGEST_VALUE + 20
    assert line.count("…") == 2
    assert len(document.raw(1, WIDTH)) == 5_000_000


def test_copying_gives_a_value_in_full_and_raw() -> None:
    document = JsonDocument(b'{"s": "a\\u001bb\\nc", "n": 1.0, "l": [1, {"x": "y"}], "t": true}')
    assert document.raw(1, WIDTH) == "a\x1bb\nc"
    assert document.raw(2, WIDTH) == "1.0"
    assert document.raw(3, WIDTH) == '[\n  1,\n  {\n    "x": "y"\n  }\n]'
    assert document.raw(9, WIDTH) == "true"
    assert json.loads(document.raw(0, WIDTH)) == {"s": "a\x1bb\nc", "n": 1.0, "l": [1, {"x": "y"}], "t": True}
    assert document.raw(10, WIDTH) == document.raw(0, WIDTH)


def test_each_kind_of_value_has_its_colour() -> None:
    document = JsonDocument(b'{"s": "x", "n": 1, "t": true, "l": [{"a": 1}]}')
    assert styles(document, 1) == {
        '"s"': ".line-view--key",
        ": ": ".line-view--muted",
        '"x"': ".line-view--string",
        ",": ".line-view--muted",
    }
    assert styles(document, 2)["1"] == ".line-view--number"
    assert styles(document, 3)["true"] == ".line-view--constant"
    document.toggle(5)
    assert styles(document, 5)["{ 1 key }"] == ".line-view--muted"


def test_what_is_no_json_is_shown_as_text_below_the_reason() -> None:
    document = JsonDocument(b"<html>\r\n\xff[/foo]\x1b")
    assert drawn(document) == [
        "Not valid JSON: Expecting value, line 1, column 1",
        "",
        "<html>",
        "⟨DCFF⟩[/foo]␛",
    ]
    assert not document.is_valid
    assert not document.folds
    assert document.value is None
    assert document.raw(2, WIDTH) == "<html>"
    assert not document.toggle(0)
    assert document.reflowed(3, WIDTH, 40) == 4


def test_what_was_read_can_be_asked_for() -> None:
    value = JsonDocument(b'{"a": 1}').value
    assert isinstance(value, JsonObject)
    assert value.members == [("a", "1")]


def test_deep_nesting_opens_and_unfolds() -> None:
    document = JsonDocument(b"[" * 10_000 + b"]" * 10_000)
    document.unfold_all(0)
    assert document.line_count(WIDTH) == 2 * 10_000 - 1
    middle = document.line(9_999, WIDTH).plain
    assert middle.strip() == "[]"
    assert len(middle) < WIDTH * 2
    assert document.raw(9_999, WIDTH) == "[]"


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b"1," * 2_000_000 + b"1]",
        json.dumps(
            [{"digest": f"sha256:{index:064x}", "size": index, "urls": []} for index in range(38_000)]
        ).encode(),
        b"[" * 2_000_000,
        json.dumps({f"key-{index}": "v" * 20 for index in range(110_000)}).encode(),
        b'"' + b"\\u001b" * 600_000 + b'"',
    ],
    ids=["numbers", "descriptors", "brackets", "members", "controls"],
)
def test_four_megabytes_open_about_as_fast_as_json_reads_them(raw: bytes) -> None:
    def seconds(work: Any) -> float:
        def once() -> float:
            start = time.perf_counter()
            work()
            return time.perf_counter() - start

        return min(once() for _ in range(3))

    def show() -> None:
        document = JsonDocument(raw)
        lines = document.line_count(WIDTH)
        for index in {*range(min(50, lines)), lines - 1}:
            document.line(index, WIDTH)

    reference = json.dumps([{"digest": f"sha256:{index:064x}", "size": index} for index in range(40_000)])
    assert seconds(show) < 20 * seconds(lambda: json.loads(reference))
