"""Runs of the paper's MAGAN and EBGAN on MNIST: a data file each, energies, samples and the page's tables.

python -m measurements.figures.magan_mnist RUN...   writes ROW-SEED.json and .png in results/.../full-width
python -m measurements.figures.magan_mnist          draws energies and samples, and fills docs/algorithms/magan.md

Score the runs first: equipoise evaluate RUN --metrics inception-score class-histogram modes-covered modes-kl
classifier-fid --samples 10000
"""

import argparse
import itertools
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image
from scipy.stats import ttest_ind

from equipoise.common.files import write_text_atomically
from equipoise.experiments.config import to_plain
from equipoise.runs.directory import RunDirectory, open_run
from measurements import DOCS_FOLDER, FIGURES_FOLDER, RESULTS_FOLDER
from measurements.figures.axes import save
from measurements.figures.magan_digits import LINES
from measurements.figures.run_results import corner, enlarged, logged, passport, scores
from measurements.figures.study_runs import rounded
from measurements.pages import filled, listed, spread, table

matplotlib.use("Agg")
import matplotlib.pyplot as plt

PAGE = DOCS_FOLDER / "algorithms" / "magan.md"
FOLDER = RESULTS_FOLDER / "studies" / "magan-mnist" / "full-width"
SAMPLES, FORTY, METHODS, ENERGIES, CLASSES = (
    FIGURES_FOLDER / f"magan_mnist_{name}.png" for name in ("samples", "forty", "methods", "energies", "classes")
)
SIDE, ENLARGED, PITCH = 10, 2, 29
EPOCHS = 20
"""Of nearly all runs; the others say theirs in their names."""
ENERGIES_OF = ("real_energy", "fake_energy")
PUBLISHED_SHARES = {1: 16.5, 2: 4.2}
"""The two classes whose share the paper names, in percent (section 4.1)."""
ROWS = {
    "magan-mnist": "MAGAN",
    "ebgan-mnist": "margin 10",
    "ebgan-mnist-5": "margin 5",
    "ebgan-mnist-1.08": "margin 1.08",
    "ebgan-mnist-code": "compared code",
    "ebgan-mnist-code-3-epochs": "compared code, 3 epochs",
    "ebgan-mnist-code-9-epochs": "compared code, 9 epochs",
    "ebgan-mnist-code-he-3-epochs": "compared code, He's weights",
}
DRAWN = ("magan-mnist", "ebgan-mnist", "ebgan-mnist-5", "ebgan-mnist-1.08", "ebgan-mnist-code")
"""The rows of the figures: each method once."""
FIXED, CODE_IN_TIME, CODE = ("ebgan-mnist", "ebgan-mnist-5", "ebgan-mnist-1.08"), "ebgan-mnist-code-3-epochs", DRAWN[-1]
"""Fixed margins, and the compared code: in MAGAN's time, and with as many epochs."""
HE = "7ad6acd03fa72ffa0f4c3a9dcdd5bc43a4467d8c"
"""Runs of the compared code at this commit began with He's weights, and batch normalisation kept a decay of 0.9."""
Document = dict[str, Any]


def condensed(run: RunDirectory) -> Document:
    """A run's passport, configuration, energies of its epochs and scores."""
    epochs = [line["values"] for line in logged(run, "epoch") if line["stage"] == "adversarial"]
    taken = [name for name in (*LINES, "next_margin") if name in epochs[0]]
    kept = {name: [float(f"{values[name]:.6g}") for values in epochs] for name in taken}
    plain = to_plain(run.experiment())
    return {"passport": passport(run, plain), "experiment": plain, "epochs": kept} | scores(run)


def runs() -> dict[str, list[Document]]:
    """What is kept of every run, by row, in the order of their seeds."""
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")]
    documents.sort(key=lambda document: int(document["passport"]["seed"]))
    by_row = {name: [document for document in documents if row_of(document) == name] for name in ROWS}
    return {name: of_row for name, of_row in by_row.items() if of_row}


