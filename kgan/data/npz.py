"""An `.npz` file of arrays as a source."""

import zipfile
import zlib

import numpy as np

from kgan.data.checks import validate
from kgan.data.images import to_uint8
from kgan.data.sources import Source, choose_split, drawn

IMAGES = ("images", "x")
LABELS = ("labels", "y")


def read(path, split, *, labels, limit):
    """Reads images, and labels, from an `.npz` file.

    The arrays are `images` (or `x`) and `labels` (or `y`), which make the split "train"; or
    `x_train`, `y_train`, `x_test` ... (or `images_train` ...), one pair a split. An array
    `class_names` of strings names the classes. A slice of a split and a `limit` draw images by a
    fixed permutation, as of a folder: files are often sorted by class.

    Args:
        path: the file.
        split: split name, sliced or not.
        labels: `True`, `False`, or the name of the array of labels.
        limit: use only so many images, or `None`.

    Returns:
        A `Source` of uint8 images, as they are stored.

    Raises:
        ValueError: if the file or an array in it cannot be used; it names both.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} cannot be read as an .npz file ({error}): write it with numpy.savez, with all "
            "images of one size in one uint8 array."
        ) from error
    image_keys = {}
    for key in arrays:
        stem, _, name = key.partition("_")
        if stem in IMAGES:
            image_keys.setdefault(name or "train", key)
    if not image_keys:
        raise ValueError(
            f"{path} has no array 'images' or 'x': it has {sorted(arrays)}. Save it as "
            "numpy.savez(path, images=images, labels=labels)."
        )
    name, to_slice = choose_split(split, sorted(image_keys), path)
    key = image_keys[name]
    images = arrays[key]
    class_names = arrays["class_names"].tolist() if labels and "class_names" in arrays else None
    classes = None if class_names is None else len(class_names)
    chosen_labels = arrays[_label_key(arrays, key, labels, path)] if labels else None
    # An alpha channel is composited later; the checks see the colours.
    has_alpha = images.ndim == 4 and images.shape[-1] == 4 and images.dtype == np.uint8
    checked, chosen_labels = validate(
        images[..., :3] if has_alpha else images, chosen_labels, classes, name=f"{key!r} of {path}"
    )
    images = images if has_alpha else checked
    found = Source(images, chosen_labels, class_names)
    chosen = drawn(len(images), to_slice(len(images)), limit)
    if len(chosen) < len(images):
        found = found.part(chosen)
    if found.images.dtype != np.uint8:
        found.images = to_uint8(found.images)
    return found


def _label_key(arrays, image_key, labels, path):
    if isinstance(labels, str):
        wanted = [labels]
    else:
        name = image_key.partition("_")[2]
        wanted = [f"{stem}_{name}" if name else stem for stem in LABELS]
    for key in wanted:
        if key in arrays:
            return key
    raise ValueError(
        f"{path} has no array {' or '.join(map(repr, wanted))} of labels: it has {sorted(arrays)}. "
        "Pass labels=False, or labels=NAME."
    )
