"""What every metric object shares: batches in, a number out, and the real side kept."""

import numpy as np

from kgan.metrics._arrays import features_of
from kgan.metrics.extractor import Extractor
from kgan.metrics.real_features import real_features


class Metric:
    """A number about generated images that come in batches of any size.

    The protocol is that of Keras's metrics, with real images beside generated ones. The state is
    numpy on the host.

    Attributes:
        name: What the result is called in logs.
        mode: `"min"` if lower is better, `"max"` if higher.
        headline: The entry of the result that `mode` is about; None where it is a float.
        needs_real: Whether real images are needed beside the generated ones.
        needs_labels: Whether the images come with labels.
    """

    name = None
    mode = "min"
    headline = None
    needs_real = True
    needs_labels = False

    def update_state(self, images, real=False, labels=None):
        """Takes in a batch.

        Args:
            images: uint8 `(n, height, width, channels)`.
            real: Whether these are real images or generated ones.
            labels: Their classes `(n,)`, for the metrics that need them.
        """
        raise NotImplementedError

    def result(self):
        """The metric of what came in since the last reset: a float, or a dict of floats."""
        raise NotImplementedError

    def reset_state(self, keep_real=False):
        """Forgets everything, or everything but the real side."""
        raise NotImplementedError

    def logs(self):
        """The result as a flat dict: `{name: value}`, or `{name_key: value}` for each entry."""
        result = self.result()
        if isinstance(result, dict):
            return {f"{self.name}_{key}": value for key, value in result.items()}
        return {self.name: result}

    @property
    def monitor(self):
        """The entry of `logs()` by which a best model is chosen."""
        return f"{self.name}_{self.headline}" if self.headline else self.name


class FeatureMetric(Metric):
    """A metric that compares features of generated images with those of real ones.

    Args:
        extractor: See `Extractor`; the FID Inception network by default.
        name: What the result is called in logs.
        batch_size: Images that the extractor computes at once.
    """

    def __init__(self, extractor=None, name=None, batch_size=32):
        self.extractor = Extractor(extractor, batch_size)
        self.name = name or self.name
        self.reset_state()

    def update_state(self, images, real=False, labels=None):
        """Takes in a batch of uint8 images `(n, height, width, 1 or 3)`; see `Metric`."""
        self.update_features(self.extractor(images), real, labels)

    def update_features(self, features, real=False, labels=None):
        """Takes in features `(n, d)` that the same extractor computed elsewhere."""
        raise NotImplementedError

    def adapt(self, images, cache=False):
        """Starts over with this real set, whose features may come from a cache.

        Args:
            images: A `kgan.data.ImageDataset`, of which the stored images are taken as they are; a
                uint8 array; or an iterable of uint8 batches or of pairs `(images, labels)`, which
                with a cache must give the same images in the same order each time.
            cache: True keeps the features in `$KGAN_HOME/features` (else
                `~/.cache/kgan/features`), in a file named after a digest of the images and the
                extractor; a path is another folder; False computes them each time.

        Raises:
            ValueError: If the images are not uint8, come in another order the second time, or the
                extractor has no digest.

        Example:
            >>> fid = kgan.metrics.FrechetInceptionDistance()
            >>> fid.adapt(x_test, cache=True)
            >>> fid.update_state(gan.sample(10_000))
            >>> fid.result()
        """
        self.reset_state()
        for features, labels in real_features(images, self.extractor, cache):
            self.update_features(features, real=True, labels=labels)


class StoredFeatureMetric(FeatureMetric):
    """A feature metric that needs the features themselves; they are kept as float32."""

    def update_features(self, features, real=False, labels=None):
        """Takes in features `(n, d)`."""
        self._parts[bool(real)].append(features_of(features, "features").astype(np.float32))

    def reset_state(self, keep_real=False):
        """Forgets everything, or everything but the real side."""
        self._parts = {True: self._parts[True] if keep_real else [], False: []}

    def features(self, real):
        """All features of one side, `(n, d)`.

        Raises:
            ValueError: If no images of that side came in.
        """
        return joined(self, self._parts[real], real)


def joined(metric, parts, real):
    """The parts in one array, which takes their place."""
    if not parts:
        raise missing(metric, real)
    if len(parts) > 1:
        parts[:] = [np.concatenate(parts)]
    return parts[0]


def missing(metric, real):
    """The error of a metric that has seen no images of one side."""
    side = "real" if real else "generated"
    return ValueError(
        f"{type(metric).__name__} has seen no {side} images: call update_state(images, real={real})"
    )
