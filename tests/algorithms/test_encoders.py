"""Reg-GAN, MDGAN, VAEGAN and ALI against steps written out by hand in double precision."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from equipoise.algorithms.ali import ALI
from equipoise.algorithms.mdgan import MDGAN
from equipoise.algorithms.penalties import Penalty
from equipoise.algorithms.reg_gan import RegGAN
from equipoise.algorithms.vaegan import VAEGAN

SHAPE, IMAGE = (1, 4, 4), (1, 8, 8)
MANIFOLD, DIFFUSION = "manifold-discriminator", "diffusion-discriminator"


def real_loss(scores: Tensor) -> Tensor:
    return -torch.sigmoid(scores).log().mean()


def fake_loss(scores: Tensor) -> Tensor:
    return -(1 - torch.sigmoid(scores)).log().mean()


@pytest.fixture
def judge(player: Callable[..., nn.Module]) -> Callable[[int], nn.Module]:
    options = {"image_shape": SHAPE, "hidden": (9,), "activation_name": "tanh"}
    return lambda seed: player("mlp-discriminator", seed=seed, **options)


@pytest.fixture
def coders(player: Callable[..., nn.Module]) -> dict[str, nn.Module]:
    return {
        "generator": player("mlp-generator", latent_size=3, image_shape=SHAPE, hidden=(7,), activation_name="tanh"),
        "encoder": player("mlp-encoder", seed=2, image_shape=SHAPE, latent_size=3, hidden=(5,), activation_name="tanh"),
    }


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("similarity", ["pixels", "features"])
def test_reg_gan(
    reduction: Any, similarity: Any, coders: Any, judge: Any, draw: Any, play: Any, same_gradients: Any
) -> None:
    dealt, players = draw(*SHAPE), coders | {"discriminator": judge(1)}
    algorithm = RegGAN(geometric_weight=0.3, mode_weight=0.7, similarity=similarity, reduction=reduction, iterations=1)
    found = play(algorithm, "generator-encoder", players, dealt).losses
    critic, decoded = players["discriminator"], players["generator"](players["encoder"](dealt.real))
    seen = critic.features if similarity == "features" else (lambda images: images)
    squares = ((seen(decoded) - seen(dealt.real)) ** 2).flatten(1)
    distance = (squares.sum(1) if reduction == "sum" else squares.mean(1)).mean()
    regulariser = 0.3 * distance + 0.7 * real_loss(critic(decoded))
    same_gradients(found["encoder"], regulariser, players["encoder"])
    whole = real_loss(critic(players["generator"](dealt.latent()))) + regulariser
    same_gradients(found["generator"], whole, players["generator"])


@pytest.mark.parametrize("encoded_fakes", [False, True])
def test_reg_gans_discriminator(
    encoded_fakes: bool, coders: Any, judge: Any, draw: Any, play: Any, same_gradients: Any
) -> None:
    dealt, players = draw(*SHAPE), coders | {"discriminator": judge(1)}
    found = play(RegGAN(encoded_fakes=encoded_fakes, iterations=1), "discriminator", players, dealt).losses
    critic = players["discriminator"]
    expected = real_loss(critic(dealt.real)) + fake_loss(critic(players["generator"](dealt.latent()).detach()))
    if encoded_fakes:
        expected = expected + fake_loss(critic(players["generator"](players["encoder"](dealt.real)).detach()))
    same_gradients(found["discriminator"], expected, critic)


def test_the_mode_term_makes_reconstructions_more_real(coders: Any, judge: Any, draw: Any, play: Any) -> None:
    """With the paper's printed sign this would go the other way."""
    dealt, players = draw(*SHAPE), coders | {"discriminator": judge(1)}
    algorithm = RegGAN(geometric_weight=0.0, mode_weight=1.0, iterations=1)

    def encoded_score() -> float:
        with torch.no_grad():
            return float(players["discriminator"](players["generator"](players["encoder"](dealt.real))).mean())

    before, parameters = encoded_score(), list(players["encoder"].parameters())
    loss = play(algorithm, "generator-encoder", players, dealt).losses["encoder"]
    with torch.no_grad():
        for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter -= 0.05 * slope
    assert encoded_score() > before


