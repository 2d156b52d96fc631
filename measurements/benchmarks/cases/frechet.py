"""The Frechet distance against scipy's matrix square root and the plain eigenvalues."""

from functools import partial

import scipy.linalg
import torch

from equipoise.metrics.frechet import frechet_distance
from measurements.benchmarks.cases.common import SEED
from measurements.benchmarks.measure import Case
from measurements.benchmarks.timers import Way


def frechet_row(size: int, rounds: int, warm_up: bool) -> Case:
    """Two covariances of full rank, of so many features."""

    def prepare() -> dict[str, Way]:
        noise = torch.Generator().manual_seed(SEED)
        rows = [torch.randn(2 * size, size, dtype=torch.float64, generator=noise).numpy() for _ in range(2)]
        a, b = (each.T @ each / len(each) for each in rows)
        means = rows[0].mean(0), rows[1].mean(0)

        def from_root() -> float:
            root = scipy.linalg.sqrtm(a @ b)
            return float(((means[0] - means[1]) ** 2).sum() + a.trace() + b.trace() - 2 * root.real.trace())

        def from_eigenvalues() -> float:
            eigenvalues = torch.linalg.eigvals(torch.from_numpy(a @ b))
            roots = float(eigenvalues.sqrt().real.sum())
            return float(((means[0] - means[1]) ** 2).sum() + a.trace() + b.trace() - 2 * roots)

        ours = partial(frechet_distance, means[0], a, means[1], b)
        return {"scipy's sqrtm": from_root, "eigenvalues of the product": from_eigenvalues, "equipoise": ours}

    also = {"eigenvalues of the product": 2.0}
    work, targets = f"{size} features, float64", {"equipoise": 8.0}
    against = "scipy's matrix square root"
    return Case(f"Frechet distance, {size}", against, targets, prepare, work, rounds, also=also, warm_up=warm_up)


def cases() -> list[Case]:
    """A small size, and that of Inception-v3."""
    return [frechet_row(512, 5, True), frechet_row(2048, 2, False)]
