"""Scores with their passports, of a run or of two sets of images; feature extractors and their cache.

Names are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from equipoise.common.lazy import homes, lazy_names

if TYPE_CHECKING:
    from equipoise.evaluation.classifier import Classifier as Classifier
    from equipoise.evaluation.classifier import cached_classifier as cached_classifier
    from equipoise.evaluation.classifier import train_classifier as train_classifier
    from equipoise.evaluation.classifier_network import ClassifierRecipe as ClassifierRecipe
    from equipoise.evaluation.classifier_network import recipe_for as recipe_for
    from equipoise.evaluation.feature_cache import cached_features as cached_features
    from equipoise.evaluation.features import ClassifierExtractor as ClassifierExtractor
    from equipoise.evaluation.features import Extracted as Extracted
    from equipoise.evaluation.features import Extractor as Extractor
    from equipoise.evaluation.features import InceptionExtractor as InceptionExtractor
    from equipoise.evaluation.features import ModuleExtractor as ModuleExtractor
    from equipoise.evaluation.features import OnnxExtractor as OnnxExtractor
    from equipoise.evaluation.features import extract as extract
    from equipoise.evaluation.image_scores import ImageScores as ImageScores
    from equipoise.evaluation.passport import Passport as Passport
    from equipoise.evaluation.passport import comparable as comparable
    from equipoise.evaluation.passport import current_versions as current_versions
    from equipoise.evaluation.passport import differences as differences
    from equipoise.evaluation.passport_words import differences_in_words as differences_in_words
    from equipoise.evaluation.score_sheet import ScoreSheet as ScoreSheet
    from equipoise.evaluation.score_sheet import read_scores as read_scores

_HOMES = homes(
    __name__,
    classifier="Classifier cached_classifier train_classifier",
    classifier_network="ClassifierRecipe recipe_for",
    feature_cache="cached_features",
    features="ClassifierExtractor Extracted Extractor InceptionExtractor ModuleExtractor OnnxExtractor extract",
    image_scores="ImageScores",
    passport="Passport comparable current_versions differences",
    passport_words="differences_in_words",
    score_sheet="ScoreSheet read_scores",
)

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
