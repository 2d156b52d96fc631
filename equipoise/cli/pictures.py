"""From a folder, an archive, a .npz file or the name of a data set to an experiment that suits it and this machine."""

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from equipoise.cli.experiment import is_yaml
from equipoise.cli.options import span
from equipoise.cli.pictures_watched import network_of_scores, told_of, watched, without_held_out
from equipoise.cli.pictures_words import QUALITIES, SIZES, found, takes, too_short, what_is_trained
from equipoise.common.errors import EquipoiseError
from equipoise.common.files import local_path
from equipoise.data.catalogue import DATA, check_data
from equipoise.recipes.catalogue import RECIPES

if TYPE_CHECKING:
    import torch

    from equipoise.data.data_set import DataSet
    from equipoise.data.inspection import Look
    from equipoise.data.store import Store
    from equipoise.experiments.experiment import Experiment, Watch
    from equipoise.runs.cost import Cost

_MOST_ON_A_CPU, _MOST_ON_A_GPU = 64, 256
_ENLARGED = 4 / 3
"""A size is taken where the pictures' shorter sides reach it, or as nearly."""
_FEWEST = 2


def add_pictures(parser: argparse.ArgumentParser) -> None:
    """The options for training on pictures without a recipe."""
    group = parser.add_argument_group("for a folder, an archive or a data set in place of a recipe")
    group.add_argument("--size", type=int, choices=SIZES, help="side of the pictures (default: as suits them)")
    group.add_argument("--quality", choices=QUALITIES, help="how much to train (default: good)")
    group.add_argument("--time", type=span, metavar="SPAN", help="how long to train, as in 30m, 2h or 1h30m")
    augment = "auto (default: by the number of pictures), off, or names as in x-flip,cutout: see list augmentations"
    group.add_argument("--augment", metavar="WHICH", help=augment)
    group.add_argument("--transparency", choices=("white", "keep"), help="what becomes of transparent parts")
    group.add_argument("--fit", choices=("crop", "pad"), help="how a picture becomes square (default: crop)")
    labels = "train a generator that can be asked for each class; the folders directly below are the classes"
    group.add_argument("--labels", action="store_true", help=labels)


_OPTIONS = ("size", "quality", "time", "augment", "transparency", "fit", "labels")
_OF_RECIPES = ("budget", "data")


@dataclass(frozen=True)
class Plan:
    """An experiment for some pictures, and what was found and chosen.

    Attributes:
        experiment: ready to train.
        threads: the fastest count of CPU threads.
        lines: what was found and chosen, in words.
    """

    experiment: "Experiment"
    threads: int
    lines: tuple[str, ...]


def plan_pictures(chosen: argparse.Namespace) -> Plan:
    """Look at the pictures and at the machine, and choose.

    Raises:
        EquipoiseError: there are no pictures, too few of them, or of a size that no network can be made for.
    """
    named = check_data(chosen.recipe, chosen.data_root)  # before torch is imported: a wrong path is told at once
    from equipoise.common.machine import choose_device
    from equipoise.data.inspection import look
    from equipoise.data.progress import without_progress

    device = choose_device(chosen.device)
    data, why = _fitted(named, chosen, device)
    with without_progress(chosen.quiet):
        store = data.load(chosen.data_root, chosen.seed or 0)
        data, store = _without_colours(data, store, chosen)
    _check(data, store, chosen)
    seen, whole, everything = look(store), data, store
    data, held_out = without_held_out(whole, everything)
    if data != whole:
        with without_progress(chosen.quiet):
            store = data.load(chosen.data_root, chosen.seed or 0)
    experiment, augmentation = _experiment(chosen, data, store, seen)
    threads, cost = _measured(experiment, store.to(device), device, chosen)
    asked = _asked_iterations(chosen, experiment, len(store))
    time = chosen.time or QUALITIES[chosen.quality or "good"][device.type == "cuda"]
    seconds = time if asked is None else asked * cost.seconds
    watch, told = watched(experiment.watch, data, len(store), seconds, cost)
    iterations = asked or cost.within(replace(experiment, watch=watch), time)
    experiment, _ = _experiment(chosen, data, store, seen, iterations, watch)
    lines = (
        *found(data, everything, seen),
        *([f"  {held_out}"] if held_out else []),
        *what_is_trained(experiment, why, augmentation),
        f"  {told_of(experiment.watch, watch, told)}.",
        *takes(experiment, cost, device, threads),
        *too_short(chosen.time, experiment, cost),
    )
    return Plan(experiment, threads, lines)


def _fitted(data: "DataSet", chosen: argparse.Namespace, device: "torch.device") -> tuple["DataSet", str]:
    """The data at the size and with the channels that suit them, and why that size."""
    from equipoise.data.picture_files import PictureFiles

    if not isinstance(data, PictureFiles):
        sized: Any = data
        if chosen.size and "resolution" in {each.name for each in fields(sized)}:
            return replace(sized, resolution=chosen.size), "as asked for"
        return data, "the data's own"
    seen = data.look(chosen.data_root)
    size, why = (chosen.size, "as asked for") if chosen.size else _size(seen.side, device)
    channels = 4 if chosen.transparency == "keep" else seen.channels
    return replace(data, resolution=size, channels=channels, fit=chosen.fit or "crop"), why


