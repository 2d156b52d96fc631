"""Inception score and MODE score of a classifier's probabilities of generated images."""

import itertools

import torch

from equipoise.common.checks import check_choice, check_whole
from equipoise.metrics.arrays import Array, as_distribution, as_probabilities


def inception_score(probabilities: Array, splits: int = 10) -> tuple[float, float]:
    """Exp of the mean divergence of p(y|x) from the samples' marginal (Salimans et al. 2016); higher is better.

        IS = exp( mean_x KL( p(y|x) || p*(y) ) ),   p*(y) = mean_x p(y|x)

    It lies between 1 (one class only, or no confidence at all) and the number of classes.

    Args:
        probabilities: [samples, classes], p(y|x) of the generated images, rows that sum to 1.
        splits: consecutive parts that are scored apart; 10 is customary, 1 is what the repulsive MMD paper uses.

    Returns:
        Mean and population deviation over the splits.

    Examples:
        >>> mean, deviation = inception_score(torch.eye(10).repeat(10, 1), splits=1)
        >>> round(mean, 9), deviation
        (10.0, 0.0)
    """
    rows = as_probabilities("probabilities", probabilities)
    count = rows.shape[0]
    splits = check_whole("splits", splits, 1, count, ", the number of samples")
    edges = [part * count // splits for part in range(splits + 1)]
    parts = (rows[start:end] for start, end in itertools.pairwise(edges))
    scores = torch.stack([torch.exp(_divergence(part, part.mean(dim=0)).mean()) for part in parts])
    return float(scores.mean()), float(scores.std(correction=0))


def mode_score(probabilities: Array, label_distribution: Array, form: str = "paper") -> float:
    """MODE score, meant to punish missing classes (Che et al. 2017, Eq. 4), in one of two forms; higher is better.

        "paper":     exp( mean_x KL( p(y|x) || p(y) ) - KL( p*(y) || p(y) ) )
        "marginal":  exp( mean_x KL( p(y|x) || p*(y) ) - KL( p*(y) || p(y) ) )

    The printed form equals the inception score identically, because p(y) cancels; only "marginal" (Xu et al. 2018)
    feels the training distribution. p*(y) is the mean of p(y|x), not a histogram of the likeliest labels.

    Args:
        probabilities: [samples, classes], p(y|x) of the generated images.
        label_distribution: [classes], p(y) of the training data; above 0 wherever a sample has mass.
        form: "paper" or "marginal".
    """
    check_choice("form", form, ("paper", "marginal"))
    rows = as_probabilities("probabilities", probabilities)
    training = as_distribution("label_distribution", label_distribution, rows.shape[1]).to(rows.device)
    marginal = rows.mean(dim=0)
    if bool(((training == 0) & (marginal > 0)).any()):
        raise ValueError("label_distribution is 0 for a class that the samples have; the divergence is infinite.")
    away_from = training if form == "paper" else marginal
    return float(torch.exp(_divergence(rows, away_from).mean() - _divergence(marginal, training)))


def _divergence(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """KL(p || q) over the last dimension in nats, with 0 log 0 = 0; where q is 0, so is p."""
    return (torch.xlogy(p, p) - torch.xlogy(p, torch.where(p > 0, q, 1.0))).sum(dim=-1)
