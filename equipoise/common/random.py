"""Randomness is a function of its address: (seed, purpose, position). No global generator is read or moved."""

import hashlib
from typing import Protocol, runtime_checkable

import torch

_SEED_BITS = 63


def derived_seed(seed: int, purpose: str, position: int = 0) -> int:
    """A 63-bit seed that depends only on its address (by blake2b, so it is the same in every process)."""
    address = f"{seed}\x1f{purpose}\x1f{position}".encode()
    digest = hashlib.blake2b(address, digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - _SEED_BITS)


def stream(seed: int, purpose: str, position: int = 0, device: torch.device | str = "cpu") -> torch.Generator:
    """The generator at an address: the same address always yields the same numbers on the same kind of device.

    Args:
        seed: the run's seed.
        purpose: what the numbers are for, as in "order", "latent/discriminator" or "weights/generator".
        position: which of them, as in the iteration or the epoch.
    """
    return torch.Generator(device=device).manual_seed(derived_seed(seed, purpose, position))


def spread_places(count: int, total: int) -> torch.Tensor:
    """The positions of `count` of `total` items, spread over all: one at random in each of as many equal parts.

    So they stand for all in whatever order these are: class after class, or one of each class in turns. They are the
    same every time, int64 [count], rising.
    """
    edges = torch.arange(count + 1) * total // max(count, 1)
    return edges[:-1] + torch.randint(1 << 62, (count,), generator=stream(0, "spread places")) % edges.diff()


@runtime_checkable
class Reseedable(Protocol):
    """A module that draws random numbers in its forward pass, such as dropout, from a given generator.

    The training loop calls `reseed` before each move, so that the draw is a function of that move's address.
    """

    def reseed(self, generator: torch.Generator) -> None:
        """Draw from this generator from now on."""
