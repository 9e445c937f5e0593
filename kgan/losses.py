"""Adversarial losses: one class an objective, one equation a player.

A loss compares the discriminator's outputs (logits, unbounded, shape `(n, 1)`) on real and fake
images. `discriminator(real, fake)` and `generator(fake, real)` return scalars to be minimised.
`real` in the generator's loss matters only to relativistic losses, which set `uses_real`; the
others are given None there and spare the forward pass.
"""

import difflib

import keras
from keras import ops


class Loss:
    """Base class of the adversarial losses.

    Attributes:
        uses_real: Whether the generator's loss compares with real images.
        signed: Whether a logit's sign says what the discriminator takes an image for: positive
            for real, negative for generated.
    """

    uses_real = False
    signed = True

    def build(self, gan):
        """Looks at the model, once, and adds to it what has to be remembered: `gan.add_weight`."""

    def discriminator(self, real, fake):
        """The scalar that the discriminator minimises, from logits of shape `(n, 1)`."""
        raise NotImplementedError

    def generator(self, fake, real=None):
        """The scalar that the generator minimises, from logits of shape `(n, 1)`."""
        raise NotImplementedError

    def get_config(self):
        """The arguments of `__init__`."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable("kgan")
class Minimax(Loss):
    """The two-player game of Goodfellow et al. 2014 (arXiv:1406.2661), Eq. 1.

    With D = sigmoid(logit), the discriminator maximises E[log D(x)] + E[log(1 - D(G(z)))] and
    the generator minimises the same. Where the discriminator wins, the generator's gradient
    vanishes: prefer `NonSaturating` for training.

    Args:
        label_smoothing: The target of real images is 1 - `label_smoothing` (one-sided: Salimans
            et al. 2016, arXiv:1606.03498, Sec. 3.4).
    """

    def __init__(self, label_smoothing=0.0):
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label_smoothing must be in [0, 1), got {label_smoothing}")
        self.label_smoothing = label_smoothing

    def discriminator(self, real, fake):
        """-E[log D(x)] - E[log(1 - D(G(z)))]."""
        # Cross entropy with target t on a logit y is softplus(y) - t y.
        on_real = ops.softplus(real) - (1 - self.label_smoothing) * real
        return ops.mean(on_real) + ops.mean(ops.softplus(fake))

    def generator(self, fake, real=None):
        """E[log(1 - D(G(z)))]."""
        return -ops.mean(ops.softplus(fake))

    def get_config(self):
        """The arguments of `__init__`."""
        return {"label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable("kgan")
class NonSaturating(Minimax):
    """The discriminator of `Minimax`; the generator maximises E[log D(G(z))].

    Goodfellow et al. 2014 (arXiv:1406.2661), Sec. 3: the same fixed point, stronger gradients
    early in training.

    Args:
        label_smoothing: See `Minimax`.
    """

    def generator(self, fake, real=None):
        """-E[log D(G(z))]."""
        return ops.mean(ops.softplus(-fake))


@keras.saving.register_keras_serializable("kgan")
class LeastSquares(Loss):
    """Mao et al. 2017, Least Squares GAN (arXiv:1611.04076), Eq. 9: targets 0 and 1."""

    signed = False

    def discriminator(self, real, fake):
        """E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2."""
        return 0.5 * (ops.mean(ops.square(real - 1)) + ops.mean(ops.square(fake)))

    def generator(self, fake, real=None):
        """E[(D(G(z)) - 1)^2] / 2."""
        return 0.5 * ops.mean(ops.square(fake - 1))


@keras.saving.register_keras_serializable("kgan")
class Hinge(Loss):
    """Lim and Ye 2017, Geometric GAN (arXiv:1705.02894): a support vector machine's margins."""

    def discriminator(self, real, fake):
        """E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]."""
        return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))

    def generator(self, fake, real=None):
        """-E[D(G(z))]."""
        return -ops.mean(fake)


@keras.saving.register_keras_serializable("kgan")
class Wasserstein(Loss):
    """Arjovsky et al. 2017, Wasserstein GAN (arXiv:1701.07875), Eqs. 2 to 3.

    Only meaningful with a Lipschitz constraint on the discriminator: clip its weights
    (`kgan.WGAN`) or penalise its gradient (`kgan.WGANGP`).
    """

    signed = False

    def discriminator(self, real, fake):
        """E[D(G(z))] - E[D(x)]."""
        return ops.mean(fake) - ops.mean(real)

    def generator(self, fake, real=None):
        """-E[D(G(z))]."""
        return -ops.mean(fake)


@keras.saving.register_keras_serializable("kgan")
class RelativisticPairing(Loss):
    """Jolicoeur-Martineau 2018 (arXiv:1807.00734): is the real image the more real one?

    The i-th real image is compared with the i-th fake one. R3GAN (Huang et al. 2024,
    arXiv:2501.05441) trains this loss with R1 and R2 penalties.
    """

    uses_real = True
    signed = False

    def discriminator(self, real, fake):
        """-E[log sigmoid(D(x) - D(G(z)))]."""
        return ops.mean(ops.softplus(fake - real))

    def generator(self, fake, real=None):
        """-E[log sigmoid(D(G(z)) - D(x))]."""
        return ops.mean(ops.softplus(real - fake))


_BY_NAME = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "least_squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
    "relativistic": RelativisticPairing,
}


def get(loss):
    """A `Loss` from a name (`"hinge"`), a config or a `Loss`.

    Raises:
        ValueError: If there is no loss of that name.

    Example:
        >>> kgan.losses.get("hinge")
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, dict):
        return get(keras.saving.deserialize_keras_object(loss))
    if isinstance(loss, str) and loss in _BY_NAME:
        return _BY_NAME[loss]()
    if not isinstance(loss, str):
        raise ValueError(
            f"loss must be a name ({', '.join(_BY_NAME)}) or an instance of a subclass of "
            f"kgan.losses.Loss, got {loss!r}"
        )
    near = difflib.get_close_matches(loss.replace("-", "_"), _BY_NAME, n=1, cutoff=0.4)
    hint = f": did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"unknown loss {loss!r}{hint} Known losses: {', '.join(_BY_NAME)}")
