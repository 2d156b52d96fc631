"""A run's directory: where each file of a run is. Torch-free, so that a wrong path is refused at once."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.files import file_name, local_path, write_text_atomically
from equipoise.common.plugins import check_plugins, loaded_plugins

if TYPE_CHECKING:
    from equipoise.experiments.experiment import Experiment


@dataclass(frozen=True)
class RunDirectory:
    """The directory of one run; it explains itself.

    `config.yaml` is the experiment, `environment.json` where and with what it ran, `metrics.jsonl` the log,
    `samples/` and `checkpoints/` what their names say, `scores.json` the metrics and `report.html` the page to read.
    """

    path: Path

    @property
    def config(self) -> Path:
        """The experiment as YAML."""
        return self.path / "config.yaml"

    @property
    def environment(self) -> Path:
        """Versions, device, threads and seed of each session that trained here."""
        return self.path / "environment.json"

    @property
    def log(self) -> Path:
        """One JSON line per iteration, epoch and evaluation."""
        return self.path / "metrics.jsonl"

    @property
    def samples(self) -> Path:
        """Grids of generated samples, from the same latents throughout."""
        return self.path / "samples"

    @property
    def real(self) -> Path:
        """A grid of real items, to be compared with the samples."""
        return self.path / "real.png"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints by iteration."""
        return self.path / "checkpoints"

    @property
    def scores(self) -> Path:
        """The latest evaluation, every score with its passport."""
        return self.path / "scores.json"

    @property
    def data(self) -> Path:
        """What became of each file of the data, where they came from single files."""
        return self.path / "data.json"

    @property
    def classes(self) -> Path:
        """The names of the classes that the generator knows, where it knows classes that have names."""
        return self.path / "classes.json"

    def experiment(self) -> "Experiment":
        """The experiment that was trained here.

        Raises:
            EquipoiseError: a plug-in that it was trained with is missing, or the configuration cannot be read.
        """
        from equipoise.experiments.config import load_experiment
        from equipoise.runs.environment import read_sessions

        for session in read_sessions(self.environment)[:1]:
            check_plugins(session.get("plugins"))
        return load_experiment(self.config)


def usual_directory(experiment: "Experiment") -> Path:
    """Where a run goes that is given no directory: runs/NAME-seedN."""
    return local_path(f"runs/{file_name(experiment.name)}-seed{experiment.seed}")


def resume_command(path: Path) -> str:
    """The command that resumes the run."""
    written = str(path)
    plugins = "".join(f"--plugin {printable(shlex.quote(plugin.path))} " for plugin in loaded_plugins())
    return f"equipoise {plugins}resume {printable(shlex.quote(f'./{written}' if written.startswith('-') else written))}"


def is_leftover(path: Path) -> bool:
    """Whether a file is the half-written file of a killed process."""
    return path.name.startswith(".") and path.suffix == ".partial"


def sweep(run: RunDirectory) -> None:
    """Remove half-written files of killed processes. Call it only when no other process writes there."""
    for path in run.path.rglob(".*.partial"):
        path.unlink(missing_ok=True)


def create_run(path: Path, experiment: "Experiment") -> RunDirectory:
    """A new run's directory with its configuration.

    Raises:
        EquipoiseError: the directory already holds a run or other files, or cannot be written.
    """
    from equipoise.experiments.config import to_yaml

    run = RunDirectory(Path(path))
    if run.path.exists() and (not run.path.is_dir() or any(not is_leftover(each) for each in run.path.iterdir())):
        if run.config.exists():
            raise _holds_a_run(path)
        raise EquipoiseError(f"{printable(path)} is in use for something else; choose a new directory with --out.")
    try:
        write_text_atomically(run.config, to_yaml(experiment), new=True)
    except FileExistsError as error:  # another process was faster
        raise _holds_a_run(path) from error
    return run


def _holds_a_run(path: Path) -> EquipoiseError:
    advice = f"resume it with: {resume_command(path)}, or choose another directory"
    return EquipoiseError(f"{printable(path)} already holds a run; {advice}.")


def open_run(path: Path) -> RunDirectory:
    """The directory of an existing run.

    Raises:
        EquipoiseError: there is no run.
    """
    run = RunDirectory(Path(path))
    if not run.config.is_file():
        why = "there is no config.yaml in it" if run.path.exists() else "there is no such directory"
        raise EquipoiseError(f"{printable(path)} contains no run: {why}.")
    return run


def run_at(given: object) -> Path | None:
    """The directory of the run that words or a path lead to, or None where they lead to something else."""
    if not isinstance(given, str | Path):
        return None
    run = RunDirectory(local_path(str(given)))
    return run.path if run.config.is_file() and run.checkpoints.is_dir() else None


def check_is_run(path: Path) -> None:
    """The directory must hold what a run leaves: its configuration or its log.

    Raises:
        EquipoiseError: it holds neither.
    """
    if not path.exists():
        raise EquipoiseError(f"{printable(path)} is not a run: there is no such directory.")
    if not (path / "config.yaml").is_file() and not (path / "metrics.jsonl").is_file():
        raise EquipoiseError(
            f"{printable(path)} is not a run: it has neither config.yaml nor metrics.jsonl; give a directory that "
            "train created."
        )
