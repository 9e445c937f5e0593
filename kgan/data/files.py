"""Image files that are decoded as they are asked for."""

import contextlib

import numpy as np

from kgan.data import prepare


class ImageFiles:
    """Image files that index like one uint8 array and are decoded as they are asked for.

    Args:
        paths: list of paths.
        image_size: height and width after the centre crop and resize, or `None` if all files
            have the size of the first.
        channels: 1, 3, or `None` for 3 where any file has colours, else 1. Of grey files all are
            opened to learn it, though not decoded.

    Attributes:
        shape: `(n, height, width, channels)`.

    Raises:
        ValueError: where a file is read that is no image, or has another shape; it names the
            file.
    """

    dtype = np.dtype("uint8")
    ndim = 4

    def __init__(self, paths, image_size=None, channels=None):
        self.paths = list(paths)
        self._image_size = image_size
        self._channels = channels or (3 if any(map(_has_colours, self.paths)) else 1)
        self._first_shape = _read(self.paths[0], image_size, self._channels).shape
        self.shape = (len(self.paths), *self._first_shape)

    def __len__(self):
        """Number of files."""
        return len(self.paths)

    def __getitem__(self, chosen):
        """Decodes files: of a slice or an index array, uint8 `(m, height, width, channels)`."""
        numbers = np.arange(len(self))[chosen]
        if np.ndim(numbers) == 0:
            return self._read_like_first(self.paths[numbers])
        paths = [self.paths[i] for i in numbers]
        return np.stack(prepare.in_threads(self._read_like_first, paths))

    def _read_like_first(self, path):
        image = _read(path, self._image_size, self._channels)
        if image.shape == self._first_shape:
            return image
        raise ValueError(
            f"{path} is {image.shape[1]} x {image.shape[0]} pixels, but {self.paths[0]} is "
            f"{self._first_shape[1]} x {self._first_shape[0]}: pass image_size to crop and resize "
            "all of them."
        )


def _has_colours(path):
    with _opened(path) as image:
        return prepare.native_channels(image) == 3


def _read(path, image_size, channels):
    from PIL import ImageOps

    with _opened(path) as image:
        image.load()
        return prepare.prepare(ImageOps.exif_transpose(image), image_size, channels)


@contextlib.contextmanager
def _opened(path):
    from PIL import Image

    try:
        with Image.open(path) as image:
            yield image
    # Pillow's plugins raise errors of a dozen unrelated types on damaged files.
    except Exception as error:
        raise ValueError(
            f"{path} cannot be read as an image ({error}): repair or remove it."
        ) from error
