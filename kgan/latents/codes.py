"""Latent codes with a meaning: what InfoGAN's generator is told and its discriminator reads back.

A code occupies `size` entries of the latent vector. Given an image, Q (a head of the
discriminator) puts out `parameters` numbers that describe a distribution over the code.
"""

import math

import keras
import numpy as np
from keras import ops


class Code:
    """Base class of the codes.

    Args:
        size: Entries of the latent vector, at least one.
        name: What the code is called in logs and predictions.
    """

    def __init__(self, size, name):
        if size < 1:
            raise ValueError(f"a code needs at least one entry, got {size}")
        self.size = size
        self.name = name

    @property
    def parameters(self):
        """How many outputs of Q describe this code."""
        raise NotImplementedError

    @property
    def entropy(self):
        """H(c) in nats.

        Of a categorical code Q can know no more; a continuous one's is a differential entropy,
        which the information may exceed.
        """
        raise NotImplementedError

    def sample(self, noise, n):
        """Draws the code for `n` images: `(n, size)`, float32."""
        raise NotImplementedError

    def log_likelihood(self, parameters, code):
        """Log Q(c|x) in nats of codes `(n, size)` under Q's outputs `(n, parameters)`: `(n,)`."""
        raise NotImplementedError

    def predict(self, parameters):
        """The code expected under Q's outputs `(n, parameters)`: `(n, size)`."""
        raise NotImplementedError

    def encode(self, values, n):
        """Chosen values, one for all of `n` images or one for each, as an array `(n, size)`."""
        raise NotImplementedError

    def nearest(self, values):
        """The codes closest to any numbers `(..., size)`: NumPy, of the same shape."""
        raise NotImplementedError

    def interpolate(self, a, b, amounts):
        """Codes on the way from `a` (amount 0) to `b` (amount 1): NumPy, `(..., size)`.

        `a` and `b` have shape `(..., size)` and `amounts` a shape that broadcasts with them.
        """
        raise NotImplementedError

    def limits(self, codes):
        """The lowest and highest values that codes `(..., size)` may be moved to."""
        raise NotImplementedError

    def get_config(self):
        """The arguments of `__init__`."""
        return {"size": self.size, "name": self.name}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable("kgan")
class Categorical(Code):
    """One of `size` categories, all equally likely, one-hot in the latent vector.

    Q's outputs are logits. Chen et al. 2016 (arXiv:1606.03657), Sec. 7: c ~ Cat(K = 10).

    Args:
        size: Number of categories, at least two.
        name: What the code is called in logs and predictions.
    """

    def __init__(self, size=10, name="category"):
        if size < 2:
            raise ValueError(f"a categorical code needs at least two categories, got {size}")
        super().__init__(size, name)

    @property
    def parameters(self):
        """One logit a category."""
        return self.size

    @property
    def entropy(self):
        """Ln K."""
        return math.log(self.size)

    def sample(self, noise, n):
        """One-hot rows."""
        return ops.one_hot(noise.integers(n, self.size), self.size)

    def log_likelihood(self, parameters, code):
        """Log of the softmax at the category that was drawn."""
        return ops.sum(ops.multiply(code, ops.log_softmax(parameters)), axis=1)

    def encode(self, values, n):
        """One-hot rows of categories."""
        values = np.broadcast_to(values, (n,))
        if not np.issubdtype(values.dtype, np.integer) or (
            values.min() < 0 or values.max() >= self.size
        ):
            raise ValueError(
                f"categories of {self.name!r} are integers from 0 to {self.size - 1}, got {values}"
            )
        return np.eye(self.size, dtype="float32")[values]

    def predict(self, parameters):
        """The probability of each category."""
        return ops.softmax(parameters)

    def nearest(self, values):
        """The category of the largest entry, the first of equal ones."""
        return np.eye(self.size, dtype="float32")[np.argmax(values, axis=-1)]

    def interpolate(self, a, b, amounts):
        """The category of `a` and, from half way on, that of `b`: there is none in between."""
        return np.where(np.asarray(amounts) < 0.5, a, b)

    def limits(self, codes):
        """Themselves: a category cannot be moved little by little."""
        return codes, codes


