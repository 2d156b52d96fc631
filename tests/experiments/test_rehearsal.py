"""What cannot be trained is refused before anything is written, and what can be is not."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from equipoise.algorithms.gan import GAN
from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.common.registry import Entry, all_or_nothing
from equipoise.data.catalogue import DataEntry
from equipoise.data.digits import Digits
from equipoise.experiments import config, rehearsal
from equipoise.experiments.experiment import Experiment
from equipoise.experiments.rehearsal import rehearse
from equipoise.networks.network import Discriminator, score_shape
from equipoise.recipes.catalogue import RECIPES, recipe
from equipoise.registries import register
from equipoise.training.draw import Draw
from equipoise.training.game import Move, Outcome, Players, Stage

pytestmark = pytest.mark.lengthy

SHORT = ("--iterations", "1", "--device", "cpu", "--threads", "1", "--quiet")
IMPOSSIBLE = [
    ("gan-digits", "latent.size=8", "made for latent vectors of 16, and latent.size is 8"),
    ("gan-digits", "players.generator.network.latent_size=8", "made for latent vectors of 8"),
    ("gan-digits", "players.generator.network.hidden=[-3]", "cannot be built with these options"),
    ("gan-digits", "players.generator.network.hidden=[9000000,9000000]", "take .* GiB"),
    ("gan-digits", "players.generator.network.image_shape=[1,8,9]", "move discriminator of stage adversarial"),
    ("gan-digits", "players.discriminator.network.image_shape=[1,9,8]", "must have shape"),
    (
        "gan-digits",
        "players.discriminator.network={kind: mlp-encoder, latent_size: 16, image_shape: [3]}",
        "must have shape",
    ),
    ("gan-digits", "algorithm.amplifier=margin", "score_map"),
    ("gan-ring", "players.discriminator.network.image_shape=[3]", "must have shape"),
    ("magan-digits", "players.discriminator.network.encoder_sizes=[]", "cannot be built with these options"),
    ("magan-digits", "players.discriminator.network={kind: mlp-discriminator, image_shape: [1, 8, 8]}", "cannot work"),
    ("mmd-rep-digits", "batch_size=1", "cannot work"),
    (
        "gan-digits",
        "players.generator.network.kind=dcgan-generator",
        "all of it, as in 'players.generator.network={kind: dc",
    ),
    (
        "gan-digits",
        "players.generator.optimiser.kind=rmsprop",
        "all of it, as in 'players.generator.optimiser={kind: rm",
    ),
    (
        "gan-digits",
        "algorithm.kind=ebgan",
        "unknown field in algorithm: 'loss'; .*all of it, as in 'algorithm={kind: ebgan}'",
    ),
    (
        "gan-digits",
        "players.discriminator.constraint.kind=weight-clip",
        "all of it, as in 'players.discriminator.constraint=",
    ),
    ("gan-digits", "players.discriminator.constraint=weight-clip", "of fields, as in {kind: weight-clip}, got"),
    ("gan-digits", "players.generator.network=mlp-generator", "of fields, as in {kind: mlp-generator}, got"),
    ("reg-gan-digits", "players.encoder.network.latent_size=9", "the encoder is made for latent vectors of 9"),
]


def changed(name: str, *assignments: str) -> Experiment:
    return config.changed(recipe(name, "smoke"), assignments)


def some_recipe(name: str) -> str:
    """The recipe, or the first whose algorithm it begins with."""
    return name if name in RECIPES else next(each for each in RECIPES if each.startswith(name.removesuffix("-digits")))


@pytest.mark.parametrize(("name", "assignment", "reason"), IMPOSSIBLE)
def test_what_does_not_fit_is_refused_in_one_sentence(name: str, assignment: str, reason: str) -> None:
    with pytest.raises(EquipoiseError, match=rf"^[^\n]*{reason}[^\n]*\.$"):
        rehearse(changed(some_recipe(name), assignment))


@pytest.mark.parametrize(
    "assignments",
    [
        ["data.kind=digitss"],
        ["data.kind=noise", "value_range=data"],
        ["algorithm.loss.kind=hinge"],
        ["players.generator.kind=mlp-generator"],
        ["algorithm.kind.name=ebgan"],
        ["players.generator.network.kind=mlp-generator", "players.generator.network.such=1"],
    ],
)
def test_where_the_other_fields_are_not_to_blame_they_are_not_mentioned(assignments: list[str]) -> None:
    with pytest.raises(EquipoiseError) as refused:
        changed("gan-digits", *assignments)
    assert "A new kind keeps" not in str(refused.value)


@dataclass(frozen=True)
class Strict(Digits):
    """Takes the fields of digits, and says in words of its own that it cannot have them."""

    def __post_init__(self) -> None:
        raise EquipoiseError(f"no {self.split} digits are left.")


def test_a_new_kind_is_known_by_what_was_set_whatever_the_refusal_says() -> None:
    with suppress(InterruptedError), all_or_nothing():
        register(data=DataEntry("my-strict", "digits of a method author's", Strict, "synthetic"))
        says, hint = "no train digits are left\\.", " A new kind keeps .* as in 'data={kind: my-strict}'\\."
        with pytest.raises(EquipoiseError, match=f"^{says}{hint}$"):
            config.changed(recipe("gan-digits"), ["data.split=train", "data.kind=my-strict"])
        with pytest.raises(EquipoiseError, match=f"^{says}$"):
            config.changed(recipe("gan-digits"), ["data={kind: my-strict, split: train}"])
        raise InterruptedError
    with pytest.raises(EquipoiseError, match=r"own\. To give it a kind, set all of it, as in '.*={kind: weight-clip}'"):
        changed("gan-digits", "players.discriminator.constraint.kind=weight-clip")


def test_the_corrected_command_finds_its_place_free(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "gan-digits", "--out", str(tmp_path / "run"), *SHORT, "--set", "latent.size=8"]
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "run").exists()
    assert main([*words, "--set", "players.generator.network.latent_size=8"]) == 0


def kinds_of_recipes() -> dict[tuple[object, ...], str]:
    """One recipe for each combination of algorithm and networks."""
    found: dict[tuple[object, ...], str] = {}
    for name in RECIPES:
        experiment = recipe(name, "smoke")
        networks = sorted((role, each.network.kind) for role, each in experiment.players.items())
        found.setdefault((type(experiment.algorithm), *networks), name)
    return found


def test_every_kind_of_recipe_is_played_in_shape_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """None needs the CPU's second look, which a large one would pay with seconds."""
    played: list[str] = []
    play = rehearsal._play
    monkeypatch.setattr(
        rehearsal, "_play", lambda experiment, device: (played.append(device), play(experiment, device))
    )
    monkeypatch.setattr(rehearsal, "_is_quick", lambda *given: False)
    names = kinds_of_recipes().values()
    before = torch.get_rng_state()
    for name in names:
        rehearse(recipe(name, "smoke"))
    assert played == ["meta"] * len(names)
    assert torch.equal(torch.get_rng_state(), before)


