"""Layers that only the networks of R3GAN have: see `kgan.networks.r3gan`."""

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable("kgan")
class GroupedConv2D(layers.Conv2D):
    """`keras.layers.Conv2D` whose `groups` can also be trained on TensorFlow without a GPU.

    Arguments, weights and results are those of `Conv2D`.

    Example:
        >>> y = GroupedConv2D(32, 3, padding="same", groups=2)(keras.ops.ones((1, 8, 8, 32)))
    """

    def convolution_op(self, inputs, kernel):
        """`(n, height, width, channels)` to `(n, height', width', filters)`."""
        if self.groups == 1 or not splits_groups():
            return super().convolution_op(inputs, kernel)
        convolve = super().convolution_op
        images = ops.split(inputs, self.groups, axis=-1)
        kernels = ops.split(ops.convert_to_tensor(kernel), self.groups, axis=-1)
        return ops.concatenate([convolve(x, k) for x, k in zip(images, kernels)], axis=-1)


def splits_groups():
    """Whether grouped convolutions are made of one convolution for each group.

    TensorFlow's kernels for CPUs have no gradient for groups, so Keras hands those to XLA, layer
    by layer: that takes seconds to compile, again for each call outside of a graph, and XLA's
    convolutions are slow there.
    """
    return keras.backend.backend() == "tensorflow" and not keras.distribution.list_devices("gpu")


@keras.saving.register_keras_serializable("kgan")
class BilinearResampling2D(layers.Layer):
    """Doubles or halves height and width with the filter [1, 3, 3, 1], zeros around the image.

    That is bilinear interpolation, and its transpose: of each pixel's new value, 3/4 are from the
    nearer and 1/4 from the farther neighbour in either direction.

    Args:
        double: Whether to double; halves otherwise.
        **kwargs: As for every layer.

    Raises:
        ValueError: If height or width is unknown, or odd where it is to be halved.

    Example:
        >>> y = BilinearResampling2D(double=True)(keras.ops.ones((1, 4, 4, 8)))  # (1, 8, 8, 8)
    """

    def __init__(self, double, **kwargs):
        super().__init__(**kwargs)
        self.double = double

    def build(self, input_shape):
        """Prepares one matrix for each direction."""
        sides = input_shape[1:3]
        if None in sides or (not self.double and any(side % 2 for side in sides)):
            kind = "known" if self.double else "known and even"
            raise ValueError(f"height and width must be {kind}, got an input of {input_shape}")
        # Two matrix products differentiate, twice too, and compile alike on all backends.
        self.matrices = [resampling_matrix(side, self.double) for side in sides]

    def call(self, inputs):
        """`(n, height, width, channels)` to twice or half the height and width."""
        _, height, width, channels = inputs.shape
        rows, columns = (ops.convert_to_tensor(m, self.compute_dtype) for m in self.matrices)
        x = ops.matmul(rows, ops.reshape(inputs, (-1, height, width * channels)))
        x = ops.matmul(columns, ops.reshape(x, (-1, width, channels)))
        return ops.reshape(x, (-1, rows.shape[0], columns.shape[0], channels))

    def compute_output_shape(self, input_shape):
        """The input's, with twice or half the height and width."""
        n, height, width, channels = input_shape
        if self.double:
            return (n, 2 * height, 2 * width, channels)
        return (n, height // 2, width // 2, channels)

    def get_config(self):
        """The arguments of `__init__`."""
        return {**super().get_config(), "double": self.double}


def resampling_matrix(side, double):
    """The linear map of one direction: `(2 side, side)` if doubling, else `(side / 2, side)`."""
    if double:
        return 2 * resampling_matrix(2 * side, False).T
    matrix = np.zeros((side // 2, side), "float32")
    for i in range(side // 2):
        for j, weight in zip(range(2 * i - 1, 2 * i + 3), (1, 3, 3, 1)):
            if 0 <= j < side:
                matrix[i, j] = weight / 8
    return matrix


@keras.saving.register_keras_serializable("kgan")
class SpatialBasis(layers.Layer):
    """Multiplies each channel by a learned pattern.

    Features `(n, 1, 1, channels)` become images, each channel's pattern scaled by its feature;
    summed over height and width, images become the features that measure these patterns.

    Args:
        size: Height and width of the patterns, in pixels.
        initializer: Of the patterns.
        **kwargs: As for every layer.

    Example:
        >>> y = SpatialBasis(4)(keras.ops.ones((1, 1, 1, 8)))  # (1, 4, 4, 8)
    """

    def __init__(self, size, initializer="random_normal", **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape):
        """Builds one pattern for each channel."""
        self.basis = self.add_weight(
            name="basis",
            shape=(self.size, self.size, input_shape[-1]),
            initializer=self.initializer,
        )

    def call(self, inputs):
        """`(n, 1 or size, 1 or size, channels)` to `(n, size, size, channels)`."""
        return inputs * ops.cast(self.basis, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        """The patterns' height and width."""
        return (input_shape[0], self.size, self.size, input_shape[-1])

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {
            **super().get_config(),
            "size": self.size,
            "initializer": keras.initializers.serialize(self.initializer),
        }
