"""Tables of our studies of narrow MMD-GANs: losses and constraints, lambda and the cross term, the number of features.

own_studies.py takes the runs and fills docs/algorithms/mmd-gan.md with these.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.recipes.mmd_best import best
from equipoise.studies.mmd import table_s5
from equipoise.studies.paired import Paired, paired
from measurements.figures.study_runs import Run, apart, by_row, difference, diverged, read, rounded, scored
from measurements.pages import table

FRECHET, KERNEL = "lite0-frechet", "lite0-kernel"
GAINS, LOSSES = (16, 64, 256), {"hinge": "hinge", "MMD-rbf": "rbf", "MMD-rep": "rep", "MMD-rep-b": "rep-b"}


def constraints_table() -> str:
    """Distances and diverged runs by loss and C^K, beside the authors' counts on CIFAR-10."""
    found, rows = by_row(read("mmd-narrow")), []
    for gain in GAINS:
        for label, loss in LOSSES.items():
            if runs := found.get(f"{label}, C^K = {gain}"):
                lost, published = diverged(runs), best(loss, "cifar10", f"pico-{gain}")
                distances = [rounded([run["scores"][metric] for run in scored(runs)]) for metric in (FRECHET, KERNEL)]
                counts = f"{lost} of {len(runs)} | {published.diverged} of {published.runs} | {published.fid}"
                rows.append(f"{gain} | {label} | {' | '.join(distances)} | {counts}")
    heads = f"C^K | loss | {FRECHET} | {KERNEL} | diverged | published: FID above 50 | published: lowest FID"
    return table(heads, rows)


def runs_by_loss() -> dict[str, list[Run]]:
    """Each loss's runs under all constraints, those of equal rates and seed at equal places."""
    found = by_row(read("mmd-narrow"))
    return {label: [run for gain in GAINS for run in found[f"{label}, C^K = {gain}"]] for label in LOSSES}


def losses_table() -> str:
    """Each loss over all constraints and rates, and how far it is from rbf and rep-b from it on equal ones."""
    runs, rows, starts = runs_by_loss(), [], _starts(KERNEL)
    distances = {label: [run["scores"][FRECHET] for run in each] for label, each in runs.items()}
    for label, values in distances.items():
        pairs = ((label, "MMD-rbf"), ("MMD-rep-b", label))
        told = ["" if one == other else apart(distances[one], distances[other]) for one, other in pairs]
        worse = sum(run["scores"][KERNEL] > starts[run["seed"]] for run in runs[label])
        counts = f"{diverged(runs[label])} of {len(values)} | {worse} of {len(values)}"
        rows.append(f"{label} | {rounded(values)} | {counts} | {' | '.join(told)}")
    heads = (
        f"loss | {FRECHET} | diverged | {KERNEL} above its start | minus MMD-rbf (95 % interval) | MMD-rep-b minus it"
    )
    return table(heads, rows)


def _starts(metric: str) -> dict[int, float]:
    """The mean distance of generators after one iteration, by seed."""
    found = dict[int, list[float]]()
    for run in read("mmd-start"):
        found.setdefault(run["seed"], []).append(run["scores"][metric])
    return {seed: statistics.fmean(values) for seed, values in found.items()}


def start_of(metric: str) -> str:
    """The distances of generators after one iteration, the seeds' means."""
    return " and ".join(f"{value:.3g}" for value in _starts(metric).values())


WEIGHTS, READINGS = ("-1", "-0.5", "0", "0.5", "1", "2"), ("", ", bounds", ", bounds, cross term free")
"""Of lambda, and of the bounds: none, on all terms, and on all but the cross term, which differs below 1 only."""


def cross_term_table() -> str:
    """Distances and diverged runs by lambda: without bounds, and with them under both readings of the cross term."""
    found, rows = by_row(read("mmd-lambda")), []
    for weight in WEIGHTS:
        ways = [found.get(f"lambda {weight}{reading}") for reading in READINGS]
        cells = [f"{frechet(runs)} | {diverged(runs)} of {len(runs)}" if runs else " | " for runs in ways]
        rows.append(f"{weight} | {' | '.join(cells)}")
    return table("lambda | no bounds | diverged | bounds | diverged | bounds, cross term free | diverged", rows)


@dataclass(frozen=True)
class Contrast:
    """Runs of one kind against runs of another on equal settings: how many diverged, and the distances' test."""

    pairs: int
    lost: tuple[int, int]
    test: Paired


def cross_terms() -> dict[str, Contrast]:
    """The bounds against none, and both readings of the cross term, on equal lambda, rates and seed."""
    none, bounds, free = (_of_reading(reading) for reading in READINGS)
    compared = {
        "bounds | no bounds": (bounds, none),
        "bounds | bounds, cross term free": (bounds, free),
        "bounds, cross term free | no bounds": (free, none),
    }
    found = {}
    for name, (one, other) in compared.items():
        same = sorted(one.keys() & other.keys())
        sides = [one[key] for key in same], [other[key] for key in same]
        values = ({n: run["scores"][FRECHET] for n, run in enumerate(side)} for side in sides)
        test = paired(*values)
        assert test is not None
        found[name] = Contrast(len(same), (diverged(sides[0]), diverged(sides[1])), test)
    return found


def cross_term_pairs() -> str:
    """The same as a table."""
    rows = [
        f"{name} | {each.pairs} | {each.lost[0]} and {each.lost[1]} | {difference(each.test)}"
        for name, each in cross_terms().items()
    ]
    return table("runs with | against | pairs | diverged | difference (95 % interval)", rows)


def _of_reading(reading: str) -> dict[tuple[str, str, int], Run]:
    """The runs with these bounds, by lambda, rates and seed."""
    found = by_row(read("mmd-lambda"))
    runs = ((weight, run) for weight in WEIGHTS for run in found.get(f"lambda {weight}{reading}", []))
    return {(weight, run["variant"], run["seed"]): run for weight, run in runs}


def features_table() -> str:
    """Distances and diverged runs by the number of features, beside the paper's FID."""
    published = {row.recipe.rsplit("-", 1)[1]: row.published["fid"].value for row in table_s5().rows}
    rows = [
        f"{label.split()[0]} | {frechet(runs)} | {diverged(runs)} of {len(runs)} | {published[label.split()[0]]}"
        for label, runs in by_row(read("mmd-features")).items()
    ]
    return table("features | lite0-frechet | diverged | published FID", rows)


def frechet(runs: Sequence[Run]) -> str:
    return rounded([run["scores"][FRECHET] for run in scored(runs)])
