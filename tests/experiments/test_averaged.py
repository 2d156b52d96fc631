"""An averaged generator is judged and sampled with the statistics of its own weights."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from equipoise.algorithms.mdgan import MDGAN
from equipoise.algorithms.reg_gan import RegGAN
from equipoise.algorithms.vaegan import VAEGAN
from equipoise.common.files import sha256_of
from equipoise.constraints import SpectralNorm, spectral_norms
from equipoise.data.digits import Digits
from equipoise.evaluation.sampling import generate
from equipoise.experiments.averaged import settled
from equipoise.experiments.build import build_game, build_state, sampling_generator
from equipoise.experiments.experiment import Experiment, Player, Watch, network, with_length
from equipoise.networks import normalisation
from equipoise.networks.normalisation import BatchNorm
from equipoise.runs.train import Settings, resume, train
from equipoise.runs.trained import load_trained
from equipoise.testing.toys import TOY_EXPERIMENTS
from equipoise.training.average import Average
from equipoise.training.checkpoint import DERIVED, _seal
from equipoise.training.draw import Latent
from equipoise.training.loop import Game, Loop
from equipoise.training.optimisers import Adam
from equipoise.training.state import State, state_tensors

pytestmark = pytest.mark.lengthy

CPU, QUIET = torch.device("cpu"), Settings("cpu", threads=1, quiet=True)
BATCHES = 400


def fast(experiment: Experiment, **generator: Any) -> Experiment:
    """The same with weights that move far within the average's memory."""
    players = {name: replace(player, optimiser=Adam(lr=0.05)) for name, player in experiment.players.items()}
    players["generator"] = replace(players["generator"], **generator)
    return with_length(replace(experiment, players=players, average=Average(half_life_images=300)), iterations=25)


def played(experiment: Experiment) -> tuple[Game, State]:
    game = build_game(experiment, experiment.data.load())
    state = build_state(experiment, game, CPU)
    Loop(game, state).run()
    return game, state


def latents(experiment: Experiment) -> Iterator[Tensor]:
    chance = torch.Generator().manual_seed(123)
    return (experiment.latent.sample(experiment.batch_size, chance) for _ in range(BATCHES))


def codes(experiment: Experiment, game: Game, state: State) -> Iterator[Tensor]:
    """What the encoder of the algorithm gives for random real images."""
    chance = torch.Generator().manual_seed(123)
    encoder = copy.deepcopy(state.players["encoder"]).requires_grad_(False).train()
    for _ in range(BATCHES):
        real = game.source.batch(torch.randint(len(game.source), (experiment.batch_size,), generator=chance))
        if isinstance(experiment.algorithm, VAEGAN):
            mean, log_variance = encoder(real)
            yield mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=chance)
        else:
            yield encoder(real)


