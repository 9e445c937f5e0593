"""A model that grows from 4 to 16 px in one `fit`: `python growing.py killed|resumed FOLDER`.

`killed` ends its process in the middle of the last fade, between two checkpoints. `resumed` goes on
from what that left, trains another model without a break, and compares every bit of both.
"""

import os
import pathlib
import sys

import checks
import keras
import numpy as np

import kgan

SIZE, BATCH_SIZE, ROUNDS, KILLED = 16, 4, 21, 17
# Images: 0 to 16 at 4 px, 16 to 32 a fade, to 48 at 8 px, 48 to 80 a fade, from there 16 px.
PHASES = {"fade_images": {4: 16, 16: 32}, "stable_images": 16}


def model(**kwargs):
    keras.utils.set_random_seed(3)
    networks = kgan.networks.progressive((SIZE, SIZE, 1), 6, width=4)
    return kgan.ProgressiveGAN(*networks, **{**PHASES, "ema_decay": 0.9, **kwargs})


def images(n=30):
    return np.random.default_rng(0).integers(0, 256, (n, SIZE, SIZE, 1), dtype="uint8")


class Kill(keras.callbacks.Callback):
    """Ends the process, as from outside, after so many images."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def on_train_batch_end(self, batch, logs=None):
        if self.model.count_images() == self.images:
            os._exit(KILLED)


def fresh():
    # A gradient penalty makes compiling slow, and has no state.
    parts = dict(loss="hinge", penalties=kgan.penalties.Drift(), batch_sizes={4: 8, 8: 4})
    gan = model(**parts, learning_rates={8: 2e-3, 16: 1e-3})
    gan.compile()
    return gan


def train(gan, *callbacks):
    """Up to `ROUNDS` rounds, 3 an epoch."""
    epochs = (ROUNDS - int(gan.rounds)) // 3
    gan.fit(
        images(), batch_size=BATCH_SIZE, steps_per_epoch=3, epochs=epochs, verbose=0,
        callbacks=[*callbacks],
    )  # fmt: skip


def killed(checkpoint):
    train(fresh(), kgan.callbacks.Checkpoint(checkpoint), Kill(64))
    raise AssertionError("it went on")


def resumed(checkpoint):
    gan = keras.models.load_model(checkpoint)
    assert (int(gan.rounds), gan.count_images(), gan.level) == (12, 56, 2)
    train(gan)
    whole = fresh()
    train(whole)
    assert (int(whole.rounds), whole.count_images()) == (21, 92)
    checks.assert_same(gan.variables, checks.values(whole.variables))
    checks.assert_same(gan.optimizer.variables, checks.values(whole.optimizer.variables))


if __name__ == "__main__":
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    {"killed": killed, "resumed": resumed}[sys.argv[1]](pathlib.Path(sys.argv[2]))
