"""Every network against its table: each layer's kernel, stride, padding and activation, and the number of parameters.

The tables lie in `tables/`, by family, written by hand from the papers' appendices and the baselines' code. Words:
`conv(in>out,kernel,stride,padding)`, `deconv` its transpose (`+1` is output padding), `project` a transposed
convolution of the latent vector, `dense`, `bn`, `ln`, activations, `mean(n)` and `sum` pooling, `[ path | shortcut ]`
a residual block.
"""

import pytest

from tests.networks.tables import dcgan, energy, magan, mmd, multilayer, patch, pictures, r3gan, residual

TABLES = [
    case
    for family in (dcgan, energy, magan, mmd, multilayer, patch, pictures, r3gan, residual)
    for case in family.TABLES
]


@pytest.mark.parametrize(("kind", "options", "table", "parameters"), TABLES)
def test_layers_are_those_of_the_table(sketch, layer_words, parameter_count, kind, options, table, parameters):
    network = sketch(kind, **options)
    assert layer_words(network) == table.split()
    assert parameter_count(network) == parameters


def test_every_network_of_the_catalogue_has_a_table(catalogue_kinds):
    assert {case.values[0] for case in TABLES} == catalogue_kinds


def test_magan_parameter_counts_are_near_the_published_ones(sketch, parameter_count):
    """In millions: 5.51 and 5.62 on CelebA, 4.58 and 4.91 (paper) or 5.256 and 5.250 (code) on CIFAR-10."""
    published = {
        "magan-autoencoder": 5.51,
        "magan-generator": 5.62,
        "magan-cifar-autoencoder": 4.58,
        "magan-cifar-generator": 4.91,
        "magan-cifar-code-autoencoder": 5.256,
        "magan-cifar-code-generator": 5.250,
    }
    for kind, millions in published.items():
        assert parameter_count(sketch(kind)) / 1e6 == pytest.approx(millions, rel=1e-3), kind


def test_the_two_cifar_pairs_of_magan_differ_and_only_the_code_pair_is_balanced(sketch, parameter_count):
    """The paper's appendix and the released code disagree; 320 latent dimensions balance the pair of the code."""
    paper = [parameter_count(sketch(f"magan-cifar-{end}")) for end in ("generator", "autoencoder")]
    code = [parameter_count(sketch(f"magan-cifar-code-{end}")) for end in ("generator", "autoencoder")]
    assert abs(paper[0] / paper[1] - 1) > 0.05
    assert abs(code[0] / code[1] - 1) < 0.002


def test_r3gan_has_the_published_numbers_of_parameters(sketch, parameter_count):
    """Table 2 of the paper, config E on FFHQ at 256 pixels: 23.058 and 23.010 million."""
    counts = [parameter_count(sketch(f"r3gan-{end}", image_size=256)) for end in ("generator", "discriminator")]
    assert [round(count / 1e6, 3) for count in counts] == [23.058, 23.010]


@pytest.mark.parametrize(("image_size", "layers"), [(32, 8), (48, 8), (64, 10)])
def test_mmd_discriminator_has_the_papers_number_of_constrained_layers(sketch, layer_words, image_size, layers):
    words = layer_words(sketch("mmd-discriminator", image_size=image_size))
    assert sum(word.startswith(("conv", "dense")) for word in words) == layers


def test_mmd_batch_norm_has_the_defaults_of_tensorflow(sketch):
    network = sketch("mmd-generator")
    norms = [layer for layer in network.layers if type(layer).__name__ == "BatchNorm"]
    assert [(norm.epsilon, norm.decay) for norm in norms] == 3 * [(1e-3, 0.99)]


def test_sngan_batch_norm_has_the_epsilon_of_chainer(sketch):
    network = sketch("sngan-generator")
    norms = [layer for layer in network.modules() if type(layer).__name__ == "BatchNorm"]
    assert [(norm.epsilon, norm.decay) for norm in norms] == 7 * [(2e-5, 0.9)]