@dataclass(frozen=True, kw_only=True)
class Custom(GAN):
    """What a user may write: it does something that torch's meta device cannot."""

    loss_of: Callable[[torch.Tensor], torch.Tensor] = torch.mean

    def stages(self) -> tuple[Stage, ...]:
        return (Stage("adversarial", (Move("both", self._both, ("generator", "discriminator")),), iterations=1),)

    def _both(self, players: Players, memory: nn.Module, draw: Draw) -> Outcome:
        scores = players["discriminator"](players["generator"](draw.latent()))
        assert float(scores.detach().sum()) < 1e9
        loss: Any = self.loss_of(scores)
        return Outcome({"generator": -loss, "discriminator": loss})


def test_what_the_meta_device_cannot_do_is_played_on_the_cpu() -> None:
    experiment = recipe("gan-digits", "smoke")
    rehearse(replace(experiment, algorithm=Custom(iterations=1)))
    with pytest.raises(EquipoiseError, match=r"^move both of stage adversarial cannot work .* mismatch\.$"):
        rehearse(replace(experiment, algorithm=Custom(iterations=1, loss_of=lambda scores: mismatch())))


def test_a_loss_that_is_no_single_number_is_told_so() -> None:
    experiment = replace(recipe("gan-digits", "smoke"), algorithm=Custom(iterations=1, loss_of=lambda scores: scores))
    told = rf"the loss of the generator must be one number, got \[{experiment.batch_size}\]; take its mean\.$"
    with pytest.raises(EquipoiseError, match=told):
        rehearse(experiment)


class Foreign(Discriminator):
    """What a method author may write: one of its layers is torch's own, by its name."""

    def __init__(self, layer: str, size: float):
        super().__init__()
        self.image_shape = (1, 8, 8)
        convolution = nn.Conv2d(1, 1, 1)
        self.body = nn.Sequential(convolution, nn.Flatten(), getattr(nn, layer)(size if size < 1 else int(size)))
        self.head = nn.Sequential(nn.Linear(64, 1), score_shape(None))


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(
    ("layer", "size", "told"),
    [
        ("LayerNorm", 64, r"body\.2\.weight .* of LayerNorm, .* BatchNorm of equipoise\.networks"),
        ("BatchNorm1d", 64, r"body\.2 is torch's BatchNorm1d; take BatchNorm and Dropout of equipoise\.networks"),
        ("Dropout", 0.5, r"body\.2 is torch's Dropout; take BatchNorm and Dropout of equipoise\.networks"),
    ],
)
def test_a_layer_that_networks_cannot_have_is_named(
    layer: str, size: float, told: str, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the network is played in shape alone or with numbers."""
    monkeypatch.setattr(rehearsal, "_is_quick", lambda *given: quick)
    options = f"{{kind: my-foreign, layer: {layer}, size: {size}}}"
    with suppress(InterruptedError), all_or_nothing():
        register(network=Entry("my-foreign", "torch's own layer", Foreign))
        experiment = changed("gan-digits", f"players.discriminator.network={options}")
        with pytest.raises(EquipoiseError, match=f"my-foreign cannot be built .*: {told}"):
            rehearse(experiment)
        raise InterruptedError


def mismatch() -> torch.Tensor:
    raise RuntimeError("mismatch\nand a page of torch's own words")


def test_the_key_that_somebody_s_own_code_misses_is_named_as_one() -> None:
    told = r"the penalty cannot work in this experiment: KeyError 'oops'\."
    with pytest.raises(EquipoiseError, match=told), rehearsal._named("the penalty"):
        raise KeyError("oops")
