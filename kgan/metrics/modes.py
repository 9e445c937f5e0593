"""How many modes of a known distribution the samples reach."""

import math

import numpy as np

from kgan.metrics._arrays import features_of, to_numpy
from kgan.metrics._distances import blocks, rows_of, squared_distances


def mode_coverage(samples, centres, std, threshold=3.0):
    """Modes of a Gaussian mixture that samples reach, such as the ring of 8 or the grid of 25.

    A sample is of high quality if it lies within `threshold` standard deviations of the nearest
    centre; a mode is reached if one such sample is nearest to it. Srivastava et al. 2017, VEEGAN.
    arXiv:1705.07761, Sec. 5.1; the divergence as in Lin et al. 2018, PacGAN. arXiv:1712.04086.

    Args:
        samples: Points `(n, d)`.
        centres: Centres of the modes `(modes, d)`.
        std: Standard deviation of every mode, in the units of the samples.
        threshold: Radius of a mode, in standard deviations.

    Returns:
        Dict of `modes` reached (an int), `high_quality` (the fraction of samples in 0..1), and
        `kl`, the divergence in nats of the high-quality samples' modes from the uniform
        distribution: 0 where all are hit equally, infinite where no sample is of high quality.

    Raises:
        ValueError: If the widths differ or `std` is not positive.

    Example:
        >>> centres = np.array([[-1.0, 0.0], [1.0, 0.0]])
        >>> kgan.metrics.mode_coverage([[1.01, 0.0]], centres, std=0.05)["modes"]
        1
    """
    samples, centres = features_of(samples, "samples"), features_of(centres, "centres")
    if samples.shape[1] != centres.shape[1]:
        raise ValueError(
            f"`samples` and `centres` must be points of one space: got {samples.shape} and "
            f"{centres.shape}"
        )
    if std <= 0 or threshold <= 0:
        raise ValueError(f"std and threshold must be positive, got {std} and {threshold}")
    hits = np.zeros(len(centres), np.int64)
    for i in blocks(len(samples)):
        distances = squared_distances(rows_of(samples, i), centres.astype(np.float64))
        near = distances.min(axis=1) <= (threshold * std) ** 2
        hits += np.bincount(distances.argmin(axis=1)[near], minlength=len(centres))
    uniform = np.full(len(centres), 1 / len(centres))
    return {
        "modes": int((hits > 0).sum()),
        "high_quality": float(hits.sum() / len(samples)),
        "kl": _divergence(hits, uniform),
    }


def stacked_modes(labels, classes=10, real=None):
    """Modes of Stacked MNIST reached: three digits in the three colours make 1,000 modes.

    Metz et al. 2017, Unrolled GANs. arXiv:1611.02163, Sec. 3.3; usually 26,000 samples. The
    divergence is that of the generated modes from the real ones, in nats.

    Args:
        labels: The classifier's class of each channel `(n, channels)`; `(n,)` counts as one.
        classes: Classes of a channel.
        real: Labels of real images, of the same width; None means equally likely modes.

    Returns:
        Dict of `modes` (an int, at most `classes ** channels`) and `kl`, at least 0, infinite
        where a generated mode is not among the real ones.

    Raises:
        ValueError: If a label is not an integer in `0..classes - 1`.

    Example:
        >>> digits = classifier.predict(channels).argmax(-1).reshape(-1, 3)
        >>> kgan.metrics.stacked_modes(digits)
        {'modes': 1000, 'kl': 0.04}
    """
    labels = _classes_of(labels, classes, "labels")
    modes = classes ** labels.shape[1]
    hits = _count(labels, classes)
    if real is None:
        expected = np.full(modes, 1 / modes)
    else:
        real = _classes_of(real, classes, "real")
        if real.shape[1] != labels.shape[1]:
            raise ValueError(
                f"`labels` and `real` must have the same number of channels: got {labels.shape} "
                f"and {real.shape}"
            )
        expected = _count(real, classes) / len(real)
    return {"modes": int((hits > 0).sum()), "kl": _divergence(hits, expected)}


def _classes_of(values, classes, name):
    array = to_numpy(values)
    if array.ndim == 1:
        array = array[:, None]
    whole = array.astype(np.int64)
    if array.ndim != 2 or array.size == 0 or not np.array_equal(whole, array):
        raise ValueError(f"`{name}` must be integers (n, channels): got shape {array.shape}")
    if whole.min() < 0 or whole.max() >= classes:
        raise ValueError(
            f"`{name}` must lie in 0..{classes - 1}: got {whole.min()} to {whole.max()}"
        )
    return whole


def _count(labels, classes):
    weights = classes ** np.arange(labels.shape[1])[::-1]
    return np.bincount(labels @ weights, minlength=classes ** labels.shape[1])


def _divergence(hits, expected):
    """KL(hits / n || expected) in nats."""
    found = hits > 0
    if not found.any() or (expected[found] == 0).any():
        return math.inf
    p = hits[found] / hits.sum()
    return max(float((p * np.log(p / expected[found])).sum()), 0.0)