def direct_average(network: nn.Module, kind: str, batches: Iterator[Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    """Mean and variance of what reaches each batch normalisation, over many batches that it normalises one by one."""
    twin, sums = copy.deepcopy(network).requires_grad_(False).train(), {}

    def keep(name: str) -> Callable[..., None]:
        def add(layer: nn.Module, arguments: tuple[Any, ...]) -> None:
            values = arguments[0].double().transpose(0, 1).flatten(1)
            found = torch.stack([values.mean(1), values.var(1)])
            sums[name] = sums.get(name, 0) + found / BATCHES

        return add

    for name, module in twin.named_modules():
        if isinstance(module, BatchNorm):
            module.register_forward_pre_hook(keep(name))
    for batch in batches:
        twin(batch, batch_kind=kind)
    return {name: (found[0], found[1]) for name, found in sums.items()}


def furthest(network: nn.Module, kind: str, right: dict[str, tuple[Tensor, Tensor]]) -> float:
    """The largest error: of a mean in deviations, of a variance as a share."""
    errors = []
    for name, (mean, variance) in right.items():
        layer = network.get_submodule(name)
        assert isinstance(layer, BatchNorm)
        ours, spread = layer.running_statistics(kind)
        errors += [((ours - mean) / variance.sqrt()).abs().max(), (spread / variance - 1).abs().max()]
    assert errors
    return float(torch.stack(errors).max())


@pytest.mark.parametrize("name", ["gan-with-everything", "dcgan", "reg-gan", "mdgan", "vaegan"])
def test_fast_weights_get_the_statistics_of_a_long_direct_average(name: str) -> None:
    experiment = fast(TOY_EXPERIMENTS[name]())
    _, state = played(experiment)
    average = state.averages["generator"]
    right = direct_average(average, "noise", latents(experiment))
    assert furthest(average, "noise", right) > 0.5
    assert furthest(sampling_generator(experiment, state), "noise", right) < 0.15


@pytest.mark.parametrize("name", ["reg-gan", "mdgan", "vaegan"])
def test_encoded_batches_have_statistics_of_their_own(name: str) -> None:
    experiment = fast(TOY_EXPERIMENTS[name]())
    assert isinstance(experiment.algorithm, RegGAN | MDGAN | VAEGAN)
    game, state = played(experiment)
    average = state.averages["generator"]
    right = direct_average(average, "encoded", codes(experiment, game, state))
    own = settled(experiment, average, dict(state.players.items()), game.source)
    assert furthest(average, "encoded", right) > 0.5
    assert furthest(own, "encoded", right) < 0.15
    without_data = sampling_generator(experiment, state)
    for ours, theirs in zip(own.buffers(), without_data.buffers(), strict=True):
        assert ours.shape == theirs.shape
    noise = [buffer for key, buffer in own.named_buffers() if key.endswith("_noise")]
    assert all(map(torch.equal, noise, [b for key, b in without_data.named_buffers() if key.endswith("_noise")]))


def test_spectral_vectors_follow_the_averaged_weights() -> None:
    experiment = fast(TOY_EXPERIMENTS["gan"](), constraint=SpectralNorm())
    _, state = played(experiment)
    own = sampling_generator(experiment, state)
    weights = {key: each for key, each in own.named_parameters() if key.endswith("weight.original")}
    exact = [float(torch.linalg.matrix_norm(each, 2)) for each in weights.values()]
    assert [float(each) for each in spectral_norms(own).values()] == pytest.approx(exact, rel=1e-3)
    copied = [float(each) for each in spectral_norms(state.averages["generator"]).values()]
    assert copied != pytest.approx(exact, rel=1e-3)


def test_reading_changes_nothing_and_is_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it ask the other processes of the run, which are training meanwhile."""
    experiment = fast(TOY_EXPERIMENTS["reg-gan"]())
    game, state = played(experiment)
    before = {name: value.clone() for name, value in state_tensors(state).items()}
    modes = [module.training for module in state.players.modules()]
    chance = torch.get_rng_state()
    monkeypatch.setattr(normalisation, "many_ranks", lambda: True)
    once, again = (
        settled(experiment, state.averages["generator"], dict(state.players.items()), game.source) for _ in range(2)
    )
    assert all(torch.equal(value, before[name]) for name, value in state_tensors(state).items())
    assert [module.training for module in state.players.modules()] == modes
    assert torch.equal(torch.get_rng_state(), chance)
    assert all(map(torch.equal, once.state_dict().values(), again.state_dict().values()))
    assert not any(module.training for module in once.modules())


def test_an_average_without_buffers_is_used_as_it_is() -> None:
    _, state = played(fast(TOY_EXPERIMENTS["gan"]()))
    assert sampling_generator(fast(TOY_EXPERIMENTS["gan"]()), state) is state.averages["generator"]


def on_digits() -> Experiment:
    """Reg-GAN on digits: a generator with statistics for latents and for codes, and a fast average of it."""
    size: dict[str, Any] = {"image_shape": (1, 8, 8), "hidden": (8,)}
    kinds = {"batch_norm": True, "batch_kinds": ("noise", "encoded"), "output_activation": "sigmoid"}
    networks = {
        "generator": network("mlp-generator", latent_size=3, **kinds, **size),
        "encoder": network("mlp-encoder", latent_size=3, output_activation="none", **size),
        "discriminator": network("mlp-discriminator", **size),
    }
    return Experiment(
        name="averaged",
        data=Digits(),
        value_range="unit",
        batch_size=16,
        latent=Latent(3),
        players={name: Player(network=each, optimiser=Adam(lr=0.05)) for name, each in networks.items()},
        algorithm=RegGAN(iterations=20),
        average=Average(half_life_images=300),
        watch=Watch(sample_grids=0, checkpoints=2),
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(on_digits(), tmp_path_factory.mktemp("averaged") / "run", QUIET).path


def test_what_is_loaded_makes_the_samples_that_the_training_saw(finished: Path, tmp_path: Path) -> None:
    """Bit for bit, codes included, although the loading has no data; and again after a resume."""
    experiment = on_digits()
    game, state = played(experiment)
    own = settled(experiment, state.averages["generator"], dict(state.players.items()), game.source)
    loaded = load_trained(finished, CPU).generator
    assert all(map(torch.equal, loaded.state_dict().values(), own.state_dict().values()))
    samples = generate(sampling_generator(experiment, state), experiment.latent, 20, 5)
    assert torch.equal(generate(loaded, experiment.latent, 20, 5), samples)
    cut = Path(shutil.copytree(finished, tmp_path / "cut"))
    newest = max((cut / "checkpoints").glob("*.json"))
    end = load_file(newest.with_suffix(".safetensors"))
    for path in (newest, newest.with_suffix(".safetensors")):
        path.unlink()
    resume(cut, QUIET)
    again = load_file(newest.with_suffix(".safetensors"))
    assert again.keys() == end.keys()
    assert all(torch.equal(again[name], end[name]) for name in end)


def test_a_checkpoint_without_these_statistics_gets_them_when_it_is_loaded(finished: Path, tmp_path: Path) -> None:
    old = Path(shutil.copytree(finished, tmp_path / "old"))
    for index in (old / "checkpoints").glob("*.json"):
        tensors = {n: t for n, t in load_file(index.with_suffix(".safetensors")).items() if not n.startswith(DERIVED)}
        save_file(tensors, index.with_suffix(".safetensors"))
        changed = json.loads(index.read_text()) | {"sha256": sha256_of(index.with_suffix(".safetensors"))}
        index.write_text(json.dumps(changed | {"seal": _seal(changed)}))
    prior = on_digits().latent
    ours, theirs = (generate(load_trained(run, CPU).generator, prior, 20, 5) for run in (old, finished))
    assert torch.equal(ours, theirs)
    resume(old, QUIET)
