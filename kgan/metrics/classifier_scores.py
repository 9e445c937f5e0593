"""Metrics by a classifier's opinion of the images: Inception Score, accuracy."""

import numpy as np

from kgan.metrics._arrays import labels_of, to_numpy


def inception_score(probabilities, splits=10):
    r"""Inception Score: images that look like one class each, and classes that all appear.

    .. math:: \exp\left(\mathrm{E}_x\,\mathrm{KL}(p(y|x)\,\|\,p(y))\right)

    Salimans et al. 2016, Improved Techniques for Training GANs. arXiv:1606.03498, Sec. 4. The
    splits are consecutive, as in the authors' code, so the images must be in random order, not
    sorted by class. Scores compare only under the same classifier: published ones use the ImageNet
    classes of Inception.

    Args:
        probabilities: Class probabilities `(n, classes)` of generated images, rows summing to 1.
        splits: Parts that are scored separately.

    Returns:
        `(mean, standard_deviation)` over the splits, floats; from 1 to the number of classes.

    Raises:
        ValueError: If the rows are not probabilities, or there are fewer images than splits.

    Example:
        >>> kgan.metrics.inception_score(np.eye(8), splits=1)  # eight classes, evenly and for sure
        (8.0, 0.0)
    """
    p = probabilities_of(probabilities, "probabilities")
    if not 1 <= splits <= len(p):
        raise ValueError(f"splits={splits} must be between 1 and the number of images, {len(p)}")
    scores = []
    for i in range(splits):
        part = p[i * len(p) // splits : (i + 1) * len(p) // splits]
        marginal = part.mean(axis=0)
        ratio = np.divide(part, marginal, out=np.ones_like(part), where=part > 0)
        scores.append(np.exp((part * np.log(ratio)).sum(axis=1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


def class_accuracy(predictions, labels):
    """Fraction of images that a classifier takes for what was asked for.

    The generator's score in Odena et al. 2017 (arXiv:1610.09585), Sec. 4.3.

    Args:
        predictions: Scores or probabilities `(n, classes)`, or predicted classes `(n,)`.
        labels: The classes `(n,)` that the generator was given.

    Returns:
        A float in 0..1.

    Raises:
        ValueError: If the two do not have the same number of images.

    Example:
        >>> kgan.metrics.class_accuracy([[0.9, 0.1], [0.8, 0.2]], [0, 1])
        0.5
    """
    predictions = to_numpy(predictions)
    if predictions.ndim == 2 and predictions.shape[1] > 1:
        predictions = predictions.argmax(axis=1)
    predictions, labels = labels_of(predictions, "predictions"), labels_of(labels, "labels")
    if predictions.shape != labels.shape:
        raise ValueError(f"got {len(predictions)} predictions for {len(labels)} labels")
    return float((predictions == labels).mean())


def probabilities_of(values, name):
    """Returns `values` as float64 probabilities `(n, classes)`.

    Raises:
        ValueError: If the rows are not non-negative with sum 1.
    """
    p = to_numpy(values).astype(np.float64)
    if p.ndim != 2 or p.shape[0] == 0 or not (p >= 0).all() or abs(p.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError(
            f"`{name}` must be class probabilities (n, classes) with rows that sum to 1: got shape "
            f"{p.shape}. Put a softmax on logits"
        )
    return p
