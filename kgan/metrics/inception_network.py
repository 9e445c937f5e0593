"""The network that FID and KID are defined on, as a Keras model.

Inception v3 (Szegedy et al. 2015, arXiv:1512.00567) in the variant of the TensorFlow graph
`inception-2015-12-05`, used by Heusel et al. 2017 (arXiv:1706.08500): average pooling leaves the
padding out of the mean, and the last block pools by maximum. Images are resized to 299x299 by
bilinear interpolation with half-pixel centres and without antialiasing or rounding; numbers
published with TensorFlow 1's own resize (no half-pixel offset) differ slightly.
"""

import functools

import keras
import numpy as np
from keras import layers

from kgan.metrics._arrays import images_of
from kgan.metrics._inception_layout import CONVOLUTIONS

_EPSILON = 1e-3
# Features are float32 whatever the global policy and data format are.
_SPATIAL = {"data_format": "channels_last", "dtype": "float32"}


def inception(weights=None):
    """Builds the FID Inception network up to its pool features.

    Each convolution's batch normalisation is folded into its kernel and bias, which is what it
    amounts to in inference and is faster.

    Args:
        weights: Path of the `.npz` file of `kgan.metrics.inception_weights`. None looks for it in
            `$KGAN_HOME` (else `~/.cache/kgan`) as `inception-2015-12-05.npz`, and downloads it to
            there if it is missing.

    Returns:
        A functional model, not trainable, from pixels `(n, height, width, 3)` in 0..255 of any
        size to features `(n, 2048)`, float32 and non-negative.

    Raises:
        FileNotFoundError: If the weights are not there and cannot be downloaded.
        ValueError: If the file holds other weights.

    Example:
        >>> network = kgan.metrics.inception()
        >>> features = network.predict(images)  # (n, 2048)
    """
    from kgan.metrics import inception_weights  # not above: it is also a command, run by `-m`

    arrays = inception_weights.load(weights)
    model = build()
    for name in CONVOLUTIONS:
        model.get_layer(name.replace("/", "_")).set_weights(_fold(arrays, name))
    return model


def inception_features(images, batch_size=32, weights=None):
    """Computes the features that FID and KID compare.

    The network is built once in a process. Images with one channel are repeated to three, as is
    usual for grey images.

    Args:
        images: uint8 `(n, height, width, 1 or 3)`, of any size.
        batch_size: Images computed at once.
        weights: See `inception`.

    Returns:
        float32 array `(n, 2048)`.

    Raises:
        ValueError: If `images` is not uint8 or has another shape.
        FileNotFoundError: If the weights are not there and cannot be downloaded.

    Example:
        >>> real = kgan.metrics.inception_features(x_test)
        >>> fake = kgan.metrics.inception_features(gan.sample(10_000))
        >>> kgan.metrics.frechet_distance(real, fake)  # the FID
    """
    colour = as_colour(images_of(images))
    return predict(shared_inception(weights), colour, batch_size)


def shared_inception(weights=None):
    """Returns the network for these weights, built once in a process."""
    from kgan.metrics import inception_weights

    return _shared(str(weights or inception_weights.default_path()), weights is None)


@functools.lru_cache(maxsize=1)
def _shared(path, may_download):
    return inception(None if may_download else path)


