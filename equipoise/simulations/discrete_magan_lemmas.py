"""MAGAN's identity and lemmas, counted on many random pairs, and the cases where they fail (Wang et al. 2017)."""

from typing import Any

import torch
from torch import Tensor

from equipoise.simulations.discrete_magan import (
    Dynamics,
    expected_energy,
    follow,
    generator_step,
    optimal_energies,
    total_variation,
)


def identities(p: Tensor, q: Tensor, margin: float = 1.0) -> dict[str, Any]:
    """Eq. 13 (energy gap = margin * TV), Lemma 3.1 (real <= generated <= margin), the strict decrease of Lemma 3.3."""
    energies = optimal_energies(p, q, margin)
    real, fake = expected_energy(p, energies), expected_energy(q, energies)
    return {
        "pairs": len(p),
        "largest_error_of_eq_13": float((fake - real - margin * total_variation(p, q)).abs().max()),
        "violations_of_lemma_3_1": int(((real > fake) | (fake > margin + 1e-12)).sum()),
        "violations_of_lemma_3_3": int((real >= margin).sum()),
    }


def lemma_3_2_violations(
    p: Tensor, q: Tensor, step_sizes: tuple[float, ...] = (0.01, 0.1, 0.5)
) -> list[dict[str, Any]]:
    """How often a generator step raises the energy under the next optimal discriminator, S1 kept or changed.

    Lemma 3.2 states that the old and the next optimal discriminator agree after the step, and Eq. 11 that it lowers the
    energy: a raised energy contradicts both.
    """
    return [_violations(p, q, size) for size in step_sizes]


def counter_examples() -> dict[str, Any]:
    """The two statements that fail for exactly these numbers."""
    return {"lemma_3_2": _moved_across(), "disjoint_supports": _disjoint_supports()}


def _violations(p: Tensor, q: Tensor, step_size: float) -> dict[str, Any]:
    before = optimal_energies(p, q, 1.0)
    moved = generator_step(q, before, step_size)
    after = optimal_energies(p, moved, 1.0)
    raised = expected_energy(moved, after) > expected_energy(q, before) + 1e-12
    kept = ((p < q) == (p < moved)).all(-1)
    return {
        "step_size": step_size,
        "pairs_with_s1_kept": int(kept.sum()),
        "raised_with_s1_kept": int((raised & kept).sum()),
        "pairs_with_s1_changed": int((~kept).sum()),
        "raised_with_s1_changed": int((raised & ~kept).sum()),
    }


def _moved_across() -> dict[str, float]:
    """A step lowers the old discriminator's energy from 0.6 to 0.3, yet the next optimal one gives 0.7, not 0.3."""
    p, q, moved = (torch.tensor(row, dtype=torch.float64) for row in ([0.5, 0.5], [0.6, 0.4], [0.3, 0.7]))
    old, new = optimal_energies(p, q, 1.0), optimal_energies(p, moved, 1.0)
    return {
        "energy_before": float(expected_energy(q, old)),
        "energy_after_under_old_discriminator": float(expected_energy(moved, old)),
        "energy_after_under_new_discriminator": float(expected_energy(moved, new)),
    }


def _disjoint_supports() -> dict[str, Any]:
    """Real energies are 0, so the first update (here the generator stands still) sets the margin to 0 for good."""
    p, q = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64), torch.tensor([[0.0, 0.5, 0.5]], dtype=torch.float64)
    trace = follow(p, q, Dynamics(step_size=1e-20, epoch_steps=20, epochs=5))
    return {
        "stopped": bool(trace.stopped()[0]),
        "margins": trace.margins[0].tolist(),
        "final_distance": float(trace.distances[0, -1]),
    }