def row_of(document: Document) -> str:
    """The recipe, its first weights and the number of epochs where they are not the usual ones."""
    name, epochs = document["experiment"]["name"], length(document)
    weights = "-he" if name == "ebgan-mnist-code" and document["passport"]["commit"] == HE else ""
    return f"{name}{weights}{'' if epochs == EPOCHS else f'-{epochs}-epochs'}"


def length(document: Document) -> int:
    """How many epochs a run had."""
    return len(document["epochs"]["real_energy"])


def held(epochs: Mapping[str, list[float]]) -> tuple[int, int, int]:
    """In how many epochs each of the three conditions for a new margin held (Eq. 4)."""
    real, fake, margin = (epochs[name] for name in LINES)
    return (
        sum(before <= after for before, after in itertools.pairwise(fake)),
        sum(a < b for a, b in zip(real, margin, strict=True)),
        sum(a < b for a, b in zip(real, fake, strict=True)),
    )


def score_of(document: Document, metric: str) -> Any:
    """The value of one metric."""
    (found,) = (score["value"] for score in document["scores"] if score["metric"] == metric)
    return found


def claims_table(found: Mapping[str, Sequence[Document]]) -> str:
    """The paper's claims beside the runs of MAGAN, and those that it is compared with."""
    documents = found["magan-mnist"]
    first = f"{spread(inception_scores(documents))} | not comparable: its classifier gives real digits 9.09, ours 9.73"
    lines = [
        f"inception score 7.52 ± 0.03 | {first}",
        *_of_methods(found),
        *_of_energies(found),
        *_of_classes(documents),
    ]
    return table(f"the paper, 200 epochs | ours, 20 epochs, {len(documents)} seeds | verdict", lines)


def inception_scores(documents: Sequence[Document]) -> list[float]:
    """Of each run."""
    return [score_of(run, "inception-score") for run in documents]


def _of_methods(found: Mapping[str, Sequence[Document]]) -> list[str]:
    """MAGAN against fixed margins, one run of each, and against the compared code."""
    magan = inception_scores(found["magan-mnist"])
    fixed = {ROWS[name]: value for name in FIXED for value in inception_scores(found[name])}
    behind = sum(value < min(magan) for value in fixed.values())
    shown = ", ".join(f"{name}: {value:.2f}" for name, value in fixed.items())
    told_of_fixed = f"undecided: one run each, {behind} of {len(fixed)} below every run of MAGAN"
    lines = [f"better than fixed margins | {shown} | {told_of_fixed}"]
    for name, title in ((CODE_IN_TIME, "in equal time, 3 epochs"), (CODE, "in equal epochs")):
        apart = magan_minus(found, name)
        verdict = "undecided" if apart.low <= 0 <= apart.high else "holds" if apart.low > 0 else "the other way round"
        scored = f"{spread(inception_scores(found[name]))} {title}; MAGAN minus it {apart}"
        lines.append(f"better than the compared code, 7.14 ± 0.04 | {scored} | {verdict}")
    return lines


def _of_energies(found: Mapping[str, Sequence[Document]]) -> list[str]:
    """Whether both energies fell, and where the margins are."""
    runs = [run["epochs"] for run in found["magan-mnist"]]
    fell = [_both_fell(run) for run in runs]
    fixed, code = ([_both_fell(run["epochs"]) for name in names for run in found[name]] for names in (FIXED, [CODE]))
    real, fake = ([f"{statistics.fmean(run[name][at] for run in runs):.2f}" for at in (0, -1)] for name in ENERGIES_OF)
    margins = ", ".join(f"{run['next_margin'][-1]:.2f}" for run in runs)
    moved = sum(run["next_margin"][-1] < run["margin"][0] for run in runs)
    return [
        f"both energies fall together | real {real[0]} to {real[1]}, generated {fake[0]} to {fake[1]} | "
        f"{told(fell)}; with fixed margins: {told(fixed)}; with the compared code: {told(code)}",
        f"the margin ends at 1.08 | {margins} | cannot be judged: it has moved in {moved} of {len(runs)} runs",
    ]


