"""The command line: `equipoise COMMAND ...`. Nothing heavy is imported before a command needs it."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from equipoise import __version__
from equipoise.common.errors import EquipoiseError, UnknownName, printable
from equipoise.simulations.commands import fill_simulate, simulate_command
from equipoise.studies.commands import fill_report, fill_study, report_command, study_command

if TYPE_CHECKING:
    from equipoise.experiments.experiment import Experiment
    from equipoise.runs.train import Settings

USER_ERROR = 2
PAPER = "paper"
_SIGNAL_EXIT = 128
_YAML_SUFFIXES = (".yaml", ".yml")
_LISTED = ("recipes", "data", "metrics", "studies", "simulations")


class _Parser(argparse.ArgumentParser):
    """Complaints are one sentence, and a mistyped command is told the nearest one."""

    def error(self, message: str) -> NoReturn:
        self.exit(USER_ERROR, f"equipoise: {printable(message)}. See: {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns: 0, or 2 after one clear sentence on stderr, or 128 + n after signal n."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _refuse_unknown_command(words)
        chosen = _parser().parse_args(words)
        command: Callable[[argparse.Namespace], int] = chosen.command
        return command(chosen)
    except EquipoiseError as error:
        print(f"equipoise: {error}", file=sys.stderr)
        return _SIGNAL_EXIT + getattr(error, "signal_number", USER_ERROR - _SIGNAL_EXIT)
    except KeyboardInterrupt:
        print("equipoise: interrupted.", file=sys.stderr)
        return _SIGNAL_EXIT + 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def list_command(chosen: argparse.Namespace) -> int:
    """Print what can be named: recipes, data sets, metrics, simulations."""
    for title, rows in _tables().items():
        if chosen.what in (None, title):
            print(f"{title}:")
            width = max(len(name) for name in rows)
            for name, summary in rows.items():
                print(f"  {name:<{width}}  {summary}")
            print()
    return 0


def show_command(chosen: argparse.Namespace) -> int:
    """Print an experiment as YAML."""
    from equipoise.experiments.config import to_yaml

    print(to_yaml(_experiment(chosen)), end="")
    return 0


def train_command(chosen: argparse.Namespace) -> int:
    """Train from the start."""
    from equipoise.runs.train import train

    experiment = _experiment(chosen)
    out = chosen.out or Path("runs") / f"{_file_name(experiment.name)}-seed{experiment.seed}"
    run = train(experiment, out, _settings(chosen))
    print(f"The run is in {printable(run.path)}; its report is {printable(run.path / 'report.html')}")
    return 0


def resume_command(chosen: argparse.Namespace) -> int:
    """Go on with a run."""
    from equipoise.runs.train import resume

    run = resume(chosen.directory, _settings(chosen))
    print(f"The run is complete; its report is {printable(run.path / 'report.html')}")
    return 0


def sample_command(chosen: argparse.Namespace) -> int:
    """Write generated samples."""
    from equipoise.runs.environment import choose_device
    from equipoise.runs.trained import sample

    sample(chosen.directory, chosen.count, chosen.out, chosen.seed, choose_device(chosen.device))
    print(f"{chosen.count} samples are in {printable(chosen.out)}")
    return 0


def evaluate_command(chosen: argparse.Namespace) -> int:
    """Score a run's generator."""
    from equipoise.runs.trained import evaluate

    metrics, weights = tuple(chosen.metrics), chosen.inception_weights
    for score in evaluate(chosen.directory, metrics, chosen.samples, _settings(chosen), weights):
        print(
            f"{score.metric}: {_shown(score.value)}"
            + (f" ± {score.deviation:.4g}" if score.deviation is not None else "")
        )
    print(f"The scores with their passports are in {printable(chosen.directory / 'scores.json')}")
    return 0


def classifier_command(chosen: argparse.Namespace) -> int:
    """Train the classifier that judges samples of a labelled data set, or find it trained."""
    import torch

    from equipoise.data.catalogue import parse_data
    from equipoise.runs.environment import choose_device
    from equipoise.runs.judge import judge_of

    torch.set_num_threads(chosen.threads or 1)
    judge = judge_of(parse_data(chosen.data), chosen.data_root, choose_device(chosen.device), print)
    print(f"The classifier of {printable(chosen.data)} gets {judge.accuracy:.2%} of the test images right.")
    return 0


def demo_command(chosen: argparse.Namespace) -> int:
    """Compare MAGAN with fixed margins on digits."""
    from equipoise.studies.demo import run_demo

    print(printable(run_demo(chosen.out, chosen.seeds, chosen.workers).resolve()))
    return 0


