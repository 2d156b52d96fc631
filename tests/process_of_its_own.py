"""Runs one command in this process, which was forked from one that has imported torch and done nothing else.

The fixture `start` of tests/conftest.py begins it. runpy is what makes a module the main one of a forked process, as
`python -m` does for a new one.
"""

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

from tests import striking


def run_command(request: dict[str, Any]) -> None:
    """As `python -m MODULE WORDS`, with the strike that was asked for."""
    if request["strike"] is not None:
        striking.prepare(request["strike"], Path(request["struck"]))
    sys.argv = [request["module"], *request["words"]]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


def run_rank(request: dict[str, Any]) -> None:
    """One rank's command."""
    for number in (signal.SIGTERM, signal.SIGINT):  # the launcher's own handlers came along with the fork
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
    run_command(request)


def launch_ranks(request: dict[str, Any]) -> None:
    """As `torchrun --standalone --nproc-per-node RANKS --max-restarts RESTARTS -m equipoise WORDS`, but forked."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=request["ranks"],
        run_id="test",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=request["restarts"],
        start_method="fork",
        logs_specs=DefaultLogsSpecs(),
    )
    elastic_launch(config, run_rank)(request)


def main(request: dict[str, Any]) -> None:
    """The command that the fixture asks for, its streams in files."""
    for stream, path in ((1, request["output"]), (2, request["errors"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    (launch_ranks if request["ranks"] else run_command)(request)
