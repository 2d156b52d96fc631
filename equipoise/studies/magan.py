"""The table and the quantitative figures of MAGAN (Wang et al. 2017). Torch-free."""

from functools import partial

from equipoise.studies.study import CPU, SMOKE, Measure, Order, Published, Reference, Row, Scale, Sentence, Study

_SCORE = "inception-v3-score"
_ENERGIES = ("real_energy", "fake_energy", "margin")
_SCALES = {"smoke": SMOKE, "cpu": CPU, "paper": Scale(seeds=3, samples=50_000)}
_MNIST_SCALES = _SCALES | {"cpu": Scale(seeds=1, samples=10_000, length=0.06)}
"""On a CPU 12 of MAGAN's 200 epochs, so that its margin, which moves at the end of an epoch, has time to adapt."""
_study = partial(Study, paper="Wang et al. 2017", scales=_MNIST_SCALES)
_JUDGE = (
    "The paper's classifier (98.7 % of the test images right) was not published. Ours is more accurate, so absolute "
    "scores differ, and only the order is compared."
)


def table_1() -> Study:
    """Inception scores on CIFAR-10."""
    others = {
        "DFM": Published(7.72, 0.13),
        "EGAN (calibrating)": Published(7.07, 0.10),
        "Improved GAN": Published(4.36, 0.04),
        "MIX + WGAN": Published(4.04, 0.07),
        "WGAN": Published(3.82, 0.06, "Table 1, from the paper of MIX"),
    }
    return _study(
        name="magan-table-1",
        title="Inception scores on CIFAR-10",
        place="Table 1",
        introduction=(
            "Inception score of 50,000 samples in ten splits. The paper and its code have different networks, so both "
            "are here; the printed score is compared with the printed network."
        ),
        rows=(
            Row("MAGAN", "magan-cifar10", published={_SCORE: Published(6.40, 0.03)}),
            Row("MAGAN, networks of the code", "magan-cifar10-code"),
            Row("BEGAN", "began-cifar10", published={_SCORE: Published(5.62)}),
            Row("ALI", "ali-cifar10", published={_SCORE: Published(5.34, 0.05, "Table 1, from the paper of DFM")}),
        ),
        measures=(Measure(_SCORE, "Inception score", stand_in="inception-score"),),
        references=(
            Reference("real data", {_SCORE: Published(11.24, 0.12)}, recipe="magan-cifar10"),
            *(Reference(label, {_SCORE: published}) for label, published in others.items()),
        ),
        scales=_SCALES,
    )


def mnist_scores() -> Study:
    """Inception scores on MNIST by a classifier of digits."""
    score = "inception-score"
    return _study(
        name="magan-mnist",
        title="Inception scores on MNIST",
        place="section 4.1",
        introduction=f"Inception score of a classifier of digits. {_JUDGE}",
        rows=(
            Row("MAGAN", "magan-mnist", published={score: Published(7.52, 0.03)}),
            Row("EBGAN of the code compared with", "ebgan-mnist-code", published={score: Published(7.14, 0.04)}),
            Row("EBGAN, margin 10", "ebgan-mnist"),
            Row("EBGAN, margin 5", "ebgan-mnist-5"),
            Row("EBGAN, margin 1.08", "ebgan-mnist-1.08"),
        ),
        measures=(
            Measure(score, "classifier inception score", same=False),
            Measure("modes-covered", "classes covered"),
            Measure("modes-kl", "KL of classes, nats"),
            Measure("classifier-fid", "classifier FID"),
        ),
        references=(Reference("real test images", {score: Published(9.09, 0.08)}, recipe="magan-mnist"),),
        curves=_ENERGIES,
    )


_SHARES = {"share-of-ones": Published(0.165), "share-of-twos": Published(0.042), "even-classes": Published(5)}


