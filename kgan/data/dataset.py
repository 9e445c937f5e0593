"""A data set of images that Keras trains on, on any backend."""

import hashlib

import keras
import numpy as np

from kgan.data import augment as augmentation
from kgan.data.checks import check_at_least, check_labels, validate
from kgan.data.files import ImageFiles
from kgan.data.images import to_float, to_uint8


def check_fills_a_batch(num_images, batch_size, drop_remainder):
    """Raises ValueError if no batch would be left."""
    if drop_remainder and num_images < batch_size:
        raise ValueError(
            f"{num_images} images do not fill one batch of {batch_size}: pass batch_size="
            f"{num_images} or less, more images, or drop_remainder=False."
        )


class ImageDataset(keras.utils.PyDataset):
    """Batches of images in [-1, 1], in an order that only the seed and the epoch decide.

    Pixels stay uint8 in memory; a batch is normalised when it is asked for. Nothing here needs
    TensorFlow. `kgan.data.load` makes one; build one yourself from arrays.

    Epoch `e` visits the images in the permutation drawn from `(seed, e)`, and named flips are
    drawn from `(seed, e, batch)`, so a run that is resumed at epoch `e` sees what the
    uninterrupted one would have seen. kgan's `fit` says with `set_epoch` which epoch it is. With
    a plain Keras model the epoch goes up by itself, but Keras's `fit(shuffle=True)` also mixes
    the batches of an epoch by a global seed; `shuffle=False` leaves the order to this class.

    Args:
        images: uint8 `(n, height, width, channels)`, or float in [-1, 1] (kept as the nearest of
            256 grey levels). What `kgan.data.load` reads from a large folder is decoded on
            demand instead.
        labels: `None`, or integers `(n,)` from 0, or vectors `(n, d)` of floats; with labels an
            element is `(images, labels)`.
        batch_size: images in a batch.
        shuffle: whether the order changes from epoch to epoch.
        seed: integer from 0.
        drop_remainder: whether the images that do not fill a last batch are left out (others
            every epoch, when `shuffle`).
        augment: a name (`"horizontal_flip"`, `"flip"` for short, or `"vertical_flip"`), a
            function or Keras layer from a float batch in [-1, 1] to another, or a list of these.
        class_names: names of the classes, or `None`.
        captions: a text for each image, or `None`.

    Attributes:
        images: uint8 `(n, height, width, channels)`.
        labels: int32 `(n,)`, float32 `(n, d)`, or `None`.
        classes: number of classes, or `None` without labels or where they are vectors.

    Raises:
        ValueError: if the arrays or arguments do not fit together; see `kgan.data.validate`.

    Example:
    ```python
    dataset = kgan.data.ImageDataset(np.zeros((100, 28, 28, 1), "uint8"), batch_size=50)
    (images,) = dataset[0]  # float32 (50, 28, 28, 1)
    ```
    """

    def __init__(
        self,
        images,
        labels=None,
        *,
        batch_size=64,
        shuffle=True,
        seed=0,
        drop_remainder=True,
        augment=None,
        class_names=None,
        captions=None,
    ):
        super().__init__()
        check_at_least(batch_size, 1, "batch_size")
        check_at_least(seed, 0, "seed")
        classes = None if class_names is None else len(class_names)
        if isinstance(images, ImageFiles):
            labels = None if labels is None else check_labels(labels, len(images), classes)
        else:
            images, labels = validate(images, labels, classes)
            images = images if images.dtype == np.uint8 else to_uint8(images)
        check_fills_a_batch(len(images), batch_size, drop_remainder)
        self.images = images
        self.labels = labels
        self.captions = captions
        self.classes = None
        if labels is not None and labels.ndim == 1:
            self.classes = classes or int(labels.max()) + 1
        self.class_names = None if class_names is None else list(class_names)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.drop_remainder = drop_remainder
        self._augment = augmentation.on_arrays(augment)
        self.set_epoch(0)

    @property
    def image_shape(self):
        """`(height, width, channels)` of one image."""
        return tuple(self.images.shape[1:])

    @property
    def epoch(self):
        """The epoch whose order is served."""
        return self._epoch

    @property
    def num_images(self):
        """Number of images, including what `drop_remainder` leaves out."""
        return len(self.images)

    def set_epoch(self, epoch):
        """Serves the order of epoch `epoch`, counted from 0, from now on."""
        check_at_least(epoch, 0, "epoch")
        self._epoch = epoch
        if self.shuffle:
            self._order = np.random.default_rng([self.seed, epoch]).permutation(self.num_images)
        else:
            self._order = np.arange(self.num_images)

    def on_epoch_end(self):
        """Goes on to the next order; Keras calls it after each epoch, and once before the first."""
        self.set_epoch(self._epoch + 1)

    def __len__(self):
        """Number of batches in an epoch."""
        whole, rest = divmod(self.num_images, self.batch_size)
        return whole + bool(rest and not self.drop_remainder)

    def __getitem__(self, index):
        """Batch `index` of this epoch: `(images,)`, or `(images, labels)`."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of a data set of {len(self)} batches")
        chosen = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        images = self._augment(to_float(self.images[chosen]), (self.seed, self._epoch, index))
        return (images,) if self.labels is None else (images, self.labels[chosen])

    def arrays(self):
        """All images in their stored order, without augmentation, for `fit(x, y)`.

        Returns:
            `(images, labels)`: float32 `(n, height, width, channels)` in [-1, 1], and `labels`.
        """
        return to_float(self.images[:]), self.labels

    def digest(self):
        """Sha256 (hexadecimal) of the shape, the pixels and the labels, in stored order."""
        sha = hashlib.sha256(repr(tuple(self.images.shape)).encode())
        for start in range(0, self.num_images, 1024):
            sha.update(np.ascontiguousarray(self.images[start : start + 1024]))
        if self.labels is not None:
            sha.update(self.labels.astype("<i4" if self.labels.ndim == 1 else "<f4"))
        return sha.hexdigest()
