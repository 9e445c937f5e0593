"""What InfoGAN's codes have learned.

Chen et al. 2016, InfoGAN. arXiv:1606.03657: the information bound is Eq. 5; the accuracy of the
categorical code is the 5 % error of Sec. 7.2; slant and thickness are what its continuous codes
were seen to control on MNIST (Fig. 2).
"""

import numpy as np

from kgan.metrics._arrays import labels_of, to_numpy


def information_bound(log_likelihoods, entropy):
    """Lower bound of the mutual information of a code and the images, in nats.

    L_I = H(c) + E[log Q(c|x)] (Eq. 5). A bound equal to H(c) means that the images tell the code
    entirely.

    Args:
        log_likelihoods: log Q(c|x) `(n,)` in nats, from `kgan.latents.Code.log_likelihood`.
        entropy: H(c) in nats, from `kgan.latents.Code.entropy`.

    Returns:
        Dict of `bound`, `entropy` and `share`, the bound over the entropy (NaN unless the entropy
        is positive).

    Raises:
        ValueError: If there is nothing to average.

    Example:
        >>> kgan.metrics.information_bound(code.log_likelihood(q, c), code.entropy)["share"]
    """
    values = to_numpy(log_likelihoods).astype(np.float64)
    if values.ndim != 1 or not values.size:
        raise ValueError(f"`log_likelihoods` must be of shape (n,), got {values.shape}")
    bound, entropy = float(entropy + values.mean()), float(entropy)
    share = bound / entropy if entropy > 0 else float("nan")
    return {"bound": bound, "entropy": entropy, "share": share}


def code_purity(codes, labels):
    """Fraction of images whose class is the commonest one of their code.

    Args:
        codes: Categories `(n,)` that the images were made from, or that Q reads in real images.
        labels: Classes `(n,)` of the images by a classifier, or the true ones.

    Returns:
        A float in 0..1. Several codes may stand for one class; see `code_accuracy`.

    Raises:
        ValueError: If the lengths differ.

    Example:
        >>> kgan.metrics.code_purity([0, 0, 1, 1], [7, 7, 7, 3])
        0.75
    """
    table = _contingency(codes, labels)
    return float(table.max(axis=1).sum() / table.sum())


def code_accuracy(codes, labels):
    """Accuracy of the code as a classifier, under the best one-to-one naming of its categories.

    The naming is the optimal assignment (Kuhn 1955), so that each class is named once.

    Args:
        codes: Categories `(n,)`.
        labels: Classes `(n,)` of the images.

    Returns:
        A float in 0..1, never above `code_purity`.

    Raises:
        ValueError: If the lengths differ.

    Example:
        >>> kgan.metrics.code_accuracy([0, 0, 1, 1], [7, 7, 7, 3])
        0.75
    """
    from scipy.optimize import linear_sum_assignment

    table = _contingency(codes, labels)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum() / table.sum())


def code_correlation(codes, attribute):
    """Spearman's rank correlation of a continuous code with a measured attribute.

    Args:
        codes: Values `(n,)` of the code.
        attribute: What was measured on the images `(n,)`, such as `stroke_slant`. Images where it
            is NaN are left out.

    Returns:
        A float in -1..1. The sign is the code's own: the strength is the absolute value.

    Raises:
        ValueError: If the lengths differ, or fewer than 2 images remain, or either is constant.

    Example:
        >>> kgan.metrics.code_correlation(codes[:, 0], kgan.metrics.stroke_slant(images))
    """
    from scipy.stats import rankdata

    codes = to_numpy(codes).astype(np.float64).reshape(-1)
    attribute = to_numpy(attribute).astype(np.float64).reshape(-1)
    if codes.shape != attribute.shape:
        raise ValueError(f"got {codes.size} codes for {attribute.size} measured values")
    kept = np.isfinite(codes) & np.isfinite(attribute)
    codes, attribute = codes[kept], attribute[kept]
    if codes.size < 2 or np.ptp(codes) == 0 or np.ptp(attribute) == 0:
        raise ValueError(
            f"a rank correlation needs 2 or more different values on both sides: {codes.size} "
            "images have a value, and a side is constant or nearly empty"
        )
    return float(np.corrcoef(rankdata(codes), rankdata(attribute))[0, 1])


def stroke_slant(images):
    """Slant of bright strokes on a dark ground: tangent of the angle from the vertical.

    From the central moments of the ink, -mu11 / mu02 with y downwards: the shear that
    straightens a digit, positive where it leans to the right.

    Args:
        images: `(n, height, width)` or `(n, height, width, 1)`, 0 for the ground, any scale.

    Returns:
        float64 array `(n,)`; NaN where there is no ink, or all of it in one row.

    Raises:
        ValueError: If the shape is another or a pixel is negative.

    Example:
        >>> kgan.metrics.stroke_slant(np.eye(5)[None, :, ::-1])  # "/"
        array([1.])
    """
    ink = _ink_of(images)
    rows = np.arange(ink.shape[1])[:, None]
    columns = np.arange(ink.shape[2])[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        mass = ink.sum(axis=(1, 2))
        y = rows - ((ink * rows).sum(axis=(1, 2)) / mass)[:, None, None]
        x = columns - ((ink * columns).sum(axis=(1, 2)) / mass)[:, None, None]
        slant = -(ink * x * y).sum(axis=(1, 2)) / (ink * y**2).sum(axis=(1, 2))
    return np.where(np.isfinite(slant), slant, np.nan)


def stroke_thickness(images):
    """Thickness of bright strokes on a dark ground, in pixels: twice the area over the perimeter.

    The area is the ink's zeroth moment. The perimeter is the total variation, which by the coarea
    formula is the length of all level lines together, so that grey edges need no threshold.

    Args:
        images: `(n, height, width)` or `(n, height, width, 1)`, 0 for the ground, any scale.

    Returns:
        float64 array `(n,)`; 0 where there is no ink.

    Raises:
        ValueError: If the shape is another or a pixel is negative.

    Example:
        >>> kgan.metrics.stroke_thickness(x_test[:100]).mean()
    """
    ink = np.pad(_ink_of(images), ((0, 0), (1, 1), (1, 1)))
    across = np.diff(ink, axis=2)[:, :-1, :]
    down = np.diff(ink, axis=1)[:, :, :-1]
    perimeter = np.hypot(across, down).sum(axis=(1, 2))
    area = ink.sum(axis=(1, 2))
    return np.divide(2 * area, perimeter, out=np.zeros_like(area), where=perimeter > 0)


def _contingency(codes, labels):
    codes, labels = labels_of(codes, "codes"), labels_of(labels, "labels")
    if codes.shape != labels.shape:
        raise ValueError(f"got {len(codes)} codes for {len(labels)} labels")
    codes = np.unique(codes, return_inverse=True)[1]
    labels = np.unique(labels, return_inverse=True)[1]
    table = np.zeros((codes.max() + 1, labels.max() + 1), np.int64)
    np.add.at(table, (codes, labels), 1)
    return table


def _ink_of(images):
    array = to_numpy(images).astype(np.float64)
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3 or not len(array):
        raise ValueError(
            f"strokes are measured on images (n, height, width[, 1]): got {array.shape}"
        )
    if array.min() < 0:
        raise ValueError("ink cannot be negative: pass uint8 pixels, not floats in [-1, 1]")
    return array
