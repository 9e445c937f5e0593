"""R3GAN: Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline.

arXiv:2501.05441. The loss is that of Jolicoeur-Martineau 2018, The relativistic discriminator
(arXiv:1807.00734).
"""

import keras

from kgan.models.conditional import ConditionalGAN
from kgan.penalties import R1, R2

# The authors' for CIFAR-10 at the start of training. Over the first 20 M of 250 M images it goes
# down to 0.005, the learning rate from 2e-4 to 5e-5, and Adam's beta_2 up from 0.9 to 0.99.
GAMMA = 0.05


@keras.saving.register_keras_serializable("kgan")
class RelativisticGAN(ConditionalGAN):
    """Real and generated images are judged in pairs, under R1 and R2 penalties (Sec. 2).

    The discriminator minimises E[softplus(D(G(z)) - D(x))] + gamma / 2 (E[|grad D(x)|^2] +
    E[|grad D(G(z))|^2]), the generator E[softplus(D(x) - D(G(z)))]. What is paired has the same
    condition. With both penalties training converges locally, as the paper proves.

    The paper's networks are `kgan.networks.r3gan`; any others do, with or without a condition. The
    discriminator must not use batch normalisation: the penalties are on its gradient at each image.

    Args:
        generator: See `GAN`, or `ConditionalGAN` for a network that takes a condition.
        discriminator: The same.
        classes: As in `ConditionalGAN`; None for networks that take no label.
        loss: See `GAN`.
        penalties: `[R1(0.05), R2(0.05)]` by default; see `GAN`. Gamma scales with the data: the
            authors take 0.05 at first for CIFAR-10, and more for larger images.
        **kwargs: See `GAN`.

    Raises:
        ValueError: If `classes` is given but the networks take no condition.

    Example:
        >>> networks = kgan.networks.r3gan((32, 32, 3), width=64, classes=10)
        >>> gan = kgan.RelativisticGAN(*networks, classes=10, ema_decay=0.999)
        >>> gan.compile()  # Adam, 2e-4, beta_1 = 0, beta_2 = 0.9
    """

    needs_condition = False

    def __init__(
        self,
        generator,
        discriminator,
        *,
        classes=None,
        loss="relativistic",
        penalties=None,
        **kwargs,
    ):
        kwargs["loss"] = loss
        kwargs["penalties"] = [R1(GAMMA), R2(GAMMA)] if penalties is None else penalties
        super().__init__(generator, discriminator, classes=classes, **kwargs)

    def default_optimizer(self):
        """Adam with the authors' values at the start of training."""
        return keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.9, epsilon=1e-8)
