"""Which samples are made: by seeds, of classes, truncated, and the best by a discriminator."""

from typing import Any

import pytest
import torch
from torch import Tensor

from equipoise.common.errors import EquipoiseError, UnknownName
from equipoise.evaluation.latents import BATCH
from equipoise.evaluation.maker import SampleMaker, Wanted, wanted
from equipoise.networks.mlp import MLPGenerator
from equipoise.training.draw import Latent

SHAPE = (1, 2, 3)


def brightness(images: Tensor, latents: Tensor) -> Tensor:
    assert len(images) == len(latents) == BATCH
    return images.flatten(1).sum(1)


def maker(classes: int = 0, names: tuple[str, ...] = (), **more: Any) -> SampleMaker:
    generator = MLPGenerator(latent_size=5 + classes, image_shape=SHAPE, hidden=(8,))
    return SampleMaker(generator, Latent(5 + classes, classes=classes), "symmetric", SHAPE, names, **more)


def test_a_seed_gives_the_same_sample_whatever_else_is_asked_for() -> None:
    one = maker()
    several = one.samples(1, Wanted(seeds=(3, 7, 10, 3)))
    assert len(several) == 4
    for sample, seed in zip(several, (3, 7, 10, 3), strict=True):
        assert torch.equal(sample, one.samples(1, Wanted(seed=seed))[0])
        torch.testing.assert_close(sample, one.samples(2, Wanted(seed=seed))[0])
    assert not torch.equal(several[0], several[1])


def test_a_class_is_found_by_name_and_by_number() -> None:
    known = maker(3, ("cats", "dogs", "2"))
    dogs = known.samples(4, Wanted(of_class="dogs"))
    assert torch.equal(known.samples(4, Wanted(of_class=1)), dogs)
    assert torch.equal(known.samples(4, Wanted(of_class="1")), dogs)
    assert known.class_number("2") == 2
    everything = known.samples(4, Wanted(of_class="all"))
    assert everything.shape == (12, *SHAPE)
    assert torch.equal(everything[4:8], dogs)
    assert not torch.equal(everything[:4], dogs)


@pytest.mark.parametrize(
    ("classes", "names", "asked", "sentence"),
    [
        (0, (), "cats", "knows no classes"),
        (0, (), "all", "knows no classes"),
        (2, ("cats", "dogs"), "dgs", "unknown class 'dgs'; did you mean 'dogs'"),
        (2, ("cats", "dogs"), 2, "unknown class '2'"),
        (2, (), "dogs", "no class dogs: they are numbered 0 to 1"),
        (2, (), -1, "no class -1"),
        (3, ("of", "another"), "of", "no class of"),
    ],
)
def test_a_class_that_is_not_there_is_refused(classes: int, names: tuple[str, ...], asked: Any, sentence: str) -> None:
    with pytest.raises(EquipoiseError, match=sentence):
        maker(classes, names).samples(1, Wanted(of_class=asked))


def test_truncation_brings_samples_together() -> None:
    one = maker()
    whole, half, none = (one.samples(20, Wanted(truncation=t)) for t in (1.0, 0.5, 0.0))
    assert torch.equal(whole, one.samples(20, Wanted()))
    assert float(half.std(0).mean()) < float(whole.std(0).mean())
    torch.testing.assert_close(none, none[:1].expand(20, *SHAPE))


def test_the_best_share_of_every_500_is_kept_in_their_order() -> None:
    one = maker(judge=lambda: brightness)
    all_samples = one.samples(2 * BATCH, Wanted())
    best = one.samples(70, Wanted(keep_best=0.1))
    for group, kept in zip(all_samples.split(BATCH), best.split(50), strict=True):
        sums = group.flatten(1).sum(1)
        least = sums.sort(descending=True).values[49]
        torch.testing.assert_close(kept, group[sums >= least][: len(kept)])
    assert torch.equal(one.samples(7, Wanted(keep_best=0.1)), best[:7])
    with pytest.raises(EquipoiseError, match="exported generator has no discriminator"):
        maker().samples(1, Wanted(keep_best=0.5))


def test_an_interpolation_begins_with_its_seeds() -> None:
    one = maker(2)
    way = one.interpolation(Wanted(seeds=(1, 5), of_class=0), 3)
    assert way.shape == (6, *SHAPE)
    torch.testing.assert_close(way[::3], one.samples(2, Wanted(seeds=(1, 5), of_class=0)))
    for asked, frames, sentence in (
        (Wanted(seeds=(1,)), 3, "at least two seeds"),
        (Wanted(), 3, "at least two seeds"),
        (Wanted(seeds=(1, 2)), 0, "frames must be at least 1"),
        (Wanted(seeds=(1, 2), of_class="all"), 3, "of one class"),
    ):
        with pytest.raises(EquipoiseError, match=sentence):
            one.interpolation(asked, frames)


@pytest.mark.parametrize(
    "given",
    [
        {"seed": -1},
        {"seed": 1.5},
        {"seed": True},
        {"seeds": ()},
        {"seeds": ("3",)},
        {"seeds": (1,), "seed": 2},
        {"seeds": (1,), "keep_best": 0.5},
        {"truncation": 1.1},
        {"truncation": float("nan")},
        {"truncation": "0.5"},
        {"keep_best": 0.0},
        {"keep_best": 0.001},
    ],
)
def test_impossible_wishes_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(EquipoiseError):
        wanted(given)


def test_a_mistyped_wish_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="did you mean 'truncation'"):
        wanted({"truncated": 0.5})


def test_large_images_are_made_a_few_at_a_time() -> None:
    seen: list[int] = []
    shape = (3, 64, 64)
    generator = MLPGenerator(latent_size=5, image_shape=shape, hidden=(2,))
    generator.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    SampleMaker(generator, Latent(5), "symmetric", shape).samples(300, Wanted())
    assert seen == [125, 125, 50]