def as_colour(pixels):
    """Repeats a single channel to three; leaves three alone."""
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def predict(model, pixels, batch_size):
    """Runs a model from pixels in 0..255 to features over a set, in equal batches.

    The last batch is filled up with zeros, so that a compiling backend compiles once.

    Args:
        model: A Keras model from `(n, height, width, channels)` to `(n, d)`.
        pixels: Array of any real dtype, in 0..255.
        batch_size: Images computed at once.

    Returns:
        float32 array `(n, d)`.

    Raises:
        ValueError: If the model returns something else than `(n, d)`.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    features = []
    for start in range(0, len(pixels), batch_size):
        batch = pixels[start : start + batch_size].astype("float32")
        n = len(batch)
        if start and n < batch_size:
            batch = np.concatenate([batch, np.zeros((batch_size - n, *batch.shape[1:]), "float32")])
        output = model.predict_on_batch(batch)
        if getattr(output, "ndim", None) != 2:
            raise ValueError(
                "an extractor must map images to one array of features (n, d): "
                f"{model.name} returned {keras.tree.map_structure(np.shape, output)}"
            )
        features.append(np.asarray(output[:n], "float32"))
    return np.concatenate(features)


def build():
    """Builds the network with zeros for weights; `inception` gives it the published ones."""
    pixels = keras.Input((None, None, 3), dtype="float32", name="pixels")
    x = layers.Resizing(299, 299, interpolation="bilinear", antialias=False, **_SPATIAL)(pixels)
    x = layers.Rescaling(1 / 128, offset=-1.0, dtype="float32")(x)
    x = _chain(x, "conv2d_1a_3x3", "conv2d_2a_3x3", "conv2d_2b_3x3")
    x = _halve(x)
    x = _chain(x, "conv2d_3b_1x1", "conv2d_4a_3x3")
    x = _halve(x)
    for block in ("mixed_5b", "mixed_5c", "mixed_5d"):
        x = _mixed_35(x, block)
    x = _reduction_17(x, "mixed_6a")
    for block in ("mixed_6b", "mixed_6c", "mixed_6d", "mixed_6e"):
        x = _mixed_17(x, block)
    x = _reduction_8(x, "mixed_7a")
    x = _mixed_8(x, "mixed_7b", layers.AveragePooling2D)
    x = _mixed_8(x, "mixed_7c", layers.MaxPooling2D)
    features = layers.GlobalAveragePooling2D(name="features", **_SPATIAL)(x)
    model = keras.Model(pixels, features, name="inception_2015_12_05")
    model.trainable = False
    return model


def _fold(arrays, name):
    """Kernel and bias of `(conv(x) - mean) / sqrt(variance + epsilon) + beta`."""
    scale = 1 / np.sqrt(arrays[f"{name}/moving_variance"].astype("float64") + _EPSILON)
    kernel = arrays[f"{name}/kernel"] * scale
    bias = arrays[f"{name}/beta"] - arrays[f"{name}/moving_mean"] * scale
    return kernel.astype("float32"), bias.astype("float32")


def _convolution(x, name):
    spec = CONVOLUTIONS[name]
    return layers.Conv2D(
        spec.filters,
        spec.size,
        strides=spec.stride,
        padding=spec.padding,
        activation="relu",
        kernel_initializer="zeros",  # weights come next; 94 random draws would take seconds
        name=name.replace("/", "_"),
        **_SPATIAL,
    )(x)


def _chain(x, *names):
    for name in names:
        x = _convolution(x, name)
    return x


def _branch(x, block, name, length):
    return _chain(x, *(f"{block}/{name}_{i}" for i in range(1, length + 1)))


def _halve(x):
    return layers.MaxPooling2D(3, strides=2, padding="valid", **_SPATIAL)(x)


def _pooled(x, block, pooling=layers.AveragePooling2D):
    pooled = pooling(3, strides=1, padding="same", **_SPATIAL)(x)
    return _convolution(pooled, f"{block}/branch_pool")


def _join(*branches):
    return layers.Concatenate(axis=-1, dtype="float32")(list(branches))


def _mixed_35(x, block):
    return _join(
        _convolution(x, f"{block}/branch1x1"),
        _branch(x, block, "branch5x5", 2),
        _branch(x, block, "branch3x3dbl", 3),
        _pooled(x, block),
    )


def _reduction_17(x, block):
    return _join(
        _convolution(x, f"{block}/branch3x3"),
        _branch(x, block, "branch3x3dbl", 3),
        _halve(x),
    )


def _mixed_17(x, block):
    return _join(
        _convolution(x, f"{block}/branch1x1"),
        _branch(x, block, "branch7x7", 3),
        _branch(x, block, "branch7x7dbl", 5),
        _pooled(x, block),
    )


def _reduction_8(x, block):
    return _join(
        _branch(x, block, "branch3x3", 2),
        _branch(x, block, "branch7x7x3", 4),
        _halve(x),
    )


def _mixed_8(x, block, pooling):
    a = _branch(x, block, "branch3x3", 1)
    b = _branch(x, block, "branch3x3dbl", 2)
    return _join(
        _convolution(x, f"{block}/branch1x1"),
        _convolution(a, f"{block}/branch3x3_2a"),
        _convolution(a, f"{block}/branch3x3_2b"),
        _convolution(b, f"{block}/branch3x3dbl_3a"),
        _convolution(b, f"{block}/branch3x3dbl_3b"),
        _pooled(x, block, pooling),
    )
