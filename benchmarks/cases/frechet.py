"""The Frechet distance against scipy's matrix square root and the plain eigenvalues."""

from functools import partial

import scipy.linalg
import torch
from measure import Case, Way

from cases.common import SEED
from equipoise.metrics.frechet import frechet_distance

_FRECHET_FEATURES = 1024


def frechet_row() -> Case:
    """Two covariances of full rank."""

    def prepare() -> dict[str, Way]:
        noise = torch.Generator().manual_seed(SEED)
        size = _FRECHET_FEATURES
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

    work = f"{_FRECHET_FEATURES} features, float64"
    return Case("Frechet distance", "scipy's matrix square root", {"equipoise": 8.0}, prepare, work, rounds=3)


def cases() -> list[Case]:
    """One size."""
    return [frechet_row()]
