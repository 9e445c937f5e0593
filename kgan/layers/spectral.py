"""Spectral normalisation: Miyato et al. 2018 (arXiv:1802.05957), Algorithm 1."""

import keras
from keras import layers, ops

TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
SUPPORTED = (
    layers.Dense,
    layers.Embedding,
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    *TRANSPOSED,
)


@keras.saving.register_keras_serializable("kgan")
class SpectralNormalization(layers.Wrapper):
    """Divides a layer's weight W by its largest singular value sigma(W) wherever it is used.

    Eq. 8: W / sigma(W), where W is the kernel as a matrix with one column an output channel.
    sigma = v W u is found by power iteration; u and v count as constants, so that the gradient
    passes through sigma as in Eq. 12. The layer's own kernel stays the trainable variable and is
    never overwritten, unlike in `keras.layers.SpectralNormalization`, which assigns the quotient
    to the kernel and so cuts the gradient through sigma.

    With `training=True` a call starts from the last u and keeps the new one; otherwise u
    stays as it is. The norm is computed in float32; the layer computes in its own dtype.

    Args:
        layer: A `Dense`, `Embedding` or convolution, transposed or not.
        power_iterations: Iterations a call; the paper's is 1.
        **kwargs: `name` and `trainable`, as of every Keras layer.

    Raises:
        ValueError: If the layer is another one, or `power_iterations` is not positive.

    Example:
        >>> layer = kgan.layers.SpectralNormalization(keras.layers.Conv2D(64, 3))
        >>> y = layer(keras.ops.ones((1, 8, 8, 3)), training=True)
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        if not isinstance(layer, SUPPORTED):
            raise ValueError(
                "SpectralNormalization wraps Dense, Embedding, Conv and ConvTranspose layers; "
                f"got {layer!r}"
            )
        if power_iterations < 1:
            raise ValueError(f"power_iterations must be at least 1, got {power_iterations}")
        if "dtype" in kwargs:
            raise ValueError(
                f"got dtype={kwargs['dtype']!r}: the norm is always computed in float32; give the "
                "dtype to the wrapped layer"
            )
        # Without autocast the kernel is read in float32, whatever the model around it computes in.
        super().__init__(layer, dtype="float32", autocast=False, **kwargs)
        self.power_iterations = power_iterations

    @property
    def kernel(self):
        """The wrapped layer's weight, before it is normalised: a `keras.Variable`."""
        embedding = isinstance(self.layer, layers.Embedding)
        return self.layer.embeddings if embedding else self.layer.kernel

    def build(self, input_shape):
        """Builds the layer, and u with an entry an output channel, random at first."""
        super().build(input_shape)
        channels = self.kernel.shape[-2 if isinstance(self.layer, TRANSPOSED) else -1]
        self.u = self.add_weight(
            name="u",
            shape=(1, channels),
            initializer=keras.initializers.RandomNormal(),
            trainable=False,
            # All replicas compute the same u from the same kernel.
            aggregation="only_first_replica",
        )

    def call(self, inputs, training=False):
        """The layer's output with W / sigma(W) in place of W."""
        kernel = ops.convert_to_tensor(self.kernel)
        matrix = self.as_matrix(kernel)
        u, v = self.singular_vectors(ops.stop_gradient(matrix))
        if training:
            self.u.assign(u)
        sigma = ops.sum(ops.matmul(v, matrix) * u)
        normalized = kernel / ops.maximum(sigma, 1e-12)
        # Inside the scope the layer reads the quotient where it would read its kernel.
        values = [(variable, variable.value) for variable in self.layer.variables]
        scope = keras.StatelessScope([*values, (self.kernel, normalized)], collect_losses=True)
        with scope:
            outputs = self.layer(inputs)
        # Those of its activities. Its weights' regularizers are found without a call.
        for loss in scope.losses:
            self.add_loss(loss)
        return outputs

    def as_matrix(self, kernel):
        """The kernel with one column an output channel."""
        if isinstance(self.layer, TRANSPOSED):
            kernel = ops.moveaxis(kernel, -2, -1)
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def singular_vectors(self, matrix):
        """Row vectors u, v of unit length after the power iteration, from the u of before."""
        u = self.u.value
        for _ in range(self.power_iterations):
            v = unit(ops.matmul(u, ops.transpose(matrix)))
            u = unit(ops.matmul(v, matrix))
        return u, v

    def compute_output_shape(self, input_shape):
        """The layer's own."""
        return self.layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs, training=False):
        """The layer's own, in its own dtype."""
        return self.layer.compute_output_spec(inputs)

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        config = {**super().get_config(), "power_iterations": self.power_iterations}
        del config["dtype"]
        return config


def unit(x):
    """A vector divided by its length."""
    return x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-12)
