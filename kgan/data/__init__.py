"""Where images come from, and how a batch is made."""

from kgan.data.checks import validate
from kgan.data.dataset import ImageDataset
from kgan.data.images import grid, save_image, to_float, to_uint8
from kgan.data.loading import load

__all__ = ["ImageDataset", "grid", "load", "save_image", "to_float", "to_uint8", "validate"]
