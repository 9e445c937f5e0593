"""Features of the real set, computed once and kept on disk."""

import hashlib
from pathlib import Path

import numpy as np

from kgan.metrics._arrays import images_of, labels_of
from kgan.metrics._cache import home, write_atomically

_ROWS = 1024


def real_features(images, extractor, cache=False):
    """Yields `(features, labels)` of a set, from the cache where they are in it.

    Args:
        images: A uint8 array, or an iterable of uint8 batches or of pairs `(images, labels)`.
        extractor: An `Extractor`.
        cache: False, True for `$KGAN_HOME/features`, or the path of another folder.

    Yields:
        Pairs of features `(n, d)` and labels `(n,)`, or None where the set has no labels.

    Raises:
        ValueError: If the images change between two passes, or see `Extractor`.
    """
    if cache is False:
        for batch, labels in _batches(images):
            yield extractor(batch), labels
        return
    folder = home() / "features" if cache is True else Path(cache).expanduser()
    digest = data_digest(images)
    key = hashlib.sha256(f"{digest} {extractor.digest}".encode()).hexdigest()
    path = folder / f"{key[:32]}.npy"
    if not path.exists():
        _compute(images, extractor, path, digest)
    stored, start = np.load(path, mmap_mode="r", allow_pickle=False), 0
    for batch, labels in _batches(images):
        yield np.asarray(stored[start : start + len(batch)]), labels
        start += len(batch)


def data_digest(images):
    """Digest of a set of images: sha256 over their shape and pixels, in order.

    Args:
        images: A uint8 array, or an iterable of uint8 batches or of pairs `(images, labels)`.

    Returns:
        64 hexadecimal digits; how the set is cut into batches does not matter.

    Example:
        >>> kgan.metrics.data_digest(x_test)
    """
    total = hashlib.sha256()
    for batch, _ in _batches(images):
        _digest_batch(total, batch)
    return total.hexdigest()


def _digest_batch(total, batch):
    for image in batch:
        total.update(repr(image.shape).encode())
        total.update(np.ascontiguousarray(image).tobytes())


def _compute(images, extractor, path, expected):
    total, parts = hashlib.sha256(), []
    for batch, _ in _batches(images):
        _digest_batch(total, batch)
        parts.append(np.asarray(extractor(batch), np.float32))
    if total.hexdigest() != expected:
        raise ValueError(
            "the real images were others, or in another order, when gone through a second time: "
            "pass an array or a data set that is not shuffled, or cache=False"
        )
    features = np.concatenate(parts)
    write_atomically(path, lambda file: np.save(file, features))


def _batches(images):
    if hasattr(images, "shape"):
        array = images_of(images)
        images = (array[i : i + _ROWS] for i in range(0, len(array), _ROWS))
    for batch in images:
        pair = batch if isinstance(batch, (tuple, list)) else (batch, None)
        labels = labels_of(pair[1], "labels") if len(pair) > 1 and pair[1] is not None else None
        yield images_of(pair[0]), labels
