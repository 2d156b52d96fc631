"""Runs jobs as tasks of a Ray cluster. Ray is an extra, imported when it is used."""

import os
import secrets
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeVar

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.machine import available_cores
from equipoise.common.plugins import Plugin, load_all, loaded_plugins
from equipoise.studies.workers import MOST_DEATHS, Done

Job = TypeVar("Job")
Result = TypeVar("Result")


def run_jobs_on_ray(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    address: str,
    workers: int | None,
    gpu_share: float,
    done: Done = lambda finished, total: None,
) -> list[Result]:
    """Apply a function to every job as a Ray task. Returns: in the jobs' order.

    A task whose worker is lost is called again and goes on from what it left on the disk, so every machine must see
    the study's directory at the same path.

    Args:
        function: at the top level of a module.
        jobs: its arguments.
        address: of the cluster, as "auto" or "ray://host:10001"; "local" starts one here for as long as this takes.
        workers: how many tasks a local cluster runs at a time; one per core by default.
        gpu_share: the share of a GPU that each task asks for, 0 for none.
        done: told after each job how many are finished.

    Raises:
        EquipoiseError: Ray is not installed, or the cluster cannot be reached.
    """
    ray = _ray(address)
    _connect(ray, address, workers)
    try:
        task = ray.remote(num_cpus=1, num_gpus=gpu_share, max_retries=MOST_DEATHS)(_on_one_thread)
        waiting = {task.remote(function, job): index for index, job in enumerate(jobs)}
        return _gathered(ray, waiting, done)
    finally:
        ray.shutdown()


def _gathered(ray: Any, waiting: dict[Any, int], done: Done) -> list[Any]:
    results: dict[int, Any] = {}
    total = len(waiting)
    while waiting:
        (ready, *_), _ = ray.wait(list(waiting))
        try:
            results[waiting.pop(ready)] = ray.get(ready)
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            raise cause if isinstance(cause, EquipoiseError) else error from None
        except ray.exceptions.RayError as error:
            raise EquipoiseError(f"the Ray cluster lost a task repeatedly: {printable(error)}.") from error
        done(len(results), total)
    return [results[index] for index in range(total)]


def _on_one_thread(function: Callable[[Job], Result], job: Job) -> Result:
    import torch

    torch.set_num_threads(1)
    return function(job)


def _loader(plugins: tuple[Plugin, ...]) -> Callable[[], None]:
    def load_the_same() -> None:
        load_all(plugins)

    return load_the_same


def _connect(ray: Any, address: str, workers: int | None) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if loaded_plugins():  # before a worker is given a job that holds something of theirs
        quiet["runtime_env"] = {"worker_process_setup_hook": _loader(loaded_plugins())}
    try:
        if address == "local":
            ray.init(address="local", num_cpus=workers or available_cores(), include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise EquipoiseError(f"cannot reach a Ray cluster at {printable(address)}: {printable(error)}") from error


def _ask_for_a_token() -> None:
    """A cluster of our own listens on every address: it takes work from nobody but those who know this token.

    Ray looks at this when it is imported. Whoever imported it before has chosen.
    """
    if "RAY_AUTH_MODE" not in os.environ and "ray" not in sys.modules:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _ray(address: str) -> Any:
    if address == "local":
        _ask_for_a_token()
    try:
        return import_module("ray")
    except ImportError as error:
        raise EquipoiseError("--ray needs Ray; install it with: pip install 'equipoise[ray]'.") from error