def _both_fell(epochs: Mapping[str, list[float]]) -> bool:
    """Whether the energies of real and of generated images are lower in the last epoch than in the first."""
    return all(epochs[name][-1] < epochs[name][0] for name in ENERGIES_OF)


def _of_classes(documents: Sequence[Document]) -> list[str]:
    """Which classes are generated, and how often."""
    of_runs = [score_of(run, "class-histogram") for run in documents]
    shares = [statistics.fmean(each) for each in zip(*of_runs, strict=True)]
    covered = [round(score_of(run, "modes-covered")) for run in documents]
    near = [sum(0.08 <= share <= 0.12 for share in each) for each in of_runs]
    most, least = (choice(range(10), key=shares.__getitem__) for choice in (max, min))
    ones, twos = [each[1] == max(each) for each in of_runs], [each[2] == min(each) for each in of_runs]
    return [
        f"all ten classes are generated | {listed(covered)} | {told([count == 10 for count in covered])}",
        f"ones are the most frequent class, 16.5 % | class {most}, {shares[most]:.1%} | {told(ones)}",
        f"twos are the rarest class, 4.2 % | class {least}, {shares[least]:.1%} | {told(twos)}",
        f"5 of 10 classes are near 10 % | {listed(near)} of 10 from 8 to 12 % | {told([count == 5 for count in near])}",
    ]


def told(held_in: Sequence[bool]) -> str:
    """In how many runs a claim holds."""
    if all(held_in):
        return "holds"
    return f"holds in {sum(held_in)} of {len(held_in)} runs" if any(held_in) else "does not hold"


def methods_table(found: Mapping[str, Sequence[Document]]) -> str:
    """Scores and energies of every method."""
    lines = []
    for name, documents in found.items():
        cells = [
            rounded([score_of(run, metric) for run in documents]) for metric in ("inception-score", "classifier-fid")
        ]
        cells += [rounded([run["epochs"][line][-1] for run in documents]) for line in ENERGIES_OF]
        seeds = ", ".join(str(run["passport"]["seed"]) for run in documents)
        (epochs,) = {str(length(run)) for run in documents}
        precision = "; ".join(dict.fromkeys(run["passport"]["precision"] for run in documents))
        lines.append(" | ".join([ROWS[name], seeds, epochs, precision, *cells]))
    heads = "method | seeds | epochs | precision | inception score | classifier FID | real energy | generated energy"
    return table(heads, lines)


