"""The best discriminator between two known densities.

Goodfellow et al. 2014, Generative Adversarial Nets (arXiv:1406.2661), Proposition 1.
"""

import numpy as np


def optimal_logit(real, fake, log=False):
    """The logit of the optimal discriminator: log p(x) - log q(x).

    Args:
        real: The data's density p at some points, an array of any shape.
        fake: The generator's density q at the same points.
        log: Whether both are given as log densities, which neither underflow nor overflow.

    Returns:
        A float64 array of the same shape: infinite where only one density is zero, NaN where both
        are, since nothing determines a discriminator there.

    Raises:
        ValueError: If a density is negative or the shapes differ.

    Example:
        >>> kgan.theory.optimal_logit([-1000.0], [-1002.0], log=True)
        array([2.])
    """
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    if real.shape != fake.shape:
        raise ValueError(
            f"both densities must be given at the same points: got shapes {real.shape} and "
            f"{fake.shape}"
        )
    if not log:
        if (real < 0).any() or (fake < 0).any():
            raise ValueError(
                "a density must not be negative: pass log=True if these are log densities"
            )
        with np.errstate(divide="ignore"):
            real, fake = np.log(real), np.log(fake)
    with np.errstate(invalid="ignore"):
        return real - fake


def optimal_discriminator(real, fake, log=False):
    """The optimal discriminator: D*(x) = p(x) / (p(x) + q(x)) (Proposition 1).

    Args:
        real: The data's density p at some points, an array of any shape.
        fake: The generator's density q at the same points.
        log: Whether both are given as log densities, which neither underflow nor overflow.

    Returns:
        A float64 array of probabilities that a point is real; NaN where both densities are zero.

    Raises:
        ValueError: If a density is negative or the shapes differ.

    Example:
        >>> kgan.theory.optimal_discriminator([0.3, 0.2], [0.1, 0.2])
        array([0.75, 0.5 ])
    """
    # Not 1 / (1 + exp(-logit)), which overflows and loses the digits of small probabilities.
    return np.exp(log_sigmoid(optimal_logit(real, fake, log)))


def log_sigmoid(logits):
    """log(sigmoid(logits)), exact at both ends."""
    with np.errstate(invalid="ignore"):
        return -np.logaddexp(0.0, -logits)
