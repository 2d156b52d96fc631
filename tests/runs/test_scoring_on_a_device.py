"""The matrices of the scores are computed on the device, and whatever meets there lies there.

The device is played by the CPU: tensors of a kind of device that no machine has. What mixes the two kinds of device
raises, as on a GPU; what reads a number, or copies to the CPU, works.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from equipoise.common.random import stream
from equipoise.data.digits import Digits
from equipoise.evaluation import scoring_images
from equipoise.evaluation.catalogue import METRICS
from equipoise.evaluation.classifier import train_classifier
from equipoise.evaluation.classifier_network import ClassifierRecipe
from equipoise.evaluation.evidence import Evidence
from equipoise.evaluation.judge import all_items, parts_of
from equipoise.experiments.build import build_network
from equipoise.recipes.catalogue import recipe

DEVICE = torch.device("lazy")
TAKEN = (
    "inception-score",
    "mode-score",
    "classifier-fid",
    "classifier-kid",
    "precision",
    "recall",
    "density",
    "coverage",
    "two-sample-test",
    "class-histogram",
    "modes-kl",
    "ms-ssim",
    "nearest-neighbours",
)


class OnDevice(Tensor):
    """A tensor that says it lies on the device; its numbers lie on the CPU."""

    numbers: Tensor

    @staticmethod
    def __new__(cls, numbers: Tensor) -> "OnDevice":
        made: OnDevice = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            numbers.shape,
            strides=numbers.stride(),
            storage_offset=numbers.storage_offset(),
            dtype=numbers.dtype,
            device=DEVICE,
            requires_grad=False,
        )
        made.numbers = numbers
        return made

    def tolist(self) -> Any:
        """The numbers: torch itself knows only tensors of its own."""
        return self.numbers.tolist()

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, operation: Any, types: Any, arguments: tuple[Any, ...] = (), options: Mapping[str, Any] | None = None
    ) -> Any:
        return computed(operation, arguments, dict(options or {}))


class PretendGpu(TorchDispatchMode):
    """While this lasts, what is made on the device carries numbers; autocast does not know it."""

    def __enter__(self) -> Any:
        self._asked = torch.is_autocast_enabled
        torch.is_autocast_enabled = lambda *words: False
        return super().__enter__()

    def __exit__(self, *words: Any) -> None:
        torch.is_autocast_enabled = self._asked
        super().__exit__(*words)

    def __torch_dispatch__(
        self, operation: Any, types: Any, arguments: tuple[Any, ...] = (), options: Mapping[str, Any] | None = None
    ) -> Any:
        return computed(operation, arguments, dict(options or {}))


def computed(operation: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The operation on the numbers, and where its result lies."""
    tensors = [each for each in tree_leaves((arguments, options)) if isinstance(each, Tensor)]
    there = any(isinstance(each, OnDevice) for each in tensors)
    copies = operation in (torch.ops.aten.copy_.default, torch.ops.aten._to_copy.default)
    if there and not copies and any(not isinstance(each, OnDevice) and each.ndim for each in tensors):
        raise RuntimeError(f"expected all tensors to be on the same device: {operation}")
    wanted = options.get("device")
    if wanted is not None:
        there, options["device"] = torch.device(wanted) == DEVICE, torch.device("cpu")
    elif copies and operation is torch.ops.aten.copy_.default:
        there = isinstance(arguments[0], OnDevice)
    numbers = tree_map(lambda each: each.numbers if isinstance(each, OnDevice) else each, (arguments, options))
    found = operation(*numbers[0], **numbers[1])
    if not there:
        return found
    known = {id(each.numbers): each for each in tensors if isinstance(each, OnDevice)}

    def placed(each: Any) -> Any:
        if not isinstance(each, Tensor):
            return each
        return known[id(each)] if id(each) in known else OnDevice(each)

    return tree_map(placed, found)


def test_scores_on_a_device_are_those_of_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_images, "_MOST_PAIRS", 3)
    train, test = (all_items(part)[:120] for part in parts_of(Digits("train"), None))
    labels = Digits("train").load().labels
    assert labels is not None
    quick = ClassifierRecipe(channels=(4, 8), epochs=1, batch_size=60)
    judge = train_classifier(train, labels[:120], test, labels[:120], recipe=quick)
    experiment = replace(recipe("magan-digits"), data=Digits("train"))
    generator = build_network(experiment.players["generator"].network, stream(0, "weights"))
    on_cpu = Evidence(experiment, generator, 120, None, torch.device("cpu"), known_judge=judge, few_samples=True)
    wanted = {name: METRICS.load(name)(on_cpu).value for name in TAKEN}
    with PretendGpu():
        there = replace(on_cpu, device=DEVICE, known_judge=judge.to(DEVICE))
        found = {name: METRICS.load(name)(there).value for name in TAKEN}
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=1e-6), name
    features = there.features("classifier")
    for each in (features.real.features, features.generated.features, features.generated.probabilities):
        assert isinstance(each, OnDevice)


def test_a_device_does_not_take_tensors_of_the_cpu() -> None:
    """So that the test above can fail."""
    with PretendGpu():
        there = torch.ones(3, device=DEVICE)
        assert float((there + 1).sum()) == 6
        for mixed in (lambda: there + torch.ones(3), lambda: torch.ones(3)[there > 0], there.numpy):
            with pytest.raises((RuntimeError, TypeError)):
                mixed()
