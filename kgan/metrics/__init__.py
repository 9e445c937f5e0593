"""How good the images are: functions on features, and metrics that take images in batches."""

from kgan.metrics.base import FeatureMetric, Metric
from kgan.metrics.classifier_scores import class_accuracy, inception_score
from kgan.metrics.classifiers import classifier, classifier_features
from kgan.metrics.codes import (
    code_accuracy,
    code_correlation,
    code_purity,
    information_bound,
    stroke_slant,
    stroke_thickness,
)
from kgan.metrics.collection import MetricCollection
from kgan.metrics.extractor import Extractor
from kgan.metrics.feature_metrics import (
    FrechetInceptionDistance,
    IntraClassFrechetDistance,
    KernelInceptionDistance,
    PrecisionRecall,
    SlicedWassersteinDistance,
)
from kgan.metrics.frechet import frechet_distance, intra_class_frechet
from kgan.metrics.image_metrics import ClassAccuracy, InceptionScore, MultiScaleSimilarity
from kgan.metrics.inception_network import inception, inception_features
from kgan.metrics.kernel import kernel_distance, kernel_distance_subsets
from kgan.metrics.modes import mode_coverage, stacked_modes
from kgan.metrics.moments import Moments
from kgan.metrics.neighbours import nearest_neighbours, prdc
from kgan.metrics.parzen import parzen_log_likelihood, parzen_sigma
from kgan.metrics.path_length import perceptual_path_length
from kgan.metrics.similarity import ms_ssim, ms_ssim_diversity
from kgan.metrics.sliced import laplacian_sliced_wasserstein, sliced_wasserstein

__all__ = [
    "ClassAccuracy",
    "Extractor",
    "FeatureMetric",
    "FrechetInceptionDistance",
    "InceptionScore",
    "IntraClassFrechetDistance",
    "KernelInceptionDistance",
    "Metric",
    "MetricCollection",
    "Moments",
    "MultiScaleSimilarity",
    "PrecisionRecall",
    "SlicedWassersteinDistance",
    "class_accuracy",
    "classifier",
    "classifier_features",
    "code_accuracy",
    "code_correlation",
    "code_purity",
    "frechet_distance",
    "inception",
    "inception_features",
    "inception_score",
    "information_bound",
    "intra_class_frechet",
    "kernel_distance",
    "kernel_distance_subsets",
    "laplacian_sliced_wasserstein",
    "mode_coverage",
    "ms_ssim",
    "ms_ssim_diversity",
    "nearest_neighbours",
    "parzen_log_likelihood",
    "parzen_sigma",
    "perceptual_path_length",
    "prdc",
    "sliced_wasserstein",
    "stacked_modes",
    "stroke_slant",
    "stroke_thickness",
]
