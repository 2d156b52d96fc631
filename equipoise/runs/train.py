"""Train a run from its start, or resume it from its newest good checkpoint."""

import json
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from equipoise import __version__
from equipoise.common.errors import EquipoiseError, Interrupted, printable
from equipoise.common.machine import threads_beside_a_gpu, threads_kept
from equipoise.common.plugins import changed_plugins, loaded_plugins
from equipoise.common.say import say, warn
from equipoise.data.progress import without_progress
from equipoise.data.store import Store
from equipoise.evaluation.catalogue import by_inception, check_best
from equipoise.evaluation.feasible import check_metric, check_weights_are_there
from equipoise.evaluation.inception_weights import inception_network
from equipoise.experiments.build import Layout, build_game, build_state, check_fit
from equipoise.experiments.config import from_yaml, to_plain, to_yaml
from equipoise.experiments.experiment import Experiment
from equipoise.experiments.rehearsal import rehearse
from equipoise.integrations.catalogue import TRACKERS
from equipoise.runs.allocator import keep_freed_memory
from equipoise.runs.classes import check_classes, keep_class_names
from equipoise.runs.directory import RunDirectory, create_run, open_run, sweep
from equipoise.runs.environment import (
    add_session,
    describe_environment,
    differences,
    first_session,
    held_out_hash,
    read_sessions,
    warn_of_held_out,
)
from equipoise.runs.introduction import forecast, introduce, keep_account, warn_of_idle_options
from equipoise.runs.lock import Claim, only_writer
from equipoise.runs.longer import Longer, lengthen
from equipoise.runs.manner import Manner, chosen_manner
from equipoise.runs.places import as_before, naming_the_root, places
from equipoise.runs.processes import Processes, joined
from equipoise.runs.remembered import NOTHING_YET, Remembered
from equipoise.runs.rollback import restore
from equipoise.runs.session import Page, Session, Settings, play_session
from equipoise.runs.taken_over import take_over
from equipoise.runs.threads import choose_threads
from equipoise.training.checkpoint import newest_good
from equipoise.training.loop import Game, Loop
from equipoise.training.state import State

_MOST_THREADS = 4096
_TOLD_DIGITS = 12
"""Of a plug-in's hash, where processes differ."""

__all__ = ["Interrupted", "Longer", "Page", "Settings", "recorded_threads", "resume", "train"]


@threads_kept()
def train(experiment: Experiment, out: Path, settings: Settings | None = None) -> RunDirectory:
    """Train from the start into a new directory, to the end.

    Started by torchrun, the processes train together; when torchrun starts them again, they go on where they were.

    Raises:
        Interrupted: SIGINT or SIGTERM came; the run is saved and can be resumed.
        EquipoiseError: the directory is in use, data are missing, the disk is full, and so on.
    """
    settings = settings or Settings()
    _check_watched(experiment, settings)
    rehearse(experiment)
    keep_freed_memory()
    with joined(settings.device) as processes:
        processes.must_agree(_plugins() | {"experiment": to_plain(experiment)})
        if processes.restarts and _holds(out, experiment, processes):
            return _resume(out, settings, processes)
        return _start(experiment, out, settings, processes)


@threads_kept()
def resume(path: Path, settings: Settings | None = None, longer: Longer | None = None) -> RunDirectory:
    """Resume from the newest good checkpoint, to the end; the result is that of an uninterrupted run.

    With `longer`, the run gets another end first, and the result is that of a run of this length, as far as its
    learning rates don't depend on the length.

    Raises:
        Interrupted: SIGINT or SIGTERM came again.
        EquipoiseError: there is no run or no good checkpoint, or the data have changed.
    """
    settings = as_before(path, settings or Settings(), with_device=True)
    keep_freed_memory()
    with joined(settings.device) as processes:
        if longer is not None:
            _lengthen(path, longer, settings, processes)
        return _resume(path, settings, processes)


def recorded_threads(run: RunDirectory) -> int:
    """How many threads the run was started with: a resume needs the same to be bit-identical. 1 where unknown."""
    threads = first_session(run.environment).get("threads")
    return threads if isinstance(threads, int) and 1 <= threads <= _MOST_THREADS else 1


