"""The tables of docs/simulations.md are those of the committed data files."""

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "simulations.md"


def results(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((ROOT / "results" / "simulations" / f"{name}.json").read_text(encoding="utf-8"))
    return data


def adaptive_margins() -> list[str]:
    """The two tables of the page on adaptive margins."""
    data = results("adaptive-margins")
    labels = {"fixed": "fixed", "energy": "follows the energy", "mean score": "follows the mean score"}
    hinge = [
        f"| {labels[row['rule']]} | {row['final_median']} | {row['final_largest']} "
        f"| {row['stopped_by_zero_margin']} of {data['parameters']['runs']} |"
        for row in data["hinge"]
    ]
    ends = [
        f"| {row['trivial_share']:.1%} | ({row['median_w1_w2'][0]}, {row['median_w1_w2'][1]}) | {row['median_mmd']} |"
        for row in data["bounds"]
    ]
    return [*hinge, *ends]


def test_the_page_on_adaptive_margins_shows_the_numbers_of_the_data_file() -> None:
    page = (ROOT / "docs" / "algorithms" / "adaptive-margins.md").read_text(encoding="utf-8")
    assert [line for line in adaptive_margins() if line not in page] == []


def equilibria() -> list[str]:
    rows = results("two-parameter-mmd")["equilibria_normal"]
    return [
        f"| {row['repulsion']:g} | {row['w1_w2'][0]:.3f} | {row['w1_w2'][1]:.3f} "
        f"| {row['eigenvalues'][0][0]:.3f} | {row['eigenvalues'][1][0]:.3f} |"
        for row in rows
    ]


def bandwidths() -> list[str]:
    rows = results("two-parameter-mmd")["bandwidths_normal_repulsive"]
    return [f"| {row['bandwidth']:g} | {row['w1_w2'][0]:.4f} | {row['w1_w2'][1]:.4f} |" for row in rows]


def line_of_equilibria() -> list[str]:
    rows = [row for row in results("two-parameter-mmd")["continuum_uniform"] if row["loss"] == "repulsive"]
    return [f"| {row['w2']:g} | {row['eigenvalues'][0][0]:.3f} | {row['eigenvalues'][1][0]:g} |" for row in rows]


def samples() -> list[str]:
    rows = results("two-parameter-mmd")["equilibria_of_samples"]
    return [
        f"| {row['loss']} | {row['mean'][0]:.2f} ± {row['deviation'][0]:.2f} "
        f"| {row['mean'][1]:.2f} ± {row['deviation'][1]:.2f} |"
        for row in rows
    ]


def trivial_shares() -> list[str]:
    rows = results("two-parameter-mmd")["trivial_shares"]
    return [f"| {row['data']} | {row['loss']} | {row['rate_ratio']:g} | {row['share']:.1%} |" for row in rows]


def step_sizes() -> list[str]:
    rows = results("discrete-magan")["step_sizes"]
    return [
        f"| {row['step_size']:g} | {'MAGAN' if row['adaptive'] else 'fixed'} | {row['final_median']:.2g} "
        f"| {row['final_largest']:.2g} | {row['median_margin_updates']:g} |"
        for row in rows
    ]


def epoch_lengths() -> list[str]:
    rows = results("discrete-magan")["epoch_lengths"]
    return [
        f"| {row['epoch_steps']} | {row['final_median']:.2g} | {row['final_largest']:.2g} "
        f"| {row['runs_stopped_by_zero_margin']} of {results('discrete-magan')['parameters']['runs']} |"
        for row in rows
    ]


def lemma_3_2() -> list[str]:
    rows = results("discrete-magan")["lemma_3_2"]
    return [
        f"| {row['step_size']:g} | {row['raised_with_s1_kept']} of {row['pairs_with_s1_kept']} "
        f"| {row['raised_with_s1_changed']} of {row['pairs_with_s1_changed']} |"
        for row in rows
    ]


def particles() -> list[str]:
    keys = ("real_spread", "fake_spread", "distance_of_centres")
    return [
        f"| {row['loss']} | {row['real_spread_before']:.2f} | "
        + " | ".join(f"{row[f'{key}_after_discriminator']:.2f}" for key in keys)
        + " | "
        + " | ".join(f"{row[f'{key}_after_generator']:.2f}" for key in keys[1:])
        + " |"
        for row in results("score-particles")["losses"]
    ]


TABLES = [
    equilibria,
    bandwidths,
    line_of_equilibria,
    samples,
    trivial_shares,
    step_sizes,
    epoch_lengths,
    lemma_3_2,
    particles,
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_a_table_is_that_of_its_data_file(table: Any) -> None:
    rows = table()
    assert len(rows) >= 2
    assert "\n".join(rows) in DOCUMENT.read_text(encoding="utf-8")


def test_the_sentence_on_five_atoms_is_that_of_the_data_file() -> None:
    adaptive, fixed = (row["final_median"] for row in results("discrete-magan")["five_atoms_updated_every_step"])
    sentence = f"the median distance is {adaptive:.2f} where a fixed margin reaches {fixed:.3f}."
    assert sentence in DOCUMENT.read_text(encoding="utf-8")


def test_every_figure_of_the_document_exists() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in ("two-parameter-mmd", "discrete-magan", "score-particles", "ring-over-time"):
        assert f"(figures/simulations-{name}.png)" in text
        assert (ROOT / "docs" / "figures" / f"simulations-{name}.png").is_file()
