"""Several metrics as one, with each extractor run once a batch."""

from kgan.metrics.base import FeatureMetric, Metric
from kgan.metrics.real_features import real_features


class MetricCollection(Metric):
    """Metrics that see the same images; those with the same extractor share its features.

    Args:
        metrics: A sequence of `Metric`, of different names.

    Raises:
        ValueError: If two have the same name.

    Example:
        >>> metrics = kgan.metrics.MetricCollection(
        ...     [kgan.metrics.FrechetInceptionDistance(), kgan.metrics.PrecisionRecall()]
        ... )
        >>> metrics.adapt(x_test, cache=True)
        >>> metrics.update_state(gan.sample(10_000))
        >>> metrics.result()  # {"fid": ..., "prdc_precision": ..., ...}
    """

    def __init__(self, metrics):
        self.metrics = list(metrics)
        names = [metric.name for metric in self.metrics]
        if len(set(names)) < len(names):
            raise ValueError(f"metrics need different names, got {names}: pass `name`")

    def update_state(self, images, real=False, labels=None):
        """Takes in a batch; real images go to the metrics that need them. See `Metric`."""
        for group in self._groups():
            features = group[0].extractor(images)
            for metric in group:
                metric.update_features(features, real, labels)
        for metric in self.metrics:
            if not isinstance(metric, FeatureMetric) and (metric.needs_real or not real):
                metric.update_state(images, real, labels)

    def adapt(self, images, cache=False):
        """Starts over with this real set; see `FeatureMetric.adapt`."""
        self.reset_state()
        for group in self._groups():
            for features, labels in real_features(images, group[0].extractor, cache):
                for metric in group:
                    metric.update_features(features, real=True, labels=labels)

    def result(self):
        """The flat dict of all metrics' `logs()`."""
        return {key: value for metric in self.metrics for key, value in metric.logs().items()}

    def logs(self):
        """The same as `result()`."""
        return self.result()

    def reset_state(self, keep_real=False):
        """Forgets everything, or everything but the real side."""
        for metric in self.metrics:
            metric.reset_state(keep_real)

    @property
    def needs_real(self):
        """Whether any metric needs real images."""
        return any(metric.needs_real for metric in self.metrics)

    @property
    def needs_labels(self):
        """Whether any metric needs labels."""
        return any(metric.needs_labels for metric in self.metrics)

    @property
    def mode(self):
        """That of the first metric."""
        return self.metrics[0].mode

    @property
    def monitor(self):
        """That of the first metric."""
        return self.metrics[0].monitor

    def _groups(self):
        """Feature metrics by extractor."""
        groups = {}
        for metric in self.metrics:
            if isinstance(metric, FeatureMetric):
                groups.setdefault(id(metric.extractor.source), []).append(metric)
        return list(groups.values())
