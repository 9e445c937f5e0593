"""Perceptual path length: how smoothly images change along a path in latent space.

Karras et al. 2019, A Style-Based Generator Architecture for GANs. arXiv:1812.04948, Sec. 4.1.
"""

import numpy as np

from kgan.metrics._arrays import to_numpy
from kgan.metrics.extractor import Extractor
from kgan.paths import PATHS


def perceptual_path_length(
    generate,
    first,
    second,
    extractor=None,
    epsilon=1e-4,
    interpolation="spherical",
    discard=0.01,
    batch_size=32,
    seed=0,
):
    r"""Mean squared change of an image's features for each unit of the latent path, squared.

    .. math:: \mathrm{E}\left[\frac{1}{\epsilon^2}
        d(G(\mathrm{slerp}(z_1, z_2; t)), G(\mathrm{slerp}(z_1, z_2; t + \epsilon)))\right]

    d is the squared Euclidean distance of features. The paper's d is LPIPS, so its numbers are not
    comparable; nor are numbers of different extractors.

    Args:
        generate: Callable from latents `(n, latent_dim)` to float images in [-1, 1]. Not uint8:
            rounding would hide the change.
        first: Latents `(n, latent_dim)` where the paths start.
        second: Latents `(n, latent_dim)` where they end, drawn independently.
        extractor: See `Extractor`; it is given float32 pixels in 0..255, not rounded.
        epsilon: Step along the path, whose whole length is 1.
        interpolation: `"spherical"` for normal latents, `"linear"` for others.
        discard: Fraction of the pairs left out at either end, as in the authors' code.
        batch_size: Images generated at once.
        seed: Seed of the places t on the paths.

    Returns:
        The path length, a float of at least 0.

    Raises:
        ValueError: If the latents differ in shape, images are not floats, an argument is out of
            range, or a spherical path has ends in opposite directions.

    Example:
        >>> z = [gan.random_latents(1000, seed) for seed in (0, 1)]
        >>> kgan.metrics.perceptual_path_length(gan.predict, *z)
    """
    first, second = to_numpy(first), to_numpy(second)
    if first.shape != second.shape or first.ndim != 2 or not len(first):
        raise ValueError(
            f"`first` and `second` must be latents (n, latent_dim): got {first.shape} and "
            f"{second.shape}"
        )
    if interpolation not in PATHS:
        raise ValueError(f"interpolation must be one of {list(PATHS)}, got {interpolation!r}")
    if not 0 < epsilon < 1 or not 0 <= discard < 0.5:
        raise ValueError(
            f"epsilon must lie in (0, 1) and discard in [0, 0.5): got {epsilon} and {discard}"
        )
    extractor, path = Extractor(extractor), PATHS[interpolation]
    places = np.random.default_rng(seed).uniform(0, 1, (len(first), 1))
    lengths = []
    for start in range(0, len(first), batch_size):
        part = slice(start, start + batch_size)
        a, b, t = first[part].astype(np.float64), second[part].astype(np.float64), places[part]
        here, there = (
            extractor.of_pixels(_pixels(generate(path(a, b, at).astype("float32"))))
            for at in (t, t + epsilon)
        )
        lengths.append(((there.astype(np.float64) - here) ** 2).sum(axis=1) / epsilon**2)
    lengths = np.concatenate(lengths)
    # As in the authors' code: the values at both limits stay.
    low = np.quantile(lengths, discard, method="lower")
    high = np.quantile(lengths, 1 - discard, method="higher")
    return float(lengths[(lengths >= low) & (lengths <= high)].mean())


def _pixels(images):
    images = to_numpy(images)
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            f"`generate` must return floats in [-1, 1], got {images.dtype}: rounded pixels hide "
            "small changes"
        )
    return (images + 1) * 127.5
