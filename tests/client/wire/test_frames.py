from __future__ import annotations

import traceback

import pytest

from tui.client.wire.frames import WithoutFrames


def work() -> None:
    header = "Basic c2VjcmV0"
    try:
        int(header[:0])
    except ValueError as error:
        raise ExceptionGroup("several", [LookupError("one")]) from error


def test_an_error_loses_the_frames_inside_and_tells_where_it_was_raised() -> None:
    with pytest.raises(ExceptionGroup) as caught, WithoutFrames():
        work()
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "c2VjcmV0" not in told
    assert f"raised in work, {__file__}:" in told
    assert isinstance(caught.value.__cause__, ValueError)


def test_what_is_no_error_passes_as_it_is() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, WithoutFrames():
        raise KeyboardInterrupt
    assert not hasattr(caught.value, "__notes__")
    with WithoutFrames():
        pass
