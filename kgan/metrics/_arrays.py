"""What comes in: tensors of any backend, turned into checked numpy arrays."""

import keras
import numpy as np


def to_numpy(values):
    """Return `values` (array, tensor of any backend, or list) as a numpy array."""
    if isinstance(values, (np.ndarray, list, tuple, int, float)):
        return np.asarray(values)
    return keras.ops.convert_to_numpy(values)


def features_of(values, name):
    """Return `values` as a finite floating-point array of shape (n, d).

    Args:
        values: Array or tensor of shape (n, d).
        name: What to call it in an error.

    Raises:
        ValueError: Another shape, no rows, or values that are not finite.
    """
    array = to_numpy(values)
    if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] == 0:
        raise ValueError(
            f"`{name}` must be features of shape (n, d), one row an image: got {array.shape}"
        )
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    if not np.isfinite(array.sum(axis=1, dtype=np.float64)).all():
        raise ValueError(f"`{name}` holds NaN or infinite values")
    return array


def two_sets(real, fake):
    """Return both sets by `features_of`, their widths compared."""
    real, fake = features_of(real, "real"), features_of(fake, "fake")
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"`real` and `fake` must have the same number of features: got {real.shape} and "
            f"{fake.shape}. Were they made by the same extractor?"
        )
    return real, fake


def labels_of(values, name):
    """Return `values` as an integer array of shape (n,).

    Raises:
        ValueError: Another shape, or values that are not whole numbers.
    """
    array = to_numpy(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.size == 0 or not np.array_equal(array, array.astype(np.int64)):
        raise ValueError(
            f"`{name}` must be integers of shape (n,): got {array.dtype} of shape {array.shape}"
        )
    return array.astype(np.int64)


def images_of(values, name="images"):
    """Return `values` as uint8 images of shape (n, height, width, 1 or 3).

    Raises:
        ValueError: Another shape or dtype.
    """
    array = to_numpy(values)
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[-1] not in (1, 3):
        raise ValueError(
            f"`{name}` must be uint8 of shape (n, height, width, 1 or 3), 0..255: got "
            f"{array.dtype} of shape {array.shape}. `gan.sample` gives such images, and "
            "`kgan.data.to_uint8` makes them from floats in [-1, 1]"
        )
    return array
