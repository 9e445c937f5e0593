"""From an image back to the latents that make it, by gradient descent through the generator.

Zhu et al. 2016, Generative Visual Manipulation (arXiv:1609.03552), Sec. 3.1; Creswell and Bharath
2016, Inverting the Generator (arXiv:1611.05644).
"""

import typing

import keras
import numpy as np
from keras import ops

from kgan import backend, data
from kgan.latents.codes import codes_of, slices
from kgan.latents.rendering import row_conditions

TRUNCATION = 0.3


class Inversion(typing.NamedTuple):
    """What `invert` found for each image.

    Attributes:
        latents: float32 `(n, latent_dim)`.
        images: What the model makes of them, uint8 `(n, height, width, channels)`.
        psnr: float64 `(n,)`, the peak signal-to-noise ratio of `images` against the given ones, in
            dB of a peak of 255; infinite where all pixels agree.
        condition: For conditional models, the condition of each; None for others.
    """

    latents: np.ndarray
    images: np.ndarray
    psnr: np.ndarray
    condition: np.ndarray | None


def invert(
    gan,
    images,
    steps=500,
    seed=0,
    condition=None,
    starts=4,
    learning_rate=0.1,
    extractor=None,
    extractor_weight=1.0,
    batch_size=256,
):
    """Finds latents of which the model makes given images.

    The mean squared difference of pixels is minimised by Adam, whose rate falls to zero along half
    a cosine. Starts are random latents of a truncation of 0.3: from near the middle, descent gets
    further than from where random latents lie. A start may end in a valley that is not the
    deepest, hence there are several, of which the best is kept for each image.

    An InfoGAN's codes start at what its discriminator reads in the image, and categorical ones stay
    there, for they cannot be moved little by little. A class-conditional model that is not told the
    classes has starts in each of them, and so finds out; one of texts tries its prompts.

    Args:
        gan: Any kgan model of images.
        images: uint8, or float in [-1, 1], `(n, height, width, channels)`, or one of them.
        steps: Of Adam.
        seed: Of the starts: an integer for the same on every backend.
        condition: For conditional models, one condition for all images or one for each; by default
            all classes, or the model's prompts, are tried.
        starts: Random latents to start from, for each image (and class).
        learning_rate: Of the first step, in the latents' standard deviations.
        extractor: Features that should agree too: a Keras model, or a function of `keras.ops`, from
            float32 images in [-1, 1] to anything `(n, ...)`.
        extractor_weight: Of the mean squared difference of features, beside 1 for pixels.
        batch_size: Latents optimised at once.

    Returns:
        An `Inversion`: latents, images, PSNR and condition.

    Raises:
        ValueError: If the images are not of the model's shape and range, the condition does not
            fit, or an argument is out of range.

    Example:
        >>> found = kgan.latents.invert(gan, gan.sample(2, seed=1))
        >>> between = kgan.latents.interpolation(gan, *found.latents)
    """
    targets = as_targets(gan, images)
    for name, value in (("steps", steps), ("starts", starts), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if not learning_rate > 0:
        raise ValueError(f"learning_rate must be positive, got {learning_rate}")
    if not extractor_weight >= 0:
        raise ValueError(f"extractor_weight must not be negative, got {extractor_weight}")
    tried = candidates(gan, condition, len(targets))
    attempts = starts * (1 if tried is None else tried.shape[1])
    latents = starting_points(gan, targets, attempts, seed)
    tried = None if tried is None else np.tile(tried, (1, starts) + (1,) * (tried.ndim - 2))

    found = []
    at_once = max(1, batch_size // attempts)
    for start in range(0, len(targets), at_once):
        part = slice(start, start + at_once)
        given = None if tried is None else tried[part].reshape(-1, *tried.shape[2:])
        search = Search(
            lambda z, given=given: gan(z if given is None else [z, given], training=False),
            targets[part].repeat(attempts, axis=0),
            latents[part].reshape(-1, gan.latent_dim),
            limits(gan, latents[part].reshape(-1, gan.latent_dim)),
            extractor,
            extractor_weight,
        )
        ends, losses = search.run(steps, learning_rate)
        # A start that diverged is none of the best.
        best = np.nan_to_num(losses, nan=np.inf).reshape(-1, attempts).argmin(axis=1)
        rows = np.arange(len(best))
        given = None if tried is None else tried[part][rows, best]
        found.append((ends.reshape(-1, attempts, gan.latent_dim)[rows, best], given))

    latents = np.concatenate([z for z, _ in found])
    condition = None if tried is None else np.concatenate([c for _, c in found])
    made = gan.sample(len(latents), condition=condition, latents=latents)
    return Inversion(latents, made, psnr(made, data.to_uint8(targets)), condition)


class Search(backend.TrainStep, keras.Model):
    """Latents as the only weights of a model, so that Keras compiles their training.

    Args:
        generate: From latents to float images. A function, so that what it uses is not taken for a
            part of this model.
        targets: float32 images `(n, height, width, channels)`, one for each of the latents.
        latents: float32 `(n, latent_dim)`, where to start.
        limits: Where they may go: two arrays of that shape, lowest and highest.
        extractor: See `invert`.
        extractor_weight: See `invert`.
    """

    def __init__(self, generate, targets, latents, limits, extractor, extractor_weight):
        super().__init__(dtype="float32")
        self.generate = generate
        self.extract = None if extractor is None else lambda images: extractor(images)
        self.extractor_weight = extractor_weight
        self.targets = self.constant("targets", targets)
        self.low, self.high = (self.constant(*x) for x in zip(("low", "high"), limits))
        self.features = None
        if extractor is not None:
            features = ops.convert_to_numpy(self.extract(ops.convert_to_tensor(targets)))
            self.features = self.constant("features", features)
        self.latents = self.add_weight(
            name="latents", shape=latents.shape, initializer=lambda *_, **__: latents
        )
        self.built = True

    def constant(self, name, values):
        """A weight that is not trained."""
        return self.add_weight(
            name=name,
            shape=values.shape,
            initializer=lambda *_, **__: ops.convert_to_tensor(values, "float32"),
            trainable=False,
        )

    def losses_of(self, latents):
        """The loss of each of the latents, `(n,)`."""
        images = self.generate(latents)
        loss = squared_difference(images, self.targets)
        if self.features is not None:
            features = ops.cast(self.extract(images), "float32")
            loss = loss + self.extractor_weight * squared_difference(features, self.features)
        return loss

    def play_round(self, data):
        """One step of Adam on the sum of all losses, for each has latents of its own."""
        del data

        def objective():
            loss = ops.sum(self.losses_of(self.latents))
            return loss, {"loss": ops.stop_gradient(loss)}

        logs = backend.minimize(objective, [self.latents], self.optimizer, self.variables)
        low, high, moved = map(ops.convert_to_tensor, (self.low, self.high, self.latents))
        self.latents.assign(ops.clip(moved, low, high))
        return logs

    def run(self, steps, learning_rate):
        """Minimises; returns NumPy latents and their losses."""
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
        optimizer = keras.optimizers.Adam(rate, beta_2=0.99)
        optimizer.build([self.latents])
        self.compile(optimizer=optimizer)
        self.fit(np.arange(steps)[:, None], batch_size=1, shuffle=False, verbose=0)
        latents = ops.convert_to_tensor(self.latents)
        losses = ops.convert_to_numpy(ops.stop_gradient(self.losses_of(latents)))
        return ops.convert_to_numpy(ops.stop_gradient(latents)), losses


def squared_difference(a, b):
    """The mean over all but the first axis."""
    return ops.mean(ops.reshape(ops.square(a - b), (a.shape[0], -1)), axis=1)


def as_targets(gan, images):
    """Images as float32 in [-1, 1], of the shape that the model makes.

    Raises:
        ValueError: If they are not such images.
    """
    images = np.asarray(images)
    shape = tuple(keras.tree.flatten(gan.generator.outputs)[0].shape[1:])
    if images.shape == shape:
        images = images[None]
    if len(shape) != 3 or images.shape[1:] != shape or not len(images):
        raise ValueError(
            f"images must have the shape that the model makes, (n, *{shape}) with height, width "
            f"and channels; got {images.shape}"
        )
    if images.dtype == np.uint8:
        return data.to_float(images)
    if images.dtype.kind != "f" or not np.abs(images).max() <= 1.001:
        raise ValueError("images must be uint8, or float in [-1, 1]: x / 127.5 - 1 for 0 to 255")
    return images.astype("float32")


def candidates(gan, condition, n):
    """Conditions to try for each of `n` images, `(n, how many, ...)`; None without conditions."""
    defaults = gan.default_conditions() if gan.conditional and condition is None else None
    if defaults is not None:
        return gan.condition_for(defaults, len(defaults))[None].repeat(n, axis=0)
    given = row_conditions(gan, condition, n)
    return None if given is None else given[:, None]


def starting_points(gan, targets, attempts, seed):
    """Random latents `(n, attempts, latent_dim)`, with codes as they are read in the images."""
    n, codes = len(targets), codes_of(gan)
    latents = gan.random_latents(n * attempts, seed, TRUNCATION).reshape(n, attempts, -1)
    read = gan.read_codes(targets) if codes else {}
    _, places = slices(codes, gan.latent_dim)
    for code in codes:
        latents[:, :, places[code.name]] = code.nearest(read[code.name])[:, None]
    return latents


def limits(gan, latents):
    """The lowest and highest values that an optimiser may give to latents `(n, latent_dim)`."""
    low, high = np.full_like(latents, -np.inf), np.full_like(latents, np.inf)
    _, places = slices(codes_of(gan), gan.latent_dim)
    for code in codes_of(gan):
        place = places[code.name]
        low[:, place], high[:, place] = code.limits(latents[:, place])
    return low, high


def psnr(first, second):
    """Peak signal-to-noise ratio of pairs of uint8 images: 10 log10(255^2 / MSE), in dB, `(n,)`."""
    error = first.astype("float64") - second
    error = np.square(error).reshape(len(error), -1).mean(axis=1)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(255.0**2 / error)
