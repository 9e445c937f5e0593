"""Pixelwise feature normalisation: Karras et al. 2018, Progressive Growing (arXiv:1710.10196)."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("kgan")
class PixelNormalization(layers.Layer):
    """Scales the feature vector at each pixel to a mean square of one (Sec. 4.2).

    b = a / sqrt(mean over the channels of a^2 + epsilon), for the last axis of any shape.

    Args:
        epsilon: Added to the mean square.
        **kwargs: As of every Keras layer.

    Example:
        >>> y = kgan.layers.PixelNormalization()(keras.ops.ones((1, 4, 4, 8)))
    """

    def __init__(self, epsilon=1e-8, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        """The normalised features, of the same shape."""
        # In float16 neither squares nor epsilon are in range.
        x = ops.cast(inputs, "float32")
        x = x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + self.epsilon)
        return ops.cast(x, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        """That of the input."""
        return input_shape

    def get_config(self):
        """The arguments of `__init__`."""
        return {**super().get_config(), "epsilon": self.epsilon}