def _size(side: int, device: "torch.device") -> tuple[int, str]:
    most = _MOST_ON_A_GPU if device.type == "cuda" else _MOST_ON_A_CPU
    size = max(each for each in SIZES if each == SIZES[0] or each <= min(side * _ENLARGED, most))
    if size == most and side > most:
        return size, f"what {'a GPU' if device.type == 'cuda' else 'a CPU'} can learn"
    return size, f"their shorter sides are about {side}"


def _without_colours(data: "DataSet", store: "Store", chosen: argparse.Namespace) -> tuple["DataSet", "Store"]:
    """Pictures that are stored in colour and have none are read as grey ones."""
    from equipoise.data.picture_files import PictureFiles

    grey = store.account is not None and store.account.grey == store.account.images
    if not (grey and isinstance(data, PictureFiles) and data.channels == 3):
        return data, store
    data = replace(data, channels=1)
    return data, data.load(chosen.data_root)


def _check(data: "DataSet", store: "Store", chosen: argparse.Namespace) -> None:
    """What cannot be trained on is refused in one sentence."""
    if not store.holds_images:
        raise EquipoiseError(f"{data.name} holds points, not pictures; choose a recipe for it: equipoise list recipes.")
    if len(store) < _FEWEST:
        raise EquipoiseError(
            f"{data.name} holds {len(store)} picture, and a generator needs many to learn what they have in common; "
            "some hundreds give something to look at, some thousands are good."
        )
    if store.shape[1] != store.shape[2]:
        raise EquipoiseError(
            f"the pictures of {data.name} are {store.shape[2]}x{store.shape[1]}, and the default networks make "
            "squares; put them into a folder as files, from which squares are cut."
        )
    if chosen.labels and not store.classes:
        usual = "put the pictures of each class into a folder of its own, with all of these in one folder"
        remedy = f": {store.unlabelled}" if store.unlabelled else f"; {usual}"
        raise EquipoiseError(f"{data.name} has no classes for --labels{remedy}.")


def _experiment(
    chosen: argparse.Namespace,
    data: "DataSet",
    store: "Store",
    seen: "Look",
    iterations: int = 1000,
    watch: "Watch | None" = None,
) -> tuple["Experiment", str]:
    """The experiment with what --set and --seed ask for, and why it augments as it does."""
    from equipoise.experiments.config import adjusted
    from equipoise.recipes.pictures import augmentation_for, pictures

    augmentation = augmentation_for(chosen.augment or "auto", len(store), seen.sides_are_alike)
    channels, size, _ = store.shape
    classes = store.classes if chosen.labels else 0
    experiment = pictures(data, size, channels, iterations, 16 if size <= 32 else 8, classes, augmentation.augment)
    fitting = min(experiment.batch_size, 1 << (len(store).bit_length() - 1))
    fitted = replace(experiment, name=data.name, batch_size=fitting, watch=watch or experiment.watch)
    return adjusted(fitted, chosen.set, chosen.seed), augmentation.why


def _asked_iterations(chosen: argparse.Namespace, experiment: "Experiment", count: int) -> int | None:
    """How many iterations were asked for, at least 1; None where a time is to be filled."""
    if chosen.epochs is not None:
        batches = sum(stage.batches_per_iteration for stage in experiment.algorithm.stages())
        return max(1, int(chosen.epochs) * (count // experiment.batch_size // batches))
    iterations: int | None = chosen.iterations
    return None if iterations is None else max(1, iterations)


def _measured(
    experiment: "Experiment", store: "Store", device: "torch.device", chosen: argparse.Namespace
) -> tuple[int, "Cost"]:
    import torch

    from equipoise.common.machine import threads_beside_a_gpu
    from equipoise.runs.cost import cost, threads_for
    from equipoise.training.precision import known_precision

    threads = chosen.threads
    if threads is None:
        on_gpu = device.type == "cuda"
        threads = threads_beside_a_gpu(1) if on_gpu else threads_for(experiment, store, device)
    torch.set_num_threads(threads)
    precision = known_precision(getattr(chosen, "precision", None))  # `show` and `doctor` have no such option
    return threads, cost(experiment, store, device, network_of_scores(), precision)


def plan_of(chosen: argparse.Namespace) -> Plan | None:
    """The plan, where the word names pictures; None for a recipe or a YAML file.

    Raises:
        EquipoiseError: options of the one were given for the other, or as `plan_pictures`.
    """
    if _names_pictures(chosen.recipe):
        _refuse_given(chosen, _OF_RECIPES, "works with a recipe only; --quality and --time say how much to train")
        return plan_pictures(chosen)
    _refuse_given(chosen, _OPTIONS, "is for pictures in place of a recipe, as in: equipoise train photos/")
    return None


def asks_for_pictures(chosen: argparse.Namespace) -> bool:
    """Whether an option was given that says how to train on pictures without a recipe."""
    return any(getattr(chosen, name) for name in _OPTIONS)


def _refuse_given(chosen: argparse.Namespace, options: Iterable[str], sentence: str) -> None:
    given = [name for name in options if getattr(chosen, name)]
    if given:
        raise EquipoiseError(f"--{given[0]} {sentence}.")


def _names_pictures(word: str) -> bool:
    """Whether the word is neither a recipe nor a YAML file but leads to pictures, as far as one can tell."""
    if word in RECIPES or is_yaml(word):
        return False
    path = local_path(word)
    return word.partition(":")[0] in DATA or os.sep in word or (bool(word) and "\0" not in word and path.exists())
