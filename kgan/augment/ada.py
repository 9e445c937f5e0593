"""The augmentation pipeline of ADA: Karras et al. 2020 (arXiv:2006.06676), Appendix B."""

import functools
import math

import keras
from keras import ops

from kgan.augment.base import Augmentation


@keras.saving.register_keras_serializable("kgan")
class ADA(Augmentation):
    """Pixel blitting, geometric and colour transformations, the paper's choice (Sec. 3, Fig. 4).

    By itself all of them are done, each at random in strength; `Sometimes` and `Adaptive` do each
    with a chance, for each image. In this order, with the numbers of the authors' code:

    * blitting: horizontal flips, rotations by multiples of 90 degrees, translations by up to 1/8
      of the image in whole pixels;
    * geometry: isotropic scaling by 2^N(0, 0.2^2), rotation by any angle, before and after
      anisotropic scaling by 2^N(0, 0.2^2), translation by N(0, (1/8)^2) of the image;
    * colour: brightness N(0, 0.2^2), contrast 2^N(0, 0.5^2), inversion of luma, and of colour
      images rotation of hue by any angle and saturation 2^N(0, 1).

    What is outside of the image is its reflection. All geometry together is one resampling, whose
    derivatives of any order exist on every backend. Not here: the authors' filter against aliasing
    (they resample at twice the size by wavelets, this is bilinear), and their filtering, noise and
    cutout, which the paper found to be of no use in most cases and leaves out.

    Args:
        blit: Whether to do the pixel blitting.
        geometry: Whether to do the geometric transformations.
        color: Whether to do the colour transformations.

    Raises:
        ValueError: If there is nothing to do.

    Example:
        >>> gan = kgan.GAN(generator, discriminator, augment="ada")  # Adaptive(ADA())
        >>> mild = kgan.augment.Sometimes(kgan.augment.ADA(color=False), chance=0.2)
    """

    def __init__(self, blit=True, geometry=True, color=True):
        if not (blit or geometry or color):
            raise ValueError("blit, geometry and color are all off: there is nothing to do")
        self.blit = blit
        self.geometry = geometry
        self.color = color

    def __call__(self, images, noise, rounds):
        """Images of which all are changed in every way."""
        return self.sometimes(images, noise, rounds, 1.0)

    def sometimes(self, images, noise, rounds, chance):
        """Images that are changed in each way with a chance."""
        n = ops.shape(images)[0]
        draws = Draws(noise.uniform((n, 21)), noise.normal((n, 7)), chance)
        if self.blit or self.geometry:
            images = resample(images, self.place(images.shape[1], images.shape[2], draws))
        return recolor(images, draws) if self.color else images

    def place(self, height, width, draws):
        """Where new pixels come from: `(n, 3, 3)` matrices of `(x, y, 1)` from the middle."""
        steps = []
        if self.blit:
            steps.append(scaling(1 - 2 * draws.sometimes(draws.whole(2)), 1))
            steps.append(rotation(math.pi / 2 * draws.sometimes(draws.whole(4))))
            x, y = draws.uniform(1 / 8) * width, draws.uniform(1 / 8) * height
            steps.append(translation(*draws.sometimes(ops.round(x), ops.round(y))))
        if self.geometry:
            scale = ops.exp2(draws.sometimes(draws.normal(0.2)))
            steps.append(scaling(scale, scale))
            # That an image is rotated before or after has the chance of all else.
            either = 1 - ops.sqrt(1 - ops.cast(draws.chance, "float32"))
            steps.append(rotation(draws.sometimes(draws.uniform(math.pi), chance=either)))
            scale = ops.exp2(draws.sometimes(draws.normal(0.2)))
            steps.append(scaling(scale, 1 / scale))
            steps.append(rotation(draws.sometimes(draws.uniform(math.pi), chance=either)))
            x, y = draws.normal(1 / 8) * width, draws.normal(1 / 8) * height
            steps.append(translation(*draws.sometimes(x, y)))
        return functools.reduce(ops.matmul, steps)

    def get_config(self):
        """The arguments of `__init__`."""
        return {"blit": self.blit, "geometry": self.geometry, "color": self.color}


