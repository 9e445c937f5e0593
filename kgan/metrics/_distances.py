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

    Args:
        x: `(n, d)`.
        y: `(m, d)`.
        slack: Fraction of `|x|^2 + |y|^2` added to each distance, to round it up.
    """
    products = x @ y.T
    products *= -2
    products += (1 + slack) * np.einsum("ij,ij->i", x, x)[:, None]
    products += (1 + slack) * np.einsum("ij,ij->i", y, y)[None, :]
    return np.maximum(products, 0, out=products)


def round_off(width):
    """Bound on the error of `squared_distances`, as a fraction of `|x|^2 + |y|^2`."""
    return (width + 8) * np.finfo(np.float64).eps
