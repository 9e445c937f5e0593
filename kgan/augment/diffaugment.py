"""DiffAugment: Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training.

arXiv:2006.10738.
"""

import keras
from keras import ops

from kgan.augment.base import Augmentation


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
