"""Options that several commands share, and the kinds of numbers that they take."""

import argparse
import re
from pathlib import Path

from equipoise.cli import names
from equipoise.common.files import check_is_no_program, local_path

_MOST_SHARE = 64.0
_RANGE, _MOST_SEEDS = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?"), 100_000


def add_data_root(parser: argparse.ArgumentParser) -> None:
    """Where published data files lie."""
    parser.add_argument("--data-root", type=Path, help="the folder with the data files (default: EQUIPOISE_DATA)")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Where to compute."""
    where = "cpu, cuda, cuda:1, ... (default: a GPU if there is one)"
    parser.add_argument("--device", type=names.device, default="auto", help=where)


def add_threads(parser: argparse.ArgumentParser, default: str) -> None:
    """How many CPU threads; `default` describes what happens without a number."""
    parser.add_argument("--threads", type=positive, help=f"CPU threads (default: {default})")


def add_arithmetic(parser: argparse.ArgumentParser, default: str) -> None:
    """The players' precision and a GPU's settings; `default` describes what happens without a precision."""
    precision = f"precision of the networks (default: {default}); tf32 is for GPUs"
    parser.add_argument("--precision", choices=("float32", "tf32", "bfloat16"), help=precision)
    graphs = "run whole iterations as CUDA graphs: faster for small networks on a GPU"
    parser.add_argument("--graphs", action="store_true", help=graphs)


def add_session(parser: argparse.ArgumentParser) -> None:
    """Data, device and progress bar of a command that reads a run."""
    add_data_root(parser)
    add_device(parser)
    parser.add_argument("--quiet", action="store_true", help="hide progress")


def add_inception_weights(parser: argparse.ArgumentParser) -> None:
    """Where the weights of Inception-v3 come from."""
    weights_help = "Inception-v3's weights, for fid, kid and similar: the published file, safetensors, or: download"
    parser.add_argument("--inception-weights", type=names.inception_weights, metavar="FILE", help=weights_help)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Which of a run's checkpoints is used."""
    help_text = "best, newest or an iteration (default: best if the run keeps one, else newest)"
    parser.add_argument("--checkpoint", metavar="WHICH", help=help_text)


def generator_place(text: str) -> Path:
    """The directory of a run that exists, an exported generator, or hub:USER/NAME.

    Raises:
        EquipoiseError: there is no run and no exported generator.
    """
    path = local_path(text)
    check_is_no_program(path)
    is_file = path.suffix.lower() == ".safetensors" and path.is_file()
    return path if text.startswith("hub:") or is_file or (path / "model.json").is_file() else run_directory(text)


def seeds(text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them, and ranges of them, as in 3,7,10-20."""
    found: list[int] = []
    for word in text.split(","):
        numbers = _RANGE.fullmatch(word)
        first, last = (int(numbers[1]), int(numbers[2] or numbers[1])) if numbers else (0, -1)
        if last < first or last - first + len(found) >= _MOST_SEEDS:
            raise argparse.ArgumentTypeError(f"must be seeds as in 3,7,10-20, at most {_MOST_SEEDS:,}, got '{text}'")
        found += range(first, last + 1)
    return tuple(found)


def part(text: str) -> float:
    """A number from 0 to 1."""
    return _number(text, 1.0, "from 0 to 1")


def run_directory(text: str) -> Path:
    """The directory of a run that exists.

    Raises:
        EquipoiseError: there is no run.
    """
    from equipoise.runs.directory import open_run

    return open_run(local_path(text)).path


def whole(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 0, got '{text}'")
    return int(text)


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got '{text}'")
    return int(text)


def share(text: str) -> float:
    """A number from 0 to 64, as the GPUs of a run."""
    return _number(text, _MOST_SHARE, "of at least 0")


def _number(text: str, most: float, told: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise argparse.ArgumentTypeError(f"must be a number {told}, got '{text}'")
    return number


_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SECONDS = (86_400, 3_600, 60, 1)


def span(text: str) -> float:
    """A length of time in seconds: days, hours, minutes and seconds, as in 30m, 2h or 1h30m."""
    found = _SPAN.fullmatch(text)
    seconds = sum(int(each or 0) * unit for each, unit in zip(found.groups(), _SECONDS, strict=True)) if found else 0
    if not seconds:
        raise argparse.ArgumentTypeError(f"must be a length of time, as in 30m, 2h or 1h30m, got '{text}'")
    return float(seconds)
