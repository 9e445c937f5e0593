"""Parzen window estimate of the log-likelihood, as the first GAN paper reported it.

Goodfellow et al. 2014, Generative Adversarial Networks. arXiv:1406.2661, Table 1; after Breuleux,
Bengio & Vincent 2011. Kept for comparison only: in many dimensions it says little about samples
(Theis et al. 2016, arXiv:1511.01844, Sec. 3.2).
"""

import math

import numpy as np

from kgan.metrics._arrays import to_numpy
from kgan.metrics._distances import blocks, rows_of, squared_distances


def parzen_log_likelihood(samples, test, sigma):
    r"""Mean log-likelihood of test images under Gaussians centred on the samples, in nats.

    .. math:: \frac1m \sum_j \log \frac1n \sum_i \mathcal{N}(y_j; x_i, \sigma^2 I)

    Args:
        samples: Generated images or points `(n, ...)`; the paper used 10,000 with pixels in [0, 1].
        test: Test images `(m, ...)` on the same scale.
        sigma: Standard deviation of the windows, from `parzen_sigma`.

    Returns:
        `(mean, standard_error)` over the test images, floats.

    Raises:
        ValueError: If the shapes differ or `sigma` is not positive.

    Example:
        >>> sigma = kgan.metrics.parzen_sigma(samples, x_validation)
        >>> kgan.metrics.parzen_log_likelihood(samples, x_test, sigma)
    """
    values = _log_likelihoods(samples, test, [sigma])[0]
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))


def parzen_sigma(samples, validation, candidates=None):
    """The window width that makes validation images most likely (cross-validation).

    Args:
        samples: Generated images or points `(n, ...)`.
        validation: Held-out images `(m, ...)`, not those of the test.
        candidates: Widths to try; 10 from 0.1 to 1 on a logarithmic scale by default, the grid of
            the authors' code, for pixels in [0, 1].

    Returns:
        The best candidate, a float.

    Raises:
        ValueError: If the shapes differ or a candidate is not positive.

    Example:
        >>> kgan.metrics.parzen_sigma(samples, x_validation)
    """
    candidates = np.logspace(-1, 0, 10) if candidates is None else np.asarray(candidates, float)
    means = _log_likelihoods(samples, validation, candidates).mean(axis=1)
    return float(candidates[means.argmax()])


def _log_likelihoods(samples, test, sigmas):
    """`(len(sigmas), m)`: distances are computed once for all widths."""
    samples, test = to_numpy(samples), to_numpy(test)
    if samples.ndim < 2 or samples.shape[1:] != test.shape[1:] or not len(samples) or not len(test):
        raise ValueError(
            f"`samples` and the images they are judged by must be sets of the same kind: got "
            f"{samples.shape} and {test.shape}"
        )
    if not len(sigmas) or min(sigmas) <= 0:
        raise ValueError(f"a window width must be positive, got {list(sigmas)}")
    totals = np.full((len(sigmas), len(test)), -np.inf)
    for j in blocks(len(test)):
        y = rows_of(test, j)
        for i in blocks(len(samples)):
            distances = squared_distances(rows_of(samples, i), y)
            for total, sigma in zip(totals, sigmas):
                windows = _log_sum_exp(distances / (-2 * sigma**2))
                total[j] = np.logaddexp(total[j], windows)
    width = math.prod(test.shape[1:])
    scales = 0.5 * width * np.log(2 * np.pi * np.square(sigmas)) + math.log(len(samples))
    return totals - scales[:, None]


def _log_sum_exp(values):
    top = values.max(axis=0)
    return top + np.log(np.exp(values - top).sum(axis=0))
