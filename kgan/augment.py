"""Differentiable augmentation: what the discriminator sees of every image in training.

DiffAugment: Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training
(arXiv:2006.10738). Real and generated images are changed at random, by draws from the same T,
before the discriminator, in both players' updates (Sec. 3.2), and the generator's gradient goes
back through T. So the discriminator cannot learn a small data set by heart, and the generator does
not learn to make changed images, as it would if only the real ones were (`augment` of
`kgan.data.load`).

A gradient penalty is on the gradient of D(T(x)) by x, as in the authors' StyleGAN2 code: it sees
changed images too, by a draw of its own. `evaluate` changes nothing.

An augmentation is called as `augmentation(images, noise, rounds)` with float32 images
`(n, height, width, channels)` about [-1, 1], a `kgan.noise.Noise` and the rounds played so far, and
returns images of the same shape, not clipped.

Example:
    >>> gan = kgan.GAN(generator, discriminator, augment="diffaugment")
    >>> gan = kgan.GAN(generator, discriminator, augment=["translation", Cutout(0.25)])
"""

import difflib

import keras
from keras import ops

from kgan import schedules


class Augmentation:
    """Base class of the augmentations."""

    def __call__(self, images, noise, rounds):
        """Changed images of the same shape."""
        raise NotImplementedError

    def check(self, image_shape):
        """Refuses images of a shape, without the batch's axis, that cannot be changed.

        Raises:
            ValueError: If they are not images `(height, width, channels)` of a known size.
        """
        if len(image_shape) != 3 or None in image_shape:
            raise ValueError(
                f"{type(self).__name__} changes images (height, width, channels) of a known size, "
                f"but the discriminator takes {tuple(image_shape)}"
            )

    def get_config(self):
        """The arguments of `__init__`."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable("kgan")
class Color(Augmentation):
    """DiffAugment's colour: brightness, then saturation, then contrast, at random an image.

    With the defaults, the authors': a number of [-0.5, 0.5) is added; distances from each
    pixel's mean over the channels are multiplied by one of [0, 2), which leaves grey images as
    they are; and distances from the image's mean by one of [0.5, 1.5).

    Raises:
        ValueError: If a number is negative.

    Args:
        brightness: Largest change of all numbers of an image.
        saturation: Largest change of the factor 1 on the distance from grey.
        contrast: Largest change of the factor 1 on the distance from the mean.
    """

    def __init__(self, brightness=0.5, saturation=1.0, contrast=0.5):
        for name, value in (
            ("brightness", brightness), ("saturation", saturation), ("contrast", contrast)
        ):  # fmt: skip
            if value < 0:
                raise ValueError(f"{name} must not be negative, got {value}")
        self.brightness = brightness
        self.saturation = saturation
        self.contrast = contrast

    def __call__(self, images, noise, rounds):
        """Images of other colours."""
        shape = (ops.shape(images)[0], 1, 1, 1)

        def change(largest):
            return noise.uniform(shape, -largest, largest)

        images = images + change(self.brightness)
        grey = ops.mean(images, axis=3, keepdims=True)
        images = grey + (1 + change(self.saturation)) * (images - grey)
        level = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        return level + (1 + change(self.contrast)) * (images - level)

    def get_config(self):
        """The arguments of `__init__`."""
        return {
            "brightness": self.brightness,
            "saturation": self.saturation,
            "contrast": self.contrast,
        }


@keras.saving.register_keras_serializable("kgan")
class Translation(Augmentation):
    """DiffAugment's translation: by whole pixels, zeros where nothing was.

    Each image is moved by as many pixels along each axis, from -s to s with equal chances, where s
    is `ratio` of the axis's length, rounded.

    Args:
        ratio: Largest shift as a part of height and width, from 0 to 1; the authors' is 1/8.

    Raises:
        ValueError: If the ratio is not from 0 to 1.
    """

    def __init__(self, ratio=0.125):
        self.ratio = check_ratio(ratio)

    def __call__(self, images, noise, rounds):
        """Moved images."""
        # Rows, then columns, are picked by a product: its derivatives of any order are products
        # too, where those of indexing are slow or missing on some backend.
        images = ops.einsum("nij,njwc->niwc", self.shifts(images, 1, noise), images)
        return ops.einsum("nij,nhjc->nhic", self.shifts(images, 2, noise), images)

    def shifts(self, images, axis, noise):
        """For each image a matrix `(size, size)` that moves an axis."""
        size = images.shape[axis]
        largest = part(self.ratio, size)
        shift = noise.integers(ops.shape(images)[0], 2 * largest + 1) - largest
        position = ops.arange(size, dtype="int32")
        source = position[None, :, None] + shift[:, None, None]
        return ops.cast(ops.equal(source, position[None, None, :]), images.dtype)

    def get_config(self):
        """The arguments of `__init__`."""
        return {"ratio": self.ratio}


@keras.saving.register_keras_serializable("kgan")
class Cutout(Augmentation):
    """DiffAugment's cutout: a rectangle of zeros (grey) at random in each image.

    Its sides are `ratio` of height and width, rounded. Its middle is anywhere in the image, so
    that parts of it may be outside.

    Args:
        ratio: Size as a part of height and width, from 0 to 1; the authors' is 1/2.

    Raises:
        ValueError: If the ratio is not from 0 to 1.
    """

    def __init__(self, ratio=0.5):
        self.ratio = check_ratio(ratio)

    def __call__(self, images, noise, rounds):
        """Images with a hole."""
        rows = self.inside(images, 1, noise)[:, :, None, None]
        columns = self.inside(images, 2, noise)[:, None, :, None]
        return images * (1 - rows * columns)

    def inside(self, images, axis, noise):
        """Where along an axis the hole is: `(n, size)`, ones and zeros."""
        size = images.shape[axis]
        length = part(self.ratio, size)
        # The middle of an even length is between two pixels, or at either edge of the image.
        middle = noise.integers(ops.shape(images)[0], size + 1 - length % 2)[:, None]
        first = middle - length // 2
        position = ops.arange(size, dtype="int32")[None, :]
        return ops.cast((position >= first) & (position < first + length), images.dtype)

    def get_config(self):
        """The arguments of `__init__`."""
        return {"ratio": self.ratio}


@keras.saving.register_keras_serializable("kgan")
class InstanceNoise(Augmentation):
    """Sonderby et al. 2016 (arXiv:1610.04490), Sec. 3.3: normal noise on all that D sees.

    Distributions that share nothing overlap once noise is added to both, and the discriminator's
    gradient then tells the generator the way. Its standard deviation falls in a straight line from
    `sigma` to 0 over `rounds`, as in the paper's experiments, or is what a schedule says.

    Args:
        sigma: Standard deviation in the first round, in units of the images' [-1, 1]; or a schedule
            of the rounds played (`kgan.schedules`).
        rounds: Rounds after which there is no noise; None for noise that stays, and with a
            schedule.

    Raises:
        ValueError: If sigma is negative, or rounds is not positive or given with a schedule.

    Example:
        >>> noise = kgan.augment.InstanceNoise(0.1, rounds=10_000)
        >>> gan = kgan.GAN(generator, discriminator, augment=noise)
    """

    def __init__(self, sigma=0.1, rounds=None):
        sigma = schedules.get("sigma", sigma)
        scheduled = isinstance(sigma, schedules.Schedule)
        if not scheduled and sigma < 0:
            raise ValueError(f"sigma must not be negative, got {sigma}")
        if rounds is not None and (scheduled or rounds <= 0):
            raise ValueError(
                f"rounds must be positive, or None for no decay or with a schedule, got {rounds}"
            )
        self.sigma = sigma
        self.rounds = rounds

    def __call__(self, images, noise, rounds):
        """Noisy images."""
        sigma = schedules.at(self.sigma, rounds)
        if self.rounds is not None:
            sigma = sigma * ops.maximum(0.0, 1.0 - ops.cast(rounds, "float32") / self.rounds)
        return images + sigma * noise.normal(ops.shape(images))

    def check(self, image_shape):
        """Anything can be noisy."""

    def get_config(self):
        """The arguments of `__init__`."""
        return {"sigma": schedules.serialize(self.sigma), "rounds": self.rounds}


def part(ratio, size):
    """A part of a length in whole pixels, halves rounded up as by the authors."""
    return int(ratio * size + 0.5)


def check_ratio(ratio):
    """`ratio`, if it is one.

    Raises:
        ValueError: If it is not from 0 to 1.
    """
    if not 0 <= ratio <= 1:
        raise ValueError(f"ratio must be from 0 to 1, a part of the image, got {ratio}")
    return ratio


_BY_NAME = {
    "color": (Color,),
    "translation": (Translation,),
    "cutout": (Cutout,),
    "instance_noise": (InstanceNoise,),
    "diffaugment": (Color, Translation, Cutout),
}


def get(augment):
    """Augmentations, in the order in which they are done, as a list.

    Args:
        augment: An `Augmentation`, its config or a name, a list of these, or None. `"diffaugment"`
            stands for `"color"`, `"translation"` and `"cutout"`, as the authors use most.

    Returns:
        A list of `Augmentation`s.

    Raises:
        ValueError: If there is none of that name, or something else was given.

    Example:
        >>> kgan.augment.get("diffaugment")  # [Color(), Translation(), Cutout()]
    """
    if augment is None:
        return []
    if isinstance(augment, (list, tuple)):
        return [one for each in augment for one in get(each)]
    if isinstance(augment, dict):
        return get(keras.saving.deserialize_keras_object(augment))
    if isinstance(augment, Augmentation):
        return [augment]
    if isinstance(augment, str) and augment in _BY_NAME:
        return [augmentation() for augmentation in _BY_NAME[augment]]
    near = difflib.get_close_matches(str(augment).replace("_", ""), _BY_NAME, n=1, cutoff=0.4)
    hint = f": did you mean {near[0]!r}?" if near else "."
    raise ValueError(
        f"unknown augmentation {augment!r}{hint} Known are {', '.join(_BY_NAME)}, and any "
        "kgan.augment.Augmentation"
    )
