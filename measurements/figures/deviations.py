"""Writes the tables of docs/deviations.md: what the papers say, and what was measured, each from its data file.

python -m measurements.figures.deviations
"""

import json
import math
import re
import statistics
from collections.abc import Callable
from typing import Any

from equipoise.data.compositional_mnist import CompositionalMnist
from measurements import DOCS_FOLDER, RESULTS_FOLDER

PAGE = DOCS_FOLDER / "deviations.md"
RESULTS = RESULTS_FOLDER
HEAD = "| the paper | measured | data |\n| --- | --- | --- |"
Row = tuple[str, str, str]


def main() -> None:
    """Put each table in the place of the one that stands under its title."""
    page = PAGE.read_text(encoding="utf-8")
    for title, table in TABLES.items():
        pattern = rf"(### {re.escape(title)}\n\n)(\|[^\n]*\n)+"
        page = re.sub(pattern, lambda found, table=table: f"{found[1]}{table()}\n", page)  # type: ignore[misc]
    PAGE.write_text(page, encoding="utf-8")


def read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((RESULTS / name).read_text(encoding="utf-8"))
    return data


def magan() -> str:
    return markdown([digits_after_200_epochs(), digits_after_150_epochs(), lemma_3_2(), proposition_2()])


def digits_after_200_epochs() -> Row:
    file = "studies/magan-digits/results.json"
    found = {
        row["label"]: [run["scores"]["inception-score"]["value"] for run in row["runs"]] for row in read(file)["rows"]
    }
    shown = {
        label: f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}" for label, values in found.items()
    }
    ours, fixed = shown["MAGAN"], shown["EBGAN, margin 1"]
    high = shown["EBGAN, margin 10"]
    return (
        "an adapted margin beats fixed ones (section 4.1, Figure 3)",
        f"on 8x8 digits, 200 epochs, five seeds: MAGAN {ours}, margin 10 {high}, but margin 1 {fixed}: no difference "
        "from the best fixed margin",
        file,
    )


def digits_after_150_epochs() -> Row:
    file = "digits/magan-against-ebgan.json"
    groups = read(file)["groups"]
    ours, fixed = (
        f"{groups[name]['mean']:.2f} ± {groups[name]['deviation']:.2f}" for name in ("MAGAN", "EBGAN, margin 1")
    )
    return ("the same", f"150 epochs, three seeds: MAGAN {ours}, margin 1 {fixed}, slightly *better*", file)


def lemma_3_2() -> Row:
    file = "simulations/discrete-magan.json"
    row = {each["step_size"]: each for each in read(file)["lemma_3_2"]}[0.5]
    raised, pairs = row["raised_with_s1_changed"], row["pairs_with_s1_changed"]
    return (
        "Lemma 3.2 (an equality) and Eq. 11: a generator step lowers the energy under the next optimal discriminator",
        f"false where the step moves mass across p = q: with steps of 0.5 the energy rose in {raised} of {pairs} pairs",
        file,
    )


def proposition_2() -> Row:
    file = "simulations/discrete-magan.json"
    rows = {each["epoch_steps"]: each for each in read(file)["epoch_lengths"]}
    return (
        "Proposition 2: generated and real distribution become equal",
        f"only if energies are averaged over enough steps: the median distance is {rows[50]['final_median']:.1g} with "
        f"margins updated every 50 steps and {rows[1]['final_median']:.2f} with updates at every step, where the "
        f"margin reached 0 in {rows[1]['runs_stopped_by_zero_margin']} runs of {read(file)['parameters']['runs']}",
        file,
    )


def mmd() -> str:
    return markdown([attractive_equilibrium(), slower_generator(), convolution_norms(), folder_runs()])


def attractive_equilibrium() -> Row:
    file = "simulations/two-parameter-mmd.json"
    found = {row["repulsion"]: row["w1_w2"] for row in read(file)["equilibria_normal"]}
    w1, w2 = found[-1.0]
    return (
        "appendix A.2: the attractive equilibrium is (1.55, 0.74), w1 as with the repulsive loss",
        f"({w1:.3f}, {w2:.3f}); the repulsive one is at w1 = {found[1.0][0]:.3f}",
        file,
    )


