"""Equalised learning rate: Karras et al. 2018, Progressive Growing (arXiv:1710.10196), Sec. 4.1.

Weights start as standard normal numbers and are scaled by He's constant, gain / sqrt(fan-in), when
they are used. Adam's steps do not depend on the gradient's size, so all weights then learn at the
same relative speed, whatever the width of their layer.
"""

import math

import keras
from keras import layers, ops


class Equalized(layers.Layer):
    """What the equalised layers have in common: weights, and their scales.

    Args:
        gain: He's gain: sqrt(2) before a (leaky) ReLU, 1 where nothing follows.
        learning_rate_multiplier: Slows weights and biases down relative to the other layers';
            StyleGAN's mapping network has 0.01. The layer's outputs at first do not depend on it.
        activation: As in `keras.layers.Dense`.
        use_bias: Whether there is a bias.
        **kwargs: As of every Keras layer.
    """

    def __init__(self, gain, learning_rate_multiplier, activation, use_bias, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("gain", gain), ("learning_rate_multiplier", learning_rate_multiplier)):
            if not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")
        self.gain = gain
        self.learning_rate_multiplier = learning_rate_multiplier
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias

    def build_weights(self, shape):
        """Builds a kernel of `shape`, output channels last, and the bias."""
        self.scale = self.gain / math.sqrt(math.prod(shape[:-1])) * self.learning_rate_multiplier
        self.kernel = self.add_weight(
            name="kernel",
            shape=shape,
            initializer=keras.initializers.RandomNormal(stddev=1 / self.learning_rate_multiplier),
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(shape[-1],), initializer="zeros")

    def finish(self, x):
        """Adds the bias and applies the activation."""
        if self.use_bias:
            x = x + self.bias * self.learning_rate_multiplier
        return self.activation(x)

    def get_config(self):
        """What the layers' arguments have in common, serialised."""
        return {
            **super().get_config(),
            "gain": self.gain,
            "learning_rate_multiplier": self.learning_rate_multiplier,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }


@keras.saving.register_keras_serializable("kgan")
class EqualizedDense(Equalized):
    """A `Dense` layer with an equalised learning rate.

    Args:
        units: Output features.
        gain: He's gain: sqrt(2) before a (leaky) ReLU, 1 where nothing follows.
        learning_rate_multiplier: See `Equalized`.
        activation: As in `keras.layers.Dense`.
        use_bias: Whether there is a bias.
        **kwargs: As of every Keras layer.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> y = kgan.layers.EqualizedDense(16)(keras.ops.ones((2, 8)))
    """

    def __init__(
        self,
        units,
        gain=2**0.5,
        learning_rate_multiplier=1.0,
        activation=None,
        use_bias=True,
        **kwargs,
    ):
        super().__init__(gain, learning_rate_multiplier, activation, use_bias, **kwargs)
        if units < 1:
            raise ValueError(f"units must be at least 1, got {units}")
        self.units = units

    def build(self, input_shape):
        """Builds a kernel `(features, units)`."""
        self.build_weights((input_shape[-1], self.units))

    def call(self, inputs):
        """`(..., features)` to `(..., units)`."""
        return self.finish(ops.matmul(inputs, self.kernel * self.scale))

    def compute_output_shape(self, input_shape):
        """The input's, with `units` features."""
        return (*input_shape[:-1], self.units)

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("kgan")
class EqualizedConv2D(Equalized):
    """A `Conv2D` layer with an equalised learning rate.

    Args:
        filters: Output channels.
        kernel_size: Height and width of the kernel, in pixels.
        strides: Pixels between two outputs.
        padding: `"same"` or `"valid"`.
        gain: He's gain: sqrt(2) before a (leaky) ReLU, 1 where nothing follows.
        learning_rate_multiplier: See `Equalized`.
        activation: As in `keras.layers.Conv2D`.
        use_bias: Whether there is a bias.
        **kwargs: As of every Keras layer.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> y = kgan.layers.EqualizedConv2D(16, 3)(keras.ops.ones((1, 8, 8, 3)))
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="same",
        gain=2**0.5,
        learning_rate_multiplier=1.0,
        activation=None,
        use_bias=True,
        **kwargs,
    ):
        super().__init__(gain, learning_rate_multiplier, activation, use_bias, **kwargs)
        for name, value in (
            ("filters", filters),
            ("kernel_size", kernel_size),
            ("strides", strides),
        ):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be an integer of at least 1, got {value!r}")
        if padding not in ("same", "valid"):
            raise ValueError(f'padding must be "same" or "valid", got {padding!r}')
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding

    def build(self, input_shape):
        """Builds a kernel `(kernel_size, kernel_size, channels, filters)`."""
        self.build_weights((self.kernel_size, self.kernel_size, input_shape[-1], self.filters))

    def call(self, inputs):
        """`(n, height, width, channels)` to `(n, height', width', filters)`."""
        x = ops.conv(
            inputs,
            self.kernel * self.scale,
            strides=self.strides,
            padding=self.padding,
            data_format="channels_last",
        )
        return self.finish(x)

    def compute_output_shape(self, input_shape):
        """As of `keras.layers.Conv2D`."""
        shrink = 0 if self.padding == "same" else self.kernel_size - 1
        sides = [
            None if side is None else -(-(side - shrink) // self.strides)
            for side in input_shape[1:3]
        ]
        return (input_shape[0], *sides, self.filters)

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }
