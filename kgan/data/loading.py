"""`kgan.data.load`: one function for every source."""

import math
import os
import pathlib
import warnings

from kgan.data import augment as augmentation
from kgan.data import captions as captioning
from kgan.data import folder, npz, tfds
from kgan.data.checks import check_at_least
from kgan.data.dataset import ImageDataset, check_fills_a_batch
from kgan.data.prepare import prepare_array
from kgan.data.sources import EMBEDDED_NAME, embedded

# What `cache="auto"` keeps in memory, in bytes of uint8 pixels.
MEMORY_BYTES = 2**30


def load(
    source,
    split="train",
    *,
    image_size=None,
    channels=None,
    batch_size=64,
    shuffle=True,
    seed=0,
    labels=False,
    captions=None,
    drop_remainder=True,
    augment=None,
    limit=None,
    data_dir=None,
    cache="auto",
    download=True,
):
    """Loads images as batches in [-1, 1], ready for `fit`.

    Elements are `(images,)`, or `(images, labels)` with `labels=True`: float32 images
    `(batch_size, height, width, channels)` and int32 labels `(batch_size,)`. With `captions` the
    labels are the captions' vectors, float32 `(batch_size, d)`.

    What fits in memory, and every folder and `.npz`, becomes a `kgan.data.ImageDataset`: the
    order is a pure function of the seed and the epoch, and, except to read a TFDS name,
    TensorFlow is not needed. A larger TFDS data set becomes a `tf.data.Dataset` that reads from
    disk, in an order that is such a function too: its iterations are epochs 0, 1, 2, ..., and
    `dataset.stream.one_pass(epoch)` is any of them. kgan's `fit` goes on with either where the
    model was saved, also within an epoch. What you make of a `tf.data.Dataset` with `map`,
    `filter` or the like has no `stream`: `fit` then iterates it as it comes.

    Args:
        source: one of

            - a name of TensorFlow Datasets: `"mnist"`, `"celeb_a"`, `"cifar10"` ...;
            - a folder of png, jpg, webp, bmp, gif or tif files, as a path (write `"./mnist"` for a
              folder that is called like a TFDS data set). Its sub-folders, sorted
              (as numbers where all names are whole numbers), are the classes, unless all of them
              are called train, test, val or the like: those are splits;
            - an `.npz` file with arrays `images` (or `x`) and `labels` (or `y`), or `x_train`,
              `y_train`, `x_test` ...; uint8, or float in [-1, 1];
            - `"embedded"`: 10,000 images of the MNIST training set, 1,000 of each digit, which
              ship with the package (28 x 28 x 1, CC BY-SA 3.0).
        split: split, or a slice of one: `"train"`, `"test"`, `"train[:90%]"`, `"train[:1000]"`.
        image_size: height and width in pixels. The largest centred square is cropped, then
            resized (bicubic with anti-aliasing). `None` keeps images, which then must be of one
            size, as they are.
        channels: 1 (grey) or 3 (RGB); `None` keeps what the source has: of a folder, RGB where
            any file has colours. Transparency is composited on white.
        batch_size: images in a batch.
        shuffle: whether to draw a new order in every epoch.
        seed: integer from 0, seed of the order and of the named flips.
        labels: whether to load labels, or which: a TFDS feature (`"attributes/Smiling"`), an array
            of the `.npz`, or what lines of the folder's `metadata.jsonl` have under a name or path
            (`"attributes/hair_color"`; null is the class "none").
        captions: of a folder, what makes vectors of the captions in its `metadata.jsonl` (lines of
            JSON with `file_name` and `caption`): a name for `kgan.text.encoder`, or a function
            from a list of `n` texts to numbers `(n, d)`.
        drop_remainder: whether to leave out a last batch that is smaller.
        augment: `"horizontal_flip"` (or `"flip"`), `"vertical_flip"`, a Keras or KerasCV layer,
            a function, or a list of these, applied to a float batch in [-1, 1]; give layers that
            ask for it `value_range=(-1, 1)`. Flips by name repeat exactly when a run is resumed;
            layers draw from their own seeds.
        limit: use only so many images.
        data_dir: folder of prepared TFDS data sets; `None` for TFDS's default. A folder of images
            in it is found by its name, too.
        cache: whether to decode everything into memory once. `"auto"` does so up to 1 GiB of
            pixels. With `False`, files are decoded and resized again in every epoch.
        download: whether TFDS may download a data set that is not in `data_dir`.

    Returns:
        A `kgan.data.ImageDataset`, or a `tf.data.Dataset` for a TFDS name that is not cached.

    Raises:
        ValueError: if an argument, a file or its content cannot be used; the message names it
            and the remedy.
        FileNotFoundError: if there is no such folder or file, or the data set is not prepared
            and cannot be downloaded.

    Example:
    ```python
    dataset = kgan.data.load("embedded", batch_size=128, labels=True)
    images, labels = dataset[0]  # float32 (128, 28, 28, 1), int32 (128,)
    faces = kgan.data.load("celeb_a", image_size=64, augment="flip")
    ```
    """
    if image_size is not None:
        check_at_least(image_size, 1, "image_size")
    if channels not in (None, 1, 3):
        raise ValueError(f"channels must be 1 (grey), 3 (RGB) or None, got {channels!r}.")
    if limit is not None:
        check_at_least(limit, 1, "limit")
    if cache not in ("auto", True, False):
        raise ValueError(f"cache must be 'auto', True or False, got {cache!r}.")
    if not isinstance(labels, (bool, str)) or labels == "":
        raise ValueError(f"labels must be True, False or the name of a label, got {labels!r}.")
    check_at_least(batch_size, 1, "batch_size")
    check_at_least(seed, 0, "seed")
    augmentation.steps(augment)
    batching = dict(
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        drop_remainder=drop_remainder,
        augment=augment,
    )
    form = dict(image_size=image_size, channels=channels)
    which = dict(labels=labels, limit=limit)

    path = _as_path(source, data_dir)
    if captions is not None:
        if labels:
            raise ValueError("pass labels or captions: an image has one condition.")
        if path is None or not path.is_dir():
            raise ValueError(
                f"captions come with a folder of images, and {str(source)!r} is none: pass its "
                "path, or the folder that it is in as data_dir."
            )
    if path is None and source != EMBEDDED_NAME:
        place = dict(data_dir=data_dir, download=download)
        opened = tfds.Opened(source, split, **form, **which, **place)
        if not _keep_in_memory(cache, opened.num_images, opened.shape):
            check_fills_a_batch(opened.num_images, batch_size, drop_remainder)
            return opened.stream(**batching)
        found = opened.in_memory()
    elif path is not None and path.is_dir():
        found = folder.read(path, split, **form, **which, captions=captions is not None)
        if _keep_in_memory(cache, len(found.images), found.images.shape[1:]):
            found.images = found.images[:]
    else:
        found = embedded(split, **which) if path is None else npz.read(path, split, **which)
        if len(found.images):
            found.images = prepare_array(found.images, **form)
    if captions is not None:
        found.labels = captioning.encode(captions, found.captions)
    if not len(found.images):
        raise ValueError(f"split {split!r} of {str(source)!r} is empty.")
    return ImageDataset(
        found.images,
        found.labels,
        class_names=found.class_names,
        captions=found.captions,
        **batching,
    )


