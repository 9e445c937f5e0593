"""Layers that let a discriminator compare the images of a batch with each other."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("kgan")
class MinibatchStdDev(layers.Layer):
    """Appends how much the batch varies, as further channels.

    Karras et al. 2018 (arXiv:1710.10196), Sec. 3: the standard deviation of each feature at each
    position over the batch, averaged over features and positions to one number, which becomes a
    constant channel. With `group_size` the batch is first cut into groups, each with a number of
    its own, as in StyleGAN (arXiv:1812.04948): image i is in group i mod (n // group_size). The
    images of an incomplete last group are given the numbers of the groups before.

    Args:
        group_size: Images in a group, or fewer if the batch is smaller; None for the whole batch.
        features: Channels appended: the channels are cut into so many parts, each with its
            own number.
        epsilon: Added to the variance.
        **kwargs: As of every Keras layer.

    Raises:
        ValueError: If the number of channels is not a multiple of `features`.

    Example:
        >>> y = kgan.layers.MinibatchStdDev()(keras.ops.ones((8, 4, 4, 16)))  # (8, 4, 4, 17)
    """

    def __init__(self, group_size=4, features=1, epsilon=1e-8, **kwargs):
        super().__init__(**kwargs)
        if group_size is not None and group_size < 2:
            raise ValueError(f"group_size must be at least 2 or None, got {group_size}")
        if features < 1:
            raise ValueError(f"features must be at least 1, got {features}")
        self.group_size = group_size
        self.features = features
        self.epsilon = epsilon

    def build(self, input_shape):
        """Checks that the channels can be divided."""
        if input_shape[-1] % self.features:
            raise ValueError(
                f"{input_shape[-1]} channels cannot be divided into features={self.features} parts"
            )

    def call(self, inputs):
        """`(n, ..., channels)` to `(n, ..., channels + features)`."""
        x = ops.cast(inputs, "float32")
        n = ops.shape(x)[0]
        smaller = min if isinstance(n, int) else ops.minimum
        size = n if self.group_size is None else smaller(self.group_size, n)
        groups = n // size
        parts = (*x.shape[1:-1], self.features, x.shape[-1] // self.features)
        y = ops.reshape(x[: size * groups], (size, groups, *parts))
        y = ops.square(y - ops.mean(y, axis=0, keepdims=True))
        y = ops.sqrt(ops.mean(y, axis=0) + self.epsilon)
        y = ops.mean(y, axis=(*range(1, len(parts) - 1), len(parts)))
        y = ops.take(y, ops.arange(n) % groups, axis=0)
        y = ops.reshape(y, (-1,) + (1,) * (len(x.shape) - 2) + (self.features,))
        y = y * ops.ones_like(x[..., : self.features])
        return ops.concatenate([inputs, ops.cast(y, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        """The input's, with `features` more channels."""
        return (*input_shape[:-1], input_shape[-1] + self.features)

    def get_config(self):
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "group_size": self.group_size,
            "features": self.features,
            "epsilon": self.epsilon,
        }


@keras.saving.register_keras_serializable("kgan")
class MinibatchDiscrimination(layers.Layer):
    """Appends how close each example is to the others of its batch.

    Salimans et al. 2016 (arXiv:1606.03498), Sec. 3.2: with a learned tensor T each example's
    features f_i become a matrix M_i = f_i T of `units` rows, and
    o(x_i)_b = sum over j of exp(-|M_ib - M_jb|_1) is appended to f_i. As in the paper's equation,
    j runs over all examples, i too, which adds one.

    Args:
        units: Numbers appended, the paper's B.
        kernel_dim: Length of the rows that are compared, the paper's C.
        kernel_initializer: Of T; by default normal with columns of length 1 on average, as the
            authors' code normalises them, so that distances do not grow with the features. Its
            bias, and its scale that depends on the first batch, are left out.
        **kwargs: As of every Keras layer.

    Raises:
        ValueError: If the inputs are not of shape `(n, features)`.

    Example:
        >>> y = kgan.layers.MinibatchDiscrimination(10, 3)(keras.ops.ones((8, 16)))  # (8, 26)
    """

    def __init__(self, units=100, kernel_dim=5, kernel_initializer=None, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("units", units), ("kernel_dim", kernel_dim)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.units = units
        self.kernel_dim = kernel_dim
        self.kernel_initializer = keras.initializers.get(
            kernel_initializer
            or keras.initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal")
        )

    def build(self, input_shape):
        """Builds T as a matrix `(features, units * kernel_dim)`."""
        if len(input_shape) != 2:
            raise ValueError(
                f"MinibatchDiscrimination takes features (n, d), got shape {tuple(input_shape)}: "
                "put a Flatten layer before it"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.units * self.kernel_dim),
            initializer=self.kernel_initializer,
        )

    def call(self, inputs):
        """`(n, features)` to `(n, features + units)`."""
        rows = ops.matmul(inputs, self.kernel)
        rows = ops.reshape(ops.cast(rows, "float32"), (-1, self.units, self.kernel_dim))
        distances = ops.sum(ops.abs(rows[:, None] - rows[None]), axis=-1)
        closeness = ops.sum(ops.exp(-distances), axis=1)
        return ops.concatenate([inputs, ops.cast(closeness, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        """The input's, with `units` more features."""
        return (*input_shape[:-1], input_shape[-1] + self.units)

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_dim": self.kernel_dim,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
