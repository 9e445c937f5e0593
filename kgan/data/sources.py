"""Sources of images that need only NumPy: the embedded set and `.npz` files."""

import dataclasses
import importlib.resources
import re

import numpy as np

EMBEDDED_NAME = "embedded"
EMBEDDED_FILE = "embedded_mnist.npz"


@dataclasses.dataclass
class Source:
    """Images as they were found, before cropping and resizing.

    Attributes:
        images: uint8 `(n, height, width, channels)`.
        labels: int32 `(n,)`, or `None`.
        class_names: list of names, or `None`.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    class_names: list | None = None

    def __getitem__(self, chosen):
        """The same source with fewer images; `chosen` is a slice or an index array."""
        labels = None if self.labels is None else self.labels[chosen]
        return Source(self.images[chosen], labels, self.class_names)


def embedded(labels):
    """Reads the 10,000 MNIST training images that ship with the package.

    Every ten neighbours hold each digit once, so a slice such as `"train[:5000]"` stays balanced.

    Args:
        labels: whether to return labels.

    Returns:
        A `Source` of uint8 `(10000, 28, 28, 1)`.
    """
    with (importlib.resources.files("kgan.data") / EMBEDDED_FILE).open("rb") as file:
        arrays = np.load(file, allow_pickle=False)
        found = Source(arrays["images"], class_names=[str(digit) for digit in range(10)])
        if labels:
            found.labels = arrays["labels"].astype("int32")
    return found


_SPLIT = re.compile(r"^(?P<name>\w+)(?:\[(?P<start>-?\d+%?)?:(?P<stop>-?\d+%?)?\])?$")


def parse_split(split):
    """Parses `"train"`, `"train[:90%]"` or `"train[1000:2000]"`.

    Args:
        split: split name, with or without a slice in images or per cent.

    Returns:
        `(name, to_slice)`, where `to_slice(n)` is the slice for a split of `n` images.

    Raises:
        ValueError: if `split` has another form.
    """
    match = _SPLIT.match(split) if isinstance(split, str) else None
    if match is None:
        raise ValueError(
            f"split must look like 'train', 'train[:90%]' or 'train[1000:2000]', got {split!r}."
        )

    def bound(text, n):
        if text is None or not text.endswith("%"):
            return None if text is None else int(text)
        return round(int(text[:-1]) * n / 100)

    def to_slice(n):
        return slice(bound(match["start"], n), bound(match["stop"], n))

    return match["name"], to_slice