def test_the_noise_reaches_no_encoder(coders: Any, judge: Any, draw: Any, play: Any, gradients: Any) -> None:
    dealt, players = draw(*SHAPE), coders | {"discriminator": judge(1)}
    found = play(RegGAN(geometric_weight=0.0, mode_weight=0.0, iterations=1), "generator-encoder", players, dealt)
    assert all(bool((slope == 0).all()) for slope in gradients(found.losses["generator"], players["encoder"]))


def test_encoded_batches_have_batch_statistics_of_their_own(
    player: Any, coders: Any, judge: Any, draw: Any, play: Any
) -> None:
    """What noise's statistics become does not depend on the real images."""
    options = {"latent_size": 3, "image_shape": SHAPE, "hidden": (7,), "batch_kinds": ("noise", "encoded")}
    found = []
    for factor in (1.0, 5.0):
        players = coders | {"discriminator": judge(1), "generator": player("mlp-generator", batch_norm=True, **options)}
        dealt = draw(*SHAPE)
        dealt.real.mul_(factor)
        play(RegGAN(iterations=1), "generator-encoder", players, dealt)
        found.append({name: buffer.clone() for name, buffer in players["generator"].named_buffers()})
    noise, encoded = ([name for name in found[0] if name.endswith(kind)] for kind in ("_noise", "_encoded"))
    assert noise
    assert all(torch.equal(found[0][name], found[1][name]) for name in noise)
    assert any(not torch.equal(found[0][name], found[1][name]) for name in encoded)


