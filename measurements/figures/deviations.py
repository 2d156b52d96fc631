"""Renews the figures of docs/deviations.md: what was measured of the papers' claims, each from its data file.

python -m measurements.figures.deviations
"""

import json
import math
import statistics
from typing import Any

from equipoise.common.files import write_text_atomically
from equipoise.data.compositional_mnist import CompositionalMnist
from equipoise.recipes.mmd_best import best
from equipoise.studies import mmd
from measurements import DOCS_FOLDER, RESULTS_FOLDER, take_no_words
from measurements.figures import composed_digits, grid_search, magan_digits, magan_mnist, mmd_studies, score_of_real
from measurements.figures.study_runs import by_row, diverged, rounded
from measurements.figures.study_runs import read as read_runs
from measurements.pages import filled, listed, spread

PAGE = DOCS_FOLDER / "deviations.md"


def read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((RESULTS_FOLDER / name).read_text(encoding="utf-8"))
    return data


def figures() -> dict[str, str]:
    """By the names of the page's places."""
    return (
        digits()
        | real_digits()
        | amplifiers()
        | discrete_magan()
        | two_parameter_mmd()
        | norms()
        | propositions()
        | folder()
        | narrow_mmd()
        | bounds()
        | features()
        | classes()
        | demo_losses()
        | rings()
        | divergence()
        | grid()
        | composed()
        | stacked()
        | scale_of_table_1()
    )


def scale_of_table_1() -> dict[str, str]:
    """How many of Table 1's FIDs on small images are nearer to the raw results at C^K = 64 than to those at 128."""
    nearer = 0
    for row in mmd.table_1().rows:
        loss, data = row.recipe.removeprefix("mmd-").rsplit("-", 1)
        if data in ("cifar10", "stl10") and loss in ("hinge", "rbf", "rep", "rep-b"):
            published = row.published["fid"].value or math.nan
            far = [abs(published - (best(loss, data, f"pico-{gain}").fid or math.inf)) for gain in (64, 128)]
            nearer += far[0] < far[1]
    return {"nearer-64": str(nearer)}


def digits() -> dict[str, str]:
    rows = {
        row["label"]: [run["scores"]["inception-score"]["value"] for run in row["runs"]]
        for row in read("studies/magan-digits/results.json")["rows"]
    }
    long = {label: (statistics.mean(values), statistics.stdev(values)) for label, values in rows.items()}
    short = {label: group["scores"]["inception-score"] for label, group in magan_digits.groups().items()}
    return {
        "long-magan": with_deviation(*long["MAGAN"]),
        "long-margin-10": with_deviation(*long["EBGAN, margin 10"]),
        "long-margin-1": with_deviation(*long["EBGAN, margin 1"]),
        "short-magan": spread(short["MAGAN"]),
        "short-margin-1": spread(short["EBGAN, margin 1"]),
    } | full_width()


def full_width() -> dict[str, str]:
    """Where the margins of full-width runs on MNIST ended, and their scores beside those of fixed margins."""
    runs = magan_mnist.runs()
    margins = [f"{run['epochs']['next_margin'][-1]:.2f}" for run in runs["magan-mnist"]]
    scores = {
        name: spread([magan_mnist.score_of(run, "inception-score") for run in documents])
        for name, documents in runs.items()
    }
    return {"full-width-margin": ", ".join(margins)} | {
        f"full-width-{name.replace('.', '-')}": it for name, it in scores.items()
    }


def real_digits() -> dict[str, str]:
    """Of the classifiers that were stopped within a tenth of a point of the paper's accuracy."""
    early = (row for row in read("metrics/score-of-real-mnist.json")["rows"] if row["way"] == "stopped early")
    rows = [row for row in early if abs(row["accuracy"] - score_of_real.PAPER[0]) < 0.001]
    accuracies, scores = (sorted(row[name] for row in rows) for name in ("accuracy", "score"))
    return {
        "real-accuracy": f"{100 * accuracies[0]:.1f} to {accuracies[-1]:.1%}".replace("%", " %"),
        "real-score": f"{scores[0]:.2f} to {scores[-1]:.2f}",
    }


