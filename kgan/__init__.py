"""kgan: generative adversarial networks for Keras."""

from kgan import (
    augment,
    callbacks,
    data,
    evaluation,
    latents,
    layers,
    losses,
    metrics,
    networks,
    noise,
    optimizers,
    penalties,
    schedules,
    text,
    theory,
    zoo,
)
from kgan.models import (
    GAN,
    WGAN,
    WGANGP,
    ConditionalGAN,
    InfoGAN,
    ProgressiveGAN,
    RelativisticGAN,
    TextGAN,
)

__version__ = "0.1.0"

__all__ = [
    "GAN",
    "WGAN",
    "WGANGP",
    "ConditionalGAN",
    "InfoGAN",
    "ProgressiveGAN",
    "RelativisticGAN",
    "TextGAN",
    "augment",
    "callbacks",
    "data",
    "evaluation",
    "latents",
    "layers",
    "losses",
    "metrics",
    "networks",
    "noise",
    "optimizers",
    "penalties",
    "schedules",
    "text",
    "theory",
    "zoo",
]