def _lengthen(path: Path, longer: Longer, settings: Settings, processes: Processes) -> None:
    """The first process gives the run its new length; the others wait."""
    if processes.is_first:
        run = open_run(path)
        torch.set_num_threads(settings.threads or recorded_threads(run))
        root = naming_the_root(path, settings.data_root)
        with only_writer(run.config), without_progress(settings.quiet), root:
            experiment = run.experiment()
            store = experiment.data.load(settings.data_root, experiment.seed).to(processes.device)
            check_classes(run, experiment, store, settings.data_root)
            precision = chosen_manner(settings, first_session(run.environment)).precision
            told = lengthen(run, longer, store, processes.device, precision)
        for sentence in told if not settings.quiet else ():
            say(sentence)
    processes.wait_for_all()


def _start(experiment: Experiment, out: Path, settings: Settings, processes: Processes) -> RunDirectory:
    manner, device = chosen_manner(settings, {}), processes.device
    processes.must_agree(_shared(manner, settings, processes))
    store = _load_data(experiment, settings, processes)
    _check_metrics_fit(experiment, store)
    game = build_game(experiment, store, manner.precision)
    check_fit(experiment, store.shape)
    tells = processes.is_first and not settings.quiet
    if tells:
        if not settings.introduced:
            introduce(experiment, store, game)
        warn_of_idle_options(experiment, settings, device)
    threads = settings.threads or _usual_threads(experiment, game, manner, processes, tells)
    torch.set_num_threads(threads)
    if tells and not settings.introduced:
        forecast(experiment, game, device, manner.layout, settings.shorter)
    state = build_state(experiment, game, device, manner.layout)
    if settings.begin_from is not None:
        told = take_over(state, settings.begin_from)
        for sentence in told if tells else ():
            say(sentence)
    run = create_run(out, experiment) if processes.is_first else RunDirectory(Path(out))
    with _writing(run, processes) as claim, manner.applied(device):
        if processes.is_first:
            described = _described(experiment, settings, store, threads, manner, processes)
            described |= {"held_out_hash": held_out_hash(experiment, store, settings.data_root)}
            if settings.begin_from is not None:
                described |= {"from": settings.begin_from.as_dict()}
            add_session(run.environment, described)
            keep_account(run, store, tells)
            keep_class_names(run, experiment, settings.data_root)
        processes.wait_for_all()
        session = Session(run, experiment, game, state, store.content_hash, settings, processes, claim, manner.layout)
        return play_session(session, NOTHING_YET)


def _usual_threads(experiment: Experiment, game: Game, manner: Manner, processes: Processes, tells: bool) -> int:
    """By a GPU a share of the cores; on a CPU what a trial finds, or one where several processes train."""
    if processes.device.type == "cuda":
        return threads_beside_a_gpu(processes.local_size)
    if processes.size > 1:
        return 1

    def fresh_loop() -> Loop:
        return Loop(game, build_state(experiment, game, processes.device, manner.layout))

    return choose_threads(fresh_loop, say if tells else lambda sentence: None)


def _shared(manner: Manner, settings: Settings, processes: Processes) -> dict[str, Any]:
    """What every process of a run must have been given alike, beside the experiment."""
    return asdict(manner) | {
        "kind of device": processes.device.type,
        "on_nan": settings.on_nan,
        "most_rollbacks": settings.most_rollbacks,
        "torch": torch.__version__,
        "equipoise": __version__,
    }


def _plugins() -> dict[str, str]:
    """The plug-ins of this process, as every process must have them: an experiment may be made of what they bring."""
    told = ", ".join(f"{plugin.name} ({plugin.sha256[:_TOLD_DIGITS]})" for plugin in loaded_plugins())
    return {"list of plug-ins": told or "none"}


def _resume(path: Path, settings: Settings, processes: Processes) -> RunDirectory:
    processes.must_agree(_plugins())
    if processes.size == 1 and _is_kept(RunDirectory(Path(path))):
        return RunDirectory(Path(path))
    read = json.loads(processes.share_text(lambda: _read(path)))
    experiment, threads = from_yaml(read["config"]), settings.threads or read["threads"]
    _check_watched(experiment, settings)
    manner = chosen_manner(settings, read["begun"])
    processes.must_agree(_shared(manner, settings, processes))
    torch.set_num_threads(threads)
    run = RunDirectory(Path(path))
    with naming_the_root(run.path, settings.data_root):
        store = _load_data(experiment, settings, processes)
    check_classes(run, experiment, store, settings.data_root)
    _check_metrics_fit(experiment, store)
    if processes.is_first and not settings.quiet:
        warn_of_idle_options(experiment, Settings(precision=settings.precision), processes.device)
    game = build_game(experiment, store, manner.precision)
    state = build_state(experiment, game, processes.device, manner.layout)
    with _writing(run, processes) as claim, manner.applied(processes.device):
        restored = NOTHING_YET
        if processes.is_first:
            warn_of_held_out(run.environment, experiment, store, settings.data_root)
            described = _described(experiment, settings, store, threads, manner, processes)
            restored = _pick_up(run, state, experiment, store, manner.layout, described)
        processes.share_state(state)
        session = Session(run, experiment, game, state, store.content_hash, settings, processes, claim, manner.layout)
        return play_session(session, restored)


