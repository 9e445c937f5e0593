"""Kernel distance between two sets of features: KID.

Bińkowski et al. 2018, Demystifying MMD GANs. arXiv:1801.01401, Sec. 4 and Eq. 4 (the unbiased
estimator of the squared maximum mean discrepancy with the kernel (x.y / d + 1)^3).
"""

import numpy as np

from kgan.metrics._arrays import two_sets
from kgan.metrics._distances import blocks, rows_of


def kernel_distance(real, fake, subsets=None, subset_size=1000, seed=0):
    """Unbiased squared maximum mean discrepancy with the cubic polynomial kernel.

    Args:
        real: Features `(n, d)` of real images.
        fake: Features `(m, d)` of generated images.
        subsets: None uses every pair of images, which costs O((n + m)^2 d). A number gives the mean
            over that many random subsets, which is how most papers report it.
        subset_size: Images of each set in a subset.
        seed: Seed of the subsets.

    Returns:
        The distance, a float. It is unbiased and may therefore be negative. With Inception
        features this is the KID; papers often print it times 1000.

    Raises:
        ValueError: If a set has fewer than 2 images (or than `subset_size`), the widths differ, or
            a value is not finite.

    Example:
        >>> kid = kgan.metrics.kernel_distance(real, fake)
    """
    if subsets is not None:
        return kernel_distance_subsets(real, fake, subsets, subset_size, seed)[0]
    real, fake = two_sets(real, fake)
    if min(len(real), len(fake)) < 2:
        raise ValueError(
            f"a kernel distance needs at least 2 images a set: got {len(real)} real and "
            f"{len(fake)} fake"
        )
    return _distance(real, fake)


def kernel_distance_subsets(real, fake, subsets=100, subset_size=1000, seed=0):
    """Mean and standard deviation of `kernel_distance` over random subsets.

    The subsets are those of torch-fidelity for the same seed: from `RandomState(seed)`, without
    replacement, first of the real set, then of the fake one.

    Args:
        real: Features `(n, d)` of real images.
        fake: Features `(m, d)` of generated images.
        subsets: How many subsets.
        subset_size: Images of each set in a subset.
        seed: Seed of the subsets.

    Returns:
        `(mean, standard_deviation)`, floats; the divisor of the latter is `subsets`.

    Raises:
        ValueError: If a set has fewer images than `subset_size`, or see `kernel_distance`.

    Example:
        >>> mean, deviation = kgan.metrics.kernel_distance_subsets(real, fake)
    """
    real, fake = two_sets(real, fake)
    if not 2 <= subset_size <= min(len(real), len(fake)):
        raise ValueError(
            f"subset_size={subset_size} must be at least 2 and no more than the images of either "
            f"set: got {len(real)} real and {len(fake)} fake"
        )
    if subsets < 1:
        raise ValueError(f"subsets must be at least 1, got {subsets}")
    random = np.random.RandomState(seed)
    values = []
    for _ in range(subsets):
        first = random.choice(len(real), subset_size, replace=False)
        second = random.choice(len(fake), subset_size, replace=False)
        values.append(_distance(real[first], fake[second]))
    return float(np.mean(values)), float(np.std(values))


def _distance(real, fake):
    n, m = len(real), len(fake)
    within_real = _sum_within(real) / (n * (n - 1))
    within_fake = _sum_within(fake) / (m * (m - 1))
    return float(within_real + within_fake - 2 * _sum_across(real, fake) / (n * m))


def _sum_within(features):
    """Sum of the kernel over all ordered pairs of different rows."""
    total = 0.0
    for i in blocks(len(features)):
        x = rows_of(features, i)
        kernel = _kernel(x, x)
        total += kernel.sum() - np.trace(kernel)
        for j in blocks(len(features), start=i.stop):
            total += 2 * _kernel(x, rows_of(features, j)).sum()
    return total


def _sum_across(real, fake):
    return sum(
        _kernel(rows_of(real, i), rows_of(fake, j)).sum()
        for i in blocks(len(real))
        for j in blocks(len(fake))
    )


def _kernel(x, y):
    products = x @ y.T / x.shape[1] + 1
    return products * products * products
