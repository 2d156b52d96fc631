"""The table of metrics, for listings; importing it does not import torch."""

METRICS: dict[str, tuple[str, str]] = {
    "inception-score": (
        "equipoise.metrics.inception:inception_score",
        "sharpness and variety in the eyes of a classifier, 1 to the number of classes; higher is better",
    ),
    "mode-score": (
        "equipoise.metrics.inception:mode_score",
        "inception score that also compares the class frequencies with the training data's",
    ),
    "frechet-distance": (
        "equipoise.metrics.frechet:frechet_distance",
        "distance of two Gaussians fitted to features (FID with Inception features); lower is better",
    ),
    "kernel-distance": (
        "equipoise.metrics.kernel:kernel_distance",
        "unbiased squared MMD of features with a cubic kernel (KID) and its confidence interval; lower is better",
    ),
    "ms-ssim": (
        "equipoise.metrics.structural_similarity:ms_ssim",
        "structural similarity of image pairs; lower among generated images means more variety",
    ),
    "precision-recall": (
        "equipoise.metrics.manifolds:precision_recall",
        "share of generated samples near the real ones, and of real ones near the generated",
    ),
    "density-coverage": (
        "equipoise.metrics.manifolds:density_coverage",
        "the same idea, robust to outliers among the samples",
    ),
    "class-histogram": ("equipoise.metrics.histogram:class_histogram", "how many samples fall into each class"),
    "mode-coverage": (
        "equipoise.metrics.histogram:mode_coverage",
        "classes reached, classes missing, and the divergence from the training frequencies",
    ),
    "point-coverage": (
        "equipoise.metrics.points:point_coverage",
        "modes reached and share of good samples for points in the plane (ring, grid)",
    ),
    "missing-modes": (
        "equipoise.metrics.third_party:missing_modes",
        "test images that a third-party noisy discriminator finds to be on modes the generator lacks",
    ),
    "class-silhouette": (
        "equipoise.metrics.class_separation:class_silhouette",
        "how far features keep the classes of labelled samples apart, -1 to 1; higher is better",
    ),
    "neighbour-purity": (
        "equipoise.metrics.class_separation:neighbour_purity",
        "share of a sample's nearest neighbours, by features, that are of its class; higher is better",
    ),
    "nearest-neighbours": (
        "equipoise.metrics.neighbours:nearest_neighbours",
        "the training image nearest to each sample, against memorisation",
    ),
    "two-sample-test": (
        "equipoise.metrics.two_sample:two_sample_test",
        "linear-time kernel test of whether two samples share a distribution",
    ),
    "variety": (
        "equipoise.metrics.collapse:variety",
        "how varied samples are beside held-out data, without labels or a network: the collapse alarm's measures",
    ),
}
"""Name on the command line -> ("module:function", one line on what it tells)."""
