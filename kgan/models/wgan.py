"""WGAN: Arjovsky, Chintala and Bottou 2017, Wasserstein GAN (arXiv:1701.07875)."""

import keras

from kgan.models.gan import GAN
from kgan.penalties import clip_weights


@keras.saving.register_keras_serializable("kgan")
class WGAN(GAN):
    """Wasserstein GAN whose critic is kept Lipschitz by clipping its weights (Algorithm 1).

    The negative of `d_loss` estimates the earth mover's distance between real and generated
    images, up to a constant factor that the clipping sets.

    Args:
        generator: See `GAN`.
        discriminator: The critic; see `GAN`.
        discriminator_steps: Updates of the critic in a round, the paper's n_critic.
        clip: Every weight of the critic is kept in `[-clip, clip]`, the paper's c.
        **kwargs: See `GAN`.

    Example:
        >>> gan = kgan.WGAN(*kgan.networks.dcgan((28, 28, 1), latent_dim=64))
        >>> gan.compile()  # RMSprop, 5e-5
    """

    def __init__(
        self,
        generator,
        discriminator,
        *,
        discriminator_steps=5,
        clip=0.01,
        loss="wasserstein",
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            loss=loss,
            discriminator_steps=discriminator_steps,
            **kwargs,
        )
        if clip <= 0:
            raise ValueError(f"clip must be positive, got {clip}")
        self.clip = clip

    def default_optimizer(self):
        """RMSprop with the paper's learning rate: momentum made training unstable (Sec. 4)."""
        return keras.optimizers.RMSprop(5e-5)

    def after_discriminator_update(self):
        """Algorithm 1, line 7: w <- clip(w, -c, c)."""
        clip_weights(self.discriminator.trainable_variables, self.clip)

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {**super().get_config(), "clip": self.clip}
