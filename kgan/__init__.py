"""kgan: generative adversarial networks for Keras."""

from kgan import data, latents, losses, networks, noise, penalties
from kgan.models import GAN, WGAN, WGANGP, ConditionalGAN, InfoGAN

__version__ = "0.1.0"

__all__ = [
    "GAN",
    "WGAN",
    "WGANGP",
    "ConditionalGAN",
    "InfoGAN",
    "data",
    "latents",
    "losses",
    "networks",
    "noise",
    "penalties",
]
