"""Metrics: a pure function each, with a thin accumulator where samples come in batches.

Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import homes, lazy_names

if TYPE_CHECKING:
    from equipoise.metrics.class_separation import class_silhouette as class_silhouette
    from equipoise.metrics.class_separation import neighbour_purity as neighbour_purity
    from equipoise.metrics.collapse import Variety as Variety
    from equipoise.metrics.collapse import variety as variety
    from equipoise.metrics.composite import combined_labels as combined_labels
    from equipoise.metrics.composite import composed_labels as composed_labels
    from equipoise.metrics.composite import stacked_labels as stacked_labels
    from equipoise.metrics.frechet import FeatureMoments as FeatureMoments
    from equipoise.metrics.frechet import frechet_distance as frechet_distance
    from equipoise.metrics.gaussian_kernel import cmmd as cmmd
    from equipoise.metrics.histogram import ClassCounts as ClassCounts
    from equipoise.metrics.histogram import ModeCoverage as ModeCoverage
    from equipoise.metrics.histogram import class_histogram as class_histogram
    from equipoise.metrics.histogram import coverage_of_counts as coverage_of_counts
    from equipoise.metrics.histogram import mode_coverage as mode_coverage
    from equipoise.metrics.inception import inception_score as inception_score
    from equipoise.metrics.inception import mode_score as mode_score
    from equipoise.metrics.kernel import KernelDistance as KernelDistance
    from equipoise.metrics.kernel import kernel_distance as kernel_distance
    from equipoise.metrics.kernel import kernel_distance_of_subsets as kernel_distance_of_subsets
    from equipoise.metrics.manifolds import density_coverage as density_coverage
    from equipoise.metrics.manifolds import precision_recall as precision_recall
    from equipoise.metrics.neighbours import Memorisation as Memorisation
    from equipoise.metrics.neighbours import memorisation as memorisation
    from equipoise.metrics.neighbours import nearest_neighbours as nearest_neighbours
    from equipoise.metrics.points import PointCoverage as PointCoverage
    from equipoise.metrics.points import point_coverage as point_coverage
    from equipoise.metrics.structural_similarity import ms_ssim as ms_ssim
    from equipoise.metrics.structural_similarity import random_pairs as random_pairs
    from equipoise.metrics.third_party import MissingModes as MissingModes
    from equipoise.metrics.third_party import missing_modes as missing_modes
    from equipoise.metrics.two_sample import TwoSampleTest as TwoSampleTest
    from equipoise.metrics.two_sample import two_sample_test as two_sample_test

_HOMES = homes(
    __name__,
    class_separation="class_silhouette neighbour_purity",
    collapse="Variety variety",
    composite="combined_labels composed_labels stacked_labels",
    frechet="FeatureMoments frechet_distance",
    gaussian_kernel="cmmd",
    histogram="ClassCounts ModeCoverage class_histogram coverage_of_counts mode_coverage",
    inception="inception_score mode_score",
    kernel="KernelDistance kernel_distance kernel_distance_of_subsets",
    manifolds="density_coverage precision_recall",
    neighbours="Memorisation memorisation nearest_neighbours",
    points="PointCoverage point_coverage",
    structural_similarity="ms_ssim random_pairs",
    third_party="MissingModes missing_modes",
    two_sample="TwoSampleTest two_sample_test",
)

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
