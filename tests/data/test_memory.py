import pytest

from equipoise.data import memory


@pytest.mark.parametrize(
    ("share", "size", "fits"), [("", 25, True), ("", 26, False), ("0.5", 50, True), ("0", 1, False)]
)
def test_the_share_decides(monkeypatch, share, size, fits):
    monkeypatch.setenv("EQUIPOISE_MEMORY_SHARE", share)
    monkeypatch.setattr(memory, "memory_bytes", lambda: 100)
    assert memory.fits_in_memory(size) is fits


@pytest.mark.parametrize(("text", "limit"), [("1000\n", 1000), ("max\n", 10**12), (None, 10**12)])
def test_a_containers_limit_counts(monkeypatch, tmp_path, text, limit):
    path = tmp_path / "memory.max"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr(memory, "Path", lambda name: path)
    monkeypatch.setattr(memory, "_physical_bytes", lambda: 10**12)
    assert memory.memory_bytes() == limit


def test_a_machine_that_does_not_say_is_taken_to_have_some(monkeypatch):
    def unknown(name):
        raise ValueError(name)

    assert memory.memory_bytes() > 1 << 28
    monkeypatch.setattr(memory.os, "sysconf", unknown)
    assert memory._physical_bytes() == 8 << 30
