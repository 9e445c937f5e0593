"""A data source: an epoch of it alone, in rounds that cost nothing, and in those of a WGAN-GP."""

import pathlib
import tempfile
import time

import keras
import numpy as np
import reporting
import workloads
from keras_clock import Rounds

import kgan

task = reporting.task()

IMAGES = 64 * 5 * 10


def load(folder):
    """What `fit` is given."""
    source = task["source"]
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, 28, 28, 1)).astype("uint8")
    if source == "arrays":
        return images
    if source == "npz":
        np.savez(folder / "images.npz", images=images)
        source = folder / "images.npz"
    elif source == "folder":
        source = folder / "images"
        source.mkdir()
        for number, image in enumerate(images):
            kgan.data.save_image(source / f"{number:05}.png", image)
    return kgan.data.load(
        str(source), image_size=28, channels=1, batch_size=task["batch"], data_dir=task["data_dir"]
    )


def images_alone(data):
    """Images a second of the second epoch, without training."""
    if isinstance(data, np.ndarray):
        data = kgan.data.ImageDataset(data, batch_size=task["batch"])
    for _ in range(2):
        begun, n = time.perf_counter(), 0
        for batch in range(len(data)):
            n += len(keras.tree.flatten(data[batch])[0])
        spent = time.perf_counter() - begun
        data.on_epoch_end()
    return n / spent


def rounds(gan, data):
    """Seconds of each round in `fit`, by the clock."""
    gan.compile()
    clock = reporting.Clock(task)
    size = {"batch_size": task["batch"]} if isinstance(data, np.ndarray) else {}
    gan.fit(data, steps_per_epoch=clock.total, verbose=0, callbacks=[Rounds(clock)], **size)
    return clock


def main():
    """Measures, and reports."""
    with tempfile.TemporaryDirectory() as folder:
        data = load(pathlib.Path(folder))
        alone = images_alone(data)
        latents = keras.Input((1,))
        image = keras.layers.Reshape((28, 28, 1))(keras.layers.Dense(784)(latents))
        seen = keras.Input((28, 28, 1))
        logit = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(seen))
        light = kgan.WGAN(keras.Model(latents, image), keras.Model(seen, logit))
        light_clock = rounds(light, data)
        clock = rounds(workloads.build("wgan_gp", "digits"), data)
    backend = keras.backend.backend()
    clock.report(
        **reporting.device(backend),
        light_seconds=light_clock.seconds(),
        alone_images_per_second=alone,
        jit=False,
        precision="float32",
        versions={"kgan": kgan.__version__, "keras": keras.__version__},
    )


main()
