"""Where a model's random numbers come from: one small interface, two sources."""

import keras
import numpy as np

from kgan import backend


class Noise:
    """Random numbers for a training step, from a `keras.random.SeedGenerator`.

    It is the only source of randomness in a round: latents, interpolation weights, augmentation.
    The first axis of every shape is the batch; with several replicas each gets other numbers.

    Args:
        seed_generator: A `keras.random.SeedGenerator` that the model owns and saves.
    """

    def __init__(self, seed_generator):
        self.seed_generator = seed_generator

    def normal(self, shape):
        """Standard normal numbers, float32, of shape `(n, ...)`."""
        return backend.draw(
            lambda n: keras.random.normal((n, *shape[1:]), seed=self.seed_generator), shape[0]
        )

    def uniform(self, shape, low=0.0, high=1.0):
        """Numbers uniform on `[low, high)`, float32, of shape `(n, ...)`."""
        return backend.draw(
            lambda n: keras.random.uniform((n, *shape[1:]), low, high, seed=self.seed_generator),
            shape[0],
        )

    def integers(self, n, high):
        """Integers uniform on 0, ..., `high - 1`, int32, of shape `(n,)`."""
        return backend.draw(
            lambda n: keras.random.randint((n,), 0, high, seed=self.seed_generator), n
        )


class HostNoise:
    """The same numbers on every backend, from NumPy: for sampling outside a training step.

    Args:
        seed: An integer, or None for another sequence each time.
        scale: Standard deviation of the normal numbers; below one, samples are more typical and
            less varied.
    """

    def __init__(self, seed=None, scale=1.0):
        self.rng = np.random.default_rng(seed)
        self.scale = scale

    def normal(self, shape):
        """Normal numbers of mean 0 and standard deviation `scale`, float32, of shape `(n, ...)`."""
        numbers = self.rng.standard_normal(shape, dtype="float32")
        return keras.ops.convert_to_tensor(np.float32(self.scale) * numbers)

    def uniform(self, shape, low=0.0, high=1.0):
        """Numbers uniform on `[low, high)`, float32, of shape `(n, ...)`."""
        numbers = self.rng.random(shape, dtype="float32")
        return keras.ops.convert_to_tensor(np.float32(low) + numbers * np.float32(high - low))

    def integers(self, n, high):
        """Integers uniform on 0, ..., `high - 1`, int32, of shape `(n,)`."""
        return keras.ops.convert_to_tensor(self.rng.integers(0, high, n, dtype="int32"))