def _tables() -> dict[str, dict[str, str]]:
    from equipoise.data.catalogue import DATA
    from equipoise.recipes.catalogue import RECIPES
    from equipoise.runs.catalogue import EVALUATORS
    from equipoise.simulations.catalogue import SIMULATIONS
    from equipoise.studies.catalogue import STUDIES

    return {
        "recipes": {name: entry.summary for name, entry in RECIPES.items()},
        "data": {name: summary for name, (_, summary) in DATA.items()},
        "metrics": {name: summary for name, (_, summary) in EVALUATORS.items()},
        "studies": {name: summary for name, (_, summary) in STUDIES.items()},
        "simulations": {name: simulation.summary for name, simulation in SIMULATIONS.items()},
    }


def _experiment(chosen: argparse.Namespace) -> "Experiment":
    """The experiment that the words describe: a recipe or a file, then --set, --seed and the length."""
    from equipoise.experiments.config import from_plain, set_field, to_plain
    from equipoise.experiments.experiment import with_length
    from equipoise.recipes.catalogue import recipe

    source: str = chosen.recipe
    from_file = source.endswith(_YAML_SUFFIXES)
    experiment = _from_file(source, chosen.budget) if from_file else recipe(source, chosen.budget or PAPER)
    plain: dict[str, Any] = to_plain(experiment)
    for assignment in chosen.set:
        set_field(plain, assignment)
    if chosen.seed is not None:
        plain["seed"] = chosen.seed
    experiment = from_plain(plain)
    if chosen.epochs is not None or chosen.iterations is not None:
        try:
            experiment = with_length(experiment, epochs=chosen.epochs, iterations=chosen.iterations)
        except ValueError as error:
            raise EquipoiseError(str(error)) from error
    return experiment


def _from_file(source: str, budget: str | None) -> "Experiment":
    from equipoise.experiments.config import load_experiment

    if budget is not None:
        raise EquipoiseError("a budget belongs to a recipe's name; a YAML file already says how much it trains.")
    return load_experiment(Path(source))


def _settings(chosen: argparse.Namespace) -> "Settings":
    from equipoise.runs.train import Settings

    threads: int | None = getattr(chosen, "threads", None)
    on_nan: Literal["stop", "rollback"] = getattr(chosen, "on_nan", "stop")
    most_rollbacks = getattr(chosen, "most_rollbacks", 3)
    return Settings(chosen.device, chosen.data_root, threads, chosen.quiet, on_nan, most_rollbacks)


def _shown(value: float | list[float]) -> str:
    return " ".join(f"{share:.4g}" for share in value) if isinstance(value, list) else f"{value:.4g}"


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip(".") or "run"


def _refuse_unknown_command(words: Sequence[str]) -> None:
    if words and not words[0].startswith("-") and words[0] not in _COMMANDS:
        raise UnknownName("command", words[0], _COMMANDS)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="equipoise", description="Train GANs that stay in balance, and prove that they did.")
    parser.add_argument("--version", action="version", version=f"equipoise {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, (function, summary, example, fill) in _COMMANDS.items():
        layout = argparse.RawDescriptionHelpFormatter
        command = commands.add_parser(
            name, help=summary, description=summary, epilog=f"example:\n  {example}", formatter_class=layout
        )
        command.set_defaults(command=function)
        fill(command)
    return parser


def _fill_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=_LISTED, help="one table only")


def _fill_experiment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", help="a recipe's name, or a YAML file as `show` prints it")
    from equipoise.recipes.catalogue import BUDGETS

    budget_help = "how much to train: " + "; ".join(f"{name}, {what}" for name, what in BUDGETS.items())
    parser.add_argument("--budget", choices=BUDGETS, help=f"{budget_help} (default: {PAPER})")
    parser.add_argument("--seed", type=_whole, help="the root of every random number")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=_whole, help="length of the adversarial training in passes over the data")
    length.add_argument("--iterations", type=_whole, help="the same in iterations")
    set_help = "set a field, as in algorithm.margin=5; may be repeated"
    parser.add_argument("--set", action="append", default=[], metavar="FIELD.PATH=VALUE", help=set_help)


def _fill_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-root", type=Path, help="the folder with published data files (else EQUIPOISE_DATA)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, ... (default: a GPU if there is one)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _fill_train(parser: argparse.ArgumentParser) -> None:
    _fill_experiment(parser)
    _fill_settings(parser)
    _fill_threads(parser)
    _fill_divergence(parser)
    parser.add_argument("--out", type=Path, help="a new directory for the run (default: runs/RECIPE-seedN)")