def draw_energies(found: Mapping[str, Sequence[Document]]) -> None:
    """The paper's Figure 3: a panel for each method, thin lines for seeds."""
    figure, panels = plt.subplots(1, len(found), figsize=(2.5 * len(found), 2.9), dpi=110, squeeze=False)
    for axes, (recipe, documents) in zip(panels[0], found.items(), strict=True):
        for name, (colour, label) in LINES.items():
            for number, run in enumerate(run["epochs"] for run in documents):
                margin = [run["margin"][0]] if name not in run else run[name]
                style = "--" if name == "margin" else "-"
                axes.plot(
                    range(1, len(margin) + 1), margin, style, color=colour, linewidth=1, label=None if number else label
                )
        axes.set_title(ROWS[recipe], fontsize=9)
        axes.set_xlabel("epoch", fontsize=8)
        axes.set_ylim(bottom=0)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0][0].set_ylabel("mean energy of the epoch", fontsize=8)
    panels[0][0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(ENERGIES)


def draw_classes(found: Mapping[str, Sequence[Document]]) -> None:
    """The paper's Figure 1: the share of each class among the samples, beside margin 10 and the two that it names."""
    shown = [(run, "#1b6ca8", f"MAGAN, seed {run['passport']['seed']}") for run in found["magan-mnist"]]
    shown += [(run, "#999999", "margin 10") for run in found["ebgan-mnist"]]
    figure, axes = plt.subplots(figsize=(7.6, 2.8), dpi=110)
    width = 0.8 / len(shown)
    for number, (run, colour, label) in enumerate(shown):
        places = [each + (number - (len(shown) - 1) / 2) * width for each in range(10)]
        shares = [100 * share for share in score_of(run, "class-histogram")]
        axes.bar(places, shares, width, color=colour, edgecolor="white", linewidth=0.5, label=label)
    published = list(PUBLISHED_SHARES), list(PUBLISHED_SHARES.values())
    axes.plot(*published, "_", color="#c8511b", markersize=22, markeredgewidth=2, label="the paper")
    axes.axhline(10, color="#999999", linewidth=0.8)
    axes.set(xlabel="class", ylabel="% of the samples", xticks=range(10))
    save(figure, axes, CLASSES, beside=True)


def draw_samples(found: Mapping[str, Sequence[Document]]) -> None:
    """Forty samples of each method's first seed, side by side: a corner of its last grid."""
    figure, panels = plt.subplots(1, len(found), figsize=(3.0 * len(found), 5.1), dpi=100, squeeze=False)
    for axes, (recipe, documents) in zip(panels[0], found.items(), strict=True):
        with Image.open(_picture(documents[0])) as picture:
            axes.imshow(picture.crop((0, 0, 5 * PITCH, 8 * PITCH)), cmap="gray", interpolation="nearest")
        axes.set_title(ROWS[recipe], fontsize=11)
        axes.axis("off")
    figure.tight_layout(pad=0.5)
    figure.savefig(METHODS)
    with Image.open(_picture(found["magan-mnist"][0])) as picture:
        enlarged(picture.convert("RGB"), ENLARGED).save(SAMPLES, optimize=True)
    with Image.open(_picture(timed(found["magan-mnist"]))) as picture:
        enlarged(picture.convert("RGB").crop((0, 0, 8 * PITCH, 5 * PITCH)), ENLARGED).save(FORTY, optimize=True)


def timed(documents: Sequence[Document]) -> Document:
    """The first run whose passport says how long it took: the first pages show its samples and its time."""
    return next(run for run in documents if "seconds" in run["passport"])


def _picture(document: Document) -> Path:
    return FOLDER / f"{row_of(document)}-{document['passport']['seed']}.png"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("runs", type=Path, nargs="*", metavar="RUN")
    for path in words.parse_args().runs:
        run = open_run(path)
        document = condensed(run)
        picture = _picture(document)
        write_text_atomically(picture.with_suffix(".json"), json.dumps(document, indent=1) + "\n")
        corner(run, SIDE, SIDE).convert("L").save(picture, optimize=True)
    found = runs()
    write_text_atomically(PAGE, filled(PAGE, tables(found)))
    drawn = {name: found[name] for name in DRAWN}
    draw_energies(drawn)
    draw_classes(drawn)
    draw_samples(drawn)


def tables(found: Mapping[str, Sequence[Document]]) -> dict[str, str]:
    """By the marks of the page."""
    return {
        "mnist-claims": claims_table(found),
        "mnist-methods": methods_table(found),
        "mnist-in-time": str(magan_minus(found, CODE_IN_TIME)),
        "mnist-in-epochs": str(magan_minus(found, CODE)),
    }


@dataclass(frozen=True)
class Apart:
    """A difference of means with its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} ({self.low:.2f} to {self.high:.2f})"


def magan_minus(found: Mapping[str, Sequence[Document]], row: str) -> Apart:
    """The difference of inception scores, by Welch's test: equal seeds share no random numbers in these networks."""
    magan, other = (inception_scores(found[name]) for name in ("magan-mnist", row))
    low, high = ttest_ind(magan, other, equal_var=False).confidence_interval()
    return Apart(statistics.fmean(magan) - statistics.fmean(other), float(low), float(high))


if __name__ == "__main__":
    main()
