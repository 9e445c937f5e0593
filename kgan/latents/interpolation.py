"""Paths between latent vectors, and arithmetic with them.

Spherical interpolation: White 2016, Sampling Generative Networks (arXiv:1609.04468), Sec. 2.1.
Arithmetic: Radford, Metz and Chintala 2015 (arXiv:1511.06434), Sec. 6.3.2.
"""

import numpy as np

from kgan.latents import rendering
from kgan.latents.codes import codes_of, nearest_codes, slices
from kgan.paths import PATHS


def interpolate(a, b, steps=8, method="spherical", codes=()):
    """Latents on the way from `a` to `b`, both ends included.

    Noise goes the `method`'s way. Codes keep their meaning: a continuous code goes straight from
    one value to the other; a categorical code is that of `a` in the first half and that of `b` from
    the middle on, for there is nothing between two categories.

    Args:
        a: Latents `(latent_dim,)` or `(n, latent_dim)`.
        b: Others of the same shape.
        steps: Latents on each path, at least 2.
        method: `"spherical"`, along the great circle through both, so that noise keeps the length
            that normal numbers have (noise of one entry goes straight); or `"linear"`.
        codes: The `Code`s at the latents' end, an InfoGAN's `codes`.

    Returns:
        A float32 array `(steps, latent_dim)`, or `(n, steps, latent_dim)`.

    Raises:
        ValueError: If the shapes differ, an argument is unknown or out of range, or two latents
            point in opposite directions, between which there is no one great circle.

    Example:
        >>> path = kgan.latents.interpolate(*gan.random_latents(2, seed=0), steps=9)
        >>> images = gan.sample(9, latents=path)
    """
    if steps < 2:
        raise ValueError(f"steps must be at least 2, the two ends; got {steps}")
    return between(a, b, np.linspace(0.0, 1.0, steps), method, codes)


def between(a, b, amounts, method, codes):
    """As `interpolate`, at given amounts `(steps,)` of the way."""
    if method not in PATHS:
        raise ValueError(f"method must be {' or '.join(map(repr, PATHS))}, got {method!r}")
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    if a.shape != b.shape or a.ndim not in (1, 2):
        raise ValueError(
            "a and b must be latents of one shape, (latent_dim,) or (n, latent_dim); got "
            f"{a.shape} and {b.shape}"
        )
    a, b, amounts = a[..., None, :], b[..., None, :], np.asarray(amounts)[:, None]
    noise, places = slices(codes, a.shape[-1])
    parts = [PATHS[method](a[..., noise], b[..., noise], amounts)]
    for code in codes:
        place = places[code.name]
        parts.append(code.interpolate(a[..., place], b[..., place], amounts))
    return np.concatenate(parts, axis=-1).astype("float32")


def interpolation(gan, a, b, steps=8, method="spherical", condition=None):
    """Images on the way from `a` to `b`, one row a pair of latents; see `interpolate`.

    Args:
        gan: Any kgan model.
        a: Latents `(latent_dim,)` or `(n, latent_dim)`.
        b: Others of the same shape.
        steps: Images in a row, at least 2.
        method: `"spherical"` or `"linear"`.
        condition: For conditional models, one condition for all rows or one for each.

    Returns:
        uint8 images `(n * steps, height, width, channels)`, row by row, and the number of columns.

    Raises:
        ValueError: As in `interpolate` and `GAN.sample`.

    Example:
        >>> a, b = gan.random_latents(8, seed=0).reshape(2, 4, -1)
        >>> picture = kgan.data.grid(*kgan.latents.interpolation(gan, a, b))
    """
    paths = interpolate(np.atleast_2d(a), np.atleast_2d(b), steps, method, codes_of(gan))
    return rendering.rows(gan, paths, condition)


def arithmetic(a, b, c, codes=()):
    """Mean of `a` less mean of `b` plus mean of `c`: smiling woman - woman + man.

    The paper takes the mean of three latents whose images share what is meant, for single ones
    are unstable.

    Args:
        a: Latents `(latent_dim,)` or `(n, latent_dim)`, of any number each.
        b: Those whose meaning is taken away.
        c: Those whose meaning is added.
        codes: The `Code`s at the latents' end, an InfoGAN's `codes`; the result has the codes
            nearest to the sum.

    Returns:
        A float32 array `(latent_dim,)`.

    Raises:
        ValueError: If they are not latents of one length.

    Example:
        >>> smiling_man = kgan.latents.arithmetic(smiling_women, women, men)
        >>> image = gan.sample(1, latents=smiling_man[None])
    """
    means = []
    for latents in (a, b, c):
        latents = np.atleast_2d(np.asarray(latents, "float64"))
        if latents.ndim != 2 or not len(latents):
            raise ValueError(
                f"latents must be (latent_dim,) or (n, latent_dim), got {latents.shape}"
            )
        means.append(latents.mean(axis=0))
    if len({mean.shape for mean in means}) > 1:
        raise ValueError(f"latents of different lengths: {[len(mean) for mean in means]}")
    return nearest_codes(means[0] - means[1] + means[2], codes)
