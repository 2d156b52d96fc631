"""The recipes of mode-regularised GANs (Che et al. 2017) by name. Torch-free."""

from equipoise.recipes.entry import RecipeEntry, entry

_PAPER = "Che et al. 2017"

MODE_ROWS: list[RecipeEntry] = [
    entry("gan-ring", "mode_regularised:gan_ring", f"GAN on six Gaussians in a ring ({_PAPER}, Figure 9)"),
    entry("reg-gan-ring", "mode_regularised:reg_gan_ring", f"Reg-GAN on six Gaussians in a ring ({_PAPER}, Figure 9)"),
    entry(
        "reg-gan-ring-paper",
        "mode_regularised:reg_gan_ring",
        f"Reg-GAN on six Gaussians in a ring, with the published weights and learning rate ({_PAPER}, Figure 9)",
        geometric_weight=0.005,
        mode_weight=0.005,
        lr=1e-4,
        discriminator_lr=1e-4,
    ),
    entry("mdgan-ring", "mode_regularised:mdgan_ring", "MDGAN on six Gaussians in a ring"),
    entry(
        "gan-mnist-grid",
        "mode_regularised:mnist_grid",
        f"GAN on MNIST, one cell of the grid search ({_PAPER}, Figure 3)",
        method="gan",
    ),
    entry(
        "reg-gan-mnist-grid",
        "mode_regularised:mnist_grid",
        f"Reg-GAN on MNIST, one cell of the grid search ({_PAPER}, Figure 3)",
        method="reg-gan",
    ),
    *(
        entry(
            f"reg-gan-mnist-lambda-{weight:g}",
            "mode_regularised:mnist_weights",
            f"Reg-GAN on MNIST with lambda1 = lambda2 = {weight:g} ({_PAPER}, Figure 4)",
            weight=weight,
        )
        for weight in (0.01, 0.1, 0.2, 0.5, 1.0)
    ),
    *(
        entry(
            f"{name}-compositional-mnist-{number}",
            "mode_regularised:compositional",
            f"{title} on compositional MNIST, set {number} ({_PAPER}, Table 2)",
            method=method,
            number=number,
        )
        for name, method, title in (("dcgan", "gan", "DCGAN"), ("reg-dcgan", "reg-gan", "Reg-DCGAN"))
        for number in (1, 2, 3, 4)
    ),
    entry(
        "dcgan-stacked-mnist",
        "mode_regularised:stacked",
        "DCGAN on stacked MNIST (protocol of Metz et al. 2017)",
        method="gan",
    ),
    entry(
        "reg-dcgan-stacked-mnist",
        "mode_regularised:stacked",
        "Reg-DCGAN on stacked MNIST (protocol of Metz et al. 2017)",
        method="reg-gan",
    ),
    *(
        entry(
            f"{name}-celeba-{latent}",
            "mode_regularised:celeba",
            f"{title} with {latent} latent dimensions on CelebA ({place})",
            method=method,
            latent=latent,
        )
        for name, method, title, latent, place in (
            ("dcgan", "gan", "DCGAN", 100, f"{_PAPER}, Table 3"),
            ("dcgan", "gan", "DCGAN", 200, f"{_PAPER}, Table 3"),
            ("reg-dcgan", "reg-gan", "Reg-DCGAN", 100, f"{_PAPER}, Table 3"),
            ("reg-dcgan", "reg-gan", "Reg-DCGAN", 200, f"{_PAPER}, Table 3"),
            ("mdgan", "mdgan", "MDGAN", 100, "in no table of the paper"),
            ("mdgan", "mdgan", "MDGAN", 200, f"{_PAPER}, Table 3"),
        )
    ),
    entry(
        "vaegan-celeba-128",
        "mode_regularised:vaegan_celeba",
        f"VAEGAN with 128 latent dimensions on CelebA ({_PAPER}, Table 4)",
    ),
]
"""In the order of listings."""
