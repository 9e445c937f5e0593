"""Rectifiers with a cheap second derivative."""

import keras

from kgan import backend


@keras.saving.register_keras_serializable("kgan")
class LeakyReLU(keras.layers.LeakyReLU):
    """max(x, negative_slope * x), cheap to differentiate twice.

    A gradient penalty differentiates the discriminator's gradient. A rectifier's second derivative
    is zero, but automatic differentiation does not know it, and takes those zeros back through
    every layer below: on TensorFlow, a penalty through `keras.layers.LeakyReLU` costs half as much
    again. Values and gradients are the same.

    Args:
        negative_slope: The slope for x < 0, not negative.
        **kwargs: As for every layer.
    """

    def __init__(self, negative_slope=0.2, **kwargs):
        super().__init__(negative_slope, **kwargs)

    def call(self, inputs):
        """Any shape, to the same shape."""
        return backend.leaky_relu(inputs, self.negative_slope)


@keras.saving.register_keras_serializable("kgan")
class ReLU(keras.layers.Layer):
    """max(x, 0), cheap to differentiate twice: see `LeakyReLU`."""

    def call(self, inputs):
        """Any shape, to the same shape."""
        return backend.leaky_relu(inputs, 0.0)

    def compute_output_shape(self, input_shape):
        """The input's."""
        return input_shape
