"""Multi-scale structural similarity: how alike images are, and hence how diverse a set is.

Wang, Simoncelli & Bovik 2003, Multi-Scale Structural Similarity for Image Quality Assessment;
as a measure of diversity: Odena et al. 2017 (arXiv:1610.09585), Sec. 4.2.
"""

import numpy as np

from kgan.metrics._arrays import to_numpy

POWERS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_FILTER = 11
_SIGMA = 1.5


def ms_ssim(first, second, max_value=255.0, scales=None):
    """Multi-scale structural similarity of pairs of images (Eq. 7 of the paper).

    A scale needs 11 pixels a side, so small images have fewer than the paper's five: 2 at 28 and
    32 pixels, 3 at 64, 4 at 128, 5 from 176. The paper's exponents of the scales used are then
    divided by their sum. State the number of scales beside a result.

    Args:
        first: Images `(n, height, width, channels)`.
        second: The images they are compared with, of the same shape.
        max_value: Largest possible pixel minus the smallest: 255 for uint8, 2 for [-1, 1].
        scales: Scales to use, 1 to 5; as many as fit by default.

    Returns:
        float64 array `(n,)`, the mean over channels: 1 for equal images.

    Raises:
        ValueError: If the shapes differ, or the images are too small for the scales.

    Example:
        >>> kgan.metrics.ms_ssim(images, images)  # ones
    """
    first, second = to_numpy(first), to_numpy(second)
    if first.shape != second.shape or first.ndim != 4:
        raise ValueError(
            f"pairs of images (n, height, width, channels) are compared: got {first.shape} and "
            f"{second.shape}"
        )
    scales = _scales(min(first.shape[1:3]), scales)
    powers = np.array(POWERS[:scales]) / sum(POWERS[:scales])
    x, y = first.astype(np.float64), second.astype(np.float64)
    similarity = 1.0
    for scale, power in enumerate(powers):
        if scale:
            x, y = _halve(x), _halve(y)
        luminance, contrast = _compare(x, y, max_value)
        last = scale == scales - 1
        mean = (luminance * contrast if last else contrast).mean(axis=(1, 2))
        similarity = similarity * np.maximum(mean, 0) ** power
    return similarity.mean(axis=-1)


def ms_ssim_diversity(images, pairs=10_000, max_value=255.0, scales=None, seed=0):
    """Mean `ms_ssim` over random pairs of different images: the lower, the more diverse.

    Only within one class does the number mean much; set it beside that of real images.

    Args:
        images: Images `(n, height, width, channels)`.
        pairs: Random pairs.
        max_value: See `ms_ssim`.
        scales: See `ms_ssim`.
        seed: Seed of the pairs.

    Returns:
        A float in 0..1.

    Raises:
        ValueError: If there are fewer than 2 images, or see `ms_ssim`.

    Example:
        >>> kgan.metrics.ms_ssim_diversity(gan.sample(1000))
    """
    images = to_numpy(images)
    if len(images) < 2 or pairs < 1:
        raise ValueError(
            f"diversity needs at least 2 images and 1 pair: got {len(images)} images, {pairs} pairs"
        )
    generator = np.random.default_rng(seed)
    first = generator.integers(0, len(images), pairs)
    second = (first + generator.integers(1, len(images), pairs)) % len(images)
    total = 0.0
    for start in range(0, pairs, 256):
        part = slice(start, start + 256)
        values = ms_ssim(images[first[part]], images[second[part]], max_value, scales)
        total += values.sum()
    return float(total / pairs)


def _scales(side, scales):
    fitting = 0
    while fitting < len(POWERS) and side >= _FILTER:
        fitting, side = fitting + 1, (side + 1) // 2
    wanted = fitting if scales is None else scales
    if not 1 <= wanted <= fitting:
        raise ValueError(
            f"scales={scales} cannot be used: these images have room for {fitting}, since each "
            f"scale needs {_FILTER} pixels a side"
        )
    return wanted


def _compare(x, y, max_value):
    """Luminance, and contrast times structure, at every place: Eq. 1 to 3 with K = .01, .03."""
    c1, c2 = (0.01 * max_value) ** 2, (0.03 * max_value) ** 2
    mean_x, mean_y = _gaussian(x), _gaussian(y)
    products, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    luminance = (2 * products + c1) / (squares + c1)
    covariance = _gaussian(x * y) - products
    variances = _gaussian(x**2 + y**2) - squares
    return luminance, (2 * covariance + c2) / (variances + c2)


def _gaussian(images):
    """Gaussian window of 11 pixels, without padding."""
    weights = np.exp(-0.5 * ((np.arange(_FILTER) - _FILTER // 2) / _SIGMA) ** 2)
    weights /= weights.sum()
    for axis in (1, 2):
        length = images.shape[axis] - _FILTER + 1
        images = sum(
            weight * images.take(range(i, i + length), axis=axis)
            for i, weight in enumerate(weights)
        )
    return images


def _halve(images):
    """Means of 2x2 pixels; an odd edge is repeated."""
    n, height, width, channels = images.shape
    images = np.pad(images, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return images.reshape(n, (height + 1) // 2, 2, (width + 1) // 2, 2, channels).mean(axis=(2, 4))
