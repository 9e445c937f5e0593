"""Images from a model: latents, conditions and pixels."""

import keras
import numpy as np
from keras import ops

from kgan.models import checks
from kgan.models.players import takes_condition
from kgan.noise import HostNoise


class Sampling:
    """The part of `GAN` that makes images to look at."""

    @property
    def latent_dim(self):
        """Length of the generator's latent vector."""
        return keras.tree.flatten(self.generator.inputs)[0].shape[-1]

    @property
    def image_shape(self):
        """The shape of one image, `(height, width, channels)`, as the discriminator takes it."""
        return tuple(keras.tree.flatten(self.discriminator.inputs)[0].shape[1:])

    @property
    def conditional(self):
        """Whether images are made for a condition."""
        return takes_condition(self.generator)

    def call(self, inputs, training=False):
        """Images from latents `(n, latent_dim)`, or from `[latents, condition]`.

        The averaged generator answers where there is one.
        """
        images = (self.ema_generator or self.generator)(inputs, training=training)
        return ops.cast(images, "float32")

    def sample(self, n, condition=None, seed=None, truncation=1.0, latents=None, batch_size=256):
        """Draws `n` images, ready to show.

        Args:
            n: How many.
            condition: For conditional models, one condition for all images or one for each.
            seed: An integer for the same images again, on every backend.
            truncation: Factor on the latents' normal numbers, from 0 (the most typical image) to 1
                (the full variety). Codes keep theirs.
            latents: An array `(n, latent_dim)` to use in place of random latents.
            batch_size: Images computed at once.

        Returns:
            A uint8 array `(n, height, width, channels)`; float32 if the generator makes
            something other than images.

        Raises:
            ValueError: If `n` is not positive, truncation, latents or condition do not fit, or the
                generator makes NaN or infinity.
        """
        n = checks.check_integer("n", n, 1)
        batch_size = checks.check_integer("batch_size", batch_size, 1)
        if latents is None:
            latents = self.random_latents(n, seed, truncation)
        latents = ops.convert_to_numpy(latents)
        if tuple(latents.shape) != (n, self.latent_dim):
            raise ValueError(
                f"latents must have shape ({n}, {self.latent_dim}), got {tuple(latents.shape)}"
            )
        inputs = latents
        if self.conditional:
            inputs = [latents, self.condition_for(condition, n)]
        elif condition is not None:
            raise ValueError("this model is not conditional: its generator takes only latents")
        images = self.predict_at_once(inputs, n, batch_size)
        check_finite(images)
        return to_pixels(images) if images.ndim == 4 else images

    def predict_at_once(self, inputs, n, batch_size):
        """`predict` of arrays, without the input pipeline that takes longer than a small batch."""
        if self.replicas > 1:
            return self.predict(inputs, batch_size=batch_size, verbose=0)
        made = []
        for first in range(0, n, batch_size):
            chosen = slice(first, first + batch_size)
            batch = [x[chosen] for x in inputs] if isinstance(inputs, list) else inputs[chosen]
            made.append(self.predict_on_batch(batch))
        return np.concatenate(made)

    def random_latents(self, n, seed=None, truncation=1.0):
        """Latents for `sample`: `sample_latents` with noise that is the same on every backend.

        Args:
            n: How many.
            seed: See `sample`.
            truncation: See `sample`.

        Returns:
            A NumPy array `(n, latent_dim)`.

        Raises:
            ValueError: If `n` is not positive, or seed or truncation out of range.
        """
        n = checks.check_integer("n", n, 1)
        seed = None if seed is None else checks.check_integer("seed", seed, 0)
        if not 0 <= truncation <= 1:
            raise ValueError(f"truncation must be between 0 and 1, got {truncation}")
        return ops.convert_to_numpy(self.sample_latents(n, HostNoise(seed, scale=truncation)))

    def sample_grid(self, rows=8, seed=0, truncation=1.0):
        """Images that show what the model can do, to be laid out in a grid.

        Returns:
            uint8 images `(rows * columns, height, width, channels)`, row by row, and the number
            of columns.
        """
        return self.sample(rows * rows, seed=seed, truncation=truncation), rows

    def default_conditions(self):
        """What to show of a conditional model where nobody says: `(k, ...)`, None if unknown."""

    def condition_for(self, condition, n):
        """One condition for each of `n` images, from one for all or one for each."""
        expected = keras.tree.flatten(self.generator.inputs)[1]
        return checks.check_condition(condition, n, expected.shape[1:], expected.dtype)


def as_float(images):
    """Images in [-1, 1], float32; uint8 images are scaled."""
    if keras.backend.standardize_dtype(images.dtype) == "uint8":
        return ops.cast(images, "float32") / 127.5 - 1.0
    return ops.cast(images, "float32")


def check_finite(images):
    """Refuses what a generator makes after its training diverged.

    Raises:
        ValueError: If there is NaN or infinity among the images.
    """
    bad = int((~np.isfinite(images).reshape(len(images), -1).all(axis=1)).sum())
    if bad:
        raise ValueError(
            f"the generator makes NaN or infinity, in {bad} of {len(images)} images: training "
            "diverged. Go back to an earlier model, and train with a smaller learning rate or a "
            "penalty"
        )


def to_pixels(images):
    """Images in [-1, 1] as uint8."""
    return ((images.clip(-1, 1) + 1) * 127.5).round().astype("uint8")
