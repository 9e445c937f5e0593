"""Penalties on the discriminator's gradient, and weight clipping.

A penalty is called in the discriminator's update as `penalty(critic, real, fake, noise)`, where
`critic(images)` gives logits of shape `(n, 1)`, `real` and `fake` are images `(n, ...)` and `noise`
is a `kgan.noise.Noise`. It returns a scalar, which the model multiplies by `weight`, adds to
the discriminator's loss and logs, unweighted, under `name`.
"""

import keras
from keras import ops

from kgan import backend


class Penalty:
    """Base class of the penalties.

    Args:
        weight: What the penalty is multiplied by in the discriminator's loss.
    """

    name = "penalty"

    def __init__(self, weight):
        if weight < 0:
            raise ValueError(f"a penalty's weight must not be negative, got {weight}")
        self.weight = weight

    def __call__(self, critic, real, fake, noise):
        """The penalty, a scalar."""
        raise NotImplementedError

    def get_config(self):
        """The arguments of `__init__`."""
        return {"weight": self.weight}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        return cls(**config)


def squared_norm(gradient):
    """Sum of squares over all axes but the first: `(n, ...)` to `(n,)`, float32."""
    gradient = ops.cast(gradient, "float32")
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))


def interpolate(real, fake, noise):
    """One random point on the line from each real image to its fake one."""
    weights = noise.uniform((ops.shape(real)[0],) + (1,) * (len(real.shape) - 1))
    return weights * real + (1 - weights) * fake


@keras.saving.register_keras_serializable("kgan")
class GradientPenalty(Penalty):
    """Gulrajani et al. 2017 (arXiv:1704.00028), Eq. 3: E[(|grad D(x^)| - 1)^2].

    x^ is uniform on the line between a real and a fake image, one weight an example.

    Args:
        weight: The paper's lambda.
    """

    name = "gradient_penalty"

    def __init__(self, weight=10.0):
        super().__init__(weight)

    def __call__(self, critic, real, fake, noise):
        """The penalty, a scalar."""
        gradient = backend.input_gradient(critic, interpolate(real, fake, noise))
        return ops.mean(self.deviation(gradient))

    def deviation(self, gradient):
        """How far each example's gradient norm is from one: `(n, ...)` to `(n,)`."""
        # The square root's own gradient is infinite at zero.
        return ops.square(ops.sqrt(squared_norm(gradient) + 1e-12) - 1)


@keras.saving.register_keras_serializable("kgan")
class LipschitzPenalty(GradientPenalty):
    """Petzka et al. 2018, WGAN-LP (arXiv:1709.08894): E[max(0, |grad D(x^)| - 1)^2].

    One-sided: a gradient below one is not punished.

    Args:
        weight: The paper's lambda.
    """

    name = "lipschitz_penalty"

    def deviation(self, gradient):
        """How far each example's gradient norm is above one: `(n, ...)` to `(n,)`."""
        return ops.square(ops.relu(ops.sqrt(squared_norm(gradient) + 1e-12) - 1))


@keras.saving.register_keras_serializable("kgan")
class R1(Penalty):
    """Mescheder et al. 2018 (arXiv:1801.04406), Eq. 9: E[|grad D(x)|^2] / 2 on real images.

    Args:
        weight: The paper's gamma.
    """

    name = "r1"

    def __init__(self, weight=10.0):
        super().__init__(weight)

    def __call__(self, critic, real, fake, noise):
        """The penalty, a scalar."""
        return 0.5 * ops.mean(squared_norm(backend.input_gradient(critic, real)))


@keras.saving.register_keras_serializable("kgan")
class R2(R1):
    """Mescheder et al. 2018 (arXiv:1801.04406), Eq. 10: E[|grad D(G(z))|^2] / 2 on fake images.

    Args:
        weight: The paper's gamma.
    """

    name = "r2"

    def __call__(self, critic, real, fake, noise):
        """The penalty, a scalar."""
        return super().__call__(critic, fake, real, noise)


def clip_weights(variables, limit):
    """Clips each variable to `[-limit, limit]` (WGAN, arXiv:1701.07875, Algorithm 1, line 7)."""
    for variable in variables:
        variable.assign(ops.clip(variable, -limit, limit))


def get(penalty):
    """A `Penalty` from a config or a `Penalty`.

    Raises:
        ValueError: If it is something else.
    """
    if isinstance(penalty, Penalty):
        return penalty
    if isinstance(penalty, dict):
        return get(keras.saving.deserialize_keras_object(penalty))
    raise ValueError(
        f"a penalty must be a kgan.penalties.Penalty, such as R1(10.0); got {penalty!r}"
    )
