"""The recipes of MAGAN (Wang et al. 2017) by name. Torch-free."""

from equipoise.recipes.entry import RecipeEntry, entry

_PAPER = "Wang et al. 2017"

MAGAN_ROWS: list[RecipeEntry] = [
    entry("magan-mnist", "magan:magan_mnist", f"MAGAN on MNIST ({_PAPER}, Figure 3)"),
    entry("magan-cifar10", "magan:magan_cifar10", f"MAGAN on CIFAR-10 ({_PAPER}, Table 1)"),
    entry(
        "magan-cifar10-code",
        "magan:magan_cifar10_code",
        f"MAGAN on CIFAR-10 with the networks of the released code ({_PAPER}, Table 1)",
    ),
    entry("magan-celeba", "magan:magan_celeba", f"MAGAN on CelebA ({_PAPER}, Figure 2)"),
    entry("ebgan-mnist", "magan:ebgan_mnist", f"EBGAN with margin 10 on MNIST ({_PAPER}, Figure 3)", margin=10.0),
    entry("ebgan-mnist-5", "magan:ebgan_mnist", f"EBGAN with margin 5 on MNIST ({_PAPER}, Figure 3)", margin=5.0),
    entry(
        "ebgan-mnist-1.08", "magan:ebgan_mnist", f"EBGAN with margin 1.08 on MNIST ({_PAPER}, Figure 3)", margin=1.08
    ),
    entry(
        "ebgan-mnist-code",
        "magan:ebgan_mnist_code",
        f"EBGAN as in the code that MAGAN is scored against on MNIST ({_PAPER}, section 4.1)",
    ),
    entry("ebgan-cifar10", "magan:ebgan_cifar10", "EBGAN on CIFAR-10, with MAGAN's networks"),
    entry("ebgan-celeba", "magan:ebgan_celeba", "EBGAN on CelebA, with MAGAN's networks"),
    entry(
        "ebgan-pt-celeba",
        "magan:ebgan_celeba",
        "EBGAN with the pulling-away term on CelebA, with MAGAN's networks",
        pulling_away=0.1,
    ),
    entry("began-mnist", "magan:began_mnist", "BEGAN on MNIST"),
    entry("began-cifar10", "magan:began_cifar10", f"BEGAN on CIFAR-10 (compared in {_PAPER}, Table 1)"),
    entry("began-celeba", "magan:began_celeba", f"BEGAN on CelebA (compared in {_PAPER}, Figure 2)"),
    entry(
        "ali-cifar10",
        "magan:ali_cifar10",
        f"Adversarially learned inference on CIFAR-10 (compared in {_PAPER}, Table 1)",
    ),
]
"""In the order of listings."""
