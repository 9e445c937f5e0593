"""The layers' own losses are part of what a player minimises."""

import backends
import pytest

SCRIPT = """
import keras, numpy as np
from keras import layers
import kgan

def trained(weight):
    keras.utils.set_random_seed(0)
    generator, _ = kgan.networks.mlp((2,), 2, width=4)
    points = keras.Input((2,))
    logits = layers.Dense(1, use_bias=False, kernel_regularizer=keras.regularizers.L2(weight))
    gan = kgan.GAN(generator, keras.Model(points, logits(points)))
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.125))
    x = np.zeros((4, 2), "float32")
    before = gan.discriminator.get_weights()[0]
    gan.fit(x, batch_size=4, verbose=0)
    return before, gan.discriminator.get_weights()[0]

before, plain = trained(0.0)
_, decayed = trained(0.5)
# One step of rate 1/8 down 0.5 |w|^2, whose gradient is w, takes off w / 8 more.
np.testing.assert_allclose(decayed, plain - before / 8, rtol=1e-4, atol=1e-6)
"""


@pytest.mark.parametrize("backend", backends.BACKENDS)
def test_weight_decay_by_a_regularizer(backend):
    backends.run_on(backend, SCRIPT)