def amplifiers() -> dict[str, str]:
    """The distances at the end, and the score of generated images where the printed formula trains the generator."""
    curves = {label: list(seeds.values()) for label, seeds in read("studies/lga-maps/curves.json")["rows"].items()}
    ends = {label: spread([curve["distances"][-1] for curve in of_label]) for label, of_label in curves.items()}
    names = ("hinge", "plain 4x4", "magnitude 4x4", "margin 4x4", "zero 4x4", "literal 4x4", "magnitude 8x8")
    scores = {"lga-literal-score": spread([curve["fake_score"][0] for curve in curves["literal 4x4"]])}
    return {f"lga-{name.replace(' ', '-')}": ends[name] for name in names} | scores


def with_deviation(mean: float, deviation: float) -> str:
    return f"{mean:.2f} ± {deviation:.2f}"


def discrete_magan() -> dict[str, str]:
    data = read("simulations/discrete-magan.json")
    large = {each["step_size"]: each for each in data["lemma_3_2"]}[0.5]
    rows = {each["epoch_steps"]: each for each in data["epoch_lengths"]}
    return {
        "raised": str(large["raised_with_s1_changed"]),
        "pairs": str(large["pairs_with_s1_changed"]),
        "distance-50": f"{rows[50]['final_median']:.1g}",
        "distance-1": f"{rows[1]['final_median']:.2f}",
        "zero-margin": str(rows[1]["runs_stopped_by_zero_margin"]),
        "simulated": str(data["parameters"]["runs"]),
    }


def two_parameter_mmd() -> dict[str, str]:
    data = read("simulations/two-parameter-mmd.json")
    found = {row["repulsion"]: row["w1_w2"] for row in data["equilibria_normal"]}
    shares = {
        row["rate_ratio"]: row["share"]
        for row in data["trivial_shares"]
        if (row["data"], row["loss"]) == ("uniform", "repulsive")
    }
    return {
        "attractive": f"({found[-1.0][0]:.3f}, {found[-1.0][1]:.3f})",
        "repulsive": f"{found[1.0][0]:.3f}",
        "fast": f"{shares[10.0]:.0%}",
        "equal": f"{shares[1.0]:.0%}",
        "slow": f"{shares[0.1]:.0%}",
    }


def norms() -> dict[str, str]:
    ratios = [layer["ratio"] for layer in read("constraints/pico_against_pim.json")["layers"]]
    return {"lowest-ratio": f"{min(ratios):.2f}", "highest-ratio": f"{max(ratios):.2f}"}


def narrow_mmd() -> dict[str, str]:
    """Distances of each loss, and how many runs of rbf diverged under the smallest and the largest constraint."""
    runs = mmd_studies.runs_by_loss()
    names = {"MMD-rep-b": "rep-b", "MMD-rep": "rep", "hinge": "hinge", "MMD-rbf": "rbf"}
    distances = {name: [run["scores"]["lite0-frechet"] for run in runs[label]] for label, name in names.items()}
    lost = {gain: [run for run in runs["MMD-rbf"] if run["row"].endswith(f"= {gain}")] for gain in (16, 256)}
    return (
        {f"narrow-{name}": rounded(values) for name, values in distances.items()}
        | {f"narrow-lost-{name}": str(diverged(runs[label])) for label, name in names.items()}
        | {f"narrow-rbf-{gain}": str(diverged(each)) for gain, each in lost.items()}
    )


def bounds() -> dict[str, str]:
    """What the bounds change on equal lambda, rates and seed, and what is left of it with a free cross term."""
    found = mmd_studies.cross_terms()
    with_bounds, _, free = found.values()
    return {
        "bounds-diverged": f"{with_bounds.lost[0]} and {with_bounds.lost[1]}",
        "bounds-gain": f"{-with_bounds.test.mean:.0f}",
        "free-diverged": f"{free.lost[0]} and {free.lost[1]}",
    }


def features() -> dict[str, str]:
    """The distance of a few features and of many."""
    runs = by_row(read_runs("mmd-features"))
    return {f"features-{count}": mmd_studies.frechet(runs[f"{count} features"]) for count in (1, 64)}


