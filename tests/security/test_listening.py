"""Whatever a run on one host opens for its processes, no other host can reach."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lengthy

LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="this system does not list its sockets")
def test_two_processes_on_one_host_listen_on_loopback_alone(start: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    places = [{"RANK": str(rank), "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": "2"} for rank in range(2)]
    both = [start(module="tests.security.listeners", **meeting, **place) for place in places]
    found = [process.communicate(timeout=120)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all(found), "nobody listens: the test looks at the wrong place"
    assert set(found[0] + found[1]) <= LOOPBACK


HOST = """
import os, subprocess, sys
from equipoise.studies import ray_cluster
ray = ray_cluster._ray("local")
ray_cluster._connect(ray, "local", 1)
address, token = ray.get_runtime_context().gcs_address, os.environ["RAY_AUTH_TOKEN"]
bare = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
token_mode = {"RAY_AUTH_MODE": "token"}
for more in (token_mode | {"RAY_AUTH_TOKEN": token}, token_mode | {"RAY_AUTH_TOKEN": "0" * 64}, {}):
    command = [sys.executable, "-c", sys.argv[1], address]
    print(subprocess.run(command, env=bare | more, capture_output=True, text=True).stdout.strip() or "refused")
ray.shutdown()
"""
STRANGER = """
import sys, ray
ray.init(address=sys.argv[1], logging_level="ERROR")
print(ray.get(ray.remote(lambda: "at work").remote()))
"""


@pytest.mark.slow
def test_a_local_ray_cluster_takes_no_work_from_strangers() -> None:
    """Ray listens on every address: only who knows the token may use it."""
    pytest.importorskip("ray")
    command = [sys.executable, "-c", HOST, STRANGER]
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250)
    assert done.stdout.splitlines()[-3:] == ["at work", "refused", "refused"], done.stderr[-2000:]
