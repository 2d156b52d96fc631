"""EBGAN, MAGAN and BEGAN against energies and steps written out by hand in double precision."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from equipoise.algorithms.began import BEGAN
from equipoise.algorithms.ebgan import EBGAN
from equipoise.algorithms.magan import MAGAN, MarginMemory

SHAPE = (1, 4, 4)


@pytest.fixture
def two(player: Callable[..., nn.Module]) -> dict[str, nn.Module]:
    return {
        "generator": player(
            "mlp-generator", latent_size=3, image_shape=SHAPE, hidden=(7,), output_activation="sigmoid"
        ),
        "discriminator": player(
            "dense-autoencoder", seed=1, image_shape=SHAPE, encoder_sizes=(8, 5), activation_name="tanh"
        ),
    }


def squares(judge: nn.Module, images: Tensor) -> Tensor:
    """Sum of squared errors of each image, one by one."""
    return torch.stack([((judge(image[None])[0] - image) ** 2).sum() for image in images])


@pytest.mark.parametrize("margin", [0.5, 2.5, 10.0])
def test_ebgan_takes_the_hinge_per_image(margin: float, two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    found = play(EBGAN(margin=margin, iterations=1), "discriminator", two, dealt).losses["discriminator"]
    fake = two["generator"](dealt.latent()).detach()
    hinge = sum((torch.clamp(margin - energy, min=0) for energy in squares(judge, fake)), torch.zeros(())) / len(fake)
    same_gradients(found, squares(judge, dealt.real).mean() + hinge, judge)


def test_ebgan_as_in_the_code_that_magan_is_scored_against(two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    """The mean over an image's pixels has one hinge, and the images themselves are pulled apart."""
    dealt, judge = draw(*SHAPE), two["discriminator"]
    pixels = dealt.real[0].numel()
    fake = two["generator"](dealt.latent()).detach()
    energies = squares(judge, fake).detach() / pixels
    margin = float(energies.mean())
    algorithm = EBGAN(
        margin=margin, energy="mean_squared", pulling_away_weight=0.1, pulling_away_of="images", iterations=1
    )
    assert bool((energies > margin).any())
    assert bool((energies < margin).any())
    hinges = [torch.clamp(margin - energy / pixels, min=0) for energy in squares(judge, fake)]
    reference = squares(judge, dealt.real).mean() / pixels + torch.stack(hinges).mean()
    same_gradients(play(algorithm, "discriminator", two, dealt).losses["discriminator"], reference, judge)

    found = play(algorithm, "generator", two, dealt)
    images = two["generator"](dealt.latent())
    rows = list(images.flatten(1))
    pairs = [(torch.dot(a, b) / torch.dot(a, a)) ** 2 for a in rows for b in rows if a is not b]
    closeness = torch.stack(pairs).mean()
    reference = squares(judge, images).mean() / pixels + 0.1 * closeness
    same_gradients(found.losses["generator"], reference, two["generator"])
    torch.testing.assert_close(found.measures["pulling_away"], closeness)


def test_ebgan_pulls_codes_apart(two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    found = play(EBGAN(margin=1.0, pulling_away_weight=0.1, iterations=1), "generator", two, dealt)
    images = two["generator"](dealt.latent())
    codes = judge.encode(images)
    count = len(codes)
    pairs = [
        (torch.dot(codes[i], codes[j]) / (codes[i].norm() * codes[j].norm())) ** 2
        for i in range(count)
        for j in range(count)
        if i != j
    ]
    closeness = torch.stack(pairs).sum() / (count * (count - 1))
    same_gradients(found.losses["generator"], squares(judge, images).mean() + 0.1 * closeness, two["generator"])
    torch.testing.assert_close(found.measures["pulling_away"], closeness)


def test_magan_with_no_margin_is_pretraining(two: Any, draw: Any, play: Any, move: Any, same_gradients: Any) -> None:
    dealt, algorithm = draw(*SHAPE), MAGAN(epochs=1)
    adversarial = play(algorithm, "discriminator", two, dealt).losses["discriminator"]
    pretraining = move(algorithm, "discriminator", "pretrain").play(two, algorithm.create_memory(), dealt)
    same_gradients(adversarial, pretraining.losses["discriminator"], two["discriminator"])


def test_magans_first_margin_and_its_updates() -> None:
    """True means over uneven batches; no update after the first epoch; never upwards."""
    memory = MarginMemory()
    memory.add_real(torch.tensor([4.0, 6.0]))
    memory.add_real(torch.tensor([8.0, 10.0, 12.0]))
    memory.calibrate()
    assert float(memory.margin) == 8.0
    margins = []
    for real, fake in ((5.0, 6.0), (4.0, 7.0), (6.0, 5.0), (3.0, 6.0), (9.0, 12.0), (2.0, 11.0)):
        memory.add_real(torch.tensor([real - 1, real, real + 1]))
        memory.add_fake(torch.tensor([fake]))
        memory.adapt()
        margins.append(float(memory.margin))
    # 5 < 6 < 8, but there was no epoch before; then 4; then 6 is not below 5; 3; 9 is above the margin; then 11 < 12
    assert margins == [8.0, 4.0, 4.0, 3.0, 3.0, 3.0]


def test_began(two: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt, judge = draw(*SHAPE), two["discriminator"]
    algorithm = BEGAN(gamma=0.7, rate=0.5, iterations=1)
    memory = algorithm.create_memory()
    memory.balance.fill_(0.3)
    outcome = play(algorithm, "both", two, dealt, memory)
    fake = two["generator"](dealt.latent())
    real_energy, fake_energy = (judge(dealt.real) - dealt.real).abs().mean(), (judge(fake) - fake).abs().mean()
    same_gradients(outcome.losses["discriminator"], real_energy - 0.3 * fake_energy, judge)
    same_gradients(outcome.losses["generator"], fake_energy, two["generator"])
    real, generated = float(real_energy.detach()), float(fake_energy.detach())
    moved = min(1.0, max(0.0, 0.3 + 0.5 * (0.7 * real - generated)))
    assert float(memory.balance) == pytest.approx(moved, abs=1e-14)
    assert float(outcome.measures["balance"]) == 0.3
    expected = real + abs(0.7 * real - generated)
    assert float(outcome.measures["convergence"]) == pytest.approx(expected)


def test_began_keeps_its_balance_between_zero_and_one(two: Any, draw: Any, play: Any) -> None:
    algorithm = BEGAN(gamma=0.5, rate=1e6, iterations=1)
    memory = algorithm.create_memory()
    play(algorithm, "both", two, draw(*SHAPE), memory)
    assert float(memory.balance) in (0.0, 1.0)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: EBGAN(margin=-1.0, iterations=1), "margin"),
        (lambda: EBGAN(margin=1.0, pulling_away_weight=-0.1, iterations=1), "pulling_away_weight"),
        (lambda: BEGAN(gamma=0.0, iterations=1), "gamma"),
        (lambda: BEGAN(rate=-1.0, iterations=1), "rate"),
        (lambda: MAGAN(pretrain_epochs=-1, iterations=1), "pretrain_epochs"),
    ],
)
def test_impossible_settings_are_refused(make: Callable[[], Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        make()