class Draws:
    """Numbers for each image of a batch, taken one after another: `(n,)` each.

    Args:
        uniform: Numbers on [0, 1), a column for each that is taken.
        normal: Standard normal numbers, likewise.
        chance: With which something is done to an image.
    """

    def __init__(self, uniform, normal, chance):
        self.uniforms = iter(ops.unstack(uniform, axis=1))
        self.normals = iter(ops.unstack(normal, axis=1))
        self.chance = chance

    def normal(self, deviation):
        """Normal numbers."""
        return deviation * next(self.normals)

    def uniform(self, limit):
        """Numbers from `-limit` to `limit`."""
        return limit * (2 * next(self.uniforms) - 1)

    def whole(self, n):
        """0, ..., `n - 1`, as floats."""
        return ops.floor(n * next(self.uniforms))

    def sometimes(self, *values, chance=None):
        """Values as they are with the chance, all of them zero without."""
        done = ops.less(next(self.uniforms), self.chance if chance is None else chance)
        values = [ops.where(done, value, 0.0) for value in values]
        return values[0] if len(values) == 1 else values


def affine(a, b, x, c, d, y):
    """Matrices `(n, 3, 3)` that send (u, v, 1) to (a u + b v + x, c u + d v + y, 1)."""
    entries = (a, b, x, c, d, y, 0, 0, 1)
    like = next(ops.zeros_like(entry) for entry in entries if not isinstance(entry, int))
    return ops.reshape(ops.stack([like + entry for entry in entries], axis=1), (-1, 3, 3))


def scaling(x, y):
    """Scaling by `x` and `y` about the middle."""
    return affine(x, 0, 0, 0, y, 0)


def rotation(angle):
    """Rotation about the middle."""
    return affine(ops.cos(angle), -ops.sin(angle), 0, ops.sin(angle), ops.cos(angle), 0)


def translation(x, y):
    """Translation by pixels."""
    return affine(1, 0, x, 0, 1, y)


def resample(images, place):
    """Images `(n, h, w, c)` whose pixels come from elsewhere, bilinearly, reflected at the edges.

    Args:
        images: Images.
        place: Matrices `(n, 3, 3)` from where a pixel is to where it comes from, both as
            `(x, y, 1)` in pixels from the middle of the image.
    """
    n = ops.shape(images)[0]
    height, width, channels = images.shape[1:]
    across = ops.arange(width, dtype="float32") - (width - 1) / 2
    down = ops.arange(height, dtype="float32")[:, None] - (height - 1) / 2

    def come_from(row, size):
        """Along one axis: the pixel before, whole and in range, and how far behind it."""
        a, b, start = (place[:, row, i, None, None] for i in range(3))
        position = reflect(a * across + b * down + start + (size - 1) / 2, size - 1)
        # What rounding leaves above the last pixel.
        before = ops.clip(ops.floor(position), 0, size - 1)
        return ops.cast(before, "int32"), (position - before)[..., None]

    (column, right), (row, below) = come_from(0, width), come_from(1, height)
    # Every pixel takes its neighbours along, so that there is one look-up and not four.
    beside = ops.concatenate([images[:, :, 1:], images[:, :, -1:]], axis=2)
    both = ops.concatenate([images, beside], axis=3)
    four = ops.concatenate([both, ops.concatenate([both[:, 1:], both[:, -1:]], axis=1)], axis=3)
    first = ops.arange(n, dtype="int32")[:, None, None] * (height * width)
    found = ops.take(ops.reshape(four, (-1, 4 * channels)), first + row * width + column, axis=0)
    here, beside, under, across = ops.split(found, 4, axis=3)
    upper = here + right * (beside - here)
    return upper + below * (under + right * (across - under) - upper)


def reflect(position, last):
    """Positions as they are between 0 and `last`, and mirrored to there from outside."""
    if not last:
        return ops.zeros_like(position)
    position = ops.mod(position, 2 * last)
    return ops.minimum(position, 2 * last - position)


def recolor(images, draws):
    """Brightness, contrast, inverted luma, hue and saturation; grey images have the first three."""

    def each(values):
        return values[:, None, None, None]

    images = images + each(draws.sometimes(draws.normal(0.2)))
    images = images * each(ops.exp2(draws.sometimes(draws.normal(0.5))))
    grey = ops.mean(images, axis=3, keepdims=True)
    luma = 1 - 2 * each(draws.sometimes(draws.whole(2)))
    color = images - grey
    if images.shape[3] == 3:
        angle = each(draws.sometimes(draws.uniform(math.pi)))
        red, green, blue = ops.split(color, 3, axis=3)
        # The cross product of the grey axis and the colour.
        quarter = ops.concatenate([blue - green, red - blue, green - red], axis=3) / math.sqrt(3)
        color = ops.cos(angle) * color + ops.sin(angle) * quarter
        color = color * each(ops.exp2(draws.sometimes(draws.normal(1.0))))
    return luma * grey + color
