"""FID, KID, precision and recall, sliced Wasserstein distance: metrics on features, in batches."""

import numpy as np

from kgan.metrics._arrays import labels_of
from kgan.metrics.base import FeatureMetric, StoredFeatureMetric, joined, missing
from kgan.metrics.frechet import frechet_distance, intra_class_frechet
from kgan.metrics.kernel import kernel_distance, kernel_distance_subsets
from kgan.metrics.moments import Moments
from kgan.metrics.neighbours import prdc
from kgan.metrics.sliced import sliced_wasserstein


class FrechetInceptionDistance(FeatureMetric):
    """FID: see `frechet_distance`. Only float64 moments are kept, whatever the number of images.

    Args:
        extractor: See `Extractor`. With any but the default network this is a Fréchet distance, but
            not the FID.
        name: What the result is called in logs.
        batch_size: Images that the extractor computes at once.

    Example:
        >>> fid = kgan.metrics.FrechetInceptionDistance()
        >>> fid.update_state(x_test, real=True)
        >>> fid.update_state(gan.sample(10_000))
        >>> fid.result()
    """

    name = "fid"

    def update_features(self, features, real=False, labels=None):
        """Takes in features `(n, d)`."""
        self._moments[bool(real)].update(features)

    def result(self):
        """The distance, a float of at least 0.

        Raises:
            ValueError: If either side has seen fewer than 2 images.
        """
        for real, moments in self._moments.items():
            if not moments.count:
                raise missing(self, real)
        return frechet_distance(self._moments[True], self._moments[False])

    def reset_state(self, keep_real=False):
        """Forgets everything, or everything but the real side."""
        self._moments = {True: self._moments[True] if keep_real else Moments(), False: Moments()}


class KernelInceptionDistance(StoredFeatureMetric):
    """KID: see `kernel_distance`.

    Args:
        extractor: See `Extractor`.
        subsets: Random subsets to average over; None for the one estimate from all images.
        subset_size: Images of each side in a subset.
        seed: Seed of the subsets.
        name: What the result is called in logs.
        batch_size: Images that the extractor computes at once.

    Example:
        >>> kid = kgan.metrics.KernelInceptionDistance(subset_size=500)
        >>> kid.adapt(x_test)
        >>> kid.update_state(gan.sample(1000))
        >>> kid.result()["mean"]
    """

    name = "kid"
    headline = "mean"

    def __init__(
        self, extractor=None, subsets=100, subset_size=1000, seed=0, name=None, batch_size=32
    ):
        super().__init__(extractor, name, batch_size)
        self.subsets, self.subset_size, self.seed = subsets, subset_size, seed

    def result(self):
        """Dict of `mean` and `std` over the subsets, 0 where `subsets` is None.

        Raises:
            ValueError: If either side has seen fewer images than `subset_size`.
        """
        real, fake = self.features(True), self.features(False)
        if self.subsets is None:
            return {"mean": kernel_distance(real, fake), "std": 0.0}
        mean, std = kernel_distance_subsets(real, fake, self.subsets, self.subset_size, self.seed)
        return {"mean": mean, "std": std}


class PrecisionRecall(StoredFeatureMetric):
    """Precision, recall, density and coverage: see `prdc`.

    Args:
        extractor: See `Extractor`.
        k: Neighbours.
        name: What the result is called in logs.
        batch_size: Images that the extractor computes at once.

    Example:
        >>> metric = kgan.metrics.PrecisionRecall(classifier)
        >>> metric.adapt(x_test)
        >>> metric.update_state(gan.sample(10_000))
        >>> metric.result()["recall"]
    """

    name = "prdc"
    mode = "max"
    headline = "coverage"

    def __init__(self, extractor=None, k=5, name=None, batch_size=32):
        super().__init__(extractor, name, batch_size)
        self.k = k

    def result(self):
        """Dict of `precision`, `recall`, `density` and `coverage`.

        Raises:
            ValueError: If either side has seen k or fewer images.
        """
        return prdc(self.features(True), self.features(False), self.k)


class SlicedWassersteinDistance(StoredFeatureMetric):
    """Sliced Wasserstein distance of features: see `sliced_wasserstein`.

    Args:
        extractor: See `Extractor`.
        projections: Random directions.
        seed: Seed of the directions.
        name: What the result is called in logs.
        batch_size: Images that the extractor computes at once.

    Example:
        >>> metric = kgan.metrics.SlicedWassersteinDistance(classifier)
    """

    name = "swd"

    def __init__(self, extractor=None, projections=512, seed=0, name=None, batch_size=32):
        super().__init__(extractor, name, batch_size)
        self.projections, self.seed = projections, seed

    def result(self):
        """The distance, a float of at least 0.

        Raises:
            ValueError: If either side has seen no images.
        """
        real, fake = self.features(True), self.features(False)
        return sliced_wasserstein(real, fake, self.projections, seed=self.seed)


class IntraClassFrechetDistance(StoredFeatureMetric):
    """Mean Fréchet distance within each class: see `intra_class_frechet`.

    Args:
        extractor: See `Extractor`.
        name: What the result is called in logs.
        batch_size: Images that the extractor computes at once.

    Example:
        >>> metric = kgan.metrics.IntraClassFrechetDistance()
        >>> metric.update_state(x_test, real=True, labels=y_test)
        >>> metric.update_state(gan.sample(1000, condition=y), labels=y)
        >>> metric.result()
    """

    name = "intra_fid"
    needs_labels = True

    def update_features(self, features, real=False, labels=None):
        """Takes in features `(n, d)` and labels `(n,)`.

        Raises:
            ValueError: If there is not one label a row.
        """
        if labels is None:
            raise ValueError("IntraClassFrechetDistance needs labels: pass them to update_state")
        labels = labels_of(labels, "labels")
        if len(labels) != len(features):
            raise ValueError(f"got {len(labels)} labels for {len(features)} images")
        super().update_features(features, real)
        self._labels[bool(real)].append(labels)

    def result(self):
        """The mean over the classes, a float.

        Raises:
            ValueError: If a class is missing on one side, or has fewer than 2 images.
        """
        sides = ((self.features(real), joined(self, self._labels[real], real)) for real in (1, 0))
        (real, real_labels), (fake, fake_labels) = sides
        return float(
            np.mean(list(intra_class_frechet(real, real_labels, fake, fake_labels).values()))
        )

    def reset_state(self, keep_real=False):
        """Forgets everything, or everything but the real side."""
        super().reset_state(keep_real)
        self._labels = {True: self._labels[True] if keep_real else [], False: []}
