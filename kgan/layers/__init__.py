"""Layers that the papers use and Keras does not have."""

from kgan.layers.batch import BatchNormalization
from kgan.layers.conditional import ConditionalBatchNormalization
from kgan.layers.equalized import EqualizedConv2D, EqualizedDense
from kgan.layers.fade import FadeIn
from kgan.layers.minibatch import MinibatchDiscrimination, MinibatchStdDev
from kgan.layers.pixel import PixelNormalization
from kgan.layers.pooling import GlobalSumPooling2D
from kgan.layers.rectified import LeakyReLU, ReLU
from kgan.layers.spectral import SpectralNormalization

__all__ = [
    "BatchNormalization",
    "ConditionalBatchNormalization",
    "EqualizedConv2D",
    "EqualizedDense",
    "FadeIn",
    "GlobalSumPooling2D",
    "LeakyReLU",
    "MinibatchDiscrimination",
    "MinibatchStdDev",
    "PixelNormalization",
    "ReLU",
    "SpectralNormalization",
]
