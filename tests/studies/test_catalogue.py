"""Every study names recipes, metrics and figures that exist, and can be planned at every budget."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from equipoise.common.errors import UnknownName
from equipoise.studies.catalogue import STUDIES, study
from equipoise.studies.plan import experiment_of, plan, some_variants
from equipoise.studies.study import Measure, Order, Row, Study, Variant
from equipoise.testing.studies import STUDY_CONTRACTS, check_study

pytestmark = pytest.mark.lengthy

MMD_BLOCKS = ("CIFAR-10", "STL-10", "CelebA", "LSUN bedrooms")


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("contract", STUDY_CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_study_keeps_the_contract(contract: Callable[[Study], None], name: str) -> None:
    found = study(name)
    assert found.name == name
    contract(found)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": (Row("one", "no-such-recipe"),), "orders": (), "sentences": ()}, "unknown recipes"),
        ({"measures": (Measure("fid-of-nothing", "FID"),)}, "unknown metrics"),
        ({"rows": 2 * (Row("one", "gan-digits"),), "orders": (), "sentences": ()}, "two rows of one label"),
        ({"orders": (Order("diverged", "nobody", "none"),)}, "which are no rows"),
        (
            {"rows": (Row("one", "gan-digits"), Row("two", "gan-digits")), "orders": (), "sentences": ()},
            "is the same experiment as",
        ),
    ],
)
def test_a_study_that_breaks_the_contract_is_noticed(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_study(replace(study("magan-digits"), **changes))


def test_the_grids_are_as_large_as_published() -> None:
    assert [len(row.variants) for row in study("mode-figure-3").rows] == [2592, 2592]
    assert {len(row.variants) for row in study("mmd-figure-3").rows} == {16}
    assert len(study("mmd-figure-3").rows) == 12
    assert {len(row.variants) for row in study("mmd-figure-s2").rows} == {16}
    assert Counter(row.block for row in study("mmd-figure-s2").rows) == dict.fromkeys(MMD_BLOCKS, 4 * 6)
    assert len(study("lga-table-1").rows) == 24
    assert len(study("mmd-table-1").rows) == 28


def test_a_cell_of_the_grid_becomes_the_experiment() -> None:
    row = study("mode-figure-3").rows[1]
    variant = next(v for v in row.variants if v.label == "G 4x1600 SGD, D 2x256 Adam, dropout, lr 0.01")
    experiment = experiment_of(study("mode-figure-3"), row, variant, 0, "paper")
    generator, encoder = experiment.players["generator"], experiment.players["encoder"]
    assert list(generator.network.options["hidden"]) == list(encoder.network.options["hidden"]) == [1600] * 3
    assert type(generator.optimiser).__name__ == type(encoder.optimiser).__name__ == "SGD"
    judge = experiment.players["discriminator"]
    assert list(judge.network.options["hidden"]) == [256]
    assert judge.network.options["dropout"] == 0.5
    assert type(judge.optimiser).__name__ == "Adam"
    assert judge.optimiser.lr == generator.optimiser.lr == 0.01


def test_one_network_is_trained_under_five_weights() -> None:
    _, *rows = study("mode-figure-4").rows
    experiments = [experiment_of(study("mode-figure-4"), row, row.variants[0], 0, "paper") for row in rows]
    weights = [(each.algorithm.geometric_weight, each.algorithm.mode_weight) for each in experiments]
    assert weights == [(weight, weight) for weight in (0.01, 0.1, 0.2, 0.5, 1.0)]
    assert all(each.players == experiments[0].players for each in experiments)


def test_what_the_mode_paper_says_is_judged_set_by_set_and_noise_by_noise() -> None:
    said = study("mode-table-2").sentences
    assert {(each.metric, each.block) for each in said} == {
        (metric, f"set {number}") for metric in ("modes-missing", "modes-kl") for number in (1, 2, 3, 4)
    }
    for name in ("mode-table-2", "mode-table-3"):
        rows = {(row.label, row.block): row for row in study(name).rows}
        for each in study(name).sentences:
            better, worse = rows[each.row, each.block].published, rows[each.bound, each.block].published
            assert better[each.metric].value < worse[each.metric].value, "the paper's own figures say so"


def test_who_misses_fewest_faces_is_compared_with_the_next_best() -> None:
    found = study("mode-table-3")
    for metric in ("missing-modes-3.5", "missing-modes-4"):
        _, second, *_ = sorted(found.rows, key=lambda row: row.published[metric].value or 0)
        rivals = {each.bound for each in found.sentences if (each.metric, each.row) == (metric, "MDGAN, 200")}
        assert second.label in rivals


def test_no_claim_is_made_of_what_the_paper_did_not_train() -> None:
    claimed = {order.better for order in study("mode-ring").orders}
    assert claimed == {"Reg-GAN", "Reg-GAN, published settings"}
    assert {row.recipe for row in study("mode-table-3").rows}.isdisjoint({"mdgan-celeba-100"})


def test_a_part_of_a_grid_is_the_same_for_every_row_and_holds_the_first_cell() -> None:
    variants = tuple(Variant(str(index)) for index in range(50))
    part = some_variants(variants, 7)
    assert len(part) == 7
    assert part[0] is variants[0]
    others = some_variants(tuple(Variant(str(index), ("a=1",)) for index in range(50)), 7)
    assert [one.label for one in part] == [one.label for one in others]
    assert some_variants(variants, None) is variants


def test_the_margin_has_epochs_to_adapt_in_at_the_budget_of_a_cpu() -> None:
    planned = plan(study("magan-mnist"), "cpu", None, with_inception=False)
    lengths = {each.row.recipe: each.experiment.algorithm.epochs for each in planned}
    assert lengths == {
        "magan-mnist": 12,
        "ebgan-mnist-code": 2,
        "ebgan-mnist": 12,
        "ebgan-mnist-5": 12,
        "ebgan-mnist-1.08": 12,
    }


def test_the_sentences_of_magan_on_mnist_are_encoded() -> None:
    """Its prose numbers, and what its Figure 3 shows of each margin."""
    figure_1, figure_3 = study("magan-figure-1"), study("magan-figure-3")
    numbers = {
        each.metric: each.bound for each in (*figure_1.sentences, *figure_3.sentences) if each.relation == "about"
    }
    assert numbers == {
        "share-of-ones": 0.165, "share-of-twos": 0.042, "even-classes": 5, "final-margin": 1.08
    }  # fmt: skip
    for row in figure_3.rows:
        says = {each.metric: each.relation for each in figure_3.sentences if each.row == row.label}
        adapted = row.label == "MAGAN"
        assert says["real-energy-change"] == "below"
        assert says["fake-energy-change"] == ("below" if adapted else "above")
        assert adapted or says["fake-energy-above-margin"] == "above"


def test_an_unknown_study_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'mode-table-2'"):
        study("modes-table-2")


def test_listing_studies_needs_no_torch() -> None:
    code = (
        "import sys; from equipoise.studies.catalogue import STUDIES, study; "
        "[study(name) for name in STUDIES]; sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