def _writing(run: RunDirectory, processes: Processes) -> AbstractContextManager[Claim]:
    """Within, the first process is the only writer of the run."""
    return only_writer(run.config) if processes.is_first else nullcontext(Claim(run.config, None))


def _described(
    experiment: Experiment, settings: Settings, store: Store, threads: int, manner: Manner, processes: Processes
) -> dict[str, Any]:
    """What environment.json says of a session."""
    found = describe_environment(processes.device, threads, experiment.seed, store.content_hash, processes.size)
    return found | asdict(manner) | {"places": places(experiment, settings)}


def _pick_up(
    run: RunDirectory, state: State, experiment: Experiment, store: Store, layout: Layout, described: dict[str, Any]
) -> Remembered:
    """Put everything back to the newest good checkpoint. Returns: what that remembers besides the state."""
    sweep(run)
    restored = restore(run, state, experiment, store.content_hash, layout)
    if restored is NOTHING_YET and "from" in first_session(run.environment):
        raise EquipoiseError(
            f"{printable(run.path)} was stopped before the weights that it began with were saved; start it again with "
            "train --from, in a new directory."
        )
    _warn_of_differences(run, described)
    add_session(run.environment, described)
    return restored


def _is_kept(run: RunDirectory) -> bool:
    """Whether the run has ended and lies where nothing can be written, so that nothing is left to do."""
    if not run.path.is_dir() or os.access(run.path, os.W_OK):
        return False
    end = next((each.get("to_iteration") for each in reversed(read_sessions(run.environment))), None)
    checkpoint, _ = newest_good(run.checkpoints)
    return checkpoint is not None and checkpoint.iteration == end


def _check_watched(experiment: Experiment, settings: Settings) -> None:
    """What is missing for the metrics is better told before the training than in its middle."""
    watch = experiment.watch
    defined_by_inception = by_inception(watch.metrics)
    check_best(watch.best)
    TRACKERS.all_of(settings.track or ())  # whether one works is seen when it is made
    if watch.evaluations:
        check_weights_are_there(watch.metrics, settings.inception_weights)
        if settings.inception_weights is not None and defined_by_inception:
            inception_network(settings.inception_weights)


def _check_metrics_fit(experiment: Experiment, store: Store) -> None:
    """Every metric that is taken during training must suit the data and the count of samples."""
    watch = experiment.watch
    for metric in watch.metrics if watch.evaluations else ():
        check_metric(metric, watch.samples, experiment, store)


def _read(path: Path) -> str:
    run = open_run(path)
    begun = first_session(run.environment)
    read = {"config": to_yaml(run.experiment()), "threads": recorded_threads(run), "begun": begun}
    return json.dumps(read)


def _holds(out: Path, experiment: Experiment, processes: Processes) -> bool:
    """Whether the directory holds a run of this very experiment, begun before torchrun started the processes again."""
    run = RunDirectory(Path(out))
    found = processes.share_text(lambda: to_yaml(run.experiment()) if run.config.is_file() else "")
    return found == to_yaml(experiment)


def _load_data(experiment: Experiment, settings: Settings, processes: Processes) -> Store:
    """The data on the training device; the first process goes ahead, so that a download or a cache is made once."""
    if not processes.is_first:
        processes.wait_for_all()
    with without_progress(settings.quiet):
        store = experiment.data.load(settings.data_root, experiment.seed)
    if processes.is_first:
        processes.wait_for_all()
    processes.must_agree({"data (by their hash)": store.content_hash})
    return store.to(processes.device)


def _warn_of_differences(run: RunDirectory, described: dict[str, Any]) -> None:
    """Say what is no longer as in the run's first session and may change the last bits of the result."""
    first = first_session(run.environment) or described
    for name in changed_plugins(first.get("plugins")):
        warn(f"the plug-in {printable(name)} is no longer the file that the run began with; its methods may differ.")
    for what, before, now in differences(first, described):
        warn(
            f"the run started with {what} {before} and continues with {now}: the result is equally good, but its last "
            "bits may differ."
        )
