"""Scores of two sets of images, of which the second may be the samples of a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch

from equipoise.common.checks import check_whole
from equipoise.common.errors import EquipoiseError, printable
from equipoise.common.machine import choose_device
from equipoise.data.progress import without_progress
from equipoise.data.store import ValueRange
from equipoise.evaluation.pair import Pair
from equipoise.evaluation.sampling import generate, opaque, to_bytes
from equipoise.evaluation.score_pair import chosen_metrics, score_pair
from equipoise.evaluation.score_sheet import ScoreSheet
from equipoise.evaluation.sides import Given, ImageSource, of_images, read_sides, source_of
from equipoise.evaluation.weight_files import weights_file
from equipoise.runs.directory import run_at
from equipoise.runs.run import Run
from equipoise.runs.trained import load_trained

MOST_IMAGES = 5_000
"""Of each side, unless another count is asked for."""


def score(
    real: Given | Run,
    fake: Given | Run,
    metrics: Sequence[str] = (),
    *,
    count: int = MOST_IMAGES,
    size: int | None = None,
    value_range: ValueRange = "unit",
    curve: Sequence[int] | None = None,
    weights: Mapping[str, str | Path] | None = None,
    data_root: Path | None = None,
    device: str = "auto",
    checkpoint: str | None = None,
    quiet: bool = True,
) -> ScoreSheet:
    """Score generated images against real ones by every metric that needs no labels.

    Args:
        real: a folder or an archive of pictures, an .npz file, a data set's name, or images in memory
            [count, channels, height, width], or uint8 [count, height, width, channels], as `Run.sample` gives them; or
            a `Run`, whose generator is sampled.
        fake: the same, or the directory of a run.
        metrics: names as `equipoise list metrics` shows them; by default those on EfficientNet-Lite0's features;
            "all" for all that need no labels.
        count: how many images of each side are taken at most, spread over all.
        size: pixels on a side that the images are brought to; by default their own size where both sides have the
            same, else the smaller one.
        value_range: of floating-point images in memory: "unit" is [0, 1], "symmetric" is [-1, 1]. They are rounded to
            8 bits, as files are.
        curve: counts of images at which the scores are taken besides; empty for the usual ones, None for no curve.
        weights: files with the weights of published networks by the network's name, as "inception-v3" for fid and kid,
            or https addresses that end in #sha256= and the digest.
        data_root: where published data lie.
        device: "auto", "cpu", "cuda", ...
        checkpoint: of a run, as for `equipoise sample`.
        quiet: whether to hide progress.

    Raises:
        EquipoiseError: a side cannot be read, or no metric can be computed; one sentence says why.

    Examples:
        >>> sheet = score("digits:train", "digits:test", metrics=["nearest-neighbours"])
        >>> round(sheet.values["nearest-neighbours"], 1)
        1.0
    """
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    chosen_metrics(names)  # an unknown one is refused before anything is read
    try:
        count = check_whole("count", count, 1)
        curve = None if curve is None else [check_whole("curve", each, 2) for each in curve]
    except ValueError as error:
        raise EquipoiseError(str(error)) from error
    place = choose_device(device)
    files = {name: weights_file(name, file) for name, file in (weights or {}).items()}
    with without_progress(quiet):
        if not isinstance(real, Run) and run_at(real) is not None:
            raise EquipoiseError(f"{printable(real)} is a run; give it as the second one, after the real images.")
        known, judged = (
            _of_run(given, count, place, checkpoint) or source_of(cast(Given, given), name, value_range, data_root)
            for name, given in (("real", real), ("fake", fake))
        )
        pair = Pair(*read_sides(known, judged, size), count, place, files)
        return score_pair(pair, names, curve)


def _of_run(given: Given | Run, count: int, device: torch.device, checkpoint: str | None) -> ImageSource | None:
    """The samples of a run as they would be written to files, or None where no run was given."""
    path = given.path if isinstance(given, Run) else run_at(given)
    if path is None:
        return None
    trained = load_trained(path, device, checkpoint)
    samples = generate(trained.generator, trained.experiment.latent, count, 0)
    if samples.ndim != 4:
        raise EquipoiseError(f"the samples of {printable(path.name)} are points; only images can be scored like this.")
    name = f"{path.absolute().name} at iteration {trained.iteration}"
    return of_images(opaque(to_bytes(samples, trained.experiment.value_range)), name)
