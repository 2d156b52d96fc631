"""GAN: every loss, penalty and order against a step written out by hand in double precision."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from equipoise.algorithms.catalogue import PENALTIES
from equipoise.algorithms.dequantise import dequantised
from equipoise.algorithms.gan import GAN
from equipoise.algorithms.penalties import Penalty
from equipoise.common.registry import Entry

SHAPE = (1, 4, 4)
BATCH = 6
RealFake = tuple[Tensor, Tensor]


def plain_discriminator_losses(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    entropy = -(torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean())
    return {
        "non-saturating": entropy,
        "minimax": entropy,
        "hinge": (1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean(),
        "wasserstein": fake.mean() - real.mean(),
        "least-squares": 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean(),
    }


def plain_generator_losses(fake: Tensor) -> dict[str, Tensor]:
    return {
        "non-saturating": -torch.sigmoid(fake).log().mean(),
        "minimax": (1 - torch.sigmoid(fake)).log().mean(),
        "hinge": -fake.mean(),
        "wasserstein": -fake.mean(),
        "least-squares": 0.5 * ((fake - 1) ** 2).mean(),
    }


LOSSES = ("non-saturating", "minimax", "hinge", "wasserstein", "least-squares")


@pytest.fixture
def two(player: Callable[..., nn.Module]) -> dict[str, nn.Module]:
    return {
        "generator": player("mlp-generator", latent_size=3, image_shape=SHAPE, hidden=(7,)),
        "discriminator": player("mlp-discriminator", seed=1, image_shape=SHAPE, hidden=(9,), activation_name="tanh"),
    }


@pytest.mark.parametrize("loss", LOSSES)
def test_the_alternating_steps(loss: Any, two: Any, draw: Any, play: Any, same_gradients: Any, gradients: Any) -> None:
    dealt = draw(*SHAPE)
    found = play(GAN(loss=loss, iterations=1), "discriminator", two, dealt).losses["discriminator"]
    fake = two["generator"](dealt.latent())
    reference = plain_discriminator_losses(two["discriminator"](dealt.real), two["discriminator"](fake))[loss]
    same_gradients(found, reference, two["discriminator"])

    found = play(GAN(loss=loss, iterations=1), "generator", two, dealt).losses["generator"]
    fake_scores = two["discriminator"](two["generator"](dealt.latent()))
    same_gradients(found, plain_generator_losses(fake_scores)[loss], two["generator"])


def test_the_discriminator_step_gives_the_generator_nothing(two: Any, draw: Any, move: Any, gradients: Any) -> None:
    """Even unfrozen: the images carry no graph."""
    found = move(GAN(iterations=1), "discriminator").play(two, None, draw(*SHAPE)).losses["discriminator"]
    assert all(bool((gradient == 0).all()) for gradient in gradients(found, two["generator"]))


@pytest.mark.parametrize("loss", LOSSES)
def test_the_simultaneous_step(loss: Any, two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt = draw(*SHAPE)
    losses = play(GAN(loss=loss, update="simultaneous", iterations=1), "both", two, dealt).losses
    fake_scores = two["discriminator"](two["generator"](dealt.latent()))
    real_scores = two["discriminator"](dealt.real)
    same_gradients(
        losses["discriminator"], plain_discriminator_losses(real_scores, fake_scores)[loss], two["discriminator"]
    )
    same_gradients(losses["generator"], plain_generator_losses(fake_scores)[loss], two["generator"])


def plain_penalties(discriminator: nn.Module, real: Tensor, fake: Tensor, mixing: Tensor) -> dict[str, Tensor]:
    def gradient_of(points: Tensor) -> Tensor:
        points = points.detach().requires_grad_()
        (found,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
        return found.flatten(1)

    between = torch.stack([e * x + (1 - e) * y for e, x, y in zip(mixing, real, fake, strict=True)])
    norms = gradient_of(between).square().sum(1).sqrt()
    return {
        "wgan-gp": ((norms - 1) ** 2).mean(),
        "wgan-gp-one-sided": ((norms - 1).clamp(min=0) ** 2).mean(),
        "r1": gradient_of(real).square().sum(1).mean() / 2,
        "r2": gradient_of(fake).square().sum(1).mean() / 2,
    }


@pytest.mark.parametrize("penalty", ["wgan-gp", "wgan-gp-one-sided", "r1", "r2"])
@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_penalties(
    penalty: Any, update: Any, two: Any, draw: Any, play: Any, same_gradients: Any, gradients: Any
) -> None:
    dealt = draw(*SHAPE)
    for parameter in two["discriminator"].parameters():
        parameter.data *= 3  # so that some gradients are longer than one
    algorithm = GAN(loss="wasserstein", penalties=(Penalty(penalty, 7.0),), update=update, iterations=1)
    name = "both" if update == "simultaneous" else "discriminator"
    found = play(algorithm, name, two, dealt).losses["discriminator"]
    judge, fake = two["discriminator"], two["generator"](dealt.latent()).detach()
    expected = plain_penalties(judge, dealt.real, fake, dealt.uniform("interpolation"))[penalty]
    same_gradients(found, judge(fake).mean() - judge(dealt.real).mean() + 7 * expected, judge)


@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_two_penalties_are_their_weighted_sum(update: Any, two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    penalties = (Penalty("r1", 7.0), Penalty("r2", 3.0))
    algorithm = GAN(loss="wasserstein", penalties=penalties, update=update, iterations=1)
    found = play(algorithm, "both" if update == "simultaneous" else "discriminator", two, dealt)
    fake = two["generator"](dealt.latent()).detach()
    each = plain_penalties(judge, dealt.real, fake, dealt.uniform("interpolation"))
    expected = judge(fake).mean() - judge(dealt.real).mean() + 7 * each["r1"] + 3 * each["r2"]
    same_gradients(found.losses["discriminator"], expected, judge)
    for kind in ("r1", "r2"):
        torch.testing.assert_close(found.measures[f"penalty_{kind}"], each[kind])


@pytest.mark.parametrize("position", range(4))
def test_a_lazy_penalty_is_added_every_so_many_steps_and_so_many_times(
    position: int, two: Any, draw: Any, play: Any, same_gradients: Any
) -> None:
    dealt, judge = draw(*SHAPE, position=position), two["discriminator"]
    penalties = (Penalty("r1", 7.0, every=3), Penalty("r2", 3.0, every=2))
    found = play(GAN(loss="wasserstein", penalties=penalties, iterations=1), "discriminator", two, dealt)
    fake = two["generator"](dealt.latent()).detach()
    each = plain_penalties(judge, dealt.real, fake, dealt.uniform("interpolation"))
    times = {"r1": 3 if position in (0, 3) else 0, "r2": 2 if position in (0, 2) else 0}
    expected = (
        judge(fake).mean() - judge(dealt.real).mean() + 7 * times["r1"] * each["r1"] + 3 * times["r2"] * each["r2"]
    )
    same_gradients(found.losses["discriminator"], expected, judge)
    for kind in ("r1", "r2"):
        torch.testing.assert_close(found.measures[f"penalty_{kind}"], times[kind] * each[kind])


@pytest.mark.parametrize("shape", [(), (1,), (BATCH, 1)])
def test_a_penalty_returns_one_number_for_each_sample(
    shape: tuple[int, ...], two: Any, draw: Any, play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Entry("mine", "of another shape", lambda discriminator, fake, draw: torch.ones(shape))
    monkeypatch.setitem(PENALTIES._entries, "mine", mine)
    algorithm = GAN(penalties=(Penalty("mine", 1.0),), iterations=1)
    with pytest.raises(ValueError, match=r"the penalty mine must return \[batch\], got shape"):
        play(algorithm, "discriminator", two, draw(*SHAPE))


@pytest.mark.parametrize("kind", ["r1", "r2"])
def test_penalties_by_differences_are_near_the_exact_ones(kind: str, two: Any, draw: Any, play: Any) -> None:
    dealt = draw(*SHAPE)
    exact, found = (
        play(GAN(penalties=(Penalty(name, 1.0),), iterations=1), "discriminator", two, dealt).measures["penalty"]
        for name in (kind, f"{kind}-differences")
    )
    torch.testing.assert_close(found, exact, rtol=1e-3, atol=0)


@pytest.mark.parametrize(
    ("penalties", "told"),
    [
        ((Penalty("r1", 1.0), Penalty("r1", 2.0)), "each kind once, got r1, r1"),
        ([Penalty("r1", 1.0)], "must be a tuple"),
        (("r1",), "must be a tuple"),
        ("r1", "must be a tuple"),
    ],
)
def test_penalties_that_cannot_be_added_are_refused(penalties: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        GAN(iterations=1, penalties=penalties)


@pytest.mark.parametrize(
    ("kind", "weight", "told"),
    [
        ("r3", 1.0, "unknown penalty 'r3'"),
        ("r1", -1.0, "weight of r1"),
        ("r1", float("nan"), "weight of r1"),
    ],
)
def test_an_impossible_penalty_is_refused(kind: Any, weight: float, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Penalty(kind, weight)


@pytest.mark.parametrize("every", [0, -1])
def test_a_penalty_is_added_at_least_sometimes(every: int) -> None:
    with pytest.raises(ValueError, match=f"every of r1 must be at least 1, got {every}"):
        Penalty("r1", 1.0, every)


def relativistic_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    return (1 + (fake - real).exp()).log().mean()


def relativistic_generator_loss(real: Tensor, fake: Tensor) -> Tensor:
    return relativistic_discriminator_loss(fake, real)


@pytest.mark.parametrize("dequantisation", ["none", "unit"])
@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_a_relativistic_loss_sees_the_scores_of_both(
    update: Any, dequantisation: Any, two: Any, draw: Any, play: Any, same_gradients: Any
) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    algorithm = GAN(loss="relativistic", update=update, dequantisation=dequantisation, iterations=1)
    found = play(algorithm, "both" if update == "simultaneous" else "generator", two, dealt).losses["generator"]
    noisy = (dealt.real * 255 + dealt.uniform("dequantisation", *SHAPE)) / 256
    real = dealt.real if dequantisation == "none" else noisy
    expected = relativistic_generator_loss(judge(real), judge(two["generator"](dealt.latent())))
    same_gradients(found, expected, two["generator"])


def test_a_relativistic_loss_compares_as_many_real_as_fake_scores() -> None:
    with pytest.raises(ValueError, match="generator_batches must be 1"):
        GAN(loss="relativistic", generator_batches=2, iterations=1)
    GAN(
        loss="relativistic", amplifier="magnitude", generator_batches=2, iterations=1
    )  # whose generator loss is another


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_of_fakes_alone_spares_the_real_scores(loss: Any, two: Any, draw: Any, play: Any) -> None:
    seen = []
    two["discriminator"].register_forward_pre_hook(lambda module, images: seen.append(images[0]))
    dealt = draw(*SHAPE)
    play(GAN(loss=loss, iterations=1), "generator", two, dealt)
    assert [len(images) for images in seen] == [len(dealt.real)]
    assert not torch.equal(seen[0], dealt.real)


def wgan_gp_codes_images(levels: Tensor, noise: Tensor) -> Tensor:
    """Gulrajani et al. 2017, in the code for CIFAR-10: 2 (v / 256 - 1/2) + U(0, 1/128)."""
    return 2 * (levels / 256 - 0.5) + noise / 128


def test_dequantised_images_are_those_of_the_codes_of_wgan_gp_and_sngan() -> None:
    levels = torch.arange(256, dtype=torch.float64)
    noise = torch.rand(256, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = dequantised(levels / 127.5 - 1, noise, "symmetric")
    torch.testing.assert_close(found, wgan_gp_codes_images(levels, noise))
    torch.testing.assert_close(found, levels / 128 - 1 + noise / 128)  # the code of SNGAN
    torch.testing.assert_close(dequantised(levels / 255, noise, "unit"), (levels + noise) / 256)
    assert float(found.min()) >= -1
    assert float(found.max()) < 1
    assert torch.equal((dequantised(levels / 255, noise, "unit") * 256).floor(), levels)


@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_the_discriminator_and_its_penalty_see_dequantised_images(
    update: Any, two: Any, draw: Any, play: Any, same_gradients: Any
) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    algorithm = GAN(
        loss="wasserstein", penalties=(Penalty("r1", 10.0),), dequantisation="unit", update=update, iterations=1
    )
    found = play(algorithm, "both" if update == "simultaneous" else "discriminator", two, dealt).losses["discriminator"]
    real = (dealt.real * 255 + dealt.uniform("dequantisation", *SHAPE)) / 256
    fake = two["generator"](dealt.latent()).detach()
    expected = plain_penalties(judge, real, fake, dealt.uniform("interpolation"))["r1"]
    same_gradients(found, judge(fake).mean() - judge(real).mean() + 10 * expected, judge)


def test_the_generator_sees_as_many_batches_as_it_is_told(two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt = draw(*SHAPE)
    found = play(GAN(loss="hinge", generator_batches=2, iterations=1), "generator", two, dealt).losses["generator"]
    latents = torch.cat([dealt.latent(), dealt.latent("latent-2")])
    assert not torch.equal(latents[:6], latents[6:])
    same_gradients(found, -two["discriminator"](two["generator"](latents)).mean(), two["generator"])


def test_the_geometric_gans_decay_takes_the_last_weights_only(
    two: Any, draw: Any, play: Any, same_gradients: Any
) -> None:
    dealt = draw(*SHAPE)
    found = play(GAN(loss="hinge", head_decay=0.5, iterations=1), "discriminator", two, dealt).losses["discriminator"]
    judge = two["discriminator"]
    fake = two["generator"](dealt.latent()).detach()
    hinge = plain_discriminator_losses(judge(dealt.real), judge(fake))["hinge"]
    weight = next(layer.weight for layer in judge.head if isinstance(layer, nn.Linear))
    same_gradients(found, hinge + 0.25 * (weight**2).sum(), judge)


class Positions(nn.Module):
    """Scores of [batch, 1, 4, 4] images: the pixels themselves, so that d loss / d pixel is d loss / d score."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, images: Tensor) -> Tensor:
        return self.scale * images[:, 0]


