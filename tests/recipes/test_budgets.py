"""The rule that makes an experiment smaller, and the published settings that the paper's size must keep."""

from dataclasses import replace
from typing import Any

import pytest

from equipoise.algorithms.ebgan import EBGAN
from equipoise.data.celeba import CelebA
from equipoise.data.noise import Noise
from equipoise.experiments.experiment import network
from equipoise.recipes.budgets import CPU_WIDTHS, SMOKE_WIDTHS, smaller
from equipoise.recipes.catalogue import recipe
from equipoise.studies.catalogue import study
from equipoise.studies.plan import plan
from equipoise.training.draw import Latent
from equipoise.training.optimisers import Adamax
from equipoise.training.schedules import Constant, Halving, LinearDecay


def algorithm_of(name: str, budget: str = "paper") -> Any:
    return recipe(name, budget).algorithm


def test_widths_at_their_default_are_reduced_too() -> None:
    assert network("mmd-generator").narrowed(**CPU_WIDTHS).options == {"width": 16}
    assert network("mmd-generator", width=256).narrowed(**CPU_WIDTHS).options == {"width": 64}
    assert network("magan-generator").narrowed(**SMOKE_WIDTHS).options == {"widths": (16, 8, 4, 2)}


def test_narrow_networks_and_dense_layers_stay_as_they_are_on_a_cpu() -> None:
    assert network("stacked-mnist-generator").narrowed(**CPU_WIDTHS).options == {"width": 8}
    assert network("mlp-discriminator", hidden=(512, 512)).narrowed(**CPU_WIDTHS).options == {"hidden": (512, 512)}


def test_the_heaviest_networks_are_the_narrowest_on_a_cpu() -> None:
    def widths(name: str, player: str) -> Any:
        options = recipe(name, "cpu").players[player].network.options
        return options.get("width", options.get("widths"))

    assert widths("lga8-celeba", "discriminator") == 4
    assert widths("sngan-cifar10", "generator") == 16
    assert widths("began-mnist", "discriminator") == 8
    assert widths("magan-celeba", "discriminator") == (4, 8, 16, 32)
    assert widths("magan-mnist", "generator") == (32, 16)
    assert widths("mmd-rep-celeba", "discriminator") == 16


def test_a_cpu_reads_a_part_of_lsun() -> None:
    assert recipe("lga8-lsun", "cpu").data.count == 20_000  # type: ignore[attr-defined]


def test_smaller_images_at_the_smoke_budget() -> None:
    assert smaller(network("mmd-generator", image_size=64)).options == {"image_size": 16}
    assert smaller(network("mlp-generator", image_shape=(1, 28, 28))).options == {"image_shape": (1, 28, 28)}
    assert recipe("lga8-lsun", "smoke").data == Noise((3, 16, 16), 8)


def test_a_schedule_keeps_its_course_over_a_shorter_run() -> None:
    whole, short = recipe("sngan-cifar10"), recipe("sngan-cifar10", "cpu")
    assert whole.players["generator"].optimiser.schedule == LinearDecay(end=50_000)
    assert short.algorithm.iterations == 400
    assert short.players["generator"].optimiser.schedule == LinearDecay(end=400)
    began = recipe("began-celeba", "cpu").players["generator"].optimiser.schedule
    assert began == Halving(every=280, least=0.25)
    assert recipe("sngan-stl10", "cpu").players["generator"].optimiser.schedule == LinearDecay(end=2_000)
    assert recipe("magan-mnist", "cpu").players["generator"].optimiser.schedule == Constant()


def test_the_cpu_budget_counts_discriminator_steps() -> None:
    assert algorithm_of("wgan-gp-cifar10", "cpu").iterations == 400
    assert algorithm_of("mmd-rep-cifar10", "cpu").iterations == 900
    assert algorithm_of("ebgan-cifar10", "cpu").iterations == 2000
    assert algorithm_of("wgan-gp-celeba", "cpu").iterations == 100
    assert recipe("magan-celeba", "cpu").data == CelebA(split="valid", crop="magan")


@pytest.mark.parametrize("name", ["magan-digits", "gan-ring", "reg-gan-ring"])
def test_what_is_small_already_is_the_same_on_a_cpu(name: str) -> None:
    assert replace(recipe(name, "cpu"), name=name) == recipe(name)


def test_published_settings_of_mmd_gan() -> None:
    table1 = recipe("mmd-rep-cifar10")
    constraint: Any = table1.players["discriminator"].constraint
    assert constraint.method == "convolution"
    assert constraint.scale**8 == pytest.approx(119.4, abs=0.05)
    for gain in (16, 32, 64, 128, 256):
        limit: Any = recipe(f"mmd-rep-cifar10-pico-{gain}").players["discriminator"].constraint
        assert limit.scale == pytest.approx({16: 1.4142, 32: 1.5422, 64: 1.6818, 128: 1.8340, 256: 2.0}[gain], abs=5e-5)
    limit = recipe("mmd-rep-celeba-pico-64").players["discriminator"].constraint
    assert limit.scale == pytest.approx(1.5157, abs=5e-5)
    weights = [algorithm_of(name).repulsion for name in ("mmd-rbf-cifar10", "mmd-rep-cifar10", "mmd-rep-b-cifar10")]
    assert weights == [-1.0, 1.0, 1.0]
    assert algorithm_of("mmd-rep-b-cifar10").bounds == (0.25, 4.0)
    assert algorithm_of("hinge-cifar10").update == "simultaneous"
    assert table1.players["discriminator"].network.options["output_size"] == 16
    assert recipe("hinge-cifar10").players["discriminator"].network.options["output_size"] is None


