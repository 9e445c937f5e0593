"""Checks of what a user hands in: images, labels, arguments."""

import numpy as np

# Room for the rounding of a conversion to [-1, 1] in float16, no more.
_SLACK = 1e-3


def validate(images, labels=None, classes=None, name="images"):
    """Checks arrays of images, and labels, and says what is wrong with them.

    Two value ranges are accepted, because they cannot be confused: uint8 in 0..255, and floats
    in [-1, 1]. Floats in [0, 1] or [0, 255] are refused with the line that converts them.

    Args:
        images: array `(n, height, width, channels)` with 1 or 3 channels, or
            `(n, height, width)` for grey images; uint8, or float in [-1, 1].
        labels: `None`, or integers `(n,)`, from 0, or vectors of floats `(n, d)`.
        classes: number of classes, or `None` where it is not known.
        name: what to call `images` in an error, for instance a file name.

    Returns:
        `(images, labels)`: images as `(n, height, width, channels)` in their own type (floats
        as float32), labels as int32, or float32 vectors, or `None`.

    Raises:
        ValueError: if an array has a wrong type, shape, range or length, or holds NaN.

    Example:
    ```python
    images, labels = kgan.data.validate(images, labels, classes=10)
    ```
    """
    given = type(images).__name__
    images = np.asarray(images)
    if images.ndim == 0:
        raise ValueError(f"{name} must be an array, got a {given}: stack what it gives into one.")
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4:
        raise ValueError(
            f"{name} must be (n, height, width, channels) or (n, height, width), got shape "
            f"{images.shape}."
        )
    if images.shape[-1] not in (1, 3):
        hint = " Move the channels last." if images.shape[1] in (1, 3) else ""
        raise ValueError(
            f"{name} must have 1 or 3 channels in the last axis, got shape {images.shape}.{hint}"
        )
    if 0 in images.shape:
        raise ValueError(f"{name} holds no image: its shape is {images.shape}.")
    if images.dtype.kind == "f":
        _check_range(images, name)
        images = images.astype("float32", copy=False)
    elif images.dtype != np.uint8:
        raise ValueError(
            f"{name} must be uint8 (0 to 255) or float (-1 to 1), got {images.dtype}: if the "
            f"values are 0 to 255, pass {name}.astype('uint8')."
        )
    if labels is not None:
        labels = check_labels(labels, len(images), classes)
    return images, labels


def check_at_least(value, least, name):
    """Raises ValueError unless `value` is an integer of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}.")


def _check_range(images, name):
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        where = int(np.argmin(np.isfinite(images).all(axis=(1, 2, 3))))
        raise ValueError(
            f"{name} holds NaN or infinite values, the first in image {where}: drop or repair it."
        )
    found = f"{name} are floats from {low:g} to {high:g}"
    if low < -1 - _SLACK or high > 1 + _SLACK:
        if low >= 0 and high <= 255:
            raise ValueError(
                f"{found}, which looks like 0 to 255: pass {name}.astype('uint8'), or "
                f"{name} / 127.5 - 1."
            )
        raise ValueError(f"{found}, outside [-1, 1]: scale them to [-1, 1], or pass uint8.")
    if low >= 0 and high > 0:
        raise ValueError(
            f"{found}, which looks like [0, 1] where [-1, 1] is expected: pass {name} * 2 - 1. "
            "(If they are in [-1, 1] and merely bright, pass kgan.data.to_uint8 of them.)"
        )


def check_labels(labels, n, classes=None):
    """Returns `labels` as int32 `(n,)`; raises ValueError unless they are integers from 0.

    Floats `(n, d)` are vectors, and returned as float32.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind == "f" and labels.ndim == 2:
        return _check_vectors(labels, n)
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels must be integers, got {labels.dtype}: pass labels.astype('int32') if they "
            "are whole numbers."
        )
    if labels.shape == (n, 1):
        raise ValueError(f"labels must have shape ({n},), got {labels.shape}: pass labels[:, 0].")
    if labels.ndim == 2 and len(labels) == n:
        raise ValueError(
            f"labels must have shape ({n},), got {labels.shape}: if they are one-hot, pass "
            "labels.argmax(axis=1)."
        )
    if labels.shape != (n,):
        raise ValueError(f"labels must have shape ({n},), one an image, got {labels.shape}.")
    low, high = int(labels.min()), int(labels.max())
    if low < 0:
        where = int(np.argmin(labels))
        raise ValueError(f"labels start at 0, but label {where} is {low}.")
    if classes is not None and high >= classes:
        where = int(np.argmax(labels))
        raise ValueError(
            f"labels must lie in 0..{classes - 1} for {classes} classes, but label {where} is "
            f"{high}."
        )
    return labels.astype("int32", copy=False)


def _check_vectors(vectors, n):
    if len(vectors) != n:
        raise ValueError(f"got {n} images and {len(vectors)} vectors: pass one an image.")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise ValueError(f"vector {int(np.argmin(finite))} contains NaN or infinity.")
    return vectors.astype("float32", copy=False)
