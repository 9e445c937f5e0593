"""From images to features: the FID network, any Keras model, or any callable."""

import hashlib
import json

import keras
import numpy as np

from kgan.metrics._arrays import images_of, to_numpy
from kgan.metrics.inception_network import as_colour, predict, shared_inception


class Extractor:
    """Turns uint8 images into features `(n, d)`, whatever computes them.

    Args:
        extractor: None for the FID Inception network; a Keras model, which is given float32 pixels
            in 0..255 (grey ones repeated to 3 channels where it takes 3) and does its own
            preprocessing, by a `Rescaling` layer, say; or any callable, which is given the uint8
            images. An `Extractor` is taken over, batch size and all.
        batch_size: Images computed at once.

    Raises:
        TypeError: If `extractor` cannot be called.

    Example:
        >>> features = kgan.metrics.Extractor(classifier)(images)
    """

    def __init__(self, extractor=None, batch_size=32):
        if isinstance(extractor, Extractor):
            extractor, batch_size = extractor.source, extractor.batch_size
        if extractor is not None and not callable(extractor):
            raise TypeError(
                "an extractor is None (the FID network), a Keras model or a callable from images "
                f"to features: got {type(extractor).__name__}"
            )
        self.source = extractor
        self.batch_size = batch_size

    def __call__(self, images):
        """Computes features.

        Args:
            images: uint8 `(n, height, width, 1 or 3)`.

        Returns:
            float array `(n, d)`.

        Raises:
            ValueError: If the images are not uint8, or the output is not `(n, d)`.
        """
        return self._run(images_of(images))

    def of_pixels(self, pixels):
        """Computes features of float32 pixels in 0..255 that are not rounded."""
        return self._run(np.asarray(pixels, "float32"))

    def _run(self, pixels):
        if self.source is None:
            return predict(shared_inception(), as_colour(pixels), self.batch_size)
        if isinstance(self.source, keras.Model):
            if self.source.input_shape[-1] == 3:
                pixels = as_colour(pixels)
            return predict(self.source, pixels, self.batch_size)
        starts = range(0, len(pixels), self.batch_size)
        parts = [to_numpy(self.source(pixels[i : i + self.batch_size])) for i in starts]
        features = np.concatenate(parts)
        if features.ndim != 2 or len(features) != len(pixels):
            raise ValueError(
                f"an extractor must return features (n, d): {len(pixels)} images gave "
                f"{features.shape}"
            )
        return features

    @property
    def digest(self):
        """What the features depend on: sha256 over a model's configuration and weights.

        A callable may have an attribute `digest` of its own; None if it has none.
        """
        if self.source is None:
            from kgan.metrics import inception_weights

            return inception_weights.CONTENT_SHA256
        if isinstance(self.source, keras.Model):
            names = {layer.name: i for i, layer in enumerate(self.source._flatten_layers())}
            config = _renamed(self.source.get_config(), names)
            total = hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode())
            for weight in self.source.weights:
                total.update(np.ascontiguousarray(to_numpy(weight)).tobytes())
            return total.hexdigest()
        digest = getattr(self.source, "digest", None)
        return None if digest is None else str(digest)


def _renamed(config, names):
    """A configuration with numbers for its layers' names, which depend on what was built before."""
    if isinstance(config, dict):
        return {key: _renamed(value, names) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_renamed(value, names) for value in config]
    return names.get(config, config) if isinstance(config, str) else config
