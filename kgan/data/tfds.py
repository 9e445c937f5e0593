"""TensorFlow Datasets as a source; the only file of this module that needs TensorFlow."""

import difflib
import os

import keras
import numpy as np

from kgan.data import augment as augmentation
from kgan.data.sources import EMBEDDED_NAME, Source

# What a shuffle buffer of a streamed data set may take, in bytes.
SHUFFLE_BYTES = 256 * 2**20


def read(name, split, *, image_size, channels, labels, limit, data_dir, download, seed=None):
    """Opens a TFDS data set as cropped and resized uint8 images, one at a time.

    Args:
        name: TFDS name, `"mnist"` or with a version and configuration.
        split: TFDS split, slices and sums included.
        image_size: height and width after the centre crop and resize, or `None`.
        channels: 1, 3, or `None` for the data set's own.
        labels: `True`, `False`, or the path of a label feature, `"attributes/Male"`.
        limit: use only the first `limit` examples, or `None`.
        data_dir: folder of prepared data sets; `None` for TFDS's own default.
        download: whether TFDS may download and prepare what is not there.
        seed: shuffles the files with this seed, `None` keeps the stored order.

    Returns:
        `(dataset, shape, class_names)`: a `tf.data.Dataset` of `(image, label)`, or `(image,)`;
        the `(height, width, channels)` of an image; a list of names or `None`.

    Raises:
        ValueError: for an unknown name, split or feature, or images that cannot be batched.
        FileNotFoundError: when the data are not there and `download` is false.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    _leave_gpu_alone(tf)
    builder = _builder(tfds, name, data_dir)
    _prepare(builder, name, data_dir, download)
    if builder.info.splits and _split_size(builder, split) is None:
        raise ValueError(
            f"unknown split {split!r} of {name!r}: it has {sorted(builder.info.splits)}, and "
            "slices of them such as 'train[:90%]'."
        )
    image_key, label_path, class_names = _features(tfds, builder.info.features, name, labels)
    shape, convert = _converter(tf, builder.info.features[image_key], name, image_size, channels)

    shuffle_files = seed is not None and limit is None
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=shuffle_files,
        read_config=tfds.ReadConfig(shuffle_seed=seed) if shuffle_files else None,
    )
    if limit is not None:
        dataset = dataset.take(limit)

    def element(example):
        image = convert(example[image_key])
        if label_path is None:
            return (image,)
        label = example
        for key in label_path:
            label = label[key]
        return image, tf.cast(label, tf.int32)

    options = tf.data.Options()
    options.deterministic = True
    dataset = dataset.map(element, num_parallel_calls=tf.data.AUTOTUNE).with_options(options)
    return dataset, shape, class_names


def in_memory(dataset, shape, class_names):
    """Reads what `read` opened into a `Source` of arrays."""
    images, labels = [np.empty((0, *shape), "uint8")], []
    for batch in dataset.batch(1024).as_numpy_iterator():
        images.append(batch[0])
        labels.extend(batch[1:])
    labels = np.concatenate(labels) if labels else None
    return Source(np.concatenate(images), labels, class_names)


def streamed(dataset, shape, *, batch_size, shuffle, seed, drop_remainder, augment):
    """Turns what `read` opened into shuffled, normalised, prefetched batches.

    Args:
        dataset: `tf.data.Dataset` of uint8 images, and labels.
        shape: `(height, width, channels)`.
        batch_size: images in a batch.
        shuffle: whether to reshuffle in every epoch.
        seed: seed of the order and of the named flips.
        drop_remainder: whether to leave out a last, smaller batch.
        augment: see `kgan.data.augment.steps`.

    Returns:
        A `tf.data.Dataset` of `(images,)` or `(images, labels)`.
    """
    import tensorflow as tf

    if shuffle:
        buffer = max(batch_size, min(10_000, SHUFFLE_BYTES // int(np.prod(shape))))
        dataset = dataset.shuffle(buffer, seed=seed, reshuffle_each_iteration=True)
    dataset = dataset.batch(batch_size, drop_remainder=drop_remainder)
    augmented = augmentation.on_tensors(augment)
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)

    def normalise(batch, seed):
        images = tf.cast(batch[0], tf.float32) / 127.5 - 1.0
        return augmented(images, seed), *batch[1:]

    dataset = tf.data.Dataset.zip((dataset, seeds))
    dataset = dataset.map(normalise, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.prefetch(tf.data.AUTOTUNE)


def known(name):
    """Whether TFDS is installed and has a data set called `name`."""
    try:
        import tensorflow_datasets as tfds
    except ImportError:
        return False
    return name.split("/")[0].split(":")[0] in tfds.list_builders()


def _leave_gpu_alone(tf):
    """Keeps TensorFlow, where it only reads data, from claiming the GPU's whole memory."""
    if keras.backend.backend() != "tensorflow" and tf.config.list_physical_devices("GPU"):
        try:
            tf.config.set_visible_devices([], "GPU")
        except RuntimeError:
            # TensorFlow is already in use on the GPU, so there is nothing left to prevent.
            return