def test_published_settings_of_began() -> None:
    """Those of its code since 2017-04-30."""
    for name in ("began-mnist", "began-cifar10", "began-celeba"):
        for player in recipe(name).players.values():
            optimiser: Any = player.optimiser
            rates = [
                optimiser.lr * optimiser.schedule.factor(at) for at in (0, 99_999, 100_000, 200_000, 300_000, 499_999)
            ]
            assert rates == pytest.approx([8e-5, 8e-5, 4e-5, 2e-5, 2e-5, 2e-5])
            assert optimiser.betas == (0.9, 0.999)
    assert recipe("began-celeba").data == CelebA(split="train", crop="began", resampling="nearest")


def test_published_settings_of_the_ebgan_that_magan_is_scored_against() -> None:
    experiment = recipe("ebgan-mnist-code")
    assert experiment.algorithm == EBGAN(
        margin=1.0, energy="mean_squared", pulling_away_weight=0.1, pulling_away_of="images", epochs=30
    )
    assert (experiment.batch_size, experiment.latent) == (32, Latent(50, "unit"))
    for player in experiment.players.values():
        assert player.optimiser == Adamax(lr=1e-3, betas=(0.0, 0.99))


LGA_METHODS = ("wgan-gp", "hinge-gp", "lga4", "zero-lga4", "lga8")


@pytest.mark.parametrize("method", LGA_METHODS)
def test_the_rate_falls_where_the_base_networks_code_lets_it(method: str) -> None:
    schedules = {
        data: {player.optimiser.schedule for player in recipe(f"{method}-{data}").players.values()}
        for data in ("cifar10", "stl10", "celeba", "lsun")
    }
    falling, constant = {LinearDecay(end=100_000)}, {Constant()}
    assert schedules == {"cifar10": falling, "stl10": falling, "celeba": constant, "lsun": constant}


@pytest.mark.parametrize("name", ["lga-table-1", "lga-table-2", "lga-figure-2"])
def test_stl10_is_compared_with_5000_real_images_in_the_lga_paper(name: str) -> None:
    planned = plan(study(name), "paper", 1, with_inception=True)
    counts = {(each.experiment.data.name == "stl10", each.experiment.watch.real, each.samples) for each in planned}
    assert counts <= {(True, 5_000, 10_000), (False, None, 10_000)}
    assert any(on_stl for on_stl, _, _ in counts)


@pytest.mark.parametrize(
    ("name", "iterations"),
    [("sngan{}-cifar10", 50_000), ("sngan{}-stl10", 10_000), ("sngan{}-stl10-whole", 50_000)],
)
@pytest.mark.parametrize("lga", ["", "-lga4"])
def test_sngan_stops_on_stl10_long_before_its_rate_is_zero(name: str, lga: str, iterations: int) -> None:
    experiment = recipe(name.format(lga))
    algorithm: Any = experiment.algorithm
    assert algorithm.iterations == iterations
    assert algorithm.dequantisation == experiment.value_range == "symmetric"
    for player in experiment.players.values():
        assert player.optimiser.schedule == LinearDecay(end=50_000)


def test_published_settings_of_lga() -> None:
    weights = {
        name: algorithm_of(f"{name}-cifar10").penalties[0].weight for name in ("wgan-gp", "hinge-gp", "lga4", "lga8")
    }
    assert weights == {"wgan-gp": 10.0, "hinge-gp": 1.0, "lga4": 1.0, "lga8": 1.0}
    noise = [algorithm_of(f"lga8-{data}").dequantisation for data in ("cifar10", "stl10", "celeba", "lsun")]
    assert noise == ["symmetric", "symmetric", "none", "none"]
    amplifiers = [algorithm_of(f"{name}-stl10").amplifier for name in ("hinge-gp", "lga4", "zero-lga4", "lga8")]
    assert amplifiers == ["none", "magnitude", "zero", "magnitude"]
    assert [algorithm_of(f"lga8-{data}").epochs for data in ("cifar10", "stl10", "celeba", "lsun")] == [100, 100, 50, 2]
    adam: Any = recipe("lga8-lsun").players["discriminator"].optimiser
    assert adam.betas == (0.0, 0.9)
    sngan = algorithm_of("sngan-lga4-stl10")
    assert (sngan.discriminator_steps, sngan.first, sngan.generator_batches, sngan.iterations) == (
        5,
        "generator",
        2,
        10_000,
    )
    assert algorithm_of("geogan-celeba").head_decay == pytest.approx(1 / 64)


def test_the_grid_search_reaches_every_cell() -> None:
    from equipoise.recipes.mode_regularised import mnist_grid

    cell = mnist_grid("reg-gan", 2, 4, 1600, 256, dropout=True, generator_optimiser="sgd", lr=1e-2)
    assert cell.players["generator"].network.options["hidden"] == (1600,)
    judge = cell.players["discriminator"].network.options
    assert (judge["hidden"], judge["dropout"]) == ((256, 256, 256), 0.5)
    assert cell.players["generator"].optimiser.lr == cell.players["discriminator"].optimiser.lr == 1e-2
    weights: Any = cell.algorithm
    assert (weights.geometric_weight, weights.mode_weight) == (0.2, 0.4)


def test_encoders_end_where_the_prior_does() -> None:
    for name in ("reg-gan-ring", "reg-gan-mnist-grid", "reg-dcgan-celeba-100", "mdgan-celeba-200"):
        experiment = recipe(name)
        ends = {"unit": "sigmoid", "uniform": "tanh", "normal": "none"}
        options = experiment.players["encoder"].network.options
        assert options.get("output_activation", "sigmoid") == ends[experiment.latent.distribution], name
