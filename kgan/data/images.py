"""Pixels as numbers and as pictures: [-1, 1] and back, grids, files."""

import math
import pathlib

import keras
import numpy as np


def to_float(images):
    """Maps pixels 0..255 to float32 in [-1, 1]: `x / 127.5 - 1`.

    Args:
        images: uint8 array of any shape.

    Returns:
        float32 array of the same shape, in [-1, 1].

    Raises:
        ValueError: if `images` is not uint8.

    Example:
    ```python
    kgan.data.to_float(np.array([0, 255], "uint8"))  # [-1., 1.]
    ```
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(f"to_float takes uint8 pixels (0 to 255), got {images.dtype}.")
    scaled = images.astype("float32")
    scaled /= 127.5
    scaled -= 1.0
    return scaled


def to_uint8(images):
    """Maps values in [-1, 1] to pixels 0..255, rounding to the nearest.

    Values outside [-1, 1] are clipped, as a display would. `to_uint8(to_float(x))` is `x`.

    Args:
        images: float array or tensor of any shape and backend, in [-1, 1].

    Returns:
        uint8 NumPy array of the same shape.

    Raises:
        ValueError: if `images` is empty or not floating, or holds NaN or infinity.

    Example:
    ```python
    kgan.data.to_uint8(np.array([-1.0, 0.0, 1.0]))  # [0, 128, 255]
    ```
    """
    images = keras.ops.convert_to_numpy(images)
    if images.dtype.kind in "iub":
        raise ValueError(f"to_uint8 takes floats in [-1, 1], got {images.dtype}.")
    if not images.size:
        raise ValueError(f"to_uint8 got no pixels: the shape is {images.shape}.")
    images = images.astype("float32")
    bad = np.argwhere(~np.isfinite(images))
    if len(bad):
        where = tuple(bad[0].tolist())
        raise ValueError(
            f"to_uint8 got {len(bad)} NaN or infinite values of {images.size}, which are no "
            f"pixels, the first at {where}: if a model made them, its training diverged."
        )
    return np.rint((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype("uint8")


def grid(images, columns=None, padding=2, background=255):
    """Lays images out row by row in one picture.

    Args:
        images: array `(n, height, width, channels)`, uint8, or float in [-1, 1].
        columns: images in a row; `None` makes the grid as square as it can be.
        padding: pixels between neighbours and around the grid.
        background: grey level (0 to 255) of the padding and of empty cells.

    Returns:
        uint8 array `(grid_height, grid_width, channels)`.

    Raises:
        ValueError: if `images` is not a non-empty batch of images or holds NaN, or `columns` is
            not positive.

    Example:
    ```python
    picture = kgan.data.grid(gan.sample(64), columns=8)
    kgan.data.save_image("samples.png", picture)
    ```
    """
    images = keras.ops.convert_to_numpy(images)
    if images.ndim != 4 or not images.size:
        raise ValueError(
            "grid takes images (n, height, width, channels), at least one, got shape "
            f"{images.shape}."
        )
    if images.dtype != np.uint8:
        images = to_uint8(images)
    if columns is not None and columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}.")
    n, height, width, channels = images.shape
    columns = min(columns or math.ceil(math.sqrt(n)), n)
    rows = math.ceil(n / columns)
    cell_height, cell_width = height + padding, width + padding
    shape = (rows * cell_height + padding, columns * cell_width + padding, channels)
    canvas = np.full(shape, background, "uint8")
    for i, image in enumerate(images):
        top = padding + (i // columns) * cell_height
        left = padding + (i % columns) * cell_width
        canvas[top : top + height, left : left + width] = image
    return canvas


def save_image(path, image):
    """Writes one image to a file; the suffix chooses the format.

    Args:
        path: where to write, for instance `"samples.png"`. Missing folders are made.
        image: uint8 array `(height, width, 1)`, `(height, width, 3)` or `(height, width)`.

    Returns:
        The path, as a `pathlib.Path`.

    Raises:
        ValueError: if `image` is empty, is not uint8 or has another shape, or the suffix is
            unknown.

    Example:
    ```python
    kgan.data.save_image("digit.png", gan.sample(1)[0])
    ```
    """
    from PIL import Image

    image = np.asarray(image)
    if not image.size:
        raise ValueError(f"save_image got no pixels: the shape is {image.shape}.")
    if image.dtype != np.uint8:
        raise ValueError(
            f"save_image takes uint8 pixels, got {image.dtype}: convert floats in [-1, 1] with "
            "kgan.data.to_uint8."
        )
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[-1] == 3)):
        raise ValueError(
            "save_image takes one image with 1 or 3 channels, got shape "
            f"{image.shape}: join a batch with kgan.data.grid."
        )
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return path
