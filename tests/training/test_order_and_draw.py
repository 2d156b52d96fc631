"""Chance is a function of its address, and of nothing else."""

import pytest
import torch

from equipoise.common.random import derived_seed, stream
from equipoise.training.ahead import Ahead
from equipoise.training.draw import Draw, Latent, Shard
from equipoise.training.order import Order


def draw(position: int = 0, address: str = "stage/move", seed: int = 0, shard: Shard = Shard()) -> Draw:
    rows = torch.zeros(8 // shard.size, 1)
    return Draw(rows, 8, Latent(3), seed, address, position, shard)


def test_derived_seeds_are_the_same_in_every_process() -> None:
    assert derived_seed(0, "order", 0) == 5724104768301139219
    assert derived_seed(1, "latent/generator", 7) == 4893687261852186648


def test_addresses_do_not_run_into_each_other() -> None:
    addresses = [(1, "a", 23), (12, "a", 3), (1, "a2", 3), (1, "a", 2), (1, "b", 23)]
    assert len({derived_seed(*address) for address in addresses}) == len(addresses)


def test_stream_repeats_at_one_address_and_differs_at_others() -> None:
    first, again, other = (torch.rand(5, generator=stream(0, "noise", n)) for n in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_every_epoch_is_a_permutation_of_its_own() -> None:
    order = Order(10, 3, seed=0)
    epochs = [torch.cat([order.batch(3 * epoch + place) for place in range(3)]) for epoch in range(4)]
    for epoch in epochs:
        assert len(set(epoch.tolist())) == 9
        assert set(epoch.tolist()) <= set(range(10))
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == 4


def test_order_does_not_depend_on_what_was_asked_before() -> None:
    walked, fresh = Order(10, 3, seed=5), Order(10, 3, seed=5)
    batches = [walked.batch(number) for number in range(8)]
    assert torch.equal(fresh.batch(7), batches[7])
    assert torch.equal(fresh.batch(2), batches[2])


@pytest.mark.parametrize("kind", ["latent", "uniform", "normal"])
def test_noise_depends_on_seed_address_position_and_name_only(kind: str) -> None:
    def noise(one: Draw, name: str = "a") -> torch.Tensor:
        return one.latent(name) if kind == "latent" else getattr(one, kind)(name, 3)

    base = noise(draw())
    assert base.shape == (8, 3)
    assert torch.equal(base, noise(draw()))
    others = [draw(position=1), draw(address="stage/other"), draw(seed=1)]
    assert all(not torch.equal(base, noise(other)) for other in others)
    assert not torch.equal(base, noise(draw(), "b"))


def test_the_shards_union_is_the_whole_batch() -> None:
    parts = [draw(shard=Shard(rank, 4)).latent() for rank in range(4)]
    assert torch.equal(torch.cat(parts), draw().latent())


@pytest.mark.parametrize(
    ("distribution", "low", "high", "mean"),
    [("normal", -6.0, 6.0, 0.0), ("uniform", -1.0, 1.0, 0.0), ("unit", 0.0, 1.0, 0.5)],
)
def test_latent_distributions(distribution: str, low: float, high: float, mean: float) -> None:
    sample = Latent(50, distribution).sample(2000, torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    assert sample.min() >= low
    assert sample.max() <= high
    assert abs(float(sample.mean()) - mean) < 0.02
    assert (sample.min() < 0) == (low < 0)


def test_a_latent_needs_a_dimension() -> None:
    with pytest.raises(ValueError, match="latent size must be at least 1, got 0"):
        Latent(0)


def test_noise_is_taken_from_what_was_drawn_ahead() -> None:
    """What follows the last position is at hand, many plays at once; any other is drawn. A block is sent once."""
    made: list[int] = []
    sent: list[int] = []

    def noise(position: int) -> torch.Tensor:
        made.append(position)
        return torch.tensor(position)

    def send(noise: torch.Tensor) -> torch.Tensor:
        sent.append(len(noise))
        return noise

    ahead = Ahead()
    places = (0, 1, 2, 31, 32, 33, 99, 100)
    assert [int(ahead.take(("move", "noise"), position, noise, send)) for position in places] == [*places]
    ahead._thread.shutdown()
    assert sent == [1, 32, 32, 1, 32]
    assert sorted(made) == [*range(97), *range(99, 164)]
