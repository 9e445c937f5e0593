"""TensorFlow Datasets as a source."""

import contextlib
import difflib
import functools
import os
import re

import keras
import numpy as np

from kgan.data.prepare_tf import image_converter
from kgan.data.sources import EMBEDDED_NAME, Source
from kgan.data.stream import ImageStream

# What a shuffle buffer of a streamed data set may hold: undecoded examples, and their bytes.
SHUFFLE_EXAMPLES = 10_000
SHUFFLE_BYTES = 256 * 2**20


class Opened:
    """One split of a TFDS data set, as cropped and resized uint8 images.

    Args:
        name: TFDS name, `"mnist"`, or with a configuration or version.
        split: TFDS split, slices and sums included.
        image_size: height and width after the centre crop and resize, or `None`.
        channels: 1, 3, or `None` for the data set's own.
        labels: `True`, `False`, or the path of a label feature, `"attributes/Male"`.
        limit: use only the first `limit` examples, or `None`.
        data_dir: folder of prepared data sets; `None` for TFDS's own default.
        download: whether TFDS may download and prepare what is not there.

    Attributes:
        num_images: number of images.
        shape: `(height, width, channels)` of an image.
        class_names: list of names, or `None`.

    Raises:
        ValueError: for an unknown name, split or feature, or images that cannot be batched.
        FileNotFoundError: when the data are not there and cannot be downloaded.
    """

    def __init__(self, name, split, *, image_size, channels, labels, limit, data_dir, download):
        tf, tfds = _import(name)
        self._builder = _builder(tfds, name, data_dir)
        features = self._builder.info.features
        image_key, label_path, self.class_names = _features(tfds, features, name, labels)
        self.shape, convert = image_converter(features[image_key], name, image_size, channels)
        _prepare(tfds, self._builder, name, download)
        self._split, self._limit = split, limit
        self._decoders = _undecoded(tfds, image_key, label_path)

        def element(example):
            image = convert(features[image_key].decode_example(example[image_key]))
            if label_path is None:
                return (image,)
            return image, tf.cast(functools.reduce(dict.get, label_path, example), tf.int32)

        self._element = element
        try:
            self.num_images = int(self._examples().cardinality())
        except ValueError as error:
            raise ValueError(
                f"cannot read split {split!r} of {name!r}: {error} Slices such as 'train[:90%]' "
                "are allowed."
            ) from error

    def _examples(self, seed=None):
        """Returns a `tf.data.Dataset` of examples whose images are not decoded.

        Args:
            seed: seed by which files are shuffled, an integer or a tensor, or `None`.
        """
        import tensorflow_datasets as tfds

        # The first `limit` examples are only the same in each epoch if the files keep their order.
        shuffle_files = seed is not None and self._limit is None
        dataset = self._builder.as_dataset(
            split=self._split,
            shuffle_files=shuffle_files,
            decoders=self._decoders,
            read_config=tfds.ReadConfig(
                shuffle_seed=seed if shuffle_files else None, try_autocache=False
            ),
        )
        return dataset if self._limit is None else dataset.take(self._limit)

    def in_memory(self):
        """Decodes everything into a `Source` of arrays."""
        import tensorflow as tf

        images, labels = [np.empty((0, *self.shape), "uint8")], []
        elements = self._examples().map(self._element, num_parallel_calls=tf.data.AUTOTUNE)
        for batch in elements.batch(1024).as_numpy_iterator():
            images.append(batch[0])
            labels.extend(batch[1:])
        labels = np.concatenate(labels) if labels else None
        return Source(np.concatenate(images), labels, self.class_names)

    def stream(self, **batching):
        """Decodes batch by batch: shuffled, normalised, augmented and prefetched.

        Args:
            **batching: see `ImageStream`.

        Returns:
            A `tf.data.Dataset` of `(images,)` or `(images, labels)`.
        """
        total = self._builder.info.splits.total_num_examples
        held = SHUFFLE_BYTES * total // max(1, self._builder.info.dataset_size)
        return ImageStream(
            self._examples,
            self._element,
            num_images=self.num_images,
            image_shape=self.shape,
            buffer=min(SHUFFLE_EXAMPLES, held),
            **batching,
        ).dataset()