def figure_1() -> Study:
    """The histogram of classes on MNIST."""
    covered = "modes-covered"
    return _study(
        name="magan-figure-1",
        title="Classes among MAGAN's samples on MNIST",
        place="Figure 1",
        introduction=(
            "In the paper, all ten classes are generated. Ones are the most frequent (16.5 %) and twos the rarest (4.2 "
            "%), and five classes are near 10 %, which means 8 to 12 % here. The page shows the histograms."
        ),
        rows=(
            Row("MAGAN", "magan-mnist", published={covered: Published(10)} | _SHARES),
            Row("EBGAN of the code compared with", "ebgan-mnist-code"),
        ),
        measures=(
            Measure(covered, "classes covered"),
            Measure("modes-kl", "KL of classes, nats"),
            Measure("share-of-ones", "share of ones"),
            Measure("share-of-twos", "share of twos"),
            Measure("lead-of-ones", "ones minus the largest other share"),
            Measure("lead-of-twos", "twos minus the smallest other share"),
            Measure("even-classes", "classes from 8 to 12 %"),
        ),
        sentences=(
            Sentence("all ten classes are generated", covered, "MAGAN", "above", 9),
            Sentence("ones are the most frequent class", "lead-of-ones", "MAGAN", "above", 0),
            Sentence("twos are the rarest class", "lead-of-twos", "MAGAN", "below", 0),
            Sentence("16.5 % are ones", "share-of-ones", "MAGAN", "about", 0.165),
            Sentence("4.2 % are twos", "share-of-twos", "MAGAN", "about", 0.042),
            Sentence("5 of 10 classes are near 10 %", "even-classes", "MAGAN", "about", 5),
        ),
        curves=_ENERGIES,
    )


def figure_3() -> Study:
    """Energies under fixed margins and under an adapted one."""
    fixed = {"margin 10": "ebgan-mnist", "margin 5": "ebgan-mnist-5", "margin 1.08": "ebgan-mnist-1.08"}
    rows = tuple(Row(f"EBGAN, {label}", recipe) for label, recipe in fixed.items())
    return _study(
        name="magan-figure-3",
        title="Energies under fixed margins and under an adapted one",
        place="Figure 3",
        introduction=(
            "In the paper, the energies of real and generated images move apart under each fixed margin, and fall "
            "together under an adapted one. The gap is that of the last epoch's means. Changes are measured from the "
            "epoch after a tenth of the run to the last epoch. 1.08 is the margin at the end of the paper's MAGAN."
        ),
        rows=(Row("MAGAN", "magan-mnist", published={"final-margin": Published(1.08)}), *rows),
        measures=(
            Measure("energy-gap", "generated minus real energy"),
            Measure("inception-score", "classifier inception score"),
            Measure("final-margin", "margin at the end"),
            Measure("fake-energy-above-margin", "generated energy minus margin"),
            Measure("real-energy-change", "change of the real energy"),
            Measure("fake-energy-change", "change of the generated energy"),
        ),
        orders=tuple(Order("energy-gap", "MAGAN", row.label) for row in rows),
        sentences=(*(each for row in rows for each in _drifts_apart(row.label)), *_falls_together("MAGAN")),
        curves=_ENERGIES,
    )


def _drifts_apart(row: str) -> tuple[Sentence, ...]:
    """What the figure shows of a fixed margin."""
    return (
        Sentence("generated images stay at or above the margin", "fake-energy-above-margin", row, "above", 0),
        Sentence("the energy of generated images rises", "fake-energy-change", row, "above", 0),
        Sentence("the energy of real images falls", "real-energy-change", row, "below", 0),
    )


def _falls_together(row: str) -> tuple[Sentence, ...]:
    """What the figure shows of the adapted margin."""
    return (
        Sentence("the energy of generated images falls", "fake-energy-change", row, "below", 0),
        Sentence("the energy of real images falls", "real-energy-change", row, "below", 0),
        Sentence("the margin ends at 1.08", "final-margin", row, "about", 1.08),
    )