def classes() -> dict[str, str]:
    """How far a discriminator's outputs are apart by class, for each loss."""
    runs = read("mmd/critic-classes-digits.json")["runs"]
    by_loss = {
        loss: [run["critic-silhouette"] for run in runs if run["loss"] == loss] for loss in ("repulsive", "attractive")
    }
    return {f"classes-{loss}": spread(values) for loss, values in by_loss.items()}


def demo_losses() -> dict[str, str]:
    """Both scores of the demo's story about repulsive and attractive MMD."""
    groups = read("digits/demo.json")["stories"][1]["groups"]
    kinds = {"score": "inception-score", "fid": "classifier-fid"}
    return {
        f"demo-{name}-{kind}": spread(groups[f"MMD-GAN, {name}"]["scores"][metric])
        for name in ("repulsive", "attractive")
        for kind, metric in kinds.items()
    }


def propositions() -> dict[str, str]:
    found = read("mmd/propositions.json")
    slowest = {row["outputs"]: statistics.median(row["slowest"]) for row in found["equilibria"]}
    ratios = [layer["ratio"] for layer in found["layers"] if layer["map"] > layer["kernel"] > 1]
    right = sum(ratio > 1 - 1e-12 for ratio in ratios)
    return {
        "slowest-1": f"{slowest[1]:.0e}",
        "slowest-4": f"{slowest[4]:.2g}",
        "right-way": f"{right} of {len(ratios)}",
    }


def folder() -> dict[str, str]:
    runs = [read(f"cifar10-jpeg/{name}-folder.json") for name in ("hinge", "mmd-rep-b")]
    assert all(run["all_finite"] for run in runs)
    return {"folder-iterations": str(runs[0]["iterations"])}


def rings() -> dict[str, str]:
    found = {}
    for name in ("reg-gan-ring", "reg-gan-ring-paper", "mdgan-ring"):
        counts = covered(name)
        found[name] = listed(counts)
        found[f"{name}-full"] = f"{sum(count == 6 for count in counts)} of {len(counts)}"
    runs = read("ring/reg-gan-ring-paper-runs.json")["runs"].values()
    ends = [run["snapshots"][-1] for run in runs]
    found["ring-published-long"] = listed([end["covered"] for end in ends if end["iteration"] == 100_000])
    found["ring-published-short"] = listed([end["covered"] for end in ends if end["iteration"] == 12_000])
    return found | {"gan-ring": listed(covered("gan-ring")), "earlier-gan-ring": listed(covered("earlier/gan-ring"))}


def covered(name: str) -> list[int]:
    return [run["snapshots"][-1]["covered"] for run in read(f"ring/{name}.json")["runs"].values()]


def divergence() -> dict[str, str]:
    largest = max(-math.log(min(CompositionalMnist(set=number).distribution())) for number in (1, 2, 3, 4))
    return {"largest-divergence": f"{largest:.1f}"}


def grid() -> dict[str, str]:
    medians = {method: statistics.median(cells.values()) for method, cells in grid_search.scores().items()}
    of_both = {f"grid-{method.lower()}": f"{median:.2f}" for method, median in medians.items()}
    return {"grid-ahead": grid_search.sign_test()} | of_both


def composed() -> dict[str, str]:
    """In how many pairs of equal set and seed the encoder leaves fewer numbers out, and by how many."""
    dcgan, reg_dcgan = (composed_digits.of_method(name, "modes-missing") for name in composed_digits.METHODS)
    gains = [dcgan[key] - reg_dcgan[key] for key in dcgan]
    found = f"{sum(gain > 0 for gain in gains)} of {len(gains)}"
    return {"composed-fewer": found, "composed-missing": f"{statistics.fmean(gains):.0f}"}


def stacked() -> dict[str, str]:
    runs = {name: read(f"stacked-mnist/{name}.json") for name in ("dcgan", "reg-dcgan")}
    found: dict[str, str] = {}
    for name, run in runs.items():
        scores = {each["metric"]: each["value"] for each in run["scores"]}
        found |= {f"{name}-modes": f"{scores['modes-covered']:.0f}", f"{name}-kl": f"{scores['modes-kl']:.2f}"}
    return found


def main() -> None:
    write_text_atomically(PAGE, filled(PAGE, figures()))


if __name__ == "__main__":
    take_no_words(__doc__)
    main()
