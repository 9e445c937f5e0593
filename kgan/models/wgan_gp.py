"""WGAN-GP: Gulrajani et al. 2017, Improved Training of Wasserstein GANs (arXiv:1704.00028)."""

import keras

from kgan.models.gan import GAN
from kgan.penalties import GradientPenalty


@keras.saving.register_keras_serializable("kgan")
class WGANGP(GAN):
    """Wasserstein GAN whose critic is kept Lipschitz by a gradient penalty (Algorithm 1).

    The critic must not use batch normalisation: the penalty is on its gradient at each image.

    Args:
        generator: See `GAN`.
        discriminator: The critic; see `GAN`.
        discriminator_steps: Updates of the critic in a round, the paper's n_critic.
        penalties: What keeps the critic Lipschitz; `GradientPenalty(10.0)` by default, the
            paper's lambda. See `GAN`.
        **kwargs: See `GAN`.

    Example:
        >>> networks = kgan.networks.dcgan((28, 28, 1), 64, discriminator_norm=None)
        >>> gan = kgan.WGANGP(*networks)
        >>> gan.compile()  # Adam, 1e-4, beta_1 = 0, beta_2 = 0.9
    """

    def __init__(
        self,
        generator,
        discriminator,
        *,
        discriminator_steps=5,
        penalties=None,
        loss="wasserstein",
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            loss=loss,
            penalties=[GradientPenalty(10.0)] if penalties is None else penalties,
            discriminator_steps=discriminator_steps,
            **kwargs,
        )

    def default_optimizer(self):
        """Adam with the paper's values for Algorithm 1."""
        return keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9)
