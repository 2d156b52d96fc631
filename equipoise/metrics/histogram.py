"""Which classes the samples fall into, and which modes they miss."""

import math
from dataclasses import dataclass

import torch

from equipoise.common.checks import check_whole
from equipoise.metrics.arrays import Array, as_distribution, as_float64, as_labels


def class_histogram(labels: Array, classes: int) -> torch.Tensor:
    """How many samples fall into each class.

    Args:
        labels: [samples] whole numbers in 0 .. classes - 1, as in the argmax of a classifier's probabilities.
        classes: the number of classes.

    Returns:
        [classes] int64 counts, on the CPU.

    Examples:
        >>> class_histogram(torch.tensor([2, 0, 2]), classes=4).tolist()
        [1, 0, 2, 0]
    """
    return torch.bincount(as_labels("labels", labels, classes).cpu(), minlength=int(classes))


class ClassCounts:
    """Counts classes batch by batch: `update` with labels, then read `counts`."""

    def __init__(self, classes: int) -> None:
        """Start with no samples."""
        self.counts = torch.zeros(check_whole("classes", classes, 1), dtype=torch.int64)

    def update(self, labels: Array) -> None:
        """Add labels [samples]."""
        self.counts += class_histogram(labels, self.counts.shape[0])

    def coverage(self, target: Array | None = None) -> "ModeCoverage":
        """Modes covered and divergence of what was counted so far."""
        return coverage_of_counts(self.counts, target)


@dataclass(frozen=True)
class ModeCoverage:
    """Modes that samples reached.

    Attributes:
        covered: modes with at least one sample.
        missing: modes without.
        divergence: KL(generated || target) in nats, with 0 log 0 = 0.
        samples: how many samples were looked at.
    """

    covered: int
    missing: int
    divergence: float
    samples: int

    @property
    def divergence_times_100(self) -> float:
        """The divergence in hundredths of a nat, probably the unit of Che et al. 2017, Table 2."""
        return 100 * self.divergence


def mode_coverage(labels: Array, classes: int, target: Array | None = None) -> ModeCoverage:
    """Modes covered, modes missing and KL(generated || target), as for stacked and compositional MNIST.

    Args:
        labels: [samples] the mode of each sample, 0 .. classes - 1 (0 .. 999 for three digits).
        classes: the number of modes.
        target: [classes] probabilities of the training data; uniform if not given.

    Examples:
        >>> mode_coverage(torch.tensor([0, 0, 1, 1]), classes=4).missing
        2
    """
    return coverage_of_counts(class_histogram(labels, classes), target)


def coverage_of_counts(counts: Array, target: Array | None = None) -> ModeCoverage:
    """The same from counts [classes] instead of labels."""
    number = as_float64("counts", counts, "classes").cpu()
    if float(number.min()) < 0 or float(number.sum()) <= 0:
        raise ValueError("counts must not be negative and at least one must be above 0.")
    generated = number / number.sum()
    covered = int((number > 0).sum())
    return ModeCoverage(
        covered, number.shape[0] - covered, _divergence(generated, _target(target, number.shape[0])), int(number.sum())
    )


def _target(target: Array | None, classes: int) -> torch.Tensor:
    if target is None:
        return torch.full((classes,), 1 / classes, dtype=torch.float64)
    return as_distribution("target", target, classes).cpu()


def _divergence(generated: torch.Tensor, target: torch.Tensor) -> float:
    seen = generated > 0
    if bool((target[seen] == 0).any()):
        return math.inf
    return max(0.0, float((generated[seen] * torch.log(generated[seen] / target[seen])).sum()))