@keras.saving.register_keras_serializable("kgan")
class Continuous(Code):
    """`size` independent numbers, uniform on [-1, 1].

    Q is a factored Gaussian whose outputs are its means and the logarithms of its standard
    deviations (arXiv:1606.03657, Sec. 6), which are kept above exp(-3), where a
    density could grow without end on a code that is known exactly.

    Learned deviations reward ever finer reading: the bound of a number may reach 2.8 nats, where
    its entropy is 0.7, at the cost of grain that encodes it. A fixed one, 1 in the authors' code
    for digits, makes the likelihood a squared error: the bound is loose (at most -0.2 nats a
    number at 1), and its gradient fades as the code is read.

    Args:
        size: How many numbers.
        name: What the code is called in logs and predictions.
        deviation: Q's standard deviation, positive, or None to have Q learn one for each image.
    """

    def __init__(self, size=1, name="continuous", deviation=None):
        super().__init__(size, name)
        if deviation is not None and not deviation > 0:
            raise ValueError(f"deviation must be positive, or None to learn it, got {deviation}")
        self.deviation = deviation

    @property
    def parameters(self):
        """A mean each and, where it is learned, a log standard deviation."""
        return self.size if self.deviation is not None else 2 * self.size

    @property
    def entropy(self):
        """Ln 2 each: the differential entropy of a uniform number on [-1, 1]."""
        return self.size * math.log(2.0)

    def sample(self, noise, n):
        """Uniform numbers."""
        return noise.uniform((n, self.size), -1.0, 1.0)

    def log_likelihood(self, parameters, code):
        """The Gaussian's log density."""
        mean = parameters[:, : self.size]
        if self.deviation is None:
            log_deviation = 3.0 * ops.tanh(parameters[:, self.size :] / 3.0)
        else:
            log_deviation = ops.full_like(mean, math.log(self.deviation))
        error = ops.subtract(code, mean) * ops.exp(-log_deviation)
        density = -0.5 * ops.square(error) - log_deviation - 0.5 * math.log(2 * math.pi)
        return ops.sum(density, axis=1)

    def encode(self, values, n):
        """The numbers themselves."""
        return np.broadcast_to(np.asarray(values, "float32"), (n, self.size))

    def predict(self, parameters):
        """The means."""
        return parameters[:, : self.size]

    def nearest(self, values):
        """The numbers, those outside of [-1, 1] at its ends."""
        return np.clip(values, -1.0, 1.0).astype("float32")

    def interpolate(self, a, b, amounts):
        """Straight from `a` to `b`, as suits a uniform prior."""
        return a + amounts * (b - a)

    def limits(self, codes):
        """-1 and 1."""
        return np.full_like(codes, -1.0), np.full_like(codes, 1.0)

    def get_config(self):
        """The arguments of `__init__`."""
        return {**super().get_config(), "deviation": self.deviation}


def slices(codes, latent_dim):
    """Which entries of the latent vector belong to what.

    Args:
        codes: A sequence of `Code`, in the order in which they lie at the vector's end.
        latent_dim: The length of the vector.

    Returns:
        The slice of the noise, and a dictionary of the codes' slices by name.

    Raises:
        ValueError: If the codes do not fit into the vector.
    """
    start = latent_dim - sum(code.size for code in codes)
    if start < 0:
        raise ValueError(f"{latent_dim} latents have no room for codes of {latent_dim - start}")
    noise, of_codes = slice(0, start), {}
    for code in codes:
        of_codes[code.name] = slice(start, start + code.size)
        start += code.size
    return noise, of_codes


def codes_of(gan):
    """The codes at the end of a model's latent vectors; none but in an InfoGAN."""
    return tuple(getattr(gan, "codes", ()))


def nearest_codes(latents, codes):
    """Latents `(..., latent_dim)` whose codes are ones that the prior can draw."""
    latents = np.array(latents, "float32")
    _, places = slices(codes, latents.shape[-1])
    for code in codes:
        place = places[code.name]
        latents[..., place] = code.nearest(latents[..., place])
    return latents
