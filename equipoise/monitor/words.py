"""What each problem usually means and what to change first, in plain words."""

from equipoise.monitor.alarm import Advice, Alarm

GENERATOR_RATE, DISCRIMINATOR_RATE = "players.generator.optimiser.lr", "players.discriminator.optimiser.lr"
"""Settings of a run."""
DISCRIMINATOR_STEPS, PENALTIES, LOSS = "algorithm.discriminator_steps", "algorithm.penalties", "algorithm.loss"
"""Settings of a run."""

MEANINGS = {
    "collapse": "The generator has found a few samples that its discriminator takes for real, and makes only those.",
    "discriminator wins": (
        "The discriminator tells real from fake without an error, so that the generator learns little or nothing from "
        "it."
    ),
    "generator wins": (
        "The discriminator lags behind: the generator follows its errors, and its samples drift away from the data."
    ),
    "oscillation": "The players chase each other round in circles instead of settling.",
    "not finite": (
        "A step was too large for the numbers, or a root or logarithm was taken where its slope is infinite; every "
        "later step is lost."
    ),
    "memorisation": "The generator copies training items: the data are few for so long a training.",
    "energies apart": (
        "The discriminator gives fake items an energy that the generator no longer brings down: it has lost touch."
    ),
}
"""By the name of the trouble: what it usually means."""

ADVICE: dict[str, tuple[Advice, ...]] = {
    "collapse": (
        Advice("lower the generator's learning rate", GENERATOR_RATE),
        Advice("penalise the discriminator's gradient, as R1 does", PENALTIES),
        Advice("take larger batches", "batch_size"),
    ),
    "discriminator wins": (
        Advice("lower the discriminator's learning rate, or raise the generator's", DISCRIMINATOR_RATE),
        Advice("penalise the discriminator's gradient, as R1 does", PENALTIES),
        Advice("take a loss that does not saturate, as the non-saturating or the hinge loss", LOSS),
    ),
    "generator wins": (
        Advice("raise the discriminator's learning rate, or lower the generator's", DISCRIMINATOR_RATE),
        Advice("make more discriminator steps for each of the generator's", DISCRIMINATOR_STEPS),
    ),
    "oscillation": (
        Advice("lower both learning rates", GENERATOR_RATE),
        Advice("lower Adam's first beta to 0.5 or 0", "players.generator.optimiser.betas"),
        Advice("penalise the discriminator's gradient, as R1 does", PENALTIES),
    ),
    "not finite": (
        Advice("lower the learning rates", DISCRIMINATOR_RATE),
        Advice("compute in float32 or bfloat16 instead of float16"),
        Advice("take the loss of scores, not of probabilities and their logarithms", LOSS),
    ),
    "memorisation": (
        Advice("train on more data, or augment them", "data"),
        Advice("stop earlier", "algorithm.iterations"),
        Advice("take a smaller discriminator", "players.discriminator.network"),
    ),
    "energies apart": (
        Advice("lower the margin", "algorithm.margin"),
        Advice("lower the discriminator's learning rate", DISCRIMINATOR_RATE),
    ),
}
"""By the name of the trouble: what to change first."""


def alarm(name: str, seen: str, step: int) -> Alarm:
    """The alarm for the problem of this name."""
    return Alarm(name, seen, step, MEANINGS[name], ADVICE[name])


def passed(name: str, seen: str, step: int) -> Alarm:
    """The message that it is over."""
    return Alarm(name, seen, step, passed=True)
