"""Two hosts with addresses of their own, one cut off in the middle: both end by themselves, and the run goes on.

The hosts are network namespaces of this machine, which only root can make.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import equipoise
from equipoise.training.checkpoint import list_checkpoints

pytestmark = pytest.mark.slow

HOSTS = ("equipoise-a", "equipoise-b")
ADDRESSES = ("10.231.7.1", "10.231.7.2")
LOST_AFTER_SECONDS = 6
LONGEST_SECONDS = 100


def ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], capture_output=True).returncode == 0


@pytest.fixture
def hosts() -> Iterator[tuple[str, str]]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("only root can make network namespaces")
    if [ip("netns", "add", host) for host in HOSTS] != [True, True]:
        pytest.skip("this machine does not let make network namespaces")
    try:
        assert ip("link", "add", "eqa", "netns", HOSTS[0], "type", "veth", "peer", "name", "eqb", "netns", HOSTS[1])
        for host, device, address in zip(HOSTS, ("eqa", "eqb"), ADDRESSES, strict=True):
            assert ip("-n", host, "addr", "add", f"{address}/24", "dev", device)
            assert ip("-n", host, "link", "set", device, "up")
            assert ip("-n", host, "link", "set", "lo", "up")
        yield HOSTS
    finally:
        for host in HOSTS:
            ip("netns", "del", host)


def start(rank: int, port: int, *words: object) -> "subprocess.Popen[str]":
    paths = os.pathsep.join([str(Path(equipoise.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    place = {"MASTER_ADDR": ADDRESSES[0], "MASTER_PORT": str(port), "RANK": str(rank), "WORLD_SIZE": "2"}
    local = {"LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "GLOO_SOCKET_IFNAME": ("eqa", "eqb")[rank]}
    more = {"EQUIPOISE_LOST_AFTER_SECONDS": str(LOST_AFTER_SECONDS), "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    command = ["ip", "netns", "exec", HOSTS[rank], sys.executable, "-m", "equipoise", *map(str, words)]
    everything = os.environ | place | local | more
    return subprocess.Popen([*command, "--device", "cpu", "--quiet"], stderr=subprocess.PIPE, text=True, env=everything)


def test_a_host_that_is_cut_off_ends_both_and_the_run_goes_on(
    hosts: tuple[str, str], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    run = tmp_path / "run"
    words = ("train", "gan-digits", "--iterations", 3000, "--set", "watch.checkpoints=300", "--out", run)
    processes = [start(rank, 29411, *words) for rank in range(2)]
    deadline = time.monotonic() + LONGEST_SECONDS
    while not list((run / "checkpoints").glob("*.json")):
        assert time.monotonic() < deadline, [process.communicate()[1] for process in processes if process.poll()]
        time.sleep(0.05)
    assert ip("-n", hosts[1], "link", "set", "eqb", "down")
    cut = time.monotonic()
    errors = [process.communicate(timeout=LONGEST_SECONDS)[1] for process in processes]
    record_property("seconds_until_all_ended", time.monotonic() - cut)
    assert time.monotonic() - cut < LOST_AFTER_SECONDS + 15
    assert all(process.returncode != 0 for process in processes)
    assert all("has not heard from" in error or "lost another process" in error for error in errors), errors
    assert ip("-n", hosts[1], "link", "set", "eqb", "up")
    reached = list_checkpoints(run / "checkpoints")[-1].iteration
    began = time.monotonic()
    resumed = [start(rank, 29412, "resume", run) for rank in range(2)]
    while time.monotonic() < deadline + LONGEST_SECONDS:
        newest = list_checkpoints(run / "checkpoints")[-1].iteration
        if newest > reached or any(process.poll() for process in resumed):
            break
        time.sleep(0.05)
    record_property("recovery_seconds", time.monotonic() - began)
    for process in resumed:
        process.terminate()
    for process in resumed:
        assert "interrupted and saved" in process.communicate(timeout=LONGEST_SECONDS)[1]
    assert newest > reached
