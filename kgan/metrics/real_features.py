"""Features of the real set, computed once and kept on disk."""

import hashlib
from pathlib import Path

import numpy as np

from kgan.data import ImageDataset
from kgan.files import home, write_atomically
from kgan.metrics._arrays import images_of, labels_of

_ROWS = 1024


def real_features(images, extractor, cache=False):
    """Yields `(features, labels)` of a set, from the cache where they are in it.

    Args:
        images: A `kgan.data.ImageDataset`, whose stored images are taken in their stored order; a
            uint8 array; or an iterable of uint8 batches or of pairs `(images, labels)`.
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
    known = extractor.digest
    if known is None:
        raise ValueError(
            "features of a callable can only be cached if it has an attribute `digest`, a string "
            "that changes when its features do: give it one, or pass cache=False"
        )
    folder = home() / "features" if cache is True else Path(cache).expanduser()
    digest = _digest(images)
    key = hashlib.sha256(f"{digest} {known}".encode()).hexdigest()
    path = folder / f"{key[:32]}.npy"
    if not path.exists():
        _compute(images, extractor, path, digest)
    stored, start = np.load(path, mmap_mode="r", allow_pickle=False), 0
    for batch, labels in _batches(images):
        yield np.asarray(stored[start : start + len(batch)]), labels
        start += len(batch)


def _digest(images):
    """Sha256 over shapes and pixels in order, however the set is cut into batches."""
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
    """Yields pairs of uint8 images and labels or None."""
    if isinstance(images, ImageDataset):
        # Vectors, such as those of captions, are no classes.
        pairs = _slices(images.images, images.labels if np.ndim(images.labels) == 1 else None)
    elif hasattr(images, "shape"):
        pairs = _slices(images, None)
    else:
        pairs = (b if isinstance(b, (tuple, list)) else (b,) for b in images)
    for batch, *labels in pairs:
        given = labels and labels[0] is not None
        yield images_of(batch), labels_of(labels[0], "labels") if given else None


def _slices(images, labels):
    for start in range(0, len(images), _ROWS):
        part = slice(start, start + _ROWS)
        yield images[part], None if labels is None else labels[part]