def known(name):
    """Whether TFDS is installed and has a data set called `name`."""
    try:
        import tensorflow_datasets as tfds
    except ImportError:
        return False
    return re.split("[/:]", name)[0] in tfds.list_builders()


def prepared(folder):
    """Whether a folder holds a data set as TFDS keeps it, `[config/]version/dataset_info.json`."""
    return any(next(folder.glob(f"{way}/dataset_info.json"), None) for way in ("*", "*/*"))


def _import(name):
    try:
        import tensorflow as tf
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ValueError(
            f"source {name!r} needs TensorFlow Datasets ({error}): pip install tensorflow "
            f"tensorflow-datasets, or use '{EMBEDDED_NAME}', a folder or an .npz file."
        ) from error
    # Where another backend computes, TensorFlow only reads data: it must not claim the whole
    # memory of the GPU, as it does by default.
    if keras.backend.backend() != "tensorflow" and tf.config.list_physical_devices("GPU"):
        # A RuntimeError says that TensorFlow runs on the GPU already, by the user's wish.
        with contextlib.suppress(RuntimeError):
            tf.config.set_visible_devices([], "GPU")
    return tf, tfds


def _builder(tfds, name, data_dir):
    try:
        return tfds.builder(name, data_dir=data_dir)
    # TFDS asserts that it has the version that was asked for.
    except (ValueError, AssertionError) as error:
        if known(name):
            raise ValueError(f"TensorFlow Datasets cannot open {name!r}: {error}") from error
        names = [EMBEDDED_NAME, *tfds.list_builders()]
        near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        hint = f" The nearest names: {', '.join(near)}." if near else ""
        raise ValueError(
            f"unknown source {name!r}: it is neither a data set of TensorFlow Datasets, nor "
            f"'{EMBEDDED_NAME}', nor a folder or .npz file here.{hint}"
        ) from None


def _prepare(tfds, builder, name, download):
    remedy = (
        f"{name!r} is not prepared in {os.fspath(builder.data_dir)!r}: pass the data_dir that has "
        "it"
    )
    if not download:
        if not os.path.exists(builder.data_dir):
            raise FileNotFoundError(f"{remedy}, or download=True.")
        return
    try:
        builder.download_and_prepare()
    except (OSError, tfds.download.DownloadError) as error:
        raise FileNotFoundError(f"{remedy}, because it cannot be downloaded: {error}") from error


def _features(tfds, features, name, labels):
    """Returns the image's key, the label's path (or None) and the class names (or None)."""
    images = [key for key in features if isinstance(features[key], tfds.features.Image)]
    if not images:
        raise ValueError(f"{name!r} has no image feature: it has {sorted(features)}.")
    image_key = "image" if "image" in images else images[0]
    if labels is False:
        return image_key, None, None
    wanted = "label" if labels is True else labels
    scalars = dict(_integer_scalars(features))
    if wanted not in scalars:
        near = difflib.get_close_matches(wanted, scalars, n=3, cutoff=0.3) or list(scalars)[:3]
        raise ValueError(
            f"{name!r} has no integer feature {wanted!r} for labels: pass labels=False"
            + (f", or the name of one of its {len(scalars)}, such as {near}." if near else ".")
        )
    feature = scalars[wanted]
    class_names = None
    if isinstance(feature, tfds.features.ClassLabel):
        class_names = list(feature.names)
    elif np.dtype(feature.np_dtype).kind == "b":
        class_names = ["False", "True"]
    return image_key, wanted.split("/"), class_names


def _undecoded(tfds, image_key, label_path):
    """Returns the TFDS decoders that read the image's file and the label, and nothing else."""
    wanted = {image_key: True}
    if label_path is not None:
        wanted |= functools.reduce(lambda below, key: {key: below}, reversed(label_path), True)
    return tfds.decode.PartialDecoding(wanted, decoders={image_key: tfds.decode.SkipDecoding()})


def _integer_scalars(features, prefix=""):
    """Yields `(path, feature)` for every integer or boolean scalar."""
    for key, feature in features.items():
        if hasattr(feature, "items"):
            yield from _integer_scalars(feature, f"{prefix}{key}/")
        elif feature.shape == () and np.dtype(feature.np_dtype).kind in "iub":
            yield prefix + key, feature
