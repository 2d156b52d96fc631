"""The runs of the table: how each is trained, and how it is meant to end. What counts is how it did end."""

from dataclasses import dataclass

from measurements.monitor.loops import Knobs

TUNED_ON, MEASURED_ON = (0,), (11, 12, 13, 14)
"""Seeds by which the limits of the monitors were set, and seeds of the table: no run is in both."""


@dataclass(frozen=True)
class Case:
    """One kind of run.

    Attributes:
        world: what it is trained on.
        meant: "fine", or the way in which it is meant to fail.
        words: how the table describes it.
        knobs: how it is trained.
        seeds: of the table.
    """

    world: str
    meant: str
    words: str
    knobs: Knobs
    seeds: tuple[int, ...] = MEASURED_ON


R1 = "R1"
FAST_GENERATOR, SLOW_DISCRIMINATOR = "generator's rate far too high", "discriminator's rate far too low"
SLOW_GENERATOR, MANY_STEPS = "generator's rate far too low", "saturating loss, five fast discriminator steps"
WASSERSTEIN, MOMENTUM = "Wasserstein loss without a penalty", "high rates, momentum 0.9"
FEW, TEN = "few training items", "ten training items"
LOGARITHMS, HALF = "logarithms of probabilities, high rate", "half precision, high rates"

FINE = [
    Case("ring", "fine", "non-saturating, R1", Knobs(rates=(1e-3, 1e-3), penalty=1.0)),
    Case("ring", "fine", "Wasserstein, R1", Knobs("wasserstein", (1e-3, 1e-3), penalty=1.0)),
    Case("ring", "fine", "least squares, R1", Knobs("least-squares", (1e-3, 1e-3), penalty=0.1)),
    Case("digits", "fine", "non-saturating, R1", Knobs(rates=(1e-3, 1e-3), penalty=0.1)),
    Case("digits", "fine", "Wasserstein, R1", Knobs("wasserstein", (1e-3, 1e-3), penalty=1.0)),
    Case("digits", "fine", "hinge, spectral norm", Knobs("hinge", (1e-3, 2e-3), spectral=True)),
    Case("digits", "fine", "least squares", Knobs("least-squares", (5e-4, 3e-4))),
    Case("mnist", "fine", "non-saturating, R1", Knobs(rates=(1e-3, 1e-3), penalty=0.1), (11, 12)),
    Case("mnist", "fine", "hinge, spectral norm", Knobs("hinge", (1e-3, 2e-3), spectral=True), (11, 12)),
    Case("colour", "fine", "non-saturating, R1", Knobs(rates=(1e-3, 1e-3), penalty=0.1), (11, 12)),
    Case("colour", "fine", "hinge, spectral norm", Knobs("hinge", (1e-3, 2e-3), spectral=True), (11, 12)),
]
FAILING = [
    Case("ring", "collapse", "non-saturating, no penalty", Knobs(rates=(1e-3, 1e-3))),
    Case("ring", "discriminator wins", SLOW_GENERATOR, Knobs(rates=(2e-6, 2e-3))),
    Case("ring", "generator wins", SLOW_DISCRIMINATOR, Knobs(rates=(1e-3, 1e-6))),
    Case("ring", "oscillation", WASSERSTEIN, Knobs("wasserstein", (1e-3, 1e-3))),
    Case("ring", "oscillation", MOMENTUM, Knobs(rates=(5e-3, 5e-3), betas=(0.9, 0.9))),
    Case("ring", "not finite", LOGARITHMS, Knobs("logarithms", (1e-3, 2e-2))),
    Case("digits", "collapse", FAST_GENERATOR, Knobs(rates=(5e-3, 2e-4))),
    Case("digits", "discriminator wins", MANY_STEPS, Knobs("saturating", (2e-4, 5e-3), steps=(1, 5))),
    Case("digits", "generator wins", SLOW_DISCRIMINATOR, Knobs("hinge", (5e-4, 1e-6))),
    Case("digits", "oscillation", WASSERSTEIN, Knobs("wasserstein", (1e-3, 1e-3))),
    Case("digits", "oscillation", MOMENTUM, Knobs(rates=(3e-3, 3e-3), betas=(0.9, 0.9))),
    Case("digits", "memorisation", FEW, Knobs(rates=(1e-3, 1e-3), items=20, penalty=0.1)),
    Case("digits", "memorisation", TEN, Knobs(rates=(1e-3, 1e-3), items=10, penalty=0.1)),
    Case("digits", "not finite", LOGARITHMS, Knobs("logarithms", (2e-4, 2e-2))),
    Case("mnist", "discriminator wins", SLOW_GENERATOR, Knobs(rates=(1e-6, 1e-3)), (11,)),
    Case("mnist", "memorisation", FEW, Knobs(rates=(1e-3, 1e-3), items=20, penalty=0.1), (11,)),
    Case("colour", "generator wins", SLOW_DISCRIMINATOR, Knobs(rates=(5e-4, 1e-7)), (11,)),
    Case("colour", "not finite", HALF, Knobs("wasserstein", (1e-1, 1e-1), half=True), (11,)),
]
CASES = [*FAILING, *FINE]
