import io
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.layouts import add, write_tar
from tui.client.errors import UnreadableSourceError
from tui.client.local import tar_index
from tui.client.local.tar_index import BLOCK, Kind, TarIndex


class Bytes:
    """An archive in memory."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.size = len(raw)

    def read_at(self, offset: int, size: int) -> bytes:
        return self.raw[offset : offset + size]


def made(write: Callable[[tarfile.TarFile], None], form: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        write(tar)
    return buffer.getvalue()


def members(*names: str) -> Callable[[tarfile.TarFile], None]:
    def write(tar: tarfile.TarFile) -> None:
        for name in names:
            add(tar, name, b"x")

    return write


def index(raw: bytes) -> TarIndex:
    return TarIndex(Bytes(raw))


def content(raw: bytes, name: str) -> bytes:
    member = index(raw).find(name)
    assert member is not None
    return raw[member.offset : member.offset + member.size]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", ["a", "b/c", "d" * 90 + "/" + "e" * 90, "./f"])
def test_members_are_found_in_every_format(form: int, name: str) -> None:
    def write(tar: tarfile.TarFile) -> None:
        add(tar, "before", b"x" * 1000)
        add(tar, name, b"what is wanted")
        add(tar, "behind", b"y")

    raw = made(write, form)
    assert content(raw, name.removeprefix("./")) == b"what is wanted"
    assert content(raw, "behind") == b"y"


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_may_be_long_and_of_any_alphabet(form: int) -> None:
    name = "путь/" * 60 + "файл"
    assert content(made(lambda tar: add(tar, name, b"found"), form), name) == b"found"


def test_of_several_members_of_one_name_the_last_counts() -> None:
    def write(tar: tarfile.TarFile) -> None:
        add(tar, "a", b"first")
        add(tar, "./a", b"last")

    assert content(made(write), "a") == b"last"


def test_a_symbolic_link_leads_on_from_its_folder_and_a_hard_link_from_the_root() -> None:
    def write(tar: tarfile.TarFile) -> None:
        add(tar, "one/layer.tar", b"layer")
        add(tar, "two/layer.tar", type=tarfile.SYMTYPE, linkname="../one/layer.tar")
        add(tar, "three/layer.tar", type=tarfile.LNKTYPE, linkname="two/layer.tar")

    assert content(made(write), "two/layer.tar") == b"layer"
    assert content(made(write), "three/layer.tar") == b"layer"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc/passwd", "a/../../b"])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_that_leads_out_is_refused(kind: bytes, target: str) -> None:
    raw = made(lambda tar: add(tar, "link", type=kind, linkname=target))
    with pytest.raises(UnreadableSourceError, match="leads out of the archive"):
        index(raw).find("link")


def test_links_in_a_circle_are_refused() -> None:
    def write(tar: tarfile.TarFile) -> None:
        add(tar, "a", type=tarfile.SYMTYPE, linkname="b")
        add(tar, "b", type=tarfile.LNKTYPE, linkname="a")

    with pytest.raises(UnreadableSourceError, match="in a circle"):
        index(made(write)).find("a")


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside", "a/../../outside"])
def test_members_outside_of_the_archive_cannot_be_found(name: str) -> None:
    found = index(made(lambda tar: add(tar, name, b"evil")))
    assert found.members == {}
    with pytest.raises(UnreadableSourceError, match="leads out of the archive"):
        found.find(name)


@pytest.mark.parametrize("kind", [tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_what_is_no_file_is_none(kind: bytes) -> None:
    raw = made(lambda tar: add(tar, "odd", type=kind))
    with pytest.raises(UnreadableSourceError, match="'odd' is no file in the archive"):
        index(raw).find("odd")


def test_a_sparse_file_is_passed_over_and_not_read_as_a_whole_one() -> None:
    def write(tar: tarfile.TarFile) -> None:
        add(tar, "sparse", b"x" * 600, type=tarfile.GNUTYPE_SPARSE)
        add(tar, "behind", b"y")

    raw = made(write)
    assert content(raw, "behind") == b"y"
    with pytest.raises(UnreadableSourceError, match="sparse"):
        index(raw).find("sparse")


def test_a_sparse_file_in_an_extended_header_is_not_read_as_a_whole_one() -> None:
    raw = made(
        lambda tar: add(tar, "s", b"x", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}),
        tarfile.PAX_FORMAT,
    )
    assert index(raw).members["s"].kind is Kind.SPARSE


def test_an_archive_that_ends_without_blocks_of_zeros_is_whole() -> None:
    raw = made(lambda tar: add(tar, "a", b"x" * BLOCK))[: 2 * BLOCK]
    assert content(raw, "a") == b"x" * BLOCK


@pytest.mark.parametrize("left", [100, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_an_archive_that_is_cut_off_is_not_read(left: int) -> None:
    raw = made(lambda tar: add(tar, "a", b"x" * 3 * BLOCK))[:left]
    with pytest.raises(UnreadableSourceError, match="cut off"):
        index(raw)


def test_what_is_no_tar_says_so() -> None:
    with pytest.raises(UnreadableSourceError, match="it is no tar"):
        index(b"#!/bin/sh\n" * 100)


def test_a_damaged_header_tells_its_place() -> None:
    raw = bytearray(made(members("a", "b")))
    raw[2 * BLOCK] ^= 1
    with pytest.raises(UnreadableSourceError, match="damaged at byte 1,024"):
        index(bytes(raw))


@pytest.mark.parametrize("size", [2**40, 2**63, 2**70])
def test_a_size_that_lies_is_held_against_the_archive(size: int) -> None:
    raw = bytearray(made(lambda tar: add(tar, "a", b"x")))
    raw[124:136] = b"\x80" + size.to_bytes(11, "big")
    raw[148:156] = b" " * 8
    raw[148:156] = f"{sum(raw[:BLOCK]):06o}\0 ".encode()
    with pytest.raises(UnreadableSourceError, match="cut off: 'a' lacks its last"):
        index(bytes(raw))


def test_a_negative_size_is_refused() -> None:
    raw = bytearray(made(lambda tar: add(tar, "a", b"x")))
    raw[124:136] = b"\xff" * 12
    raw[148:156] = b" " * 8
    raw[148:156] = f"{sum(raw[:BLOCK]):06o}\0 ".encode()
    with pytest.raises(UnreadableSourceError, match="no number"):
        index(bytes(raw))


def test_a_gigantic_extended_header_is_not_read() -> None:
    raw = made(lambda tar: add(tar, "long", b"x" * (tar_index.MAX_EXTENSION + 1), type=b"L"))
    with pytest.raises(UnreadableSourceError, match="an extended header of the archive has"):
        index(raw)


@pytest.mark.parametrize("record", [b"0 a=b\n", b"99 path=x\n", b"x path=y\n", b"9 path=x", b"7 path\n"])
def test_an_extended_header_that_cannot_be_read_is_told(record: bytes) -> None:
    raw = made(lambda tar: add(tar, "x", record, type=b"x"))
    with pytest.raises(UnreadableSourceError, match="extended header"):
        index(raw)


def test_members_have_a_limit_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_index, "MAX_HEADERS", 3)
    assert len(index(made(members("a", "b"))).members) == 2
    with pytest.raises(UnreadableSourceError, match="more than 3 members"):
        index(made(members("a", "b", "c", "d")))


def test_names_have_a_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_index, "MAX_NAMES", 10)
    with pytest.raises(UnreadableSourceError, match="names of its members are too long"):
        index(made(members("aaaa", "bbbb", "cccc")))


@given(st.integers(0, 2**32))
def test_whatever_is_changed_in_an_archive_it_is_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable damage, no secret

    def write(tar: tarfile.TarFile) -> None:
        add(tar, "a" * 150, b"x" * 700)
        add(tar, "l", type=tarfile.SYMTYPE, linkname="b" * 150)
        add(tar, "b", b"y", pax_headers={"path": "ü"})

    raw = bytearray(made(write, chance.choice([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])))
    for _ in range(chance.randint(1, 6)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    # A header whose sum is right again is read, whatever else it says.
    for start in range(0, len(raw), BLOCK):
        block = raw[start : start + BLOCK]
        if any(block) and chance.random() < 0.7:
            block[148:156] = b" " * 8
            raw[start + 148 : start + 156] = f"{sum(block):06o}\0 ".encode()
    try:
        found = index(bytes(raw[: chance.randint(0, len(raw))]))
        for name in list(found.members):
            found.find(name)
    except UnreadableSourceError:
        pass


def test_python_reads_the_same_members(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", [(f"{'d' * (n % 130)}/{n}", b"z" * n) for n in range(300)])
    with tarfile.open(path) as tar:
        expected = {member.name: (member.offset_data, member.size) for member in tar}
    found = index(path.read_bytes()).members
    assert {name: (member.offset, member.size) for name, member in found.items()} == {
        name.lstrip("/"): where for name, where in expected.items() if not name.startswith("/")
    }
