"""Centre crop, resize and channels of one image, with Pillow; batches of them in threads."""

import concurrent.futures
import os

import numpy as np

# Pillow's modes of one grey channel, with or without transparency.
_GREY = ("1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N")


def native_channels(image):
    """Returns 1 for a grey Pillow image and 3 for any other."""
    return 1 if image.mode in _GREY else 3


def prepare(image, image_size, channels):
    """Composites on white, converts to grey or RGB, crops the centre and resizes.

    The crop is the largest centred square; 178 x 218 CelebA faces lose 20 rows at the top and at
    the bottom. The resize is bicubic with anti-aliasing: the filter widens as the image shrinks.

    Args:
        image: Pillow image of any mode but `F` and `I`.
        image_size: height and width of the result, or `None` to neither crop nor resize.
        channels: 1 or 3, or `None` for the image's own.

    Returns:
        uint8 array `(height, width, channels)`.

    Raises:
        ValueError: if the mode of the image has no known range of values.
    """
    from PIL import Image

    channels = channels or native_channels(image)
    if image.mode in ("F", "I"):
        raise ValueError(
            f"pixels of mode {image.mode!r} have no fixed range: save it with 8 or 16 bits"
        )
    if image.mode.startswith("I;16"):
        # Pillow would clip 16 bits to 255 instead of scaling them.
        image = Image.fromarray(np.rint(np.asarray(image, "float32") / 257.0).astype("uint8"))
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    image = image.convert("L" if channels == 1 else "RGB")
    if image_size is not None and image.size != (image_size, image_size):
        short = min(image.size)
        left, top = (image.width - short) // 2, (image.height - short) // 2
        box = (left, top, left + short, top + short)
        image = image.resize((image_size, image_size), Image.Resampling.BICUBIC, box=box)
    return np.asarray(image).reshape(image.height, image.width, channels)


def prepare_array(images, image_size, channels):
    """Applies `prepare` to every image of an array.

    Args:
        images: uint8 `(n, height, width, channels)` with 1, 3 or 4 (RGBA) channels.
        image_size: as in `prepare`.
        channels: as in `prepare`.

    Returns:
        uint8 `(n, height, width, channels)`; `images` itself where there is nothing to do.
    """
    same_size = image_size is None or images.shape[1:3] == (image_size, image_size)
    if same_size and images.shape[-1] != 4 and channels in (None, images.shape[-1]):
        return images
    from PIL import Image

    def one(pixels):
        pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
        return prepare(Image.fromarray(pixels), image_size, channels)

    return np.stack(in_threads(one, images))


def in_threads(fn, items):
    """Returns `[fn(item) for item in items]`; Pillow lets threads run side by side."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(fn, items))
