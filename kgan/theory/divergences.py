"""Divergences between known distributions, and the value of the game that they explain.

Goodfellow et al. 2014, Generative Adversarial Nets (arXiv:1406.2661), Theorem 1: with the optimal
discriminator, the value of the game is -log 4 + 2 JS(p, q).

Every divergence here is an expectation of a function of the optimal logit l = log p - log q, so the
three ways to compute one differ only in the points and weights that make up the expectations.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from kgan.theory.optimal import log_sigmoid, optimal_logit

_NODES = 16
_PANELS = 64


class Divergences(NamedTuple):
    """How far a generator's distribution q is from the data's distribution p, in nats.

    Attributes:
        jensen_shannon: JS(p, q), from 0 (equal) to log 2 (disjoint).
        total_variation: Half the integral of |p - q|, from 0 to 1; no unit.
        kullback_leibler: KL(p || q), infinite where the generator misses part of the data.
        reverse_kullback_leibler: KL(q || p), infinite where it makes what the data has not.
    """

    jensen_shannon: float
    total_variation: float
    kullback_leibler: float
    reverse_kullback_leibler: float

    @property
    def game_value(self):
        """E[log D*(x)] + E[log(1 - D*(G(z)))] = 2 JS - log 4 (Theorem 1)."""
        return 2 * self.jensen_shannon - math.log(4)


def discrete_divergences(real, fake):
    """Divergences between two distributions over the same finite set.

    Args:
        real: Probabilities of the data, an array that sums to 1.
        fake: Probabilities of the generator, an array of the same shape.

    Returns:
        `Divergences`.

    Raises:
        ValueError: If the shapes differ, or an array has negative numbers or does not sum to 1.

    Example:
        >>> kgan.theory.discrete_divergences([0.5, 0.5, 0.0], [0.0, 0.5, 0.5]).total_variation
        0.5
    """
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    if real.shape != fake.shape:
        raise ValueError(f"the shapes differ: {real.shape} and {fake.shape}")
    real, fake = real.ravel(), fake.ravel()
    for name, values in (("real", real), ("fake", fake)):
        if not abs(values.sum() - 1) < 1e-6:
            raise ValueError(f"probabilities must sum to 1, those of `{name}` to {values.sum():g}")
    logits = optimal_logit(real, fake)
    return _divergences(logits, real, logits, fake)


def density_divergences(real, fake, points):
    """Divergences between two densities on the line, by Gauss-Legendre quadrature.

    Args:
        real: The data's log density: a function of an array `(k,)` to an array `(k,)`, such as
            `scipy.stats.norm(0, 1).logpdf`.
        fake: The generator's log density, another function.
        points: At least two rising numbers. Both densities must lie between the first and the
            last; where one jumps (a uniform density's ends) there should be a point.

    Returns:
        `Divergences`.

    Raises:
        ValueError: If the points do not rise, or a density's integral over them is not 1.

    Example:
        >>> from scipy.stats import norm
        >>> kgan.theory.density_divergences(norm(0).logpdf, norm(3).logpdf, [-8, 11])
    """
    x, steps = quadrature(points)
    log_real, log_fake = real(x), fake(x)
    weights_real, weights_fake = mass(log_real, steps, "real"), mass(log_fake, steps, "fake")
    logits = optimal_logit(log_real, log_fake, log=True)
    return _divergences(logits, weights_real, logits, weights_fake)


def sampled_divergences(real_on_real, fake_on_real, real_on_fake, fake_on_fake):
    """Monte Carlo estimates of the divergences, from samples whose log densities are known.

    Works in any number of dimensions. Errors fall as one over the root of the number of samples;
    those of the Kullback-Leibler divergences are large where the logits are.

    Args:
        real_on_real: The data's log density at real samples, `(n,)`.
        fake_on_real: The generator's log density at the same real samples, `(n,)`.
        real_on_fake: The data's log density at generated samples, `(m,)`.
        fake_on_fake: The generator's log density at the same generated samples, `(m,)`.

    Returns:
        `Divergences`.

    Raises:
        ValueError: If the shapes differ, there are no samples, or neither density has mass at one.

    Example:
        >>> from scipy.stats import norm
        >>> p, q, x, y = norm(0), norm(3), norm(0).rvs(10000), norm(3).rvs(10000)
        >>> kgan.theory.sampled_divergences(p.logpdf(x), q.logpdf(x), p.logpdf(y), q.logpdf(y))
    """
    on_real = optimal_logit(real_on_real, fake_on_real, log=True).ravel()
    on_fake = optimal_logit(real_on_fake, fake_on_fake, log=True).ravel()
    if not len(on_real) or not len(on_fake):
        raise ValueError("there must be at least one real and one generated sample")
    if np.isnan(on_real).any() or np.isnan(on_fake).any():
        raise ValueError("there are samples at which the log densities are NaN or both -infinity")
    return _divergences(
        on_real,
        np.full(len(on_real), 1 / len(on_real)),
        on_fake,
        np.full(len(on_fake), 1 / len(on_fake)),
    )


def jensen_shannon_bound(d_loss):
    """The Jensen-Shannon divergence that a discriminator has shown, from its loss.

    The loss of `Minimax` and `NonSaturating` is the game's value with its sign turned, so
    JS(p, q) >= log 2 - d_loss / 2, with equality for the optimal discriminator (Arjovsky and
    Bottou 2017, arXiv:1701.04862, Sec. 2). Near log 2, the discriminator tells all images apart.

    Args:
        d_loss: The discriminator's cross entropy, the sum over real and generated images, without
            label smoothing or penalties; a number or an array.

    Returns:
        A lower bound in nats; negative if the discriminator does worse than chance.

    Example:
        >>> kgan.theory.jensen_shannon_bound(0.0)
        0.6931471805599453
    """
    return math.log(2) - d_loss / 2


def quadrature(points):
    """Nodes and weights of an integral from the first to the last point, in even panels between."""
    points = np.asarray(points, "float64")
    if points.ndim != 1 or len(points) < 2 or not (np.diff(points) > 0).all():
        raise ValueError(f"points must be at least two rising numbers, got {points.tolist()}")
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    cuts = [np.linspace(a, b, _PANELS + 1)[:-1] for a, b in itertools.pairwise(points)]
    edges = np.append(np.concatenate(cuts), points[-1])
    half = np.diff(edges)[:, None] / 2
    x = (edges[:-1, None] + half) + half * nodes
    return x.ravel(), (half * weights).ravel()


def mass(log_density, steps, name):
    """The probability of each node; an error if it is not 1 in all."""
    weights = np.exp(log_density) * steps
    if not abs(weights.sum() - 1) < 1e-6:
        raise ValueError(
            f"the density of `{name}` integrates to {weights.sum():g} over the points, not to 1: "
            "they must enclose both densities, with further points where one jumps or is narrow"
        )
    return weights


def _divergences(on_real, weights_real, on_fake, weights_fake):
    """From the optimal logits at points of p and of q, and the points' probabilities."""
    # What has no mass adds nothing, whatever its logit.
    on_real, p = on_real[weights_real > 0], weights_real[weights_real > 0]
    on_fake, q = on_fake[weights_fake > 0], weights_fake[weights_fake > 0]
    value = p @ log_sigmoid(on_real) + q @ log_sigmoid(-on_fake)
    # |p - q| / (p + q) = |2 D* - 1| = |tanh(logit / 2)|.
    apart = p @ np.abs(np.tanh(on_real / 2)) + q @ np.abs(np.tanh(on_fake / 2))
    return Divergences(
        jensen_shannon=float(math.log(2) + value / 2),
        total_variation=float(apart / 2),
        kullback_leibler=float(p @ on_real),
        reverse_kullback_leibler=float(-(q @ on_fake)),
    )
