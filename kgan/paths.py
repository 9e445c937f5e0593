"""Paths between two points: straight, and along a great circle.

Spherical: Shoemake 1985, Animating Rotation with Quaternion Curves, Eq. for Slerp; for the latents
of GANs White 2016 (arXiv:1609.04468), Sec. 2.1.
"""

import numpy as np


def linear(a, b, amounts):
    """(1 - t) a + t b.

    Args:
        a: Points `(..., d)`, float64.
        b: Others of the same shape.
        amounts: t, of a shape that broadcasts with theirs.

    Returns:
        A float64 array.
    """
    return a + amounts * (b - a)


def spherical(a, b, amounts):
    """Slerp: sin((1 - t) theta) / sin(theta) a + sin(t theta) / sin(theta) b.

    theta is the angle between a and b. Where it is 0, or a vector has no length and hence no
    angle, the path is the limit, which is the straight line. So it is for points of one number,
    since there are no circles on a line.

    Args:
        a: As of `linear`.
        b: As of `linear`.
        amounts: As of `linear`.

    Returns:
        A float64 array.

    Raises:
        ValueError: If two points are in opposite directions, between which there is no one great
            circle.
    """
    if a.shape[-1] < 2:
        return linear(a, b, amounts)
    lengths = [np.linalg.norm(point, axis=-1, keepdims=True) for point in (a, b)]
    product = np.maximum(lengths[0] * lengths[1], np.finfo("float64").tiny)
    cosine = np.sum(a * b, axis=-1, keepdims=True) / product
    if np.any(cosine < -1 + 1e-12):
        raise ValueError(
            "two latents point in opposite directions, with many great circles between them: go "
            'through a third, or use "linear"'
        )
    straight = (cosine > 1 - 1e-12) | (lengths[0] == 0) | (lengths[1] == 0)
    angle = np.where(straight, 1.0, np.arccos(np.clip(cosine, -1.0, 1.0)))
    curve = np.sin((1 - amounts) * angle) * a + np.sin(amounts * angle) * b
    return np.where(straight, linear(a, b, amounts), curve / np.sin(angle))


# By the names that users know them by.
PATHS = {"spherical": spherical, "linear": linear}
