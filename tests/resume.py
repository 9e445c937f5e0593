"""Training that is cut in two: `python resume.py save|go_on FOLDER [everything]`.

`save` trains models without a break, and keeps a file of each one's state halfway; `go_on`, in
another process, loads that file, trains the second half and compares every bit. They are those of
`POLICIES`, or every model under every policy; and, on TensorFlow, one that is trained on images
that TensorFlow Datasets streams, saved in the middle of a pass.
"""

import importlib.util
import pathlib
import sys

import checks
import keras
import numpy as np
import tiny

import kgan
from kgan.latents import Categorical, Continuous

POLICIES = {
    "float32": ("infogan",),
    "mixed_bfloat16": ("wgan", "conditional"),
    "mixed_float16": ("gan", "wgan_gp"),
}


MODELS = ("gan", "wgan", "wgan_gp", "conditional", "infogan")


def models(wanted):
    """Models by name, each with an averaged generator."""
    rest = {"ema_decay": 0.9}
    codes = [Categorical(3), Continuous(1)]
    make = {
        "gan": lambda: kgan.GAN(*tiny.networks(), **rest),
        "wgan": lambda: kgan.WGAN(*tiny.networks(), discriminator_steps=2, clip=0.1, **rest),
        "wgan_gp": lambda: kgan.WGANGP(*tiny.networks(norm=False), discriminator_steps=2, **rest),
        "conditional": lambda: kgan.ConditionalGAN(*tiny.networks(classes=3), classes=3, **rest),
        "infogan": lambda: kgan.InfoGAN(*tiny.networks(code_parameters=5), codes=codes, **rest),
    }
    return {name: make[name]() for name in wanted}


def streams():
    """Whether images can be streamed here."""
    here = importlib.util.find_spec("tensorflow_datasets") is not None
    return here and keras.backend.backend() == "tensorflow"


def train_on_stream(gan, **kwargs):
    """Three rounds, where a pass has two."""
    import tensorflow_datasets as tfds

    form = dict(image_size=8, channels=1, batch_size=4, augment="flip", cache=False)
    with tfds.testing.mock_data(num_examples=9):
        dataset = kgan.data.load("celeb_a", **form)
        assert dataset.cardinality() == 2
        gan.fit(dataset, steps_per_epoch=3, verbose=0, **kwargs)


def save(folder, everything):
    if streams():
        gan = kgan.GAN(*tiny.networks())
        gan.compile()
        halfway = keras.callbacks.ModelCheckpoint(folder / "stream float32 {epoch}.keras")
        train_on_stream(gan, epochs=2, callbacks=[halfway])
        np.savez(folder / "stream float32.npz", *checks.state(gan))
    for policy, wanted in POLICIES.items():
        keras.config.set_dtype_policy(policy)
        for name, gan in models(MODELS if everything else wanted).items():
            gan.compile()
            halfway = keras.callbacks.ModelCheckpoint(folder / f"{name} {policy} {{epoch}}.keras")
            checks.train(gan, epochs=2, callbacks=[halfway])
            state = checks.values(gan.variables + gan.optimizer.variables)
            np.savez(folder / f"{name} {policy}.npz", *state)


def go_on(folder, everything):
    del everything  # The files are what there is.
    keras.utils.set_random_seed(123)
    for path in sorted(folder.glob("*.npz")):
        gan = keras.models.load_model(folder / f"{path.stem} 1.keras")
        if path.stem.startswith("stream"):
            assert int(gan.rounds) == 3
            train_on_stream(gan)
        else:
            assert int(gan.rounds) == checks.ROUNDS
            checks.train(gan)
        with np.load(path) as state:
            checks.assert_same(gan.variables + gan.optimizer.variables, [*state.values()])
        print("SAME", path.stem)


if __name__ == "__main__":
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    steps = {"save": save, "go_on": go_on}
    steps[sys.argv[1]](pathlib.Path(sys.argv[2]), everything=sys.argv[3:] == ["everything"])