def _as_path(source, data_dir):
    """Returns `source` as an existing path, or None if it is a name."""
    if not isinstance(source, (str, os.PathLike)) or not str(source):
        raise ValueError(
            "source must be the name of a data set, or the path of a folder or .npz file, got "
            f"{type(source).__name__}: pass arrays to kgan.data.ImageDataset, or to fit itself."
        )
    path = pathlib.Path(source).expanduser()
    if isinstance(source, str):
        looks_like_path = source.startswith((".", "~")) or path.is_absolute()
        if source == EMBEDDED_NAME:
            return None
        if not looks_like_path and path.suffix != ".npz":
            # A run's output may well lie in a folder called "mnist": the data set goes first.
            plain = path.name == source
            if plain and tfds.known(source):
                if path.is_dir() and folder.images_under(path):
                    warnings.warn(
                        f"{source!r} is a data set of TensorFlow Datasets, which is used, and a "
                        f"folder of images here: write ./{source} for that",
                        stacklevel=3,
                    )
                return None
            if not path.exists():
                beside = pathlib.Path(data_dir or "").expanduser() / source
                in_it = plain and data_dir is not None and beside.is_dir()
                return beside if in_it and not tfds.prepared(beside) else None
    if not path.exists():
        raise FileNotFoundError(f"no such folder or file: {path}")
    if not path.is_dir() and path.suffix != ".npz":
        raise ValueError(
            f"{path} is neither a folder of images nor an .npz file: give the folder that it is in."
        )
    return path


def _keep_in_memory(cache, num_images, shape):
    return num_images * math.prod(shape) <= MEMORY_BYTES if cache == "auto" else cache
