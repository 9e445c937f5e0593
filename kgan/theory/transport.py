"""The earth mover's distance between samples.

Arjovsky, Chintala and Bottou 2017, Wasserstein GAN (arXiv:1701.07875), Eq. 1.
"""

import math

import numpy as np

from kgan.metrics.sliced import sliced_wasserstein

_LARGEST = 4096


def earth_movers_distance(real, fake):
    """The least mean distance over which `real` must be moved to become `fake` (Wasserstein-1).

    On a line the optimal plan matches sorted values, at any size. In more dimensions it is an
    assignment problem, solved exactly; its time grows with the cube of the number of points. For
    more of them take `kgan.metrics.sliced_wasserstein`, a mean over lines (another distance, which
    is 2 / pi of this one for a shift in the plane), or entropic transport, which is regularised and
    therefore biased, as the package POT has it (`ot.sinkhorn2`).

    Args:
        real: Samples `(n,)` or `(n, ...)`.
        fake: Samples `(m,)` or `(m, ...)` of the same shape each.

    Returns:
        The distance in the units of the samples, Euclidean in more dimensions.

    Raises:
        ValueError: If the samples' shapes differ, or in more than one dimension the least common
            multiple of n and m is above 4096.

    Example:
        >>> kgan.theory.earth_movers_distance([0.0, 1.0], [2.0, 3.0])
        2.0
    """
    real, fake = _rows(real, "real"), _rows(fake, "fake")
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"samples must have the same shape: got {real.shape[1]} and {fake.shape[1]} numbers "
            "each"
        )
    if real.shape[1] == 1:
        # On one line there is nothing to average.
        return sliced_wasserstein(real, fake, projections=1)
    n = math.lcm(len(real), len(fake))
    if n > _LARGEST:
        raise ValueError(
            f"an exact distance between {len(real)} and {len(fake)} points needs an assignment of "
            f"{n}, more than {_LARGEST}: draw as many of both, or fewer, or use "
            "kgan.metrics.sliced_wasserstein"
        )
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    # A point of mass 1/n is as good as k points of mass 1/(k n) in one place.
    costs = cdist(real, fake).repeat(n // len(real), 0).repeat(n // len(fake), 1)
    return float(costs[linear_sum_assignment(costs)].mean())


def _rows(samples, name):
    samples = np.asarray(samples, "float64")
    if samples.ndim == 0 or not samples.size:
        raise ValueError(f"`{name}` must be samples (n, ...), got an array of {samples.shape}")
    return samples.reshape(len(samples), -1)
