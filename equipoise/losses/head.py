"""The adversarial part of your own training loop, as one object."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from equipoise.common.checks import check_at_least, check_choice, described
from equipoise.losses.adversarial import AdversarialLoss
from equipoise.losses.catalogue import AMPLIFIERS, LOSSES
from equipoise.losses.maps import Features, Scores, feature_matching_loss, over_maps
from equipoise.losses.spatial import spatial_generator_loss
from equipoise.losses.weighting import WarmUp, adaptive_weight

_AT_ONCE = WarmUp()


class AdversarialHead(nn.Module):
    """Turns a discriminator's outputs into the losses of both players, by name and weight.

    It holds no network, no optimiser and no parameter; its `state_dict` is the number of the step, for the warm-up. As
    a submodule of yours it is saved with you.

        head = AdversarialHead("hinge", amplifier="margin", weight=0.1, warm_up=WarmUp(start=1000))
        loss = reconstruction + sum(head.generator_losses(discriminator(fake)).values())
        ...
        head.discriminator_loss(discriminator(real), discriminator(fake.detach())).backward()
        ...
        head.advance()

    Attributes:
        loss: the pair of losses.
        step: how many times `advance` was called.
    """

    def __init__(
        self,
        loss: str | AdversarialLoss = "hinge",
        *,
        amplifier: str = "none",
        weight: float = 1.0,
        map_weights: Sequence[float] | None = None,
        feature_weight: float = 0.0,
        warm_up: WarmUp = _AT_ONCE,
    ):
        """The adversarial part.

        Args:
            loss: the name of a pair of `equipoise.losses.catalogue.LOSSES`, or a pair of your own.
            amplifier: other than "none", the generator's loss is LGA on the score maps with this amplification (see
                `equipoise.losses.spatial`); the discriminator keeps the loss's own.
            weight: of the generator's adversarial loss.
            map_weights: how much each map counts, where the discriminator returns a list; None counts all alike.
            feature_weight: of the feature matching; above 0, `generator_losses` needs the features of both sides.
            warm_up: the factor on the generator's losses by the step. Before its start the discriminator's loss is 0
                too: `waiting` says so, so that you can spare the passes.
        """
        super().__init__()
        check_at_least("weight", weight, 0.0)
        check_at_least("feature_weight", feature_weight, 0.0)
        check_choice("amplifier", amplifier, ("none", *AMPLIFIERS))
        if not isinstance(loss, str | AdversarialLoss):
            raise ValueError(f"loss must be a name or an AdversarialLoss, got {described(loss)}.")
        if not isinstance(warm_up, WarmUp):
            raise ValueError(f"warm_up must be a WarmUp, as in WarmUp(start=1000), got {described(warm_up)}.")
        self.loss: AdversarialLoss = LOSSES.load(loss) if isinstance(loss, str) else loss
        self.name = loss if isinstance(loss, str) else "your own loss"
        self.amplifier, self.weight, self.feature_weight = amplifier, weight, feature_weight
        self.map_weights = None if map_weights is None else tuple(map_weights)
        self.warm_up, self.step = warm_up, 0

    @property
    def waiting(self) -> bool:
        """Whether the warm-up has not started yet, so that all losses are 0."""
        return self.step < self.warm_up.start

    @property
    def needs_real(self) -> bool:
        """Whether the generator's loss compares with real scores."""
        return self.loss.generator_needs_real and self.amplifier == "none"

    def discriminator_loss(self, real: Scores, fake: Scores) -> Tensor:
        """What the discriminator minimises; 0-dimensional.

        Args:
            real: the discriminator's scores of real samples: [batch, ...], or a list of score maps.
            fake: its scores of generated samples that carry no gradient to the generator.
        """
        found = over_maps(self.loss.discriminator, real, fake, weights=self.map_weights)
        return _without_effect(found, real, fake) if self.waiting else found

    def generator_losses(
        self,
        fake: Scores,
        real: Scores | None = None,
        *,
        fake_features: Features | None = None,
        real_features: Features | None = None,
        reference: Tensor | None = None,
        last_layer: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """What the generator minimises beside its own loss, by name, with all weights applied: the sum counts.

        Args:
            fake: the discriminator's scores of generated samples, with their gradient.
            real: its scores of real samples, for losses that compare (`needs_real`); best without a gradient.
            fake_features: its activations for generated samples, for feature matching.
            real_features: those for the real samples that they were generated for; held constant.
            reference: a loss to keep pace with, as of a reconstruction: the adversarial loss is multiplied by the
                `adaptive_weight` too.
            last_layer: the weight of the generator's last layer, with `reference`.

        Returns:
            "adversarial", and "features" where they are matched; 0-dimensional each.
        """
        factor = self.warm_up(self.step)
        found = self._adversarial(fake, real)
        if (reference is None) != (last_layer is None):
            raise ValueError("reference and last_layer must be given together, for the adaptive weight.")
        scale: float | Tensor = self.weight * factor
        if reference is not None and last_layer is not None and scale:
            scale = scale * adaptive_weight(reference, found, last_layer)
        is_off = isinstance(scale, float) and scale == 0
        losses = {"adversarial": _without_effect(found, fake) if is_off else found * scale}
        if self.feature_weight:
            if fake_features is None or real_features is None:
                raise ValueError("feature_weight is above 0: give fake_features and real_features.")
            matched = feature_matching_loss(_constant(real_features), fake_features)
            share = self.feature_weight * factor
            losses["features"] = matched * share if share else _without_effect(matched, fake_features)
        return losses

    def advance(self) -> None:
        """Count one iteration, after both players' steps."""
        self.step += 1

    def get_extra_state(self) -> Tensor:
        """The step, for `state_dict`."""
        return torch.tensor(self.step)

    def set_extra_state(self, state: Tensor) -> None:
        """The step, from `load_state_dict`."""
        self.step = int(state)

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"{self.name}, amplifier={self.amplifier}, weight={self.weight}, step={self.step}"

    def _adversarial(self, fake: Scores, real: Scores | None) -> Tensor:
        if self.amplifier != "none":
            return over_maps(
                lambda scores: spatial_generator_loss(scores, self.amplifier), fake, weights=self.map_weights
            )
        if not self.needs_real:
            return over_maps(
                lambda scores: self.loss.generator(scores.new_empty(0), scores), fake, weights=self.map_weights
            )
        if real is None:
            raise ValueError(f"{self.name} compares fake scores with real ones: give the real scores too.")
        return over_maps(self.loss.generator, real, fake, weights=self.map_weights)


def _without_effect(loss: Tensor, *sides: Features) -> Tensor:
    """A loss that does not count yet: 0, with a gradient of 0 at what it is of, also where that is infinite."""
    parts = [(each.nan_to_num(0, 0, 0) * 0).sum() for each in _tensors(sides)]
    return torch.stack([loss.detach().new_zeros(()), *(part.to(loss.dtype) for part in parts)]).sum()


def _tensors(features: Features) -> list[Tensor]:
    return [features] if isinstance(features, Tensor) else [part for each in features for part in _tensors(each)]


def _constant(features: Features) -> Features:
    return features.detach() if isinstance(features, Tensor) else [_constant(each) for each in features]
