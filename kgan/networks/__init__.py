"""Builders that return a generator and a discriminator as built functional Keras models."""

from kgan.networks.dcgan import dcgan
from kgan.networks.mlp import mlp

__all__ = ["dcgan", "mlp"]
