"""Several score maps at once, weights between losses, and the head that holds them for a foreign loop."""

import math
import pickle

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from equipoise import losses
from equipoise.losses import AdversarialHead, WarmUp, adaptive_weight, feature_matching_loss, over_maps
from equipoise.losses.catalogue import LOSSES


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def maps(seed):
    """Patch, multi-period and multi-scale: maps of other shapes each."""
    return [numbers(4, 1, 3, 3, seed=seed), numbers(4, 5, 2, seed=seed + 10), numbers(4, 7, seed=seed + 20)]


@pytest.mark.parametrize("name", LOSSES)
def test_a_head_can_be_pickled_with_its_loss(name):
    head, (real, fake) = AdversarialHead(name), maps(1)[:1] + maps(2)[:1]
    again = pickle.loads(pickle.dumps(head))
    assert torch.equal(again.discriminator_loss(real, fake), head.discriminator_loss(real, fake))
    assert str(again.generator_losses(fake, real)) == str(head.generator_losses(fake, real))


PAIRED = {name: LOSSES.load(name) for name in LOSSES}


@pytest.mark.parametrize("weights", [None, (1.0, 0.0, 3.0)])
@pytest.mark.parametrize("name", PAIRED)
def test_every_loss_of_the_registry_is_the_weighted_mean_over_maps(name, weights):
    real, fake = maps(1), maps(2)
    shares = [1 / 3] * 3 if weights is None else [0.25, 0.0, 0.75]
    for loss in (PAIRED[name].discriminator, PAIRED[name].generator):
        expected = sum(
            share * loss(*each).item() for share, each in zip(shares, zip(real, fake, strict=True), strict=True)
        )
        assert over_maps(loss, real, fake, weights=weights).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", PAIRED)
def test_every_loss_on_maps_has_its_gradient(name):
    real, fake = maps(1), maps(2)
    leaves = [each.requires_grad_() for each in (*real, *fake)]
    for loss in (PAIRED[name].discriminator, PAIRED[name].generator):
        assert torch.autograd.gradcheck(lambda *x, loss=loss: over_maps(loss, x[:3], x[3:], weights=(1, 2, 3)), leaves)


@pytest.mark.parametrize("amplifier", ["magnitude", "margin"])
def test_lga_on_maps(amplifier):
    fake = maps(3)
    expected = torch.stack([losses.spatial_generator_loss(each, amplifier) for each in fake]).mean()
    head = AdversarialHead(amplifier=amplifier)
    torch.testing.assert_close(head.generator_losses(fake)["adversarial"], expected)
    assert not head.needs_real


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", [*PAIRED, "lga"])
def test_half_precision_and_autocast_are_computed_in_float32(name, dtype):
    head = AdversarialHead("hinge", amplifier="margin") if name == "lga" else AdversarialHead(name)
    real, fake = ([each.to(dtype) for each in maps(seed)] for seed in (1, 2))
    with torch.autocast("cpu", torch.bfloat16):
        found = [head.discriminator_loss(real, fake), head.generator_losses(fake, real)["adversarial"]]
    wide = [[each.double() for each in side] for side in (real, fake)]
    expected = [head.discriminator_loss(*wide), head.generator_losses(wide[1], wide[0])["adversarial"]]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", PAIRED)
def test_batches_may_differ_where_no_pairs_are_made(name):
    real, fake = numbers(6, 3, 3), numbers(4, 3, 3, seed=1)
    pair = PAIRED[name]
    if name == "relativistic":
        for loss in (pair.discriminator, pair.generator):
            with pytest.raises(ValueError, match=r"^fake_scores must have the shape of real_scores, .*\.$"):
                loss(real, fake)
        return
    assert math.isfinite(pair.discriminator(real, fake).item())
    assert math.isfinite(pair.generator(real, fake).item())


@pytest.mark.parametrize("lower", [0, 1])
def test_the_mmd_of_a_map_does_not_grow_with_its_size(lower):
    real, fake = numbers(5, 1, 2, 2), numbers(5, 1, 2, 2, seed=1)
    larger = [each.repeat_interleave(3, 2).repeat_interleave(3, 3) for each in (real, fake)]
    for loss in (losses.mmd_generator_loss, losses.mmd_discriminator_loss):
        torch.testing.assert_close(loss(*larger), loss(real, fake))
        torch.testing.assert_close(loss(real[:, 0], fake[:, 0]), loss(real, fake))


