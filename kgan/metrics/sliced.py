"""Sliced Wasserstein distance between sets of points, and between images scale by scale."""

import numpy as np

from kgan.metrics._arrays import images_of, two_sets

_PATCH = 7
_SMALLEST = 16
_BINOMIAL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


def sliced_wasserstein(real, fake, projections=512, order=1, seed=0):
    """Wasserstein distance on random lines, averaged.

    Rabin et al. 2011, Wasserstein Barycenter and its Application to Texture Mixing. On a line the
    optimal plan matches sorted values; sets of different size are matched by quantiles, exactly.

    Args:
        real: Features `(n, d)`.
        fake: Features `(m, d)`.
        projections: Random directions.
        order: Order p of the distance: the p-th root of the mean of W_p^p over the lines.
        seed: Seed of the directions.

    Returns:
        The distance in the units of the features, a float of at least 0.

    Raises:
        ValueError: If the widths differ, or `projections` or `order` is below 1.

    Example:
        >>> kgan.metrics.sliced_wasserstein([[0.0], [1.0]], [[2.0], [3.0]])
        2.0
    """
    # Half precision would round the projections.
    real, fake = (x.astype(np.promote_types(x.dtype, "float32")) for x in two_sets(real, fake))
    if projections < 1 or order < 1:
        raise ValueError(f"projections and order must be at least 1: got {projections}, {order}")
    directions = np.random.default_rng(seed).standard_normal((real.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    first, second, weights = _plan(len(real), len(fake))
    total = 0.0
    for start in range(0, projections, 16):
        part = directions[:, start : start + 16].astype(real.dtype)
        x, y = np.sort(real @ part, axis=0), np.sort(fake @ part.astype(fake.dtype), axis=0)
        gaps = np.abs(x[first].astype(np.float64) - y[second]) ** order
        total += float((weights @ gaps).sum())
    return (total / projections) ** (1 / order)


def laplacian_sliced_wasserstein(real, fake, patches=128, projections=512, seed=0):
    """Sliced Wasserstein distance between patches of Laplacian pyramids, one number a scale.

    Karras et al. 2018, Progressive Growing of GANs. arXiv:1710.10196, Sec. 5: 7x7 patches, each
    channel normalised over the set, all scales from the image's own down to 16 pixels. The paper
    prints the values times 1000, for 16,384 images of each kind.

    Args:
        real: uint8 images `(n, height, width, channels)`.
        fake: uint8 images `(m, height, width, channels)`.
        patches: Patches of each image at each scale, at random places.
        projections: Random directions (4 x 128 in the paper).
        seed: Seed of places and directions.

    Returns:
        Dict of height in pixels to distance, finest first.

    Raises:
        ValueError: If the shapes differ or an image is smaller than 16 pixels.

    Example:
        >>> kgan.metrics.laplacian_sliced_wasserstein(x_test, gan.sample(len(x_test)))
    """
    real, fake = images_of(real, "real"), images_of(fake, "fake")
    if real.shape[1:] != fake.shape[1:] or min(real.shape[1:3]) < _SMALLEST:
        raise ValueError(
            f"images must have the same shape, of at least {_SMALLEST} pixels a side: got "
            f"{real.shape} and {fake.shape}"
        )
    distances = {}
    generator = np.random.default_rng(seed)
    for x, y in zip(_pyramid(real), _pyramid(fake)):
        first = _descriptors(x, patches, generator)
        second = _descriptors(y, patches, generator)
        distances[x.shape[1]] = sliced_wasserstein(first, second, projections, seed=seed)
    return distances


def _plan(n, m):
    """The optimal plan between sorted sets of n and m points: positions in each, and masses."""
    if n == m:
        return np.arange(n), np.arange(n), np.full(n, 1 / n)
    cuts = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    starts = np.concatenate([[0], cuts[:-1]])
    return starts // m, starts // n, (cuts - starts) / (n * m)


def _pyramid(images):
    """Yields the bands of the Laplacian pyramid, finest first; the last is the low-pass itself."""
    current = images.astype(np.float32)
    while min(current.shape[1:3]) >= 2 * _SMALLEST:
        smaller = _blur(current)[:, ::2, ::2]
        spread = np.zeros_like(current)
        spread[:, ::2, ::2] = smaller
        yield current - 4 * _blur(spread)
        current = smaller
    yield current


def _blur(images):
    """Binomial 5x5 filter with mirrored edges."""
    for axis in (1, 2):
        pad = [(2, 2) if a == axis else (0, 0) for a in range(4)]
        padded = np.pad(images, pad, mode="reflect")
        length = images.shape[axis]
        images = sum(
            np.float32(weight) * padded.take(range(i, i + length), axis=axis)
            for i, weight in enumerate(_BINOMIAL)
        )
    return images


def _descriptors(band, patches, generator):
    """Random patches `(n * patches, 49 * channels)`, each channel of mean 0 and deviation 1."""
    n, height, width, channels = band.shape
    windows = np.lib.stride_tricks.sliding_window_view(band, (_PATCH, _PATCH), axis=(1, 2))
    top = generator.integers(0, height - _PATCH + 1, (n, patches))
    left = generator.integers(0, width - _PATCH + 1, (n, patches))
    chosen = windows[np.arange(n)[:, None], top, left].reshape(n * patches, channels, -1)
    chosen = chosen - chosen.mean(axis=(0, 2), keepdims=True, dtype=np.float64)
    deviation = chosen.std(axis=(0, 2), keepdims=True)
    chosen = np.divide(chosen, deviation, out=np.zeros_like(chosen), where=deviation > 0)
    return chosen.reshape(n * patches, -1).astype(np.float32)