class Still(nn.Module):
    """Generates the same images whatever the latent is."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.images = nn.Parameter(images)

    def forward(self, latent: Tensor) -> Tensor:
        return self.images


AMPLIFIERS: dict[str, Callable[[float], float]] = {
    "magnitude": lambda y: abs(min(y, 1)),
    "margin": lambda y: 1 + max(0, 1 - y),
    "zero": lambda y: max(0, -y),
    "literal": lambda y: min(y, 1),
    "zero-literal": lambda y: min(y, 0),
}


@pytest.mark.parametrize("amplifier", AMPLIFIERS)
def test_the_amplifier_scales_each_positions_gradient(amplifier: Any, draw: Any, play: Any, gradients: Any) -> None:
    scores = torch.linspace(-3, 3, 6 * 16, dtype=torch.float64).reshape(6, 1, 4, 4)
    players = {"generator": Still(scores), "discriminator": Positions()}
    loss = play(GAN(loss="hinge", amplifier=amplifier, iterations=1), "generator", players, draw(1, 4, 4))
    (found,) = gradients(loss.losses["generator"], players["generator"])
    expected = [-AMPLIFIERS[amplifier](y) / scores.numel() for y in scores.flatten().tolist()]
    assert found.flatten().tolist() == pytest.approx(expected, abs=1e-15)


def test_a_map_of_one_sure_score_is_the_hinge_generator(draw: Any, play: Any, gradients: Any) -> None:
    players = {"generator": Still(torch.full((6, 1, 1, 1), 2.0, dtype=torch.float64)), "discriminator": Positions()}
    amplified = play(GAN(loss="hinge", amplifier="magnitude", iterations=1), "generator", players, draw(1, 1, 1))
    plain = play(GAN(loss="hinge", iterations=1), "generator", players, draw(1, 1, 1))
    one, other = (gradients(outcome.losses["generator"], players["generator"]) for outcome in (amplified, plain))
    assert torch.equal(one[0], other[0])


def test_who_moves_first_and_how_often() -> None:
    names = [move.name for move in GAN(iterations=1, first="generator").stages()[0].moves]
    assert names == ["generator", "discriminator"]
    moves = GAN(iterations=1, discriminator_steps=5).stages()[0].moves
    assert [(move.name, move.repeats, move.fresh) for move in moves] == [
        ("discriminator", 5, True),
        ("generator", 1, False),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("discriminator_steps", 0), ("generator_batches", 0), ("head_decay", float("nan"))],
)
def test_impossible_settings_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        GAN(iterations=1, **{field: value})


def test_a_simultaneous_update_has_one_step_and_one_batch() -> None:
    with pytest.raises(ValueError, match="exactly one discriminator step"):
        GAN(iterations=1, update="simultaneous", discriminator_steps=2)
    with pytest.raises(ValueError, match="generator_batches must be 1"):
        GAN(iterations=1, update="simultaneous", generator_batches=2)
