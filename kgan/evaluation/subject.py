"""What is evaluated: a model, its samples, and the real images that they are held against."""

import functools

import numpy as np

from kgan import metrics
from kgan.data.sources import drawn
from kgan.latents.codes import codes_of
from kgan.metrics.real_features import real_features


class Subject:
    """A model with what its scores are computed from, each thing once and when first asked for.

    Args:
        model: What `opening.open_model` returns.
        data: What `opening.open_data` returns.
        n: Samples to draw, and real images to take at most.
        seed: Of the samples.
        classifier: A Keras model from pixels in 0..255 to class probabilities, or None.
        cache: Where features are kept; see `FeatureMetric.adapt`.
    """

    def __init__(self, model, data, n, seed=0, classifier=None, cache=True):
        self.model, self.gan, self.data = model, model.gan, data
        self.n, self.seed, self.classifier, self.cache = n, seed, classifier, cache
        total = len(data.real.images)
        # What lies side by side in a folder or a file is often of one class.
        chosen = slice(None) if n >= total else drawn(total, slice(n))
        self.real = np.asarray(data.real.images[chosen])
        given = data.real.labels
        self.conditions = None if given is None else np.asarray(given[chosen])
        # Vectors, such as those of captions, are conditions but no classes.
        self.labels = self.conditions if np.ndim(given) == 1 else None
        self._features = {}
        made = tuple(self.gan.generator.outputs[0].shape[1:])
        if self.real.shape[1:] != made:
            raise ValueError(
                f"the model makes images {made}, and the data are {self.real.shape[1:]}: evaluate "
                "on data of the same size and channels"
            )
        if self.gan.conditional and self.conditions is None:
            raise ValueError(
                "a conditional model is asked for what the real images show, and these data have "
                "no labels and no captions"
            )

    @property
    def codes(self):
        """The codes at the end of the model's latents; none but in an InfoGAN."""
        return codes_of(self.gan)

    @functools.cached_property
    def condition(self):
        """What each sample should show: what the real images do, in turn; or None."""
        if not self.gan.conditional:
            return None
        return self.conditions[np.arange(self.n) % len(self.conditions)]

    @functools.cached_property
    def fake(self):
        """The samples, uint8."""
        return self.gan.sample(self.n, condition=self.condition, seed=self.seed)

    @functools.cached_property
    def latents(self):
        """What the samples were made from."""
        return self.gan.random_latents(self.n, self.seed)

    @functools.cached_property
    def train(self):
        """The training images, or None if they are not known."""
        return None if self.data.train is None else np.asarray(self.data.train().images[:])

    @functools.cached_property
    def seen_classes(self):
        """The classifier's class of each sample."""
        return metrics.Extractor(self.classifier, 256)(self.fake).argmax(axis=1)

    def features(self, extractor, real):
        """Features of the real images or of the samples, from the cache where they are in it."""
        key = (id(extractor), real)
        if key not in self._features:
            images = self.real if real else self.fake
            parts = [part for part, _ in real_features(images, extractor, cache=self.cache)]
            self._features[key] = np.concatenate(parts)
        return self._features[key]

    def both_features(self, extractor):
        """Features of the real images, and of the samples."""
        return self.features(extractor, True), self.features(extractor, False)
