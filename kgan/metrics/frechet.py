"""Fréchet distance between two Gaussians fitted to features: FID.

Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
Equilibrium. arXiv:1706.08500, Eq. 6; Dowson & Landau 1982.
"""

import numpy as np

from kgan.metrics._arrays import features_of, labels_of, to_numpy, two_sets
from kgan.metrics.moments import Moments


def frechet_distance(real, fake):
    r"""Squared Fréchet (2-Wasserstein) distance between Gaussians fitted to two sets of features.

    .. math:: |m_1 - m_2|^2 + \mathrm{tr}(S_1) + \mathrm{tr}(S_2) - 2\,\mathrm{tr}(S_1 S_2)^{1/2}

    The matrix square root is never formed. With any factors `S = F^T F`, the last trace is the sum
    of the singular values of `F1 F2^T`: exact also where a covariance is singular, and small where
    there are fewer samples than features, since `F` then has a row a sample.

    Args:
        real: Features `(n, d)` of real images, or their moments: a `Moments`, or a pair
            `(mean, covariance)` of shapes `(d,)` and `(d, d)`, divisor n - 1.
        fake: The same of generated images.

    Returns:
        The distance, a float of at least 0. With Inception features this is the FID.

    Raises:
        ValueError: If a set has fewer than 2 images, the widths differ, or a value is not finite.

    Example:
        >>> kgan.metrics.frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])  # means only
        9.0
    """
    real_mean, real_factor = _mean_and_factor(real, "real")
    fake_mean, fake_factor = _mean_and_factor(fake, "fake")
    if real_mean.shape != fake_mean.shape:
        raise ValueError(
            f"`real` has {real_mean.size} features and `fake` {fake_mean.size}: "
            "were they made by the same extractor?"
        )
    overlap = np.linalg.svd(real_factor @ fake_factor.T, compute_uv=False).sum()
    spread = (real_factor**2).sum() + (fake_factor**2).sum() - 2 * overlap
    return max(float(((real_mean - fake_mean) ** 2).sum() + spread), 0.0)


def intra_class_frechet(real, real_labels, fake, fake_labels):
    """Fréchet distance of each class by itself; its mean is the intra-class FID.

    Miyato & Koyama 2018, cGANs with Projection Discriminator. arXiv:1802.05637, Sec. 4.

    Args:
        real: Features `(n, d)` of real images.
        real_labels: Their classes `(n,)`.
        fake: Features `(m, d)` of generated images.
        fake_labels: The classes `(m,)` that were asked for.

    Returns:
        Dict of class to distance, classes in order.

    Raises:
        ValueError: If the two sides do not have the same classes, or a class has fewer than 2
            images.

    Example:
        >>> distances = kgan.metrics.intra_class_frechet(real, y_real, fake, y_fake)
        >>> sum(distances.values()) / len(distances)  # the intra-class FID
    """
    real, fake = two_sets(real, fake)
    real_labels = labels_of(real_labels, "real_labels")
    fake_labels = labels_of(fake_labels, "fake_labels")
    for name, features, labels in (("real", real, real_labels), ("fake", fake, fake_labels)):
        if len(features) != len(labels):
            raise ValueError(f"`{name}` has {len(features)} rows and {len(labels)} labels")
    classes = np.unique(real_labels)
    if not np.array_equal(classes, np.unique(fake_labels)):
        raise ValueError(
            f"both sides must have the same classes: real has {classes.tolist()}, "
            f"fake has {np.unique(fake_labels).tolist()}"
        )
    return {
        int(c): frechet_distance(real[real_labels == c], fake[fake_labels == c]) for c in classes
    }


def _mean_and_factor(values, name):
    """Mean `(d,)` and a matrix `F` `(r, d)` with covariance `F^T F`, in float64."""
    if isinstance(values, Moments):
        return values.mean, _factor(values.covariance, name)
    if isinstance(values, tuple):
        return _given_moments(values, name)
    features = features_of(values, name)
    n, d = features.shape
    if n < 2:
        raise ValueError(f"a Fréchet distance needs at least 2 images a set: `{name}` has {n}")
    if n <= d:
        rows = features.astype(np.float64)
        mean = rows.mean(axis=0)
        return mean, (rows - mean) / np.sqrt(n - 1)
    moments = Moments()
    moments.update(features)
    return moments.mean, _factor(moments.covariance, name)


def _given_moments(values, name):
    if len(values) != 2:
        raise ValueError(f"moments are a pair (mean, covariance): `{name}` has {len(values)} parts")
    mean, covariance = (to_numpy(v).astype(np.float64) for v in values)
    if mean.ndim != 1 or covariance.shape != (mean.size, mean.size):
        raise ValueError(
            f"moments are of shapes (d,) and (d, d): `{name}` has {mean.shape} and "
            f"{covariance.shape}"
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise ValueError(f"the moments `{name}` hold NaN or infinite values")
    if not np.allclose(covariance, covariance.T, rtol=1e-5, atol=1e-8 * np.abs(covariance).max()):
        raise ValueError(f"the covariance of `{name}` is not symmetric")
    return mean, _factor(covariance, name)


def _factor(covariance, name):
    """`F` with `F^T F = covariance`; directions that hold nothing but round-off are left out."""
    variances, directions = np.linalg.eigh(covariance)
    noise = variances.max(initial=0.0) * len(variances) * np.finfo(np.float64).eps
    if variances.min() < -1e-6 * max(variances.max(), 0.0) - noise:
        raise ValueError(
            f"the covariance of `{name}` is not positive semi-definite: it has the eigenvalue "
            f"{variances.min():.3g}"
        )
    held = variances > noise
    return np.sqrt(variances[held])[:, None] * directions[:, held].T
