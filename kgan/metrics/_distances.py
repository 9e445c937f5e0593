"""Squared Euclidean distances between large sets, a block at a time."""

import numpy as np

BLOCK = 2048


def blocks(n, start=0):
    """Yields slices of at most `BLOCK` that cover `range(start, n)`."""
    for first in range(start, n, BLOCK):
        yield slice(first, min(first + BLOCK, n))


def rows_of(array, block):
    """The rows of a block, flattened to `(n, d)` float64."""
    rows = array[block]
    return rows.reshape(len(rows), -1).astype(np.float64)


def squared_distances(x, y, slack=0.0):
    """`|x_i - y_j|^2` of float64 rows by the identity `|x|^2 + |y|^2 - 2 x.y`: `(n, m)`.

    The norms are columns of the matrices that are multiplied, so that nothing goes over the
    products again. Round-off may make a distance negative.

    Args:
        x: `(n, d)`.
        y: `(m, d)`.
        slack: Fraction of `|x|^2 + |y|^2` added to each distance, to round it up.
    """
    left = np.empty((len(x), x.shape[1] + 2))
    left[:, :-2] = x
    left[:, -2] = (1 + slack) * np.einsum("ij,ij->i", x, x)
    left[:, -1] = 1
    right = np.empty((len(y), y.shape[1] + 2))
    np.multiply(y, -2, out=right[:, :-2])
    right[:, -2] = 1
    right[:, -1] = (1 + slack) * np.einsum("ij,ij->i", y, y)
    return left @ right.T


def round_off(width):
    """Bound on the error of `squared_distances`, as a fraction of `|x|^2 + |y|^2`."""
    # A sum of n products is off by at most n eps times the sum of their sizes (Higham, Accuracy
    # and Stability of Numerical Algorithms, Eq. 3.5), which is |x|^2 + |y|^2 + 2 |x| |y| here.
    return 2 * (width + 10) * np.finfo(np.float64).eps
