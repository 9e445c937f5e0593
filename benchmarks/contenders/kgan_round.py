"""Times rounds of kgan's WGAN-GP: `kgan_round.py ROUNDS PRECISION JIT`."""

import json
import sys
import time

import keras
import numpy as np

import kgan

WARM_UP = 3


class Clock(keras.callbacks.Callback):
    """Notes when each round ended."""

    def __init__(self):
        super().__init__()
        self.times = []

    def on_train_batch_end(self, batch, logs=None):
        """Waits for the round's result, then looks at the clock."""
        keras.ops.convert_to_numpy(logs["g_loss"])
        self.times.append(time.perf_counter())


def main():
    """Trains, and prints the seconds of each round after the warm-up."""
    rounds, precision, jit = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "on"
    keras.config.set_dtype_policy(precision)
    generator, discriminator = kgan.networks.dcgan((28, 28, 1), 128, discriminator_norm=None)
    gan = kgan.WGANGP(generator, discriminator)
    gan.compile(jit_compile=jit)
    if gan.jit_compile != jit:
        sys.exit(f"asked for jit_compile={jit}, got {gan.jit_compile}")
    images = np.random.default_rng(0).uniform(-1, 1, (64 * 5 * 10, 28, 28, 1)).astype("float32")
    clock = Clock()
    total = rounds + WARM_UP + 1
    gan.fit(images, batch_size=64, steps_per_epoch=total, verbose=0, callbacks=[clock])
    report = {
        "seconds": np.diff(clock.times[WARM_UP:]).tolist(),
        "precision": precision,
        "jit": gan.jit_compile,
        "parameters": generator.count_params() + discriminator.count_params(),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
