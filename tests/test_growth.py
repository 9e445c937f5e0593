"""One `fit` from the first level to the last, on every backend."""

import gc
import weakref

import growing
import keras
import numpy as np
import pytest


class Notes(keras.callbacks.Callback):
    """What there is after each round."""

    def __init__(self):
        super().__init__()
        self.found, self.functions, self.weights = [], [], []

    def on_train_batch_end(self, batch, logs=None):
        gan = self.model
        # A copy, which is no Keras variable: JAX's trainer takes those away between rounds.
        kernels = [
            np.array(keras.ops.convert_to_numpy(gan.generator.get_layer(f"to_rgb_{size}").kernel))
            for size in (4, 8, 16)
        ]
        self.weights.append(kernels)
        adam = gan.optimizer.generator
        self.found.append((gan.count_images(), int(adam.iterations), float(adam.learning_rate)))
        function = gan.train_function
        if not self.functions or self.functions[-1]() is not function:
            self.functions.append(weakref.ref(function))


def test_one_fit_grows_at_the_very_rounds_and_compiles_once_a_level():
    gan = growing.model(loss="hinge", penalties=(), learning_rates={8: 0.002, 16: (0.004, 0.003)})
    played, play = [], gan.discriminator_loss
    gan.discriminator_loss = lambda *args: played.append(gan.level) or play(*args)
    gan.compile()
    notes = Notes()
    history = gan.fit(
        growing.images(), batch_size=4, epochs=2, steps_per_epoch=11, verbose=0, callbacks=[notes]
    ).history
    # 4 rounds of 4 images at 4 px, 8 at 8 px, 10 at 16 px.
    compiled = keras.backend.backend() != "torch"
    assert played == ([0, 1, 2] if compiled else [0] * 4 + [1] * 8 + [2] * 10)
    gc.collect()
    assert [f() is not None for f in notes.functions] == [False, False, True]

    counts, iterations, rates = zip(*notes.found)
    assert counts == tuple(range(4, 92, 4))
    # The callback of `fit` comes after these notes, which see the last of a level before it ends.
    assert iterations == (*range(1, 5), *range(1, 9), *range(1, 11))
    np.testing.assert_allclose(rates, 4 * [0.001] + 8 * [0.002] + 10 * [0.004])
    assert float(gan.optimizer.discriminator.learning_rate) == pytest.approx(0.003)
    # Colours of 4 px move until 8 px have faded in, those of 8 px until 16 px have.
    for kernels, first, last in zip(zip(*notes.weights), (0, 5, 13), (8, 20, 22)):
        moved = [i for i in range(1, 22) if not np.array_equal(kernels[i], kernels[i - 1])]
        assert set(moved) == set(range(max(first, 1), last))
    at_rounds = [4.0] * 4 + [4, 5, 6, 7] + [8.0] * 4 + [8 + i for i in range(8)] + [16.0] * 2
    expected = [np.mean(at_rounds[:11]), np.mean(at_rounds[11:])]
    np.testing.assert_allclose(history["resolution"], expected, rtol=1e-5)
