import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from equipoise.common.errors import EquipoiseError
from equipoise.data.idx import read_idx, read_limited


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, max_side=6)))
def test_what_the_format_says_is_read_back(idx_bytes, values):
    found = read_idx(idx_bytes(values), "file")
    assert found.shape == values.shape
    np.testing.assert_array_equal(found, values)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_one_sentence(content):
    try:
        found = read_idx(content, "file")
    except EquipoiseError:
        with pytest.raises(EquipoiseError, match=r"^file is .*; download it again\.$"):
            read_idx(content, "file")
    else:
        assert content[:3] == b"\0\0\x08"
        assert found.tobytes() == content[4 + 4 * content[3] :]


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, max_side=5)), st.data())
def test_a_file_cut_short_or_grown_is_refused(idx_bytes, values, data):
    whole = idx_bytes(values)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    grown = whole + data.draw(st.binary(min_size=1, max_size=5))
    for content in (cut, grown):
        with pytest.raises(EquipoiseError):
            read_idx(content, "file")


def test_a_header_that_promises_terabytes_asks_for_no_memory():
    content = struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**31, 2**31) + bytes(100)
    with pytest.raises(EquipoiseError, match=f"promises {2**93} values .* and 100 are there"):
        read_idx(content, "file")


@pytest.mark.parametrize("sizes", [(0,), (3808430083, 3808430082, 0), (12584311, 16777215, 2143290743, 0)])
def test_no_values_at_all_are_refused(sizes):
    content = struct.pack(f">HBB{len(sizes)}I", 0, 8, len(sizes), *sizes)
    with pytest.raises(EquipoiseError, match="promises 0 values"):
        read_idx(content, "file")


def test_a_name_with_control_characters_cannot_drive_a_terminal():
    with pytest.raises(EquipoiseError) as caught:
        read_idx(b"", "\x1b[2Jfile\n")
    assert "\\x1b[2Jfile\\n" in str(caught.value)
    assert str(caught.value).isprintable()


def test_limited_reading(tmp_path):
    plain, packed = tmp_path / "a", tmp_path / "b.gz"
    plain.write_bytes(b"12345")
    packed.write_bytes(gzip.compress(b"12345"))
    assert read_limited(plain, 5) == read_limited(packed, 5) == b"12345"
    for path in (plain, packed):
        with pytest.raises(EquipoiseError, match="larger than the 4 bytes"):
            read_limited(path, 4)


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(bytes(1000), mtime=0)[:-9], gzip.compress(b"x" * 99, mtime=0)[:12]],
    ids=["empty", "not gzip", "no end", "cut short"],
)
def test_a_broken_gzip_file_is_named(tmp_path, content):
    path = tmp_path / "b.gz"
    path.write_bytes(content)
    if content == b"":
        assert read_limited(path, 10) == b""
        return
    with pytest.raises(EquipoiseError, match=r"b\.gz is damaged"):
        read_limited(path, 10_000)
