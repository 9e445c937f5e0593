"""Makes the embedded data set from MNIST; for maintainers.

Run `python -m kgan.data._make_embedded [DATA_DIR]`, where DATA_DIR is the data_dir of TensorFlow
Datasets. The same bytes come out every time.
"""

import pathlib
import sys

import numpy as np

from kgan.data.sources import EMBEDDED_FILE

PER_CLASS = 1000


def choose(labels, per_class=PER_CLASS, seed=0):
    """Draws `per_class` images of each class and deals them out class by class.

    Args:
        labels: integers `(n,)`.
        per_class: images of each class.
        seed: seed of the draw.

    Returns:
        Indices `(classes * per_class,)`, whose labels run 0, 1, ..., classes - 1, 0, 1, ...
    """
    rng = np.random.default_rng(seed)
    classes = range(int(labels.max()) + 1)
    drawn = [rng.permutation(np.flatnonzero(labels == c))[:per_class] for c in classes]
    return np.stack(drawn, axis=1).reshape(-1)


def main(data_dir=None):
    """Writes the `.npz` beside this file."""
    import tensorflow_datasets as tfds

    mnist = tfds.load("mnist", split="train", data_dir=data_dir, batch_size=-1)
    images, labels = mnist["image"].numpy(), mnist["label"].numpy()
    chosen = choose(labels)
    path = pathlib.Path(__file__).with_name(EMBEDDED_FILE)
    np.savez_compressed(path, images=images[chosen], labels=labels[chosen].astype("uint8"))
    print(f"{path}: {len(chosen)} images, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
