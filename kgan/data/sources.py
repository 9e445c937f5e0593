"""What every source of images gives, and the set that ships with the package."""

import dataclasses
import importlib.resources
import re

import numpy as np

EMBEDDED_NAME = "embedded"
EMBEDDED_FILE = "embedded_mnist.npz"


@dataclasses.dataclass
class Source:
    """The images of one split.

    Attributes:
        images: uint8 `(n, height, width, channels)`, or what indexes like it.
        labels: int32 `(n,)`; float32 `(n, d)` of encoded captions; or `None`.
        class_names: list of names, or `None`.
        captions: list of texts, or `None`.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    class_names: list | None = None
    captions: list | None = None

    def part(self, chosen):
        """Returns some of the images, by a slice or an array of indices."""
        labels = None if self.labels is None else self.labels[chosen]
        return Source(self.images[chosen], labels, self.class_names)


def drawn(n, part, limit=None):
    """Returns which of `n` images are a part of a split: indices in the order of the images.

    They are drawn by a fixed permutation, so that each part has all classes where what lies beside
    each other is alike, and parts that do not overlap have no image in common.

    Args:
        n: images in the split.
        part: a slice of it.
        limit: how many of these at most, or `None`.
    """
    return np.sort(np.random.default_rng(0).permutation(n)[part][:limit])


def embedded(split, *, labels, limit=None):
    """Reads the 10,000 MNIST training images that ship with the package.

    Every ten neighbours hold each digit once, so a slice such as `"train[:5000]"` is balanced.

    Args:
        split: `"train"`, sliced or not.
        labels: whether to return labels.
        limit: use only the first `limit` images, or `None`.

    Returns:
        A `Source` of uint8 `(n, 28, 28, 1)`.

    Raises:
        ValueError: for another split, or labels by name.
    """
    if isinstance(labels, str):
        raise ValueError(
            f"{EMBEDDED_NAME!r} has one kind of labels: pass labels=True, not {labels!r}."
        )
    _, to_slice = choose_split(split, ["train"], repr(EMBEDDED_NAME))
    with (importlib.resources.files("kgan.data") / EMBEDDED_FILE).open("rb") as file:
        arrays = np.load(file, allow_pickle=False)
        found = Source(arrays["images"])
        if labels:
            found.labels = arrays["labels"].astype("int32")
            found.class_names = [str(digit) for digit in range(10)]
    return found.part(np.arange(len(found.images))[to_slice(len(found.images))][:limit])


_SPLIT = re.compile(r"^(?P<name>\w+)(?:\[(?P<start>-?\d+%?)?:(?P<stop>-?\d+%?)?\])?$")


def choose_split(split, names, where):
    """Parses `"train"`, `"train[:90%]"` or `"train[1000:2000]"`.

    Args:
        split: split name, with or without a slice in images or per cent.
        names: the splits that there are.
        where: what has them, for the error.

    Returns:
        `(name, to_slice)`, where `to_slice(n)` is the slice of a split of `n` images.

    Raises:
        ValueError: if `split` has another form, or is not in `names`.
    """
    match = _SPLIT.match(split) if isinstance(split, str) else None
    if match is None:
        raise ValueError(
            f"split must look like 'train', 'train[:90%]' or 'train[1000:2000]', got {split!r}."
        )
    if match["name"] not in names:
        raise ValueError(
            f"unknown split {split!r} of {where}: it has {', '.join(map(repr, names))}, and parts "
            f"of them such as '{names[0]}[90%:]'. The command line takes it as --split, and other "
            "images as --data."
        )

    def bound(text, n):
        if text is None or not text.endswith("%"):
            return None if text is None else int(text)
        return round(int(text[:-1]) * n / 100)

    def to_slice(n):
        return slice(bound(match["start"], n), bound(match["stop"], n))

    return match["name"], to_slice
