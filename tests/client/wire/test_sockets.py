"""Connections of threads: woken from outside, and heads handed out without what follows."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING

import httpcore
import pytest

from tui.client.wire.sockets import READ_SIZE, Backend, Line, Stream, Trust

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"


@pytest.fixture
def ends() -> Iterator[tuple[Stream, socket.socket]]:
    """A stream, and what it is connected to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stream = Backend(Trust(ssl.create_default_context)).connect_tcp(
            "127.0.0.1", server.getsockname()[1], 5
        )
        assert isinstance(stream, Stream)
        other, _ = server.accept()
    with other:
        yield stream, other
    stream.close()


def read_all(stream: Stream) -> list[bytes]:
    pieces = []
    while piece := stream.read(10, 5):
        pieces.append(piece)
    return pieces


def test_a_head_comes_alone_and_what_follows_can_be_read_into_memory(
    ends: tuple[Stream, socket.socket],
) -> None:
    stream, other = ends
    stream.write(REQUEST)
    stream.write(b"")
    other.sendall(HEAD + b"abc")
    assert stream.read(1) == HEAD
    assert stream.get_extra_info("is_readable")
    memory = bytearray(10)
    view = memoryview(memory)
    assert stream.read_into(view[:2], 5) == 2
    assert stream.read_into(view[2:], 5) == 1
    other.sendall(b"def")
    assert stream.read_into(view[3:], 5) == 3
    assert memory[:6] == b"abcdef"
    other.shutdown(socket.SHUT_WR)
    assert stream.read_into(view, 5) == 0


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(HEAD) - 1, len(HEAD)])
@pytest.mark.parametrize("head", [HEAD, HEAD.replace(b"\r", b"")])
def test_a_head_in_pieces_is_a_head(ends: tuple[Stream, socket.socket], head: bytes, size: int) -> None:
    stream, other = ends
    stream.write(REQUEST)
    got = b""
    for start in range(0, len(head), size):
        last = start + size >= len(head)
        other.sendall(head[start : start + size] + (b"body" if last else b""))
        got += stream.read(1, 5)
    assert got == head
    assert stream.read(1, 5) == b"body"


def test_a_head_that_announces_another_is_followed_by_one(ends: tuple[Stream, socket.socket]) -> None:
    stream, other = ends
    stream.write(REQUEST)
    early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    other.sendall(early + early + HEAD + b"body")
    other.shutdown(socket.SHUT_WR)
    assert read_all(stream) == [early, early, HEAD, b"body"]


def test_what_is_no_request_has_no_head(ends: tuple[Stream, socket.socket]) -> None:
    stream, other = ends
    stream.write(b"\x05\x01\x00")
    other.sendall(b"\x05\x00\x00\x01\x0a\x0a\x00\x01")
    assert stream.read(4096, 5) == b"\x05\x00\x00\x01\x0a\x0a\x00\x01"


def test_the_second_answer_has_a_head_as_well(ends: tuple[Stream, socket.socket]) -> None:
    stream, other = ends
    for body in (b"first!", b"second"):
        stream.write(REQUEST)
        other.sendall(HEAD + body)
        assert stream.read(1, 5) == HEAD
        assert stream.read(1, 5) == body
        assert not stream.get_extra_info("is_readable")


def test_much_is_read_at_once(ends: tuple[Stream, socket.socket]) -> None:
    stream, other = ends
    sender = threading.Thread(target=other.sendall, args=(bytes(8 * READ_SIZE),))
    sender.start()
    sizes: list[int] = []
    while sum(sizes) < 8 * READ_SIZE:
        sizes.append(len(stream.read(64 * 1024, 5)))
    sender.join()
    assert max(sizes) > 64 * 1024


def test_silence_and_resets_are_errors_of_httpcore(ends: tuple[Stream, socket.socket]) -> None:
    stream, other = ends
    view = memoryview(bytearray(10))
    with pytest.raises(httpcore.ReadTimeout):
        stream.read_into(view, 0.01)
    with pytest.raises(httpcore.ReadTimeout):
        stream.read(10, 0.01)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    other.close()
    with pytest.raises(httpcore.ReadError):
        stream.read_into(view, 5)


@pytest.mark.parametrize("how", ["read", "read_into"])
def test_a_thread_that_waits_is_woken(ends: tuple[Stream, socket.socket], how: str) -> None:
    stream, _ = ends
    line = Line()
    outcome: list[object] = []
    entered = threading.Event()

    def wait() -> None:
        line.enter()
        entered.set()
        try:
            outcome.append(
                stream.read(10, 60) if how == "read" else stream.read_into(memoryview(bytearray(10)), 60)
            )
        except httpcore.ReadError as error:
            outcome.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    entered.wait(60)
    line.cut()
    thread.join(60)
    assert not thread.is_alive()
    assert len(outcome) == 1
    with pytest.raises(httpcore.ReadError, match="nobody waits"):
        line.hold(stream)


def test_what_is_complete_is_not_disturbed(ends: tuple[Stream, socket.socket]) -> None:
    stream, other = ends
    line = Line()
    line.hold(stream)
    line.let_go()
    line.cut()
    other.sendall(b"for the next one")
    assert stream.read(10, 5) == b"for the next one"


def test_what_is_closed_can_be_woken_and_closed_again(ends: tuple[Stream, socket.socket]) -> None:
    stream, _ = ends
    stream.close()
    stream.wake()
    stream.close()


def test_addresses_are_tried_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        closed = ("127.0.0.2", port)
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in (closed, ("127.0.0.1", port))
        ]
        real = socket.getaddrinfo

        def look_up(host: str, *rest: object, **options: object) -> object:
            return found if host == "two.example" else real(host, *rest, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        stream = Backend(Trust(ssl.create_default_context)).connect_tcp("two.example", port, 5)
        assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
        stream.close()
        found.reverse()
        found.pop(0)
        with pytest.raises(httpcore.ConnectError):
            Backend(Trust(ssl.create_default_context)).connect_tcp("two.example", port, 5)


def test_a_name_that_nobody_knows_is_an_error_of_httpcore() -> None:
    with pytest.raises(httpcore.ConnectError):
        Backend(Trust(ssl.create_default_context)).connect_tcp("nobody.invalid", 80, 5)


def test_where_the_system_checks_certificates_each_connection_has_a_context_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.client.wire.sockets.SHARES_CONTEXTS", False)
    trust = Trust(ssl.create_default_context)
    first, second = trust.own_context(trust.context), trust.own_context(trust.context)
    assert len({id(first), id(second), id(trust.context)}) == 3
    other = ssl.create_default_context()
    assert trust.own_context(other) is other
