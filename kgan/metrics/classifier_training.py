"""How the shipped classifiers were trained.

python -m kgan.metrics.classifier_training mnist --data_dir FOLDER --out FOLDER
"""

import argparse
import json
import pathlib
import time

import keras
from keras import layers

from kgan import data, weight_files
from kgan.metrics.classifiers import NAMES, build

EPOCHS = {"mnist": 8, "fashion_mnist": 10}


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
    digest = weight_files.save_weights(network, path)
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
