"""The algorithms: one file a variant, each a `keras.Model`."""

from kgan.models.acgan import ACGAN
from kgan.models.conditional import ConditionalGAN
from kgan.models.gan import GAN
from kgan.models.infogan import InfoGAN
from kgan.models.progressive import ProgressiveGAN
from kgan.models.relativistic import RelativisticGAN
from kgan.models.text import TextGAN
from kgan.models.wgan import WGAN
from kgan.models.wgan_gp import WGANGP

__all__ = [
    "ACGAN",
    "GAN",
    "WGAN",
    "WGANGP",
    "ConditionalGAN",
    "InfoGAN",
    "ProgressiveGAN",
    "RelativisticGAN",
    "TextGAN",
]
