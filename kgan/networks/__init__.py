"""Builders that return a generator and a discriminator as built functional Keras models."""

from kgan.networks.dcgan import dcgan
from kgan.networks.mlp import mlp
from kgan.networks.progressive import progressive
from kgan.networks.r3gan import r3gan
from kgan.networks.resnet import resnet

__all__ = ["dcgan", "mlp", "progressive", "r3gan", "resnet"]
