"""Training that is cut in two: `python resume.py save|go_on FOLDER [everything]`.

`save` trains models without a break, and keeps a file of each one's state halfway; `go_on`, in
another process, loads that file, trains the second half and compares every bit. They are those of
`POLICIES`, or every model under every policy.
"""

import pathlib
import sys

import checks
import keras
import numpy as np
import tiny

import kgan
from kgan.latents import Categorical, Continuous

POLICIES = {
    "float32": ("gan", "infogan"),
    "mixed_bfloat16": ("wgan", "conditional"),
    "mixed_float16": ("gan", "wgan_gp", "infogan"),
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


def save(folder, everything):
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
