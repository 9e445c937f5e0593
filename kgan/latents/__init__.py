"""Latent vectors: the codes in them, paths between them, directions, and the way back to them.

A latent vector is noise, and behind it an InfoGAN's codes. What draws and truncates them belongs
to the models: `GAN.random_latents` and `GAN.sample`. The functions here take any kgan model, or
arrays of its latents, and return NumPy arrays on every backend. Functions that make several images
a row return them row by row with the number of columns, as `GAN.sample_grid` and for
`kgan.data.grid`.
"""

from kgan.latents.codes import Categorical, Code, Continuous
from kgan.latents.directions import (
    Directions,
    attribute_direction,
    closed_form_directions,
    move,
    pca_directions,
)
from kgan.latents.interpolation import arithmetic, interpolate, interpolation
from kgan.latents.inversion import Inversion, invert
from kgan.latents.sweeps import across_conditions, exchange, sweep
from kgan.latents.walks import walk

__all__ = [
    "Categorical",
    "Code",
    "Continuous",
    "Directions",
    "Inversion",
    "across_conditions",
    "arithmetic",
    "attribute_direction",
    "closed_form_directions",
    "exchange",
    "interpolate",
    "interpolation",
    "invert",
    "move",
    "pca_directions",
    "sweep",
    "walk",
]
