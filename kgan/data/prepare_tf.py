"""Centre crop, resize and channels of one image, in tf.data."""

import numpy as np


def image_converter(feature, name, image_size, channels):
    """Does in tf.data what `kgan.data.prepare.prepare` does with Pillow.

    Args:
        feature: `tfds.features.Image` of the data set.
        name: name of the data set, for errors.
        image_size: height and width of the result, or `None` to neither crop nor resize.
        channels: 1 or 3, or `None` for the data set's own.

    Returns:
        `(shape, convert)`: `(height, width, channels)` of a prepared image, and the function
        that makes one, uint8, from a decoded one.

    Raises:
        ValueError: if the images have no fixed size, or another type than uint8.
    """
    import tensorflow as tf

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
    resizes = image_size is not None and (height, width) != (image_size, image_size)
    if not resizes and channels == stored:
        return shape, lambda image: tf.ensure_shape(image, shape)

    def convert(image):
        image = tf.cast(image, tf.float32)
        if stored == 4:
            alpha = image[..., 3:] / 255.0
            image = image[..., :3] * alpha + 255.0 * (1.0 - alpha)
        if resizes:
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
