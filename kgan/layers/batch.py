"""Batch normalisation in one kernel: Ioffe and Szegedy 2015 (arXiv:1502.03167)."""

import keras

from kgan import backend


@keras.saving.register_keras_serializable("kgan")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, which on TensorFlow trains by TensorFlow's fused kernel.

    Keras computes a batch's statistics by one operation and normalises by others, in float32 even
    where the layer computes in bfloat16; the kernel goes over the images fewer times. Values,
    gradients and moving statistics are the same. Whatever else the layer can do, and everything in
    inference and on other backends, is left to Keras.

    Args:
        *args: As in `keras.layers.BatchNormalization`.
        **kwargs: The same.

    Example:
        >>> layer = kgan.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
        >>> y = layer(keras.random.normal((8, 4, 4, 16)), training=True)
    """

    def call(self, inputs, training=None, mask=None):
        """See `keras.layers.BatchNormalization`: any shape, to the same shape."""
        if not (training and mask is None and self.fits_kernel(inputs)):
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = backend.fused_batch_normalization(
            inputs, self.gamma, self.beta, self.epsilon
        )
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1.0 - self.momentum))
        return outputs

    def fits_kernel(self, inputs):
        """Whether there is a kernel that does in training what this layer would."""
        plain = self.trainable and not self.synchronized and not getattr(self, "renorm", False)
        images = len(inputs.shape) == 4 and self.axis in (-1, 3) and inputs.shape[-1] is not None
        dtype = keras.backend.standardize_dtype(inputs.dtype)
        known = dtype in ("float32", "bfloat16", "float16") and self.variable_dtype == "float32"
        return (
            backend.fused_batch_normalization is not None
            and plain
            and images
            and known
            and dtype == self.compute_dtype
        )
