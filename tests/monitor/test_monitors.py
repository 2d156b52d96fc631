"""What each monitor says of a stream of numbers, that it says it once, and that it goes on from its state."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from equipoise.common.decisions import right_decisions
from equipoise.monitor import (
    BalanceMonitor,
    EnergyMonitor,
    HealthMonitor,
    MemorisationMonitor,
    Monitor,
    Report,
    VarietyMonitor,
    gradient_norm,
)
from equipoise.monitor.balance import WINDOW
from equipoise.monitor.imbalance import Window, imbalances
from equipoise.monitor.waiting import Waiting
from equipoise.monitor.words import ADVICE, MEANINGS

DOUBLE = torch.float64


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def test_scores_of_both_sides_may_come_one_after_the_other() -> None:
    together, apart = BalanceMonitor(window=10), BalanceMonitor(window=10)
    for step in range(20):
        real, fake = noise(8, seed=step) + 1, noise(8, seed=100 + step)
        together.update(real, fake, losses={"discriminator": float(step)})
        apart.update(real_scores=real, losses={"discriminator": float(step)})
        apart.update(fake_scores=fake)
    assert apart.steps == 20
    assert apart.state_dict() == together.state_dict()
    assert apart.report().values == together.report().values != {}


def test_what_holds_no_number_is_refused_and_leaves_nothing() -> None:
    monitor = HealthMonitor()
    with pytest.raises((ValueError, RuntimeError, IndexError)):
        monitor.update(numbers={"empty": torch.empty(0)})
    monitor.update(numbers={"broken": math.nan})
    assert "broken is the first" in str(monitor.report().alarms)


COMPILED: dict[str, tuple[Callable[[], Any], Callable[[Tensor], dict[str, Any]]]] = {
    "balance": (lambda: BalanceMonitor(10), lambda x: {"real_scores": x[:, 0] + 1, "fake_scores": x[:, 1]}),
    "energies": (EnergyMonitor, lambda x: {"real_energy": x[:, 0].abs(), "fake_energy": x[:, 1].abs()}),
    "health": (HealthMonitor, lambda x: {"losses": {"generator": x.mean()}, "numbers": {"x": x}}),
    "variety": (lambda: VarietyMonitor.of(noise(64, 4)), lambda x: {"samples": x}),
    "memorisation": (lambda: MemorisationMonitor(noise(40, 4), noise(40, 4, seed=1)), lambda x: {"samples": x}),
    "several": (lambda: Monitor(BalanceMonitor(10), EnergyMonitor()), lambda x: {"real_scores": x, "fake_scores": -x}),
}


@pytest.mark.parametrize("name", COMPILED)
def test_a_step_with_a_monitor_is_compiled_once_and_finds_the_same(name: str) -> None:
    """Its counts, which are values of Python, must not make the step compiled anew each time."""
    make, given = COMPILED[name]
    plain, monitor, compiled = make(), make(), []

    def backend(module: Any, inputs: Any) -> Any:
        compiled.append(module)
        return module.forward

    def step(x: Tensor, watch: Any) -> Tensor:
        y = torch.tanh(x)
        watch.update(**given(y))
        return y.sum()

    torch._dynamo.reset()
    fast = torch.compile(step, backend=backend)
    for number in range(30):
        x = noise(16, 4, seed=number)
        assert torch.equal(fast(x, monitor), step(x, plain))
    assert len(compiled) <= 2
    assert monitor.steps == plain.steps if name != "several" else True
    assert monitor.report() == plain.report()
    assert monitor.state_dict() == plain.state_dict()


@pytest.mark.parametrize("steps", [9, 12])
def test_scores_that_diverge_to_both_sides_are_reported(steps: int) -> None:
    monitor = BalanceMonitor(window=10)
    for step in range(steps):
        monitor.update(torch.full((4,), math.inf if step % 2 else -math.inf), torch.zeros(4))
    state = json.loads(json.dumps(monitor.state_dict(), allow_nan=False))
    again = BalanceMonitor(window=10)
    again.load_state_dict(state)
    assert again.state_dict() == state
    assert str(again.report()) == str(monitor.report())


def names(reports: list[Report]) -> list[str]:
    return [("-" if alarm.passed else "") + alarm.name for report in reports for alarm in report.alarms]


def told_of(windows: list[tuple[float, float]], loss: float = 1.0) -> list[Report]:
    """What is said of windows of constant real and fake means, with scores that deviate by one."""
    monitor, reports = BalanceMonitor(), []
    for place, (real, fake) in enumerate(windows):
        for step in range(WINDOW):
            drawn = noise(2, 100, seed=1_000 * place + step)
            monitor.update(drawn[0] + real, drawn[1] + fake, losses={"discriminator": loss})
        reports.append(monitor.report())
    return reports


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64])
def test_a_discriminator_that_gives_the_same_to_all_cannot_tell(dtype: torch.dtype) -> None:
    same = torch.full((8,), 3, dtype=dtype)
    monitor = BalanceMonitor()
    for _ in range(20 * WINDOW):
        monitor.update(same, same)
    report = monitor.report()
    assert report.values["right_decisions"] == 0.5
    assert not report.alarms


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_scores_that_are_not_finite_are_no_wrong_decisions(value: float) -> None:
    bad = torch.tensor([1.0, value])
    assert math.isnan(right_decisions(bad, torch.zeros(2)))
    assert math.isnan(right_decisions(torch.zeros(2), bad))
    monitor = BalanceMonitor()
    for _ in range(20 * WINDOW):
        monitor.update(bad, bad)
    assert not monitor.report().alarms


def test_scores_may_be_numpy_arrays_and_whole_numbers() -> None:
    monitor = BalanceMonitor(window=10)
    for _ in range(10):
        monitor.update(np.ones(3), [np.zeros((2, 2)), np.zeros(1)])  # type: ignore[list-item]
    assert monitor.report().values["margin"] == 1.0


@pytest.mark.parametrize("given", [[BalanceMonitor()], BalanceMonitor, 3])
def test_what_is_no_monitor_is_refused_when_it_is_given(given: Any) -> None:
    with pytest.raises(ValueError, match="give monitors one by one"):
        Monitor(HealthMonitor(), given)


def test_right_decisions_against_a_count_by_hand() -> None:
    real, fake = noise(3, 7) + 1, noise(3, 5, seed=1)
    for row in range(3):
        middle = (sum(real[row].tolist()) / 7 + sum(fake[row].tolist()) / 5) / 2
        by_hand = sum(x > middle for x in real[row].tolist()) / 7 + sum(x < middle for x in fake[row].tolist()) / 5
        assert float(right_decisions(real[row], fake[row])) == pytest.approx(by_hand / 2)
    assert right_decisions(real, fake).tolist() == [
        float(right_decisions(a, b)) for a, b in zip(real, fake, strict=True)
    ]


def test_balanced_players_are_left_alone() -> None:
    reports = told_of([(0.5, 0.0)] * 20)
    assert names(reports) == []
    values = reports[-1].values
    assert values["margin"] == pytest.approx(0.5, abs=0.05)
    assert values["right_decisions"] == pytest.approx(0.6, abs=0.02)
    assert reports[-1].is_well


@pytest.mark.parametrize(
    ("windows", "name"),
    [
        ([(9.0, 0.0)] * 12, "discriminator wins"),
        ([(0.0, 1.0)] * 12, "generator wins"),
        ([(0.0, 0.5), (0.5, 0.0)] * 10, "oscillation"),
    ],
)
def test_lost_balance_is_said_once_with_its_number_and_its_limit(windows: list[Any], name: str) -> None:
    reports = told_of(windows)
    assert names(reports) == [name]
    assert reports[-1].lasting == (name,)
    (alarm,) = [alarm for report in reports for alarm in report.alarms]
    assert MEANINGS[name] in str(alarm)
    assert any(limit in alarm.seen for limit in ("98%", "47%", "3%"))
    assert all(advice.text in str(alarm) for advice in ADVICE[name])
    assert ADVICE[name][0].setting not in str(alarm)
    assert ADVICE[name][0].setting in alarm.words(with_settings=True)


def test_a_lead_at_the_start_is_no_alarm_and_one_that_passes_is_told_to_have_passed() -> None:
    assert names(told_of([(9.0, 0.0)] * 6 + [(0.5, 0.0)] * 6)) == []
    assert names(told_of([(9.0, 0.0)] * 10 + [(0.5, 0.0)] * 4)) == ["discriminator wins", "-discriminator wins"]


def test_a_loss_that_has_fallen_to_nothing_is_a_discriminator_that_wins() -> None:
    window = Window(1.0, 0.0, 0.9, 1e-4, 1.0, 1.0, 1.0)
    assert "its largest" in imbalances([window], saturation=1e-4)["discriminator wins"]
    assert imbalances([window], saturation=math.nan) == {}
    monitor = BalanceMonitor()
    for step in range(2 * WINDOW):
        monitor.update(noise(8), noise(8, seed=1), losses={"discriminator": 1.0 if step < WINDOW else 0.25})
    assert monitor.report().values["saturation"] == 0.25
    monitor.update(noise(8), noise(8, seed=1), losses={"discriminator": -1.0})
    for _ in range(WINDOW - 1):
        monitor.update(noise(8), noise(8, seed=1), losses={"discriminator": -1.0})
    assert "saturation" not in monitor.report().values, "of a loss that can be negative the size says nothing"


def test_maps_of_scores_losses_that_come_apart_and_means_are_all_taken() -> None:
    whole, parts, means = BalanceMonitor(), BalanceMonitor(), BalanceMonitor()
    for step in range(WINDOW):
        real, fake = noise(4, 6, seed=step) + 1, noise(3, 6, seed=step + 99)
        whole.update(real, fake, losses={"discriminator": 1.0, "generator": 2.0}, gradients={"generator": 3.0})
        parts.update(losses={"generator": 2.0}, gradients={"generator": 3.0})
        parts.update([real[:1], real[1:]], (fake[:2], fake[2:]), losses={"discriminator": torch.tensor(1.0)})
        right = right_decisions(real.flatten(), fake.flatten())
        means.update(float(real.mean()), fake.mean(), right, {"discriminator": 1.0, "generator": 2.0})
    values = whole.report().values
    assert parts.report().values == values
    assert means.report().values == pytest.approx(values)
    assert values["margin"] == pytest.approx(1, abs=0.2)


def test_the_gradient_ratio_is_that_of_the_norms() -> None:
    players = {name: nn.Linear(3, 2, dtype=DOUBLE) for name in ("generator", "discriminator")}
    for player in players.values():
        player(noise(5, 3)).square().sum().backward()
    norms = {name: gradient_norm(player) for name, player in players.items()}
    for name, player in players.items():
        flat = torch.cat([each.grad.flatten() for each in player.parameters() if each.grad is not None])
        assert float(norms[name]) == pytest.approx(float(flat.norm()))
    monitor = BalanceMonitor()
    for _ in range(WINDOW):
        monitor.update(noise(8), noise(8, seed=1), gradients=norms)
    ratio = float(norms["generator"] / norms["discriminator"])
    assert monitor.report().values["gradient_ratio"] == pytest.approx(ratio)


def test_the_first_number_that_is_not_finite_is_named_once() -> None:
    monitor = HealthMonitor()
    monitor.update(losses={"generator": torch.tensor(1.0), "discriminator": 1e200})
    assert monitor.report().is_well
    monitor.update(losses={"generator": 1.0}, gradients={"generator": torch.tensor(math.inf)})
    monitor.update(losses={"generator": math.nan}, numbers={"the images": torch.tensor([0.0, math.nan])})
    (alarm,) = monitor.report().alarms
    assert (alarm.seen, alarm.step) == ("the gradient of generator is the first number that is NaN or infinite", 2)
    again = monitor.report()
    assert (again.alarms, again.lasting) == ((), ("not finite",))


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_one_entry_of_many_is_seen(wrong: float) -> None:
    monitor = HealthMonitor()
    monitor.update(numbers={"a buffer": torch.tensor([[0.0, wrong], [1e300, -1.0]], dtype=DOUBLE)}, step=7)
    assert [alarm.step for alarm in monitor.report().alarms] == [7]


def test_energies_that_drift_apart() -> None:
    monitor, reports = EnergyMonitor(), []
    for window in range(30):
        for _ in range(WINDOW):
            monitor.update(real_energy=noise(8).square() + 1 - noise(8).square())
            monitor.update(fake_energy=torch.tensor(1.5 if window < 12 else 4.0))
        reports.append(monitor.report())
    assert names(reports) == ["energies apart"]
    assert "4.0 times the energy of real ones, above 3; it was 1.5 times at best" in reports[14].alarms[0].seen
    assert reports[-1].values == pytest.approx({"real_energy": 1.0, "fake_energy": 4.0})
    steady = EnergyMonitor()
    for _ in range(30 * WINDOW):
        steady.update(1.0, 4.0)
    assert steady.report().is_well, "a gap that was always there is the loss's"


def test_copies_are_told_from_new_items() -> None:
    items = noise(600, 5)
    training, held_out, new = items[:200], items[200:400], items[400:]
    monitor = MemorisationMonitor(training, held_out)
    reports = []
    for samples in [new, new, training, training]:
        monitor.update(samples[:150] + 0.01 * noise(150, 5, seed=1))
        monitor.update(samples[:150])
        reports.append(monitor.report())
    assert names(reports) == ["memorisation"]
    assert reports[0].values["distance_ratio"] == pytest.approx(1, abs=0.2)
    assert reports[3].values["share_nearer"] == 1
    assert reports[3].alarms[0].seen.startswith("100% of the samples are nearer to a training item")


def feed(monitor: Any, steps: int, start: int = 0) -> Iterator[str]:
    for step in range(start, start + steps):
        apart = 9.0 if step % 1_000 < 700 else 0.3
        real, fake = noise(2, 30, seed=step)
        monitor.update(real_scores=real + apart, fake_scores=fake, losses={"generator": real[0].abs()})
        monitor.update(real_energy=real.square(), fake_energy=fake.square() * apart, samples=noise(64, 4, seed=step))
        if step % 70 == 0:
            yield str(monitor.report())
    yield str(monitor.report())


def all_of_them() -> Monitor:
    items = noise(500, 4)
    return Monitor(
        BalanceMonitor(),
        HealthMonitor(),
        EnergyMonitor(),
        VarietyMonitor(items[:100], items[100:200], total=900),
        MemorisationMonitor(items[:100], items[100:400]),
    )


def test_a_monitor_goes_on_from_its_state_wherever_it_was_taken() -> None:
    whole = list(feed(all_of_them(), 900))
    first, second = all_of_them(), all_of_them()
    before = list(feed(first, 437))[:-1]
    second.load_state_dict(json.loads(json.dumps(first.state_dict(), allow_nan=False)))
    after = list(feed(second, 463, 437))
    assert [text.split(", reach")[0] for text in before + after] == [text.split(", reach")[0] for text in whole]
    assert any("discriminator wins" in text for text in whole)
    with pytest.raises(ValueError, match="not of 0:HealthMonitor"):
        Monitor(HealthMonitor()).load_state_dict(first.state_dict())


@pytest.mark.parametrize("dtype", [DOUBLE, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("wrong", [None, math.nan, math.inf])
@pytest.mark.parametrize("first", ["real", "fake"])
def test_a_side_that_waits_for_the_other_is_kept_in_the_state(
    dtype: torch.dtype, wrong: float | None, first: str
) -> None:
    """Each monitor that takes sides in separate calls, with its state taken between all of them."""
    for make, kind in ((BalanceMonitor, "scores"), (EnergyMonitor, "energy")):
        whole, parts = make(), make()
        for step in range(2 * WINDOW):
            sides = {side: noise(2, 3, seed=10 * step + place).to(dtype) for place, side in enumerate(("real", "fake"))}
            if wrong is not None and step == 3:
                sides["real"][0, 1] = wrong
            more = {"losses": {"generator": float(step) if wrong is None else wrong}} if kind == "scores" else {}
            for side in (first, *({"real", "fake"} - {first})):
                given = {f"{side}_{kind}": sides[side]} | (more if side == first else {})
                whole.update(**given)
                parts.update(**given)
                state = json.loads(json.dumps(parts.state_dict(), allow_nan=False))
                parts = make()
                parts.load_state_dict(state)
        assert str(parts.report()) == str(whole.report())
        assert parts.state_dict() == whole.state_dict()
        assert whole.report().values


def test_a_state_from_before_sides_were_kept_is_read() -> None:
    state = BalanceMonitor().state_dict()
    del state["sides"]
    BalanceMonitor().load_state_dict(state)


@pytest.mark.parametrize("make", [VarietyMonitor, MemorisationMonitor])
@pytest.mark.parametrize("samples", [noise(8, 5), noise(8), torch.tensor(1.0), [[1.0] * 4] * 8, noise(8, 2, 3)])
def test_samples_of_another_shape_are_refused_at_once(make: Any, samples: Any) -> None:
    monitor = make(noise(64, 2, 2), noise(64, 2, 2, seed=1))
    with pytest.raises(
        ValueError, match=r"samples must be a tensor \[count, ...\] of 4 numbers each, as the real items"
    ):
        monitor.update(samples)
    assert monitor.steps == 0


@pytest.mark.parametrize(
    "given", [{"losses": {"generator": torch.ones(2)}}, {"gradients": {"discriminator": torch.ones(3, 1)}}]
)
def test_balance_takes_one_number_for_a_loss_and_a_gradient(given: Any) -> None:
    with pytest.raises(ValueError, match="must be one number, got shape"):
        BalanceMonitor().update(torch.ones(2), torch.ones(2), **given)


def test_what_no_monitor_takes_is_refused() -> None:
    with pytest.raises(ValueError, match="no monitor takes real_score; they take fake_energy, real_energy"):
        Monitor(EnergyMonitor()).update(real_score=torch.ones(1))


@pytest.mark.parametrize("make", [BalanceMonitor, HealthMonitor, EnergyMonitor, all_of_them])
def test_an_empty_monitor_reports_nothing(make: Callable[[], Any]) -> None:
    report = make().report()
    assert (dict(report.values), report.alarms, report.is_well) == ({}, (), True)


def test_numbers_wait_in_their_order_whatever_holds_them() -> None:
    waiting, expected = Waiting(), []
    for number in range(700):
        kinds: list[float | Tensor] = [float(number), torch.tensor(float(number)), torch.tensor(number, dtype=DOUBLE)]
        waiting.keep([kinds[number % 3]])
        expected.append(float(number))
    assert waiting.look() == expected
    assert waiting.read() == expected
    assert waiting.read() == []


def test_every_trouble_has_its_words() -> None:
    assert set(MEANINGS) == set(ADVICE)
    assert all(2 <= len(advice) <= 3 for advice in ADVICE.values())


def test_real_and_held_out_items_have_one_shape() -> None:
    with pytest.raises(ValueError, match=r"items of one shape, got \(64, 12\) and \(64, 3\)"):
        VarietyMonitor(torch.zeros(64, 12), torch.zeros(64, 3))
