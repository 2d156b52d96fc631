import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.common.errors import EquipoiseError
from equipoise.data.lmdb_reader import open_lmdb

lmdb = pytest.importorskip("lmdb", reason="the package lmdb writes the files that these tests read")


def written(folder, entries, commits=1):
    folder.mkdir(exist_ok=True, parents=True)
    everything = list(entries.items())
    with lmdb.open(str(folder), map_size=1 << 26) as database:
        for part in range(commits):
            with database.begin(write=True) as transaction:
                for key, value in everything[part::commits]:
                    transaction.put(key, value)
    return folder / "data.mdb"


def read(path):
    with open_lmdb(path) as database:
        found = list(database.items())
        assert database.entries == len(found)
    return found


def values(count, longest, seed=0):
    random = np.random.default_rng(seed)
    sizes = random.integers(0, longest, count)
    return {b"key%07d" % random.integers(10**7): random.bytes(int(size)) for size in sizes}


@pytest.mark.parametrize("commits", [1, 2, 3])
@pytest.mark.parametrize(("count", "longest"), [(0, 1), (1, 10), (50, 100), (3000, 200), (200, 30_000), (5000, 10)])
def test_what_the_library_wrote_is_read_back_in_order(tmp_path, count, longest, commits):
    entries = values(count, longest)
    assert read(written(tmp_path, entries, commits)) == sorted(entries.items())


def test_what_was_deleted_stays_away(tmp_path):
    entries = values(500, 9000)
    path = written(tmp_path, entries)
    gone = list(entries)[::2]
    with lmdb.open(str(tmp_path), map_size=1 << 26) as database, database.begin(write=True) as transaction:
        for key in gone:
            transaction.delete(key)
    for key in gone:
        del entries[key]
    assert read(path) == sorted(entries.items())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_harmed_file_is_read_or_refused_in_one_sentence(tmp_path_factory, data):
    base = tmp_path_factory.getbasetemp() / "harmed"
    if not (base / "data.mdb").exists():
        written(base, values(120, 6000), commits=2)
    content = bytearray((base / "data.mdb").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        near = data.draw(st.sampled_from([0, 16, 40, 88, 128, 4096 + 128, 8192, 12288, 16384, 20480, 40960]))
        place = min(near + data.draw(st.integers(0, 64)), len(content) - 1)
        content[place] = data.draw(st.integers(0, 255))
    path = base / "harmed.mdb"
    path.write_bytes(content[: data.draw(st.sampled_from([len(content), len(content) - 4096, 20_000, 4096, 200]))])
    try:
        sentence = f"{len(read_bounded(path))} values"
    except EquipoiseError as error:
        sentence = str(error)
    assert sentence.isprintable()


def read_bounded(path):
    with open_lmdb(path) as database:
        return list(database.items())


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(EquipoiseError, match=r"data\.mdb could not be read: No such file"):
        read_bounded(tmp_path / "data.mdb")


def test_an_error_of_the_reader_of_values_is_left_alone(tmp_path):
    path = written(tmp_path, values(3, 10))
    with pytest.raises(ValueError, match="mine"), open_lmdb(path):
        raise ValueError("mine")


def test_pages_that_form_a_loop_are_refused(tmp_path):
    path = written(tmp_path, values(3000, 200))
    content = bytearray(path.read_bytes())
    root = max(
        (int.from_bytes(content[s + 144 : s + 152], "little"), int.from_bytes(content[s + 128 : s + 136], "little"))
        for s in (0, 4096)
    )[1]
    first = root * 4096 + int.from_bytes(content[root * 4096 + 16 : root * 4096 + 18], "little")
    content[first : first + 6] = root.to_bytes(6, "little")
    path.write_bytes(content)
    with pytest.raises(EquipoiseError, match="its pages form a loop"):
        read_bounded(path)


@pytest.mark.parametrize("content", [b"", b"text", bytes(10_000), bytes(range(256)) * 64])
def test_another_kind_of_file_is_refused(tmp_path, content):
    path = tmp_path / "data.mdb"
    path.write_bytes(content)
    with pytest.raises(EquipoiseError, match=r"data\.mdb is damaged: it is (empty|too short|not an LMDB)"):
        read_bounded(path)
