"""Conditional batch normalisation: Dumoulin et al. 2017 (arXiv:1610.07629), Eq. 5.

De Vries et al. 2017 (arXiv:1707.00683), Sec. 2.2, for conditions that are vectors.
"""

import keras
from keras import layers, ops

from kgan.layers.batch import BatchNormalization


@keras.saving.register_keras_serializable("kgan")
class ConditionalBatchNormalization(layers.Layer):
    """Batch normalisation whose gain and bias are functions of the condition.

    Called on `[x, condition]`: x of shape `(n, ..., channels)`, and class labels `(n,)` or vectors
    `(n, d)`. A class has a gain and a bias of its own; for a vector they are linear in it. At
    first they are 1 and 0 for every condition, so that the layer starts as plain batch
    normalisation.

    Args:
        classes: Number of classes; None if the condition is a vector.
        momentum: Of the moving statistics, as in `keras.layers.BatchNormalization`.
        epsilon: Added to the variance.
        **kwargs: As of every Keras layer.

    Raises:
        ValueError: If the inputs are not x and a condition of the right shape.

    Example:
        >>> layer = kgan.layers.ConditionalBatchNormalization(classes=10)
        >>> y = layer([keras.ops.ones((2, 4, 4, 8)), keras.ops.array([3, 7])], training=True)
    """

    def __init__(self, classes=None, momentum=0.9, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes
        self.momentum = momentum
        self.epsilon = epsilon
        self.normalization = BatchNormalization(
            center=False,
            scale=False,
            momentum=momentum,
            epsilon=epsilon,
            dtype=self.dtype_policy,
            name="normalization",
        )

    def build(self, input_shape):
        """Builds the statistics and, for each channel, what gives gain and bias."""
        rank = 1 if self.classes is not None else 2
        shapes = input_shape if isinstance(input_shape[0], list | tuple) else [input_shape]
        if len(shapes) != 2 or len(shapes[1]) != rank:
            what = "class labels (n,)" if rank == 1 else "vectors (n, d)"
            raise ValueError(
                f"ConditionalBatchNormalization(classes={self.classes}) is called on "
                f"[x, condition] with {what}; got shapes {input_shape}"
            )
        features, condition = input_shape
        self.normalization.build(features)
        self.gain = self.from_condition(features[-1], "ones", "gain")
        self.bias = self.from_condition(features[-1], "zeros", "bias")
        self.gain.build(condition)
        self.bias.build(condition)

    def from_condition(self, channels, start, name):
        """A layer from conditions to one number a channel, all equal to `start` at first."""
        options = {"dtype": self.dtype_policy, "name": name}
        if self.classes is not None:
            return layers.Embedding(self.classes, channels, embeddings_initializer=start, **options)
        return layers.Dense(channels, kernel_initializer="zeros", bias_initializer=start, **options)

    def call(self, inputs, training=False):
        """Normalises x and applies the condition's gain and bias."""
        x, condition = inputs
        shape = (-1,) + (1,) * (len(x.shape) - 2) + (x.shape[-1],)
        gain = ops.reshape(self.gain(condition), shape)
        bias = ops.reshape(self.bias(condition), shape)
        return gain * self.normalization(x, training=training) + bias

    def compute_output_shape(self, input_shape):
        """That of x."""
        return input_shape[0]

    def get_config(self):
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
