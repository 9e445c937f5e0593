"""Mean and covariance of features, in float64 and in one pass."""

import numpy as np

from kgan.metrics._arrays import features_of

_ROWS = 4096


class Moments:
    """Streaming mean and covariance: only `d + d^2` numbers are kept.

    Batches are merged by the pairwise update of Chan, Golub & LeVeque 1983 (The American
    Statistician 37(3)), which does not lose digits where the mean is large.

    Example:
        >>> moments = kgan.metrics.Moments()
        >>> for batch in batches:
        ...     moments.update(features(batch))  # (n, d)
        >>> moments.mean, moments.covariance
    """

    def __init__(self):
        self.count = 0
        self.mean = None
        self._scatter = None

    def update(self, features):
        """Takes in features `(n, d)`.

        Raises:
            ValueError: If they have another width than before, or are not finite.
        """
        features = features_of(features, "features")
        if self.count and features.shape[1] != self.mean.size:
            raise ValueError(
                f"features of width {features.shape[1]} cannot join those of width {self.mean.size}"
            )
        for start in range(0, len(features), _ROWS):
            self._merge(features[start : start + _ROWS].astype(np.float64))

    def _merge(self, rows):
        mean = rows.mean(axis=0)
        rows -= mean
        scatter = rows.T @ rows
        if not self.count:
            self.count, self.mean, self._scatter = len(rows), mean, scatter
            return
        total = self.count + len(rows)
        step = mean - self.mean
        self._scatter += scatter
        self._scatter += np.outer(step, step * (self.count * len(rows) / total))
        self.mean = self.mean + step * (len(rows) / total)
        self.count = total

    @property
    def covariance(self):
        """The unbiased covariance `(d, d)`, divisor n - 1.

        Raises:
            ValueError: If there are fewer than two rows.
        """
        if self.count < 2:
            raise ValueError(f"a covariance needs at least 2 images, got {self.count}")
        return self._scatter / (self.count - 1)
