"""The shipped classifiers of MNIST and Fashion-MNIST.

Inception has seen photographs, so its features say little about digits. These networks of 0.3
million weights know the ten classes well, and their features are those of the domain.
`kgan.metrics.classifier_training` made them.
"""

import functools
import json

import keras
from keras import layers

from kgan import weight_files

NAMES = ("mnist", "fashion_mnist")
# Which classifier knows the images of a source of `kgan.data.load`.
BY_SOURCE = {"mnist": "mnist", "fashion_mnist": "fashion_mnist", "embedded": "mnist"}
_SPATIAL = {"data_format": "channels_last", "dtype": "float32"}


def classifier(name):
    """A classifier of MNIST or Fashion-MNIST images, with its weights.

    Its test accuracy is in `zoo/classifiers/README.md`.

    Args:
        name: `"mnist"` or `"fashion_mnist"`.

    Returns:
        A functional model, not trainable, from pixels `(n, 28, 28, 1)` in 0..255 to class
        probabilities `(n, 10)`, float32.

    Raises:
        ValueError: If there is no such classifier, or its weights were changed.

    Example:
        >>> scores = kgan.metrics.InceptionScore(kgan.metrics.classifier("mnist"))
    """
    if name not in NAMES:
        raise ValueError(f"there are classifiers of {' and '.join(NAMES)}, got {name!r}")
    return _loaded(name)


def classifier_features(name):
    """What the last layer of a `classifier` sees: the extractor for metrics on such images.

    Args:
        name: See `classifier`.

    Returns:
        A functional model, not trainable, from pixels `(n, 28, 28, 1)` in 0..255 to features
        `(n, 128)`, float32.

    Example:
        >>> extractor = kgan.metrics.classifier_features("mnist")
        >>> fid = kgan.metrics.FrechetInceptionDistance(extractor)
    """
    network = classifier(name)
    features = keras.Model(
        network.input, network.get_layer("features").output, name=f"{name}_features"
    )
    features.trainable = False
    return features


def shipped_classifier(source, shape):
    """The name of the classifier that knows these images, or None.

    Args:
        source: What `kgan.data.load` takes.
        shape: Of one image, `(height, width, channels)`.
    """
    return BY_SOURCE.get(source) if tuple(shape) == (28, 28, 1) else None


@functools.lru_cache(maxsize=len(NAMES))
def _loaded(name):
    folder = weight_files.builtin_folder() / "classifiers"
    path = folder / f"{name}.weights.h5"
    about = json.loads((folder / "classifiers.json").read_text())[name]
    if weight_files.sha256(path) != about["sha256"]:
        raise ValueError(f"{path} does not have the checksum in classifiers.json: it was changed")
    network = build(name)
    network.load_weights(path)
    network.trainable = False
    return network


def build(name):
    """The network with fresh weights."""
    pixels = keras.Input((28, 28, 1), dtype="float32", name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32")(pixels)
    x = layers.MaxPooling2D(**_SPATIAL)(_convolution(x, 32))
    x = layers.MaxPooling2D(**_SPATIAL)(_convolution(_convolution(x, 64), 64))
    x = layers.GlobalAveragePooling2D(**_SPATIAL)(_convolution(_convolution(x, 128), 128))
    x = layers.Dense(128, activation="relu", dtype="float32", name="features")(x)
    x = layers.Dropout(0.3, dtype="float32", seed=0)(x)
    x = layers.Dense(10, activation="softmax", dtype="float32", name="probabilities")(x)
    return keras.Model(pixels, x, name=f"{name}_classifier")


def _convolution(x, filters):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False, **_SPATIAL)(x)
    x = layers.BatchNormalization(axis=-1, dtype="float32")(x)
    return layers.ReLU(dtype="float32")(x)
