"""The recipes of MAGAN (Wang et al. 2017) by name. Torch-free."""

from equipoise.recipes.entry import Entry, entry

_PAPER = "Wang et al. 2017"

MAGAN_ROWS: dict[str, Entry] = {
    "magan-mnist": entry("magan:magan_mnist", f"MAGAN on MNIST ({_PAPER}, Figure 3)"),
    "magan-cifar10": entry("magan:magan_cifar10", f"MAGAN on CIFAR-10 ({_PAPER}, Table 1)"),
    "magan-cifar10-code": entry(
        "magan:magan_cifar10_code", f"MAGAN on CIFAR-10 with the networks of the released code ({_PAPER}, Table 1)"
    ),
    "magan-celeba": entry("magan:magan_celeba", f"MAGAN on CelebA ({_PAPER}, Figure 2)"),
    "ebgan-mnist": entry("magan:ebgan_mnist", f"EBGAN with margin 10 on MNIST ({_PAPER}, Figure 3)", margin=10.0),
    "ebgan-mnist-5": entry("magan:ebgan_mnist", f"EBGAN with margin 5 on MNIST ({_PAPER}, Figure 3)", margin=5.0),
    "ebgan-mnist-1.08": entry(
        "magan:ebgan_mnist", f"EBGAN with margin 1.08 on MNIST ({_PAPER}, Figure 3)", margin=1.08
    ),
    "ebgan-mnist-code": entry(
        "magan:ebgan_mnist_code", f"EBGAN as in the code that MAGAN is scored against on MNIST ({_PAPER}, section 4.1)"
    ),
    "ebgan-cifar10": entry("magan:ebgan_cifar10", "EBGAN on CIFAR-10, with MAGAN's networks"),
    "ebgan-celeba": entry("magan:ebgan_celeba", "EBGAN on CelebA, with MAGAN's networks"),
    "ebgan-pt-celeba": entry(
        "magan:ebgan_celeba", "EBGAN with the pulling-away term on CelebA, with MAGAN's networks", pulling_away=0.1
    ),
    "began-mnist": entry("magan:began_mnist", "BEGAN on MNIST"),
    "began-cifar10": entry("magan:began_cifar10", f"BEGAN on CIFAR-10 (compared in {_PAPER}, Table 1)"),
    "began-celeba": entry("magan:began_celeba", f"BEGAN on CelebA (compared in {_PAPER}, Figure 2)"),
    "ali-cifar10": entry(
        "magan:ali_cifar10", f"Adversarially learned inference on CIFAR-10 (compared in {_PAPER}, Table 1)"
    ),
}
"""By name."""
