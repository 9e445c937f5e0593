"""How one path through a network takes over from another: Karras et al. 2018, Fig. 2."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("kgan")
class FadeIn(layers.Layer):
    """Blends two inputs: (1 - alpha) * old + alpha * new.

    Progressive growing (arXiv:1710.10196, Sec. 2) fades each new resolution in by it. At 0 and 1
    the output is exactly one of the inputs. Alpha is a weight that is not trained but assigned, and
    saved with the network; it starts as 1, the new input alone.

    Attributes:
        alpha: A float32 variable `()`, from 0 to 1.

    Example:
        >>> fade = kgan.layers.FadeIn()
        >>> y = fade([keras.ops.zeros((1, 4)), keras.ops.ones((1, 4))])
        >>> fade.alpha.assign(0.25)
    """

    def build(self, input_shape):
        """Builds alpha."""
        # In float32 under any policy: a long fade has more steps than half precision.
        self.alpha = self.add_weight(
            name="alpha", shape=(), initializer="ones", trainable=False, dtype="float32",
            autocast=False,
        )  # fmt: skip

    def call(self, inputs):
        """Two tensors of one shape `(n, ...)`, the old and the new, to one."""
        old, new = inputs
        alpha = ops.cast(self.alpha, old.dtype)
        return (1 - alpha) * old + alpha * new

    def compute_output_shape(self, input_shape):
        """That of either input."""
        return input_shape[0]
