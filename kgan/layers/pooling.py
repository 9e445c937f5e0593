"""Global sum pooling, at the end of the SNGAN discriminator (arXiv:1802.05957, Tables 4 to 6)."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("kgan")
class GlobalSumPooling2D(layers.Layer):
    """Sums images over height and width: `(n, height, width, channels)` to `(n, channels)`.

    Example:
        >>> y = kgan.layers.GlobalSumPooling2D()(keras.ops.ones((1, 4, 4, 8)))
    """

    def call(self, inputs):
        """The sums, accumulated in float32."""
        return ops.cast(ops.sum(ops.cast(inputs, "float32"), axis=(1, 2)), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        """The batch and the channels."""
        return (input_shape[0], input_shape[-1])
