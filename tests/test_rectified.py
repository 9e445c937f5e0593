"""Rectifiers: Keras's values and derivatives, by a shorter way."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import kgan
from kgan import backend

PAIRS = {
    "leaky": (kgan.layers.LeakyReLU(0.2), layers.LeakyReLU(0.2)),
    "steep": (kgan.layers.LeakyReLU(1.5), layers.LeakyReLU(1.5)),
    "relu": (kgan.layers.ReLU(), layers.ReLU()),
}
POINTS = np.array([[-3.0, -0.5, 0.25, 2.0]], "float32")


def cubed(layer):
    """A function of x with derivatives of every order where the layer is its input: layer(x)^3."""
    return lambda x: ops.power(layer(x), 3)


@pytest.mark.parametrize("name", PAIRS)
def test_values_and_two_derivatives(name):
    ours, keras_own = PAIRS[name]
    slope = {"leaky": 0.2, "steep": 1.5, "relu": 0.0}[name]
    x = ops.convert_to_tensor(POINTS)
    slopes = np.where(POINTS > 0, 1.0, slope)
    # y = s x on either side, so (y^3)' = 3 s^3 x^2 and (y^3)'' = 6 s^3 x.
    first = backend.input_gradient(cubed(ours), x)
    second = backend.input_gradient(lambda x: backend.input_gradient(cubed(ours), x), x)
    for value, expected in (
        (ours(x), keras_own(x)),
        (ours(x), slopes * POINTS),
        (first, 3 * slopes**3 * POINTS**2),
        (second, 6 * slopes**3 * POINTS),
    ):
        np.testing.assert_allclose(
            ops.convert_to_numpy(value), ops.convert_to_numpy(expected), rtol=1e-6
        )


def test_layers_survive_their_config():
    leaky = keras.layers.deserialize(keras.layers.serialize(kgan.layers.LeakyReLU(0.3)))
    assert isinstance(leaky, kgan.layers.LeakyReLU) and leaky.negative_slope == 0.3
    relu = keras.layers.deserialize(keras.layers.serialize(kgan.layers.ReLU()))
    assert isinstance(relu, kgan.layers.ReLU)
    assert kgan.layers.ReLU()(keras.Input((4, 4, 3))).shape == (None, 4, 4, 3)


@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize("layer", [kgan.layers.LeakyReLU, kgan.layers.ReLU])
def test_a_penalty_takes_no_zeros_back(layer):
    """The convolutions are gone back through once, for the penalty's own gradient.

    What differentiates the penalty goes forward through them, not back once more.
    """
    import tensorflow as tf

    network = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layer(), layers.Conv2D(2, 3), layer(),
         layers.Flatten(), layers.Dense(1)]
    )  # fmt: skip

    @tf.function
    def gradients(x):
        weights = [v.value for v in network.trainable_variables]
        with tf.GradientTape() as tape:
            penalty = ops.sum(ops.square(backend.input_gradient(network, x)))
        return tape.gradient(penalty, weights, unconnected_gradients="zero")

    graph = gradients.get_concrete_function(tf.ones((3, 8, 8, 1))).graph
    types = [operation.type for operation in graph.get_operations()]
    assert types.count("Conv2DBackpropInput") == 2