def _fill_divergence(parser: argparse.ArgumentParser) -> None:
    on_nan = "when a loss, gradient or parameter is no longer finite: stop (default), or go back with half the lr"
    parser.add_argument("--on-nan", choices=("stop", "rollback"), default="stop", help=on_nan)
    parser.add_argument("--most-rollbacks", type=_whole, default=3, help="how often at most (default: 3)")


def _fill_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=_positive, help="CPU threads (default: what a short trial finds fastest)")


def _fill_resume(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, help="the run's directory")
    _fill_settings(parser)
    _fill_threads(parser)
    _fill_divergence(parser)


def _fill_sample(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, help="the run's directory")
    parser.add_argument("--count", type=_positive, default=100, help="how many (default: 100)")
    parser.add_argument("--out", type=Path, required=True, help="a .png grid, an .npz file, or a folder of PNGs")
    parser.add_argument("--seed", type=_whole, default=0, help="of the latents (default: 0)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, ... (default: a GPU if there is one)")


def _fill_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, help="the run's directory")
    names = ["inception-score", "class-histogram"]
    parser.add_argument("--metrics", nargs="+", default=names, help=f"which (default: {' '.join(names)})")
    parser.add_argument("--samples", type=_positive, default=10_000, help="how many samples they see (default: 10000)")
    parser.add_argument(
        "--inception-weights", type=Path, help="safetensors file of Inception-v3, for fid, kid and the like"
    )
    _fill_settings(parser)
    parser.add_argument("--threads", type=_positive, help="CPU threads (default: as the run was trained)")


def _fill_classifier(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", help="a labelled data set, as digits or mnist")
    _fill_settings(parser)
    parser.add_argument("--threads", type=_positive, help="CPU threads (default: 1)")


def _fill_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path("demo"), help="the page's folder (default: demo)")
    parser.add_argument("--seeds", type=_positive, default=3, help="how many seeds (default: 3)")
    parser.add_argument("--workers", type=_positive, help="how many runs at a time (default: one per core)")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 0, got '{text}'")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got '{text}'")
    return int(text)


_Fill = Callable[[argparse.ArgumentParser], None]
_COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], str, str, _Fill]] = {
    "list": (
        list_command,
        "List recipes, data sets, metrics, studies and simulations.",
        "equipoise list recipes",
        _fill_list,
    ),
    "show": (
        show_command,
        "Print an experiment's whole configuration as YAML, which train accepts back.",
        "equipoise show magan-digits > mine.yaml",
        _fill_experiment,
    ),
    "train": (
        train_command,
        "Train a recipe or a YAML file.",
        "equipoise train ebgan-digits --seed 1 --epochs 50 --set algorithm.margin=5 --out runs/mine",
        _fill_train,
    ),
    "resume": (
        resume_command,
        "Go on with an interrupted run; it ends bit for bit as if it had not been interrupted.",
        "equipoise resume runs/magan-digits-seed0",
        _fill_resume,
    ),
    "sample": (
        sample_command,
        "Write samples of a run's generator.",
        "equipoise sample runs/magan-digits-seed0 --count 100 --out samples.png",
        _fill_sample,
    ),
    "evaluate": (
        evaluate_command,
        "Score a run's generator and update its report.",
        "equipoise evaluate runs/magan-digits-seed0 --metrics inception-score class-histogram",
        _fill_evaluate,
    ),
    "study": (
        study_command,
        "Rebuild a published table or figure: only the runs that are missing, then one page.",
        "equipoise study magan-digits --seeds 5 --workers 2",
        fill_study,
    ),
    "report": (
        report_command,
        "Write the page of a study, of a run, or of several runs side by side.",
        "equipoise report studies/magan-digits-cpu",
        fill_report,
    ),
    "classifier": (
        classifier_command,
        "Train the classifier that judges the samples of a labelled data set.",
        "equipoise classifier mnist --data-root data",
        _fill_classifier,
    ),
    "simulate": (
        simulate_command,
        "Compute one of the papers' small systems: its numbers as JSON, and a figure.",
        "equipoise simulate discrete-magan --out simulations",
        fill_simulate,
    ),
    "demo": (
        demo_command,
        "Compare MAGAN with fixed margins on real digits, and write one page about it.",
        "equipoise demo --out demo",
        _fill_demo,
    ),
}

if __name__ == "__main__":
    sys.exit(main())
