"""Memory that is kept between steps: it faults once, not at every step, and the user's own settings stand."""

import statistics
import subprocess
import sys
from itertools import pairwise

import pytest

from equipoise.runs.allocator import keep_freed_memory

FAULTS = """
import ctypes, resource
from equipoise.runs.allocator import keep_freed_memory
def count():
    for _ in range(21):
        print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
        blocks = [bytearray(12 << 20) for _ in range(4)]
for parameter in (-1, -3):
    ctypes.CDLL(None).mallopt(parameter, 128 << 10)  # what glibc begins with, and changes as it sees fit
count()
assert keep_freed_memory()
count()
"""


@pytest.mark.skipif(not keep_freed_memory(), reason="the C library is not glibc, or its variables are set")
def test_a_step_faults_no_more():
    ended = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    counts = [int(line) for line in ended.stdout.split()]
    steps = [after - before for before, after in pairwise(counts)]
    assert statistics.median(steps[10:20]) > 1000
    assert statistics.median(steps[-10:]) < 10


def test_the_users_own_settings_stand(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert not keep_freed_memory.__wrapped__()
