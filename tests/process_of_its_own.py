"""Runs one command in this process, which was forked from one that has imported torch and done nothing else.

The fixture `start` of tests/conftest.py begins it. runpy is what makes a module the main one of a forked process, as
`python -m` does for a new one.
"""

import os
import runpy
import signal
import sys
from typing import Any


def run_module(module: str, words: list[str]) -> None:
    """As `python -m MODULE WORDS`."""
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def run_rank(words: list[str]) -> None:
    """One rank's command."""
    for number in (signal.SIGTERM, signal.SIGINT):  # the launcher's own handlers came along with the fork
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
    run_module("equipoise", words)


def launch_ranks(words: list[str], ranks: int, restarts: int) -> None:
    """As `torchrun --standalone --nproc-per-node RANKS --max-restarts RESTARTS -m equipoise WORDS`, but forked."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=ranks,
        run_id="test",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=restarts,
        start_method="fork",
        logs_specs=DefaultLogsSpecs(),
    )
    elastic_launch(config, run_rank)(words)


def main(request: dict[str, Any]) -> None:
    """The command that the fixture asks for, its streams in files."""
    for stream, path in ((1, request["output"]), (2, request["errors"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    if request["ranks"]:
        launch_ranks(request["words"], request["ranks"], request["restarts"])
    else:
        run_module(request["module"], request["words"])