def _builder(tfds, name, data_dir):
    try:
        return tfds.builder(name, data_dir=data_dir)
    except tfds.core.registered.DatasetNotFoundError:
        names = [EMBEDDED_NAME, *tfds.list_builders()]
        near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        hint = f" The nearest names: {', '.join(near)}." if near else ""
        raise ValueError(
            f"unknown source {name!r}: it is neither a data set of TensorFlow Datasets, nor "
            f"'{EMBEDDED_NAME}', nor a folder or .npz file here.{hint}"
        ) from None


def _prepare(builder, name, data_dir, download):
    if download:
        builder.download_and_prepare()
    elif not os.path.exists(builder.data_dir):
        raise FileNotFoundError(
            f"{name!r} is not prepared under {os.fspath(builder.data_dir)!r}: pass download=True, "
            f"or the data_dir that has it (got data_dir={data_dir!r})."
        )


def _split_size(builder, split):
    try:
        return builder.info.splits[split].num_examples
    except (KeyError, ValueError):
        return None


def _features(tfds, features, name, labels):
    """Returns the image's key, the label's path (or None) and the class names (or None)."""
    images = [key for key in features if isinstance(features[key], tfds.features.Image)]
    if not images:
        raise ValueError(f"{name!r} has no image feature: it has {sorted(features)}.")
    image_key = "image" if "image" in images else images[0]
    if labels is False:
        return image_key, None, None
    path = ["label"] if labels is True else labels.split("/")
    feature = features
    for key in path:
        if not hasattr(feature, "keys") or key not in feature:
            raise ValueError(
                f"{name!r} has no feature {'/'.join(path)!r} for labels: pass labels=False, or "
                f"labels=NAME with a name in {_label_names(features, image_key)}."
            )
        feature = feature[key]
    if isinstance(feature, tfds.features.ClassLabel):
        return image_key, path, list(feature.names)
    dtype = np.dtype(feature.np_dtype) if feature.shape == () else None
    if dtype is None or dtype.kind not in "iub":
        raise ValueError(
            f"feature {'/'.join(path)!r} of {name!r} is not an integer class: pass one of "
            f"{_label_names(features, image_key)}."
        )
    return image_key, path, ["False", "True"] if dtype.kind == "b" else None


def _label_names(features, image_key):
    names = []
    for key, feature in features.items():
        if hasattr(feature, "keys"):
            names.extend(f"{key}/{inner}" for inner in feature)
        elif key != image_key:
            names.append(key)
    return sorted(names)


def _converter(tf, feature, name, image_size, channels):
    """Returns the shape of a prepared image and the function that prepares one, in tf.data."""
    height, width, stored = feature.shape
    if np.dtype(feature.np_dtype) != np.uint8 or stored not in (1, 3, 4):
        raise ValueError(
            f"images of {name!r} are {np.dtype(feature.np_dtype)} with {stored} channels: only "
            "uint8 with 1, 3 or 4 channels can be read."
        )
    if image_size is None and (height is None or width is None):
        raise ValueError(f"images of {name!r} differ in size: pass image_size.")
    channels = channels or (1 if stored == 1 else 3)
    shape = (image_size or height, image_size or width, channels)

    def convert(image):
        image = tf.cast(image, tf.float32)
        if stored == 4:
            alpha = image[..., 3:] / 255.0
            image = image[..., :3] * alpha + 255.0 * (1.0 - alpha)
        if image_size is not None:
            size = tf.shape(image)[:2]
            short = tf.reduce_min(size)
            top, left = tf.unstack((size - short) // 2)
            image = image[top : top + short, left : left + short]
            image = tf.image.resize(
                image, (image_size, image_size), method="bicubic", antialias=True
            )
        if channels == 1 and stored != 1:
            image = tf.image.rgb_to_grayscale(image)
        elif channels == 3 and stored == 1:
            image = tf.image.grayscale_to_rgb(image)
        image = tf.clip_by_value(tf.round(image), 0.0, 255.0)
        return tf.ensure_shape(tf.cast(image, tf.uint8), shape)

    return shape, convert
