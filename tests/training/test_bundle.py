"""A bundle puts back everything that it was given, or changes nothing and says why; damage falls back by one."""

import json
import math
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from equipoise.common.errors import EquipoiseError
from equipoise.training import Bundle
from equipoise.training.checkpoint import write_checkpoint
from equipoise.training.packing import Packing, unpack
from equipoise.training.state import Clock


class Loop:
    """A loop with one of everything that moves; `play` draws from every stream."""

    def __init__(self, layout: torch.memory_format = torch.contiguous_format) -> None:
        torch.manual_seed(3)
        layers = (nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.3), nn.Flatten(), nn.Linear(16, 1))
        self.player: nn.Module = nn.Sequential(*layers).to(memory_format=layout)  # type: ignore[call-overload]
        self.optimiser = torch.optim.Adam(self.player.parameters(), lr=0.01)
        self.milestones = torch.optim.lr_scheduler.MultiStepLR(self.optimiser, [2, 2, 5])
        self.scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        self.own = torch.Generator().manual_seed(1)
        self.numbers = np.random.default_rng(2)
        self.dice = random.Random(4)
        self.seen: list[tuple[float, ...]] = []

    def parts(self) -> dict[str, object]:
        return {name: each for name, each in vars(self).items() if name != "seen"}

    def play(self) -> None:
        images = torch.randn(8, 2, 4, 4) + torch.rand(8, 2, 4, 4, generator=self.own)
        loss = self.player(images).square().mean() * (1 + random.random() + np.random.rand() + self.dice.random())
        self.optimiser.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.milestones.step()
        self.seen.append((loss.item(), float(self.numbers.normal())))

    def weights(self) -> list[bytes]:
        return [value.detach().contiguous().numpy().tobytes() for value in self.player.state_dict().values()]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_loop_that_is_restored_goes_on_bit_for_bit(tmp_path: Path, layout: torch.memory_format) -> None:
    first = Loop(layout)
    bundle = Bundle(tmp_path, first.parts(), values={"seen": []})
    for _ in range(3):
        first.play()
    bundle.values["seen"] = first.seen[:]
    bundle.save(3)
    for _ in range(4):
        first.play()

    other = Loop(layout)
    random.seed(9)
    torch.manual_seed(9)
    np.random.seed(9)
    again = Bundle(tmp_path, other.parts(), values={"seen": None})
    assert again.restore() == 3
    other.seen = again.values["seen"]
    assert len(other.seen) == 3
    for _ in range(4):
        other.play()
    assert other.seen == first.seen
    assert other.weights() == first.weights()
    assert other.milestones.milestones == Counter({2: 2, 5: 1})


def test_the_global_streams_are_left_alone_where_that_is_wanted(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path, {"layer": nn.Linear(1, 1)}, streams=False)
    bundle.save(1)
    expected = torch.rand(1)
    torch.manual_seed(0)
    torch.rand(3)
    before = torch.get_rng_state()
    bundle.restore()
    assert torch.equal(torch.get_rng_state(), before)
    assert expected.shape == (1,)


VALUES: list[Any] = [
    None,
    True,
    -(2**127),
    0.1,
    math.inf,
    "words\n\ud800",
    b"\x00\xff",
    [1, [2.5, (3, None)]],
    {1: "a", "1": "b", (1, 2): {}, None: 0},
    Counter("abca"),
    np.float32(0.1),
    np.arange(6, dtype=np.uint16).reshape(2, 3)[:, ::-1],
    torch.tensor([1.5, -0.0], dtype=torch.bfloat16),
    torch.zeros(0, 3),
    torch.tensor(True),
    torch.randn(2, 3).T,
    {"same/name": torch.ones(1), "same": {"name": torch.zeros(1)}, "same.name": torch.ones(2)},
]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and bool((one == other).all())
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_of_every_kind_come_back_in_value_and_type(value: Any, tmp_path: Path) -> None:
    bundle = Bundle(tmp_path, {}, values={"it": value})
    bundle.save(0)
    again = Bundle(tmp_path, {}, values={"it": "another"})
    again.restore()
    assert same(value, again.values["it"])


def test_nan_comes_back_and_dense_layouts_stay() -> None:
    packing = Packing()
    images = torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    packed = json.loads(json.dumps(packing.pack([math.nan, images], "it"), allow_nan=False))
    number, found = unpack(packed, {name: value.contiguous() for name, value in packing.tensors.items()})
    assert math.isnan(number)
    assert found.stride() == images.stride()


def nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (lambda: 0, "values.it is a value of type function"),
        ({"a": [object()]}, "values.it.a.0 is a value of type object"),
        (torch.zeros(1, dtype=torch.complex128), "tensor of torch.complex128"),
        (torch.zeros(2, 2).to_sparse(), "tensor of a special kind"),
        (torch.zeros(1, device="meta"), "on meta"),
        (np.array(["a"]), "numpy array of <U1"),
        (np.array([object()]), "numpy array of object"),
        (nested(100_000), "nested too deeply"),
    ],
    ids=["function", "object", "complex", "sparse", "meta", "words", "objects", "deep"],
)
def test_what_cannot_be_kept_is_named_and_nothing_is_written(tmp_path: Path, value: Any, named: str) -> None:
    bundle = Bundle(tmp_path, {}, values={"it": value})
    with pytest.raises(EquipoiseError, match=named):
        bundle.save(1)
    assert not list(tmp_path.iterdir())


def test_a_part_without_a_state_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(EquipoiseError, match="the part step is a int, which has no state_dict"):
        Bundle(tmp_path, {"step": 3})


def test_what_is_no_bundle_is_refused_in_one_sentence(tmp_path: Path) -> None:
    layer, kept = {"layer": nn.Linear(2, 1)}, "must be a whole number of at least 1"
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        ([nn.Linear(2, 1)], {}, "parts must be a dictionary"),
        ({1: nn.Linear(2, 1)}, {}, "parts must be a dictionary with strings"),
        (layer, {"values": {2: 3}}, "values must be a dictionary with strings"),
        ({"optimiser": torch.optim.Adam}, {}, "is the class Adam; give an object"),
        ({"random streams": nn.Linear(2, 1)}, {}, "is the bundle's own"),
        (layer, {"keep": 1.5}, kept),
        (layer, {"keep": "3"}, kept),
    ]
    for parts, more, words in wrong:
        with pytest.raises(EquipoiseError, match=words):
            Bundle(tmp_path, parts, **more)
    with pytest.raises(EquipoiseError, match="a score must be a number, got low"):
        Bundle(tmp_path, layer, best="lower").save(1, score="low")  # type: ignore[arg-type]
    assert Bundle(tmp_path, {"random streams": nn.Linear(2, 1)}, streams=False).save(1)


def two(width: int = 2, **more: object) -> dict[str, Any]:
    layer = nn.Linear(2, width)
    return {"layer": layer, "optimiser": torch.optim.Adam(layer.parameters())} | more


@pytest.mark.parametrize(
    ("parts", "values", "named"),
    [
        (lambda: two(width=3), {}, "its part 'layer' has weight of shape .2, 2. where .3, 2. is here"),
        (lambda: {"layer": nn.Linear(2, 2, bias=False)}, {}, "it has the part 'optimiser', which was not given here"),
        (lambda: two(extra=nn.Linear(1, 1)), {}, "it has no part 'extra'"),
        (
            lambda: two() | {"optimiser": torch.optim.SGD([torch.zeros(1)], lr=1.0)},
            {},
            "is a Adam, and here it is a SGD",
        ),
        (
            lambda: two() | {"optimiser": torch.optim.Adam([torch.zeros(1)])},
            {},
            "groups of .2. parameters, and here .* .1.",
        ),
        (lambda: two() | {"layer": nn.Sequential(nn.Linear(2, 2))}, {}, "its part 'layer' lacks 0.bias"),
        (lambda: two() | {"layer": nn.Linear(2, 2, bias=False)}, {}, "its part 'layer' holds bias, which is not here"),
        (two, {"seen": 1}, "it has no value 'seen'"),
    ],
    ids=["shape", "missing part", "extra part", "kind", "groups", "names", "fewer names", "value"],
)
def test_a_checkpoint_of_another_loop_is_refused_and_changes_nothing(
    tmp_path: Path, parts: Callable[[], dict[str, Any]], values: dict[str, Any], named: str
) -> None:
    Bundle(tmp_path, two()).save(1)
    layer = (given := parts())["layer"]
    before = [value.clone() for value in layer.state_dict().values()]
    with pytest.raises(EquipoiseError, match=f"belongs to another loop: .*{named}"):
        Bundle(tmp_path, given, values=values).restore()
    assert all(torch.equal(*pair) for pair in zip(before, layer.state_dict().values(), strict=True))


