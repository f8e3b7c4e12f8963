from __future__ import annotations

from tui.cache import Documents


def test_what_was_unused_for_longest_makes_room() -> None:
    documents: Documents[str, str] = Documents(limit=10)
    documents.put("a", "A", 4)
    documents.put("b", "B", 4)
    assert documents.get("a") == "A"
    documents.put("c", "C", 4)
    assert documents.get("b") is None
    assert documents.get("a") == "A"
    assert documents.get("c") == "C"
    documents.put("a", "A2", 2)
    documents.put("d", "D", 4)
    assert len(documents) == 3
    documents.put("huge", "H", 11)
    assert len(documents) == 0