def slower_generator() -> Row:
    file = "simulations/two-parameter-mmd.json"
    rows = read(file)["trivial_shares"]
    shares = {row["rate_ratio"]: row["share"] for row in rows if (row["data"], row["loss"]) == ("uniform", "repulsive")}
    return (
        "a slower generator shrinks the region of the trivial solution",
        f"it grows: {shares[10.0]:.0%} of the starts end there with a generator ten times as fast as the "
        f"discriminator, {shares[1.0]:.0%} with equal rates, {shares[0.1]:.0%} with one ten times as slow",
        file,
    )


def convolution_norms() -> Row:
    file = "constraints/pico_against_pim.json"
    ratios = [layer["ratio"] for layer in read(file)["layers"]]
    return (
        "the norm of a convolution (PICO) is bounded by that of its reshaped kernel (PIM), printed the wrong way round",
        f"PICO over PIM is {min(ratios):.2f} to {max(ratios):.2f} on the discriminator's layers: never below 1",
        file,
    )


def folder_runs() -> Row:
    file = "cifar10-jpeg/hinge-folder.json"
    finite = all(read(f"cifar10-jpeg/{name}-folder.json")["all_finite"] for name in ("hinge", "mmd-rep-b"))
    assert finite
    return (
        "hinge and the repulsive loss both train (Table 1)",
        f"after {read(file)['iterations']} iterations with networks of an eighth of the width, on a CPU, hinge's "
        "samples are all alike, the repulsive loss's are not; too short and too narrow to contradict the paper",
        file,
    )


def modes() -> str:
    return markdown([*map(ring, RING_CLAIMS), ring_of_the_gan(), divergence(), stacked()])


RING_CLAIMS = {
    "reg-gan-ring": ("Reg-GAN finds all modes of the ring (Figure 9)", "our weights and rates"),
    "reg-gan-ring-paper": ("the same, with weights of 0.005 and a learning rate of 1e-4", "published weights and rate"),
    "mdgan-ring": ("MDGAN leaves the fewest images on missing modes (Table 3, faces)", "on the ring, untuned"),
}


def ring(name: str) -> Row:
    claim, setting = RING_CLAIMS[name]
    ours = covered(name)
    full = sum(count == 6 for count in ours)
    found = f"{setting}: {listed(ours)} of six modes, all six in {full} of {len(ours)} runs"
    return claim, found, f"ring/{name}.json"


def ring_of_the_gan() -> Row:
    equal, earlier = listed(covered("gan-ring")), listed(covered("earlier/gan-ring"))
    return (
        "a GAN does not",
        f"{equal} of six modes with the rates that suit Reg-GAN; {earlier} with a faster discriminator, on other seeds",
        "ring/earlier/gan-ring.json",
    )


def covered(name: str) -> list[int]:
    runs = read(f"ring/{name}.json")["runs"]
    return [run["snapshots"][-1]["covered"] for run in runs.values()]


def divergence() -> Row:
    largest = max(-math.log(min(CompositionalMnist(set=number).distribution())) for number in (1, 2, 3, 4))
    return (
        "Table 2: divergences of 58.9 to 77.9",
        f"cannot be nats: on our four sets no generator can have more than {largest:.1f}",
        "none: a property of the sets",
    )


def stacked() -> Row:
    runs = {name: read(f"stacked-mnist/{name}.json") for name in ("dcgan", "reg-dcgan")}
    scores = {name: {each["metric"]: each["value"] for each in run["scores"]} for name, run in runs.items()}
    gan, reg = ((found["modes-covered"], found["modes-kl"]) for found in scores.values())
    return (
        "an encoder finds more modes of composed digits (Table 2, other data)",
        f"on stacked MNIST after {runs['dcgan']['iterations']} iterations, one seed: {gan[0]:.0f} of 1,000 modes "
        f"without and {reg[0]:.0f} with an encoder (KL {gan[1]:.2f} and {reg[1]:.2f} nats)",
        "stacked-mnist/reg-dcgan.json",
    )


def listed(counts: list[int]) -> str:
    return " ".join(map(str, counts))


def markdown(rows: list[Row]) -> str:
    def source(file: str) -> str:
        return f"`results/{file}`" if file.endswith(".json") else file

    return "\n".join([HEAD, *(f"| {claim} | {found} | {source(file)} |" for claim, found, file in rows)])


TABLES: dict[str, Callable[[], str]] = {"MAGAN": magan, "MMD-GAN": mmd, "Reg-GAN and MDGAN": modes}

if __name__ == "__main__":
    main()