def test_mdgan(coders: Any, judge: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    dealt, players = draw(*SHAPE), coders | {MANIFOLD: judge(1), DIFFUSION: judge(3)}
    algorithm = MDGAN(adversarial_weight=0.6, iterations=1)
    manifold, diffusion = players[MANIFOLD], players[DIFFUSION]

    def decoded() -> Tensor:
        images: Tensor = players["generator"](players["encoder"](dealt.real))
        return images

    found = play(algorithm, "manifold-discriminator", players, dealt).losses
    same_gradients(found[MANIFOLD], real_loss(manifold(dealt.real)) + fake_loss(manifold(decoded().detach())), manifold)
    found = play(algorithm, "manifold-generator", players, dealt).losses
    expected = ((decoded() - dealt.real) ** 2).mean() + 0.6 * real_loss(manifold(decoded()))
    for name in ("generator", "encoder"):
        same_gradients(found[name], expected, players[name])
    found = play(algorithm, "diffusion-discriminator", players, dealt).losses
    noise = players["generator"](dealt.latent()).detach()
    same_gradients(found[DIFFUSION], real_loss(diffusion(decoded().detach())) + fake_loss(diffusion(noise)), diffusion)
    found = play(algorithm, "diffusion-generator", players, dealt).losses
    same_gradients(found["generator"], real_loss(diffusion(players["generator"](dealt.latent()))), players["generator"])


def squared_slopes(critic: Any, images: Tensor) -> Tensor:
    points = images.detach().requires_grad_()
    (slopes,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return slopes.flatten(1).square().sum(1).mean() / 2


def test_penalties_on_what_each_discriminator_takes_for_real_and_for_generated(
    coders: Any, judge: Any, draw: Any, play: Any, same_gradients: Any
) -> None:
    dealt, players = draw(*SHAPE), coders | {"discriminator": judge(1), MANIFOLD: judge(1), DIFFUSION: judge(3)}
    decoded, fake = players["generator"](players["encoder"](dealt.real)), players["generator"](dealt.latent())
    sides = {"discriminator": (dealt.real, fake), MANIFOLD: (dealt.real, decoded), DIFFUSION: (decoded, fake)}
    penalties = (Penalty("r1", 2.0), Penalty("r2", 3.0))
    for name, (real, generated) in sides.items():
        algorithm = (RegGAN if name == "discriminator" else MDGAN)(iterations=1, penalties=penalties)
        critic = players[name]
        found = play(algorithm, name, players, dealt)
        expected = real_loss(critic(real.detach())) + fake_loss(critic(generated.detach()))
        expected = expected + 2 * squared_slopes(critic, real) + 3 * squared_slopes(critic, generated)
        same_gradients(found.losses[name], expected, critic)
        assert sum(measure.endswith(("penalty_r1", "penalty_r2")) for measure in found.measures) == 2


def test_mdgans_moves_and_what_they_train() -> None:
    moves = MDGAN(iterations=1).stages()[0].moves
    assert [move.trains for move in moves] == [(MANIFOLD,), ("generator", "encoder"), (DIFFUSION,), ("generator",)]
    assert [move.fresh for move in moves] == [True, False, True, False]


def test_mdgan_gives_discriminators_nothing_of_the_others(coders: Any, judge: Any, draw: Any, move: Any) -> None:
    """Even unfrozen: their images carry no graph."""
    dealt, players = draw(*SHAPE), coders | {MANIFOLD: judge(1), DIFFUSION: judge(3)}
    others = [*players["generator"].parameters(), *players["encoder"].parameters()]
    for name in ("manifold-discriminator", "diffusion-discriminator"):
        (loss,) = move(MDGAN(iterations=1), name).play(players, None, dealt).losses.values()
        assert all(slope is None for slope in torch.autograd.grad(loss, others, allow_unused=True))


@pytest.fixture
def variational(player: Callable[..., nn.Module]) -> dict[str, nn.Module]:
    size = {"image_size": 8, "channels": 1, "latent_size": 3, "width": 4, "batch_norm": False}
    return {"generator": player("dcgan-generator", **size), "encoder": player("variational-encoder", seed=2, **size)}


def code(players: Any, dealt: Any) -> tuple[Tensor, Tensor, Tensor]:
    mean, log_variance = players["encoder"](dealt.real)
    return mean + torch.sqrt(torch.exp(log_variance)) * dealt.normal("code", 3), mean, log_variance


def test_vaegan(variational: Any, player: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    critic = player("mlp-discriminator", seed=1, image_shape=IMAGE, hidden=(9,), activation_name="tanh")
    dealt, players = draw(*IMAGE), variational | {"discriminator": critic}
    algorithm = VAEGAN(similarity_weight=0.2, prior_weight=0.5, real_weight=0.7, iterations=1)
    found = play(algorithm, "all", players, dealt).losses
    sampled, mean, log_variance = code(players, dealt)
    decoded, noise = players["generator"](sampled), players["generator"](dealt.latent())
    distance = ((critic.features(decoded) - critic.features(dealt.real).detach()) ** 2).sum(1).mean() / 2
    ours = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    divergence = torch.distributions.kl_divergence(ours, prior).sum(1).mean()
    same_gradients(found["encoder"], 0.5 * divergence + distance, players["encoder"])
    adversarial = real_loss(critic(noise)) + real_loss(critic(decoded))
    same_gradients(found["generator"], 0.2 * distance + 0.8 * adversarial, players["generator"])
    expected = 0.7 * real_loss(critic(dealt.real)) + 0.15 * (fake_loss(critic(noise)) + fake_loss(critic(decoded)))
    same_gradients(found["discriminator"], expected, critic)


def test_ali(variational: Any, player: Any, draw: Any, play: Any, same_gradients: Any) -> None:
    size = {"image_size": 8, "channels": 1, "latent_size": 3, "width": 4, "joint_width": 6}
    critic = player("joint-discriminator", seed=1, batch_norm=False, dropout=0.0, **size)
    dealt, players = draw(*IMAGE), variational | {"discriminator": critic}
    found = play(ALI(iterations=1), "all", players, dealt).losses
    sampled, _, _ = code(players, dealt)
    latent = dealt.latent()
    real, fake = critic(dealt.real, sampled), critic(players["generator"](latent), latent)
    same_gradients(found["discriminator"], real_loss(real) + fake_loss(fake), critic)
    same_gradients(found["generator"], real_loss(fake), players["generator"])
    same_gradients(found["encoder"], fake_loss(real), players["encoder"])


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: RegGAN(geometric_weight=-1.0, iterations=1), "geometric_weight"),
        (lambda: RegGAN(discriminator_steps=0, iterations=1), "discriminator_steps"),
        (lambda: MDGAN(adversarial_weight=float("nan"), iterations=1), "adversarial_weight"),
        (lambda: VAEGAN(prior_weight=-1.0, iterations=1), "prior_weight"),
        (lambda: VAEGAN(real_weight=1.5, iterations=1), "real_weight"),
    ],
)
def test_impossible_settings_are_refused(make: Callable[[], Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        make()