def test_features_are_matched_by_the_mean_over_scales_and_layers():
    real = [[numbers(3, 2, 4), numbers(3, 5, seed=1)], [numbers(3, 7, seed=2)]]
    fake = [[numbers(3, 2, 4, seed=3), numbers(3, 5, seed=4)], [numbers(3, 7, seed=5)]]
    means = [[float((a - b).abs().mean()) for a, b in zip(*pair, strict=True)] for pair in zip(real, fake, strict=True)]
    expected = (sum(means[0]) / 2 + means[1][0]) / 2
    assert feature_matching_loss(real, fake).item() == pytest.approx(expected)
    narrow = [[[each.bfloat16() for each in scale] for scale in side] for side in (real, fake)]
    with torch.autocast("cpu", torch.bfloat16):
        found = feature_matching_loss(*narrow)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(expected, rel=0.02)


def test_warm_ups():
    assert [WarmUp()(step) for step in (0, 1)] == [1.0, 1.0]
    assert [WarmUp(start=3)(step) for step in range(5)] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert [WarmUp(start=2, ramp=3)(step) for step in range(7)] == [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0]


def decoder():
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5)).double()
    for position, each in enumerate(network.parameters()):
        each.data = numbers(*each.shape, seed=position)
    return network


def two_losses(network, scale=1.0):
    made = network(numbers(6, 3, seed=9))
    return made.square().mean(), scale * made.sin().mean()


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
def test_the_adaptive_weight_is_the_ratio_of_the_norms_at_the_last_layer(scale):
    network = decoder()
    reference, adversarial = two_losses(network, scale)
    last = network[2].weight
    norms = [
        torch.autograd.grad(each, last, retain_graph=True)[0].square().sum().sqrt() for each in two_losses(network)
    ]
    found = adaptive_weight(reference, adversarial, last)
    assert found.item() == pytest.approx(norms[0].item() / (scale * norms[1].item() + 1e-4), rel=1e-12)
    assert not found.requires_grad
    (reference + found * adversarial).backward()  # both graphs are still there


def test_the_adaptive_weight_is_cut_off_and_never_nan():
    network = decoder()
    reference, adversarial = two_losses(network)
    last = network[2].weight
    assert adaptive_weight(1e9 * reference, 0.0 * adversarial, last).item() == 1e4
    assert adaptive_weight(0.0 * reference, 0.0 * adversarial, last, offset=0.0).item() == 0.0


def test_the_head_applies_weights_warm_up_and_the_adaptive_weight():
    network, last = decoder(), None
    last = network[2].weight
    head = AdversarialHead("hinge", weight=0.5, feature_weight=2.0, warm_up=WarmUp(start=1, ramp=1))
    made = network(numbers(6, 3, seed=9))
    reference, fake, real = made.square().mean(), made.sin(), numbers(6, 5)
    features = {"fake_features": [made], "real_features": [numbers(6, 5, seed=4).requires_grad_()]}
    for factor in (0.0, 0.5, 1.0, 1.0):
        assert head.waiting == (factor == 0)
        found = head.generator_losses(fake, **features, reference=reference, last_layer=last)
        scale = adaptive_weight(reference, losses.hinge_generator_loss(fake), last)
        torch.testing.assert_close(found["adversarial"], -fake.mean() * scale * 0.5 * factor)
        torch.testing.assert_close(found["features"], (made - numbers(6, 5, seed=4)).abs().mean() * 2.0 * factor)
        expected = losses.hinge_discriminator_loss(real, fake) * (factor > 0)
        torch.testing.assert_close(head.discriminator_loss(real, fake), expected)
        head.advance()
    sum(found.values()).backward()
    assert features["real_features"][0].grad is None


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("far", [math.inf, -math.inf, 1e10])
def test_a_head_that_waits_or_weighs_nothing_is_0_whatever_the_scores_are(name, far):
    real, fake = torch.full((4, 2, 2), far).requires_grad_(), torch.full((4, 2, 2), -far).requires_grad_()
    layers = [torch.full((4, 3), far).requires_grad_(), torch.zeros(4, 3).requires_grad_()]
    found = []
    for options in ({"warm_up": WarmUp(start=1)}, {"weight": 0.0}):
        head = AdversarialHead(name, feature_weight=1.0, **options)
        features = {"fake_features": layers, "real_features": [torch.zeros(4, 3)] * 2}
        found += [head.generator_losses(fake, real, **features)["adversarial"]]
        if head.waiting:
            found += [head.discriminator_loss(real, fake), head.generator_losses(fake, real, **features)["features"]]
    for loss in found:
        assert loss == 0
        gradients = torch.autograd.grad(loss, (real, fake, *layers), allow_unused=True)
        assert any(gradient is not None for gradient in gradients)
        assert all(gradient is None or not gradient.any() for gradient in gradients)


@pytest.mark.parametrize("far", [math.inf, -math.inf])
def test_a_term_of_weight_0_does_not_count(far):
    images, scores = torch.rand(4, 3), torch.full((4,), far)
    expected = losses.geometric_regulariser(images, images / 2)
    assert losses.manifold_generator_loss(scores, images, images / 2, adversarial_weight=0.0) == expected
    assert losses.reg_gan_encoder_loss(scores, images, images / 2, 1.0, mode_weight=0.0) == expected


