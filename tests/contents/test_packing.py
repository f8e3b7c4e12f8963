import gzip
import random
import struct
from collections.abc import Iterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.contents.helpers import gzipped, tar_of, zstd_of
from tui.contents import packing
from tui.contents.errors import DamagedContentError, TooLargeError, UnreadableLayerError
from tui.contents.packing import Packing, Unpacker, packing_of

RANDOM = random.Random(2)  # noqa: S311 - it is always the same
NOISE = RANDOM.randbytes(200_000)
DATA = NOISE + b"word " * 200_000 + bytes(700_000) + RANDOM.randbytes(200_000)
SKIPPABLE = struct.pack("<II", 0x184D2A5E, 7) + b"skipped"
PACK = {Packing.GZIP: gzipped, Packing.ZSTD: zstd_of}
GARBAGE = {
    Packing.GZIP: "Something that is not gzip follows the gzip stream.",
    Packing.ZSTD: "Something that is not zstd follows the zstd stream.",
}
CHECKSUM = {
    Packing.GZIP: "The gzip stream has a wrong checksum: its content is damaged.",
    Packing.ZSTD: "The zstd stream has a wrong checksum: its content is damaged.",
}
both = pytest.mark.parametrize("kind", PACK)


def steps(unpacker: Unpacker, packed: bytes, size: int = 64 * 1024) -> Iterator[bytes]:
    for at in range(0, len(packed), size):
        for piece in unpacker.feed(packed[at : at + size]):
            yield bytes(piece)
    for piece in unpacker.end():
        yield bytes(piece)


def unpacked(packed: bytes, size: int = 64 * 1024) -> tuple[bytes, list[str]]:
    unpacker = Unpacker()
    return b"".join(steps(unpacker, packed, size)), unpacker.problems


def until_damage(packed: bytes, size: int = 64 * 1024) -> tuple[bytes, str]:
    came = bytearray()
    failure = ""
    try:
        for piece in steps(Unpacker(), packed, size):
            came += piece
    except DamagedContentError as error:
        failure = str(error)
    return bytes(came), failure


def checked(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def test_the_first_bytes_tell_the_packing() -> None:
    assert packing_of(gzipped(b"")) is Packing.GZIP
    assert packing_of(zstd_of(b"")) is Packing.ZSTD
    assert packing_of(SKIPPABLE) is Packing.ZSTD
    assert packing_of(tar_of({"a": b""})[:512]) is Packing.TAR
    assert packing_of(bytes(512)) is Packing.TAR
    assert packing_of(b"") is Packing.TAR


def test_a_tar_whose_first_header_is_damaged_is_a_tar() -> None:
    assert packing_of(b"x" + tar_of({"a": b""})[1:512]) is Packing.TAR


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"\xfd7zXZ\0", "xz"), (b"BZh9", "bzip2"), (b"PK\3\4", "ZIP"), (b"\x04\x22\x4d\x18", "LZ4")],
)
def test_other_packings_are_named(head: bytes, name: str) -> None:
    with pytest.raises(UnreadableLayerError, match=f"packed with {name},"):
        packing_of(head + bytes(506))


def test_what_is_nothing_known_is_shown_by_its_first_bytes() -> None:
    with pytest.raises(UnreadableLayerError, match=r"neither a tar nor .*: b'<html>\\x1b"):
        packing_of(b"<html>\x1b[31m" + bytes(500))


@both
@pytest.mark.parametrize("size", [1, 7, 4_096, 1 << 20])
def test_what_was_packed_comes_out_wherever_it_is_cut(kind: Packing, size: int) -> None:
    data = DATA[150_000:260_000] if size < 10 else DATA
    assert unpacked(PACK[kind](data), size) == (data, [])


@both
@given(
    parts=st.lists(st.binary(max_size=3_000), min_size=1, max_size=5),
    size=st.integers(1, 700),
    zeros=st.integers(0, 700),
)
def test_members_follow_each_other_and_zeros_follow_them(
    kind: Packing, parts: list[bytes], size: int, zeros: int
) -> None:
    packed = b"".join(PACK[kind](part) for part in parts) + bytes(zeros)
    assert unpacked(packed, size) == (b"".join(parts), [])


def test_frames_to_skip_are_skipped() -> None:
    packed = SKIPPABLE + zstd_of(b"one") + SKIPPABLE + SKIPPABLE + checked(b"two") + SKIPPABLE
    assert unpacked(packed) == (b"onetwo", [])
    assert unpacked(packed, 1) == (b"onetwo", [])


def test_every_field_of_a_gzip_header_is_passed_over() -> None:
    plain = gzipped(b"data")
    flags = 2 | 4 | 8 | 16
    fields = struct.pack("<H", 4) + b"xtra" + b"name\0" + b"comment\0" + b"cc"
    packed = plain[:3] + bytes([flags]) + plain[4:10] + fields + plain[10:]
    for size in (1, 3, 100):
        assert unpacked(packed + packed, size) == (b"datadata", [])


@both
@pytest.mark.parametrize("size", [1, 100_000_000])
def test_what_follows_the_stream_and_is_not_part_of_it_is_told(kind: Packing, size: int) -> None:
    packed = PACK[kind](DATA[:1_000]) + bytes(9)
    for garbage in (b"\n", b"some garbage", bytes(600) + b"x", packed[:1] + b"\0"):
        assert unpacked(packed + garbage, size) == (DATA[:1_000], [GARBAGE[kind]])


@both
def test_what_follows_the_stream_at_once_is_told(kind: Packing) -> None:
    assert unpacked(PACK[kind](b"data") * 3 + b"garbage") == (b"data" * 3, [GARBAGE[kind]])
    assert unpacked(PACK[kind](b"data") + b"no") == (b"data", [GARBAGE[kind]])


