"""The shipped classifiers of MNIST and Fashion-MNIST, and how they were trained.

Inception has seen photographs, so its features say little about digits. These networks of 0.2
million weights know the ten classes well, and their features are those of the domain. Train one
again with

    python -m kgan.metrics.classifiers mnist --data_dir FOLDER --out FOLDER
"""

import argparse
import functools
import hashlib
import json
import pathlib
import time

import keras
from keras import layers

NAMES = ("mnist", "fashion_mnist")
EPOCHS = {"mnist": 8, "fashion_mnist": 16}
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


@functools.lru_cache(maxsize=len(NAMES))
def _loaded(name):
    from kgan import zoo

    folder = zoo.builtin_folder() / "classifiers"
    path = folder / f"{name}.weights.h5"
    about = json.loads((folder / "classifiers.json").read_text())[name]
    if hashlib.sha256(path.read_bytes()).hexdigest() != about["sha256"]:
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


def train(name, data_dir, out, seed=0):
    """Trains a classifier on the whole training set and writes its weights in float16.

    Adam under a cosine schedule, images moved by up to two pixels, clothes also mirrored. The
    test set is looked at once, at the end, with the weights as they are written.

    Args:
        name: See `classifier`.
        data_dir: Where `tensorflow-datasets` finds the data.
        out: Folder for `NAME.weights.h5` and `classifiers.json`.
        seed: Of the weights, the order and the augmentation.

    Returns:
        The test accuracy.
    """
    from kgan import data, zoo

    keras.utils.set_random_seed(seed)
    started, batch_size, epochs = time.monotonic(), 128, EPOCHS[name]
    augment = [layers.RandomTranslation(0.08, 0.08, fill_mode="constant", fill_value=0.0)]
    if name == "fashion_mnist":
        augment.insert(0, layers.RandomFlip("horizontal"))
    dataset = data.load(
        name, "train", batch_size=batch_size, seed=seed, labels=True, data_dir=data_dir
    )
    network = build(name)
    steps = epochs * (len(dataset.images) // batch_size)
    training = keras.Sequential([keras.Input((28, 28, 1)), *augment, network])
    training.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    training.fit(dataset.images, dataset.labels, batch_size=batch_size, epochs=epochs, verbose=2)
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.weights.h5"
    digest = zoo.save_weights(network, path)
    network.load_weights(path)
    test = data.load(name, "test", batch_size=100, shuffle=False, labels=True, data_dir=data_dir)
    predicted = network.predict(test.images, batch_size=500, verbose=0).argmax(-1)
    accuracy = float((predicted == test.labels).mean())
    listing = out / "classifiers.json"
    known = json.loads(listing.read_text()) if listing.is_file() else {}
    known[name] = {
        "sha256": digest,
        "parameters": network.count_params(),
        "test_accuracy": accuracy,
        "epochs": epochs,
        "seed": seed,
        "seconds": round(time.monotonic() - started),
    }
    listing.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    return accuracy


def main():
    """Trains one classifier, as in the module's description."""
    parser = argparse.ArgumentParser(description="Trains a classifier for kgan.metrics.")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--data_dir")
    parser.add_argument("--out", default="classifiers")
    args = parser.parse_args()
    print(f"test accuracy {train(args.name, args.data_dir, args.out):.4f}")


if __name__ == "__main__":
    main()
