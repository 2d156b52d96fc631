"""A player on one vector takes the steps that it would take parameter by parameter."""

from collections.abc import Callable, Iterable
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from equipoise.training.optimisers import SGD, Adam, Adamax, Optimiser, RMSprop
from equipoise.training.parameters import ParameterVector

Plain = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
OPTIMISERS: dict[str, tuple[Optimiser, Plain]] = {
    "adam": (Adam(lr=0.01), lambda p: torch.optim.Adam(p, 0.01, (0.5, 0.999))),
    "adamax": (Adamax(lr=0.01), lambda p: torch.optim.Adamax(p, 0.01, (0.5, 0.999))),
    "rmsprop": (RMSprop(lr=0.01), lambda p: torch.optim.RMSprop(p, 0.01)),
    "sgd": (SGD(lr=0.01, momentum=0.9), lambda p: torch.optim.SGD(p, 0.01, 0.9)),
}


def player(memory_format: torch.memory_format = torch.contiguous_format, channels: int = 3) -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(channels, 5, 3), nn.Tanh(), nn.Conv2d(5, 2, 2), nn.Flatten(1), nn.Linear(8, 1))
    return layers.double().to(memory_format=memory_format)  # type: ignore[call-overload,no-any-return]


def gradients(module: nn.Module) -> tuple[Tensor, ...]:
    images = torch.rand(4, 3, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return torch.autograd.grad(module(images).square().mean(), list(module.parameters()))


@pytest.mark.parametrize("kind", OPTIMISERS)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_steps_are_those_of_separate_parameters(kind: str, memory_format: torch.memory_format) -> None:
    settings, build_plain = OPTIMISERS[kind]
    ours, theirs = player(memory_format), player()
    vector, plain = ParameterVector(ours.parameters()), build_plain(theirs.parameters())
    optimiser = settings.build([vector.values])
    for _ in range(4):
        vector.write_gradients(gradients(ours))
        for parameter, gradient in zip(theirs.parameters(), gradients(theirs), strict=True):
            parameter.grad = gradient
        optimiser.step()
        plain.step()
    for before, mine, other in zip(player().parameters(), ours.parameters(), theirs.parameters(), strict=True):
        assert not torch.equal(before, other)
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_values_and_memory_format_stay_as_they_were(channels: int, memory_format: torch.memory_format) -> None:
    module = player(memory_format, channels)
    before = {name: (value.clone(), value.stride()) for name, value in module.named_parameters()}
    identities = [id(parameter) for parameter in module.parameters()]
    vector = ParameterVector(module.parameters())
    assert [id(parameter) for parameter in vector] == identities
    assert len(vector) == len(identities)
    for name, parameter in module.named_parameters():
        value, stride = before[name]
        assert torch.equal(parameter, value)
        assert parameter.stride() == stride
        assert parameter.is_leaf
        assert parameter.data_ptr() % 64 == vector.values.data_ptr() % 64


def test_a_parameter_that_the_loss_does_not_reach_stands_still() -> None:
    module = player()
    vector = ParameterVector(module.parameters())
    optimiser = Adamax(lr=0.1).build([vector.values])
    found: list[Tensor | None] = list(gradients(module))
    found[0] = None
    before = deepcopy(list(module.parameters()))
    for _ in range(3):
        vector.write_gradients(found)
        optimiser.step()
    moved = [not torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True)]
    assert moved == [False, True, True, True, True, True]


def test_old_gradients_do_not_linger() -> None:
    module = player()
    vector = ParameterVector(module.parameters())
    vector.write_gradients(gradients(module))
    assert vector.gradient.abs().sum() > 0
    vector.write_gradients([None] * len(vector))
    assert vector.gradient.abs().sum() == 0


def test_a_player_that_was_cast_afterwards_is_refused() -> None:
    module = player()
    vector = ParameterVector(module.parameters())
    module.float()
    with pytest.raises(ValueError, match="moved or cast after its state was built"):
        vector.write_gradients([None] * len(vector))


def test_a_copy_of_the_player_is_independent() -> None:
    module = player()
    vector = ParameterVector(module.parameters())
    copy = deepcopy(module)
    with torch.no_grad():
        vector.values.zero_()
    assert all(parameter.abs().sum() == 0 for parameter in module.parameters())
    assert all(parameter.abs().sum() > 0 for parameter in copy.parameters())