@both
@pytest.mark.parametrize("missing", [1, 4, 8, 1_000, 100_000])
def test_a_stream_that_is_cut_off_gives_what_there_is(kind: Packing, missing: int) -> None:
    came, failure = until_damage({Packing.GZIP: gzipped, Packing.ZSTD: checked}[kind](DATA)[:-missing])
    assert "ends too early" in failure
    assert DATA.startswith(came)
    assert len(came) >= len(DATA) - missing - 256 * 1024


@both
def test_a_member_that_has_only_begun_is_damage(kind: Packing) -> None:
    came, failure = until_damage(PACK[kind](b"data") + PACK[kind](b"data")[:6])
    assert (came, "ends too early" in failure) == (b"data", True)


@both
def test_damage_in_the_middle_gives_what_stands_before_it(kind: Packing) -> None:
    packed = bytearray(PACK[kind](b"word " * 400_000 + NOISE * 5))
    for at in range(len(packed) - 300_000, len(packed) - 299_000):
        packed[at] ^= 0x5A
    # Where noise is stored as it is, damage shows in nothing but the checksum.
    came, failure = until_damage(bytes(packed))
    assert failure or len(came) == 3_000_000
    assert came.startswith(b"word " * 400_000)


def test_damage_of_packed_blocks_is_told_with_its_place() -> None:
    packed = bytearray(gzipped(b"".join(b"%d " % number for number in range(500_000))))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    came, failure = until_damage(bytes(packed))
    assert failure.startswith("The gzip stream is damaged after ")
    assert came.startswith(b"0 1 2 3 ")


def test_a_wrong_checksum_of_gzip_is_told_and_takes_nothing_away() -> None:
    for place in (-8, -1):
        packed = bytearray(gzipped(DATA))
        packed[place] ^= 1
        assert unpacked(bytes(packed) + gzipped(b"more")) == (DATA + b"more", [CHECKSUM[Packing.GZIP]])


def test_a_wrong_checksum_of_zstd_is_told_and_takes_nothing_away() -> None:
    packed = bytearray(checked(DATA))
    packed[-1] ^= 1
    for size in (3, 100_000_000):
        assert unpacked(bytes(packed) + checked(b"more"), size) == (DATA + b"more", [CHECKSUM[Packing.ZSTD]])


def test_a_problem_is_told_once() -> None:
    packed = bytearray(gzipped(b"data"))
    packed[-1] ^= 1
    assert unpacked(bytes(packed) * 100) == (b"data" * 100, [CHECKSUM[Packing.GZIP]])


def test_a_header_of_gzip_without_an_end_is_damage() -> None:
    came, failure = until_damage(b"\x1f\x8b\x08\x08" + b"n" * 500_000)
    assert (came, failure) == (b"", "The gzip stream has a header of more than 128 KiB.")


def test_a_window_that_is_too_large_is_damage() -> None:
    frame = b"\x28\xb5\x2f\xfd" + bytes([0, (29 - 10) << 3]) + bytes([1 | 1 << 3, 0, 0]) + b"x"
    came, failure = until_damage(frame)
    assert came == b""
    assert "too much memory" in failure


@both
def test_no_step_unpacks_more_than_its_limit(kind: Packing) -> None:
    zeros = PACK[kind](bytes(1 << 28))
    sizes = [len(piece) for piece in steps(Unpacker(), zeros, 1 << 20)]
    assert sum(sizes) == 1 << 28
    assert max(sizes) <= 1 << 20


@both
def test_a_bomb_ends_at_the_ratio_that_is_not_believed(
    kind: Packing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "FREE_UNPACKED", 1 << 20)
    unpacker = Unpacker()
    bomb = PACK[kind](bytes(1 << 27))
    with pytest.raises(TooLargeError, match=r"The layer unpacks to more than \d+ MiB from \d+ KiB"):
        for _ in steps(unpacker, bomb, 1 << 20):
            pass
    assert unpacker.unpacked <= (1 << 20) + packing.MOST_RATIO * len(bomb) + (1 << 20)


def test_more_than_any_layer_has_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_UNPACKED", len(DATA) - 1)
    with pytest.raises(TooLargeError):
        unpacked(gzipped(DATA))


@both
def test_unpacking_begins_anew_where_members_begin(kind: Packing) -> None:
    parts = [NOISE * 6, b"small", NOISE * 7, b"end"]
    packed = b"".join(PACK[kind](part) for part in parts)
    whole = b"".join(parts)
    unpacker = Unpacker()
    assert b"".join(steps(unpacker, packed)) == whole
    assert [out for _, out in unpacker.starts] == [0, 1_200_000, 2_600_005]
    for at, out in unpacker.starts:
        again = Unpacker(kind, packed=at, unpacked=out)
        assert b"".join(steps(again, packed[at:])) == whole[out:]
        assert (again.packed, again.unpacked) == (len(packed), len(whole))


@both
def test_places_say_how_much_is_enough(kind: Packing) -> None:
    packed = PACK[kind](RANDOM.randbytes(8_000_000))
    unpacker = Unpacker()
    for _ in steps(unpacker, packed):
        pass
    assert 5 <= len(unpacker.places) <= 9
    at, out = unpacker.places[3]
    assert len(b"".join(piece for piece in steps_of_a_part(packed[:at]))) >= out


def steps_of_a_part(packed: bytes) -> Iterator[bytes]:
    for piece in Unpacker().feed(packed):
        yield bytes(piece)


def test_many_members_without_content_take_time_for_each_and_no_more() -> None:
    assert unpacked(gzip.compress(b"", mtime=0) * 50_000, 1 << 20) == (b"", [])
    assert unpacked(zstd_of(b"") * 50_000, 1 << 20) == (b"", [])
