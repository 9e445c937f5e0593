"""The 94 convolutions of the FID Inception network: the one table of names and shapes.

The converter of the weights and the builder of the network both read it. Names are those of
TensorFlow's and torchvision's Inception v3 (Szegedy et al. 2015, arXiv:1512.00567); `source` is
where the TorchScript port of the graph `inception-2015-12-05` keeps the same convolution.
"""

from typing import NamedTuple


class Convolution(NamedTuple):
    """One convolution with its batch normalisation. `size` is (height, width)."""

    source: str
    size: tuple
    filters_in: int
    filters: int
    stride: int = 1
    padding: str = "same"


def _stem():
    yield "conv2d_1a_3x3", Convolution("conv", (3, 3), 3, 32, 2, "valid")
    yield "conv2d_2a_3x3", Convolution("conv_1", (3, 3), 32, 32, 1, "valid")
    yield "conv2d_2b_3x3", Convolution("conv_2", (3, 3), 32, 64)
    yield "conv2d_3b_1x1", Convolution("conv_3", (1, 1), 64, 80)
    yield "conv2d_4a_3x3", Convolution("conv_4", (3, 3), 80, 192, 1, "valid")


def _mixed_35(source, filters_in, pool):
    yield "branch1x1", Convolution(f"{source}.conv", (1, 1), filters_in, 64)
    yield "branch5x5_1", Convolution(f"{source}.tower.conv", (1, 1), filters_in, 48)
    yield "branch5x5_2", Convolution(f"{source}.tower.conv_1", (5, 5), 48, 64)
    yield "branch3x3dbl_1", Convolution(f"{source}.tower_1.conv", (1, 1), filters_in, 64)
    yield "branch3x3dbl_2", Convolution(f"{source}.tower_1.conv_1", (3, 3), 64, 96)
    yield "branch3x3dbl_3", Convolution(f"{source}.tower_1.conv_2", (3, 3), 96, 96)
    yield "branch_pool", Convolution(f"{source}.tower_2.conv", (1, 1), filters_in, pool)


def _reduction_17(source):
    yield "branch3x3", Convolution(f"{source}.conv", (3, 3), 288, 384, 2, "valid")
    yield "branch3x3dbl_1", Convolution(f"{source}.tower.conv", (1, 1), 288, 64)
    yield "branch3x3dbl_2", Convolution(f"{source}.tower.conv_1", (3, 3), 64, 96)
    yield "branch3x3dbl_3", Convolution(f"{source}.tower.conv_2", (3, 3), 96, 96, 2, "valid")


def _mixed_17(source, c):
    yield "branch1x1", Convolution(f"{source}.conv", (1, 1), 768, 192)
    yield "branch7x7_1", Convolution(f"{source}.tower.conv", (1, 1), 768, c)
    yield "branch7x7_2", Convolution(f"{source}.tower.conv_1", (1, 7), c, c)
    yield "branch7x7_3", Convolution(f"{source}.tower.conv_2", (7, 1), c, 192)
    yield "branch7x7dbl_1", Convolution(f"{source}.tower_1.conv", (1, 1), 768, c)
    yield "branch7x7dbl_2", Convolution(f"{source}.tower_1.conv_1", (7, 1), c, c)
    yield "branch7x7dbl_3", Convolution(f"{source}.tower_1.conv_2", (1, 7), c, c)
    yield "branch7x7dbl_4", Convolution(f"{source}.tower_1.conv_3", (7, 1), c, c)
    yield "branch7x7dbl_5", Convolution(f"{source}.tower_1.conv_4", (1, 7), c, 192)
    yield "branch_pool", Convolution(f"{source}.tower_2.conv", (1, 1), 768, 192)


def _reduction_8(source):
    yield "branch3x3_1", Convolution(f"{source}.tower.conv", (1, 1), 768, 192)
    yield "branch3x3_2", Convolution(f"{source}.tower.conv_1", (3, 3), 192, 320, 2, "valid")
    yield "branch7x7x3_1", Convolution(f"{source}.tower_1.conv", (1, 1), 768, 192)
    yield "branch7x7x3_2", Convolution(f"{source}.tower_1.conv_1", (1, 7), 192, 192)
    yield "branch7x7x3_3", Convolution(f"{source}.tower_1.conv_2", (7, 1), 192, 192)
    yield "branch7x7x3_4", Convolution(f"{source}.tower_1.conv_3", (3, 3), 192, 192, 2, "valid")


def _mixed_8(source, filters_in):
    yield "branch1x1", Convolution(f"{source}.conv", (1, 1), filters_in, 320)
    yield "branch3x3_1", Convolution(f"{source}.tower_conv", (1, 1), filters_in, 384)
    yield "branch3x3_2a", Convolution(f"{source}.tower_mixed_conv", (1, 3), 384, 384)
    yield "branch3x3_2b", Convolution(f"{source}.tower_mixed_conv_1", (3, 1), 384, 384)
    yield "branch3x3dbl_1", Convolution(f"{source}.tower_1_conv", (1, 1), filters_in, 448)
    yield "branch3x3dbl_2", Convolution(f"{source}.tower_1_conv_1", (3, 3), 448, 384)
    yield "branch3x3dbl_3a", Convolution(f"{source}.tower_1_mixed_conv", (1, 3), 384, 384)
    yield "branch3x3dbl_3b", Convolution(f"{source}.tower_1_mixed_conv_1", (3, 1), 384, 384)
    yield "branch_pool", Convolution(f"{source}.tower_2_conv", (1, 1), filters_in, 192)


_BLOCKS = {
    "mixed_5b": _mixed_35("mixed", 192, 32),
    "mixed_5c": _mixed_35("mixed_1", 256, 64),
    "mixed_5d": _mixed_35("mixed_2", 288, 64),
    "mixed_6a": _reduction_17("mixed_3"),
    "mixed_6b": _mixed_17("mixed_4", 128),
    "mixed_6c": _mixed_17("mixed_5", 160),
    "mixed_6d": _mixed_17("mixed_6", 160),
    "mixed_6e": _mixed_17("mixed_7", 192),
    "mixed_7a": _reduction_8("mixed_8"),
    "mixed_7b": _mixed_8("mixed_9", 1280),
    "mixed_7c": _mixed_8("mixed_10", 2048),
}

CONVOLUTIONS = dict(_stem()) | {
    f"{block}/{branch}": convolution
    for block, branches in _BLOCKS.items()
    for branch, convolution in branches
}