def test_a_part_that_refuses_its_state_is_named_before_a_module_changes(tmp_path: Path) -> None:
    class Stubborn:
        def state_dict(self) -> dict[str, int]:
            return {"a": 1}

        def load_state_dict(self, state: dict[str, int]) -> None:
            raise KeyError("b")

    Bundle(tmp_path, {"layer": nn.Linear(2, 2), "stubborn": Stubborn()}).save(1)
    layer = nn.Linear(2, 2)
    before = layer.weight.clone()
    with pytest.raises(EquipoiseError, match="the part 'stubborn' could not restore its state: 'b'"):
        Bundle(tmp_path, {"layer": layer, "stubborn": Stubborn()}).restore()
    assert torch.equal(layer.weight, before)


def saved(folder: Path, *steps: int, **options: Any) -> Bundle:
    bundle = Bundle(folder, {}, values={"step": 0}, **options)
    for step in steps:
        bundle.values["step"] = step
        bundle.save(step)
    return bundle


@pytest.mark.parametrize("ending", ["json", "safetensors"])
@pytest.mark.parametrize(
    "damage", [lambda old: old[: len(old) // 2], lambda old: b"", lambda old: old[:-9] + b"~" + old[-8:]]
)
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    tmp_path: Path, ending: str, damage: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = saved(tmp_path, 1, 2, 3)
    file = tmp_path / f"iteration-000000003.{ending}"
    file.write_bytes(damage(file.read_bytes()))
    assert bundle.restore() == 2
    assert bundle.values == {"step": 2}
    said = capsys.readouterr().err
    assert "iteration-000000003" in said
    assert "continuing from iteration-000000002.json" in said
    bundle.save(3)
    assert bundle.restore() == 3


def test_where_every_checkpoint_is_damaged_nothing_starts_over_in_silence(tmp_path: Path) -> None:
    bundle = saved(tmp_path, 1)
    (tmp_path / "iteration-000000001.safetensors").unlink()
    with pytest.raises(EquipoiseError, match=r"has no good checkpoint left; .*is damaged"):
        bundle.restore()


def test_an_empty_folder_restores_nothing(tmp_path: Path) -> None:
    assert Bundle(tmp_path / "not there", {}).restore() is None


def test_the_newest_and_the_best_stay(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path, {}, keep=2, best="lower")
    for step, score in enumerate([3.0, 1.0, math.nan, 2.0, -math.inf, None]):
        bundle.save(step, score)
    assert bundle.steps() == (1, 4, 5)
    again = Bundle(tmp_path, {}, keep=2, best="lower")
    assert again.restore("best") == 1
    assert again.restore() == 5
    assert again.best is not None
    assert (again.best.step, again.best.score) == (1, 1.0)
    again.save(6, score=1.5)
    assert again.steps() == (1, 5, 6)


def test_a_higher_score_is_the_best_where_that_is_said(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path, {}, keep=1, best="higher")
    for step, score in enumerate([1.0, 5.0, 2.0]):
        bundle.save(step, score)
    assert bundle.steps() == (1, 2)


def test_an_earlier_step_does_not_overwrite_a_later_one(tmp_path: Path) -> None:
    bundle = saved(tmp_path, 10, 20)
    with pytest.raises(EquipoiseError, match="holds a checkpoint of step 20, later than 15: restore it first"):
        bundle.save(15)
    assert bundle.restore(10) == 10
    bundle.drop_after(10)
    bundle.save(15)
    assert bundle.steps() == (10, 15)


def test_wrong_words_get_a_sentence(tmp_path: Path) -> None:
    bundle = saved(tmp_path, 1)
    for wrong, named in ((7, "keeps no checkpoint of step 7; there are: 1"), ("best", "none was saved with a score")):
        with pytest.raises(EquipoiseError, match=named):
            bundle.restore(wrong)  # type: ignore[arg-type]
    with pytest.raises(EquipoiseError, match="'newest', 'best' or a step, not by 'oldest'"):
        bundle.restore("oldest")
    for step in (-1, True, 2.0, 10**9):
        with pytest.raises(EquipoiseError, match="step must be a whole number"):
            bundle.save(step)  # type: ignore[arg-type]
    with pytest.raises(EquipoiseError, match="but not which is better"):
        bundle.save(2, score=1.0)
    for options, named in (({"keep": 0}, "keep must be"), ({"best": "low"}, "best must be 'lower' or 'higher'")):
        with pytest.raises(EquipoiseError, match=named):
            Bundle(tmp_path, {}, **options)


def test_the_checkpoint_of_a_run_is_no_bundle(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, Clock(iteration=1), {}, {"log": 0})
    with pytest.raises(EquipoiseError, match="was not written by a Bundle"):
        Bundle(tmp_path, {}).restore()