def test_a_state_goes_on_where_it_was():
    head = AdversarialHead("hinge", warm_up=WarmUp(start=2))
    for _ in range(3):
        head.advance()
    module = nn.ModuleDict({"head": head, "other": nn.Linear(2, 2)})
    fresh = nn.ModuleDict({"head": AdversarialHead("hinge", warm_up=WarmUp(start=2)), "other": nn.Linear(2, 2)})
    assert fresh["head"].waiting
    fresh.load_state_dict(module.state_dict())
    assert fresh["head"].step == 3
    assert not fresh["head"].waiting
    assert list(head.parameters()) == []


def discriminator():
    network = nn.Sequential(nn.Conv1d(1, 4, 3, 2), nn.LeakyReLU(0.2), nn.Conv1d(4, 1, 3))
    for position, each in enumerate(network.parameters()):
        each.data = numbers(*each.shape, seed=position).float()
    return network


@pytest.mark.parametrize("how", ["compiled", "checkpointed"])
def test_compiled_and_checkpointed_networks(how):
    plain, network = discriminator(), discriminator()
    ways = {
        "compiled": torch.compile(network, backend="aot_eager"),
        "checkpointed": lambda x: checkpoint(network, x, use_reentrant=False),
    }
    found = []
    for judge, owner in ((plain, plain), (ways[how], network)):
        weight = numbers(16, 16).float().requires_grad_()
        made = (numbers(3, 16).float() @ weight)[:, None]
        head = AdversarialHead("non-saturating", warm_up=WarmUp(ramp=1))
        total = sum(head.generator_losses(judge(made), reference=made.square().mean(), last_layer=weight).values())
        (slope,) = torch.autograd.grad(total, weight)
        against = head.discriminator_loss(judge(numbers(3, 1, 16).float()), judge(made.detach()))
        found.append((slope, *torch.autograd.grad(against, list(owner.parameters()))))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


MAPS = [numbers(4, 3), numbers(4, 2)]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: over_maps(losses.hinge_discriminator_loss, MAPS, MAPS[:1]), "must hold as many maps, got 2, 1"),
        (lambda: over_maps(losses.hinge_discriminator_loss), "over_maps needs the maps"),
        (
            lambda: over_maps(losses.hinge_generator_loss, []),
            "argument 1 of hinge_generator_loss must be a tensor or a",
        ),
        (
            lambda: over_maps(losses.hinge_generator_loss, MAPS, weights=[1.0]),
            "one number for each of the 2 maps, got 1",
        ),
        (lambda: over_maps(losses.hinge_generator_loss, MAPS, weights=[0, 0]), "weights must not all be 0"),
        (
            lambda: over_maps(losses.hinge_generator_loss, MAPS, weights=[1, -1]),
            "each of weights must be a finite number",
        ),
        (lambda: feature_matching_loss(MAPS, MAPS[:1]), "fake_features must have the 2 layers of real_features, got 1"),
        (lambda: feature_matching_loss(MAPS, MAPS[0]), "real_features must be a tensor or a list of layers"),
        (lambda: feature_matching_loss([], MAPS), "real_features must be a tensor or a list of layers"),
        (lambda: WarmUp(start=-1), "start must be at least 0"),
        (lambda: WarmUp(ramp=0.5), "ramp must be a whole number"),
        (lambda: AdversarialHead("hinges"), "unknown loss 'hinges'"),
        (lambda: AdversarialHead(3), "loss must be a name or an AdversarialLoss, got 3"),
        (lambda: AdversarialHead(amplifier="loud"), "amplifier must be one of none, magnitude"),
        (lambda: AdversarialHead(weight=-1.0), "weight must be a finite number of at least 0"),
        (lambda: AdversarialHead(warm_up=100), "warm_up must be a WarmUp"),
        (lambda: AdversarialHead("relativistic").generator_losses(MAPS), "relativistic compares fake scores with real"),
        (lambda: AdversarialHead(feature_weight=1.0).generator_losses(MAPS), "give fake_features and real_features"),
        (lambda: AdversarialHead().generator_losses(MAPS, reference=MAPS[0].mean()), "must be given together"),
        (lambda: adaptive_weight(MAPS[0].mean(), MAPS[0].mean(), MAPS[1]), "last_layer must be a parameter"),
        (
            lambda: adaptive_weight(MAPS[0].mean(), MAPS[0].mean(), nn.Parameter(MAPS[1])),
            "reference must depend on last_layer",
        ),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, told):
    with pytest.raises(ValueError, match=told):
        call()
