"""Residual networks of SNGAN: Miyato et al. 2018, Spectral Normalization (arXiv:1802.05957).

Tables 4 (32 px), 5 (48 px) and 6 (128 px); the network for 64 px is that of the authors' code
(github.com/pfnet-research/sngan_projection). WGAN-GP's network for 32 px (Gulrajani et al. 2017,
arXiv:1704.00028, appendix) has the same blocks and differs in widths and pooling.
"""

import keras
from keras import Input, layers

from kgan.layers import GlobalSumPooling2D, ReLU
from kgan.networks import checks
from kgan.networks.heads import (
    concatenate_condition,
    condition_input,
    discriminator_outputs,
    drop,
    judged_input,
    network_inputs,
    normalize,
    spectral,
)

# Channels, in multiples of `width`: what the generator's dense layer and then each of its blocks
# gives; what each of the discriminator's blocks gives, and how many of these halve the image.
PLANS = {
    32: ((4, 4, 4, 4), (2, 2, 2, 2), 2),
    48: ((8, 4, 2, 1), (1, 2, 4, 8, 16), 4),
    64: ((16, 8, 4, 2, 1), (1, 2, 4, 8, 16), 5),
    128: ((16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16, 16), 5),
}


def resnet(
    image_shape=(32, 32, 3),
    latent_dim=128,
    *,
    width=64,
    classes=None,
    condition_dim=None,
    code_parameters=0,
    class_head=False,
    generator_norm="batch",
    discriminator_norm=None,
    spectral_norm=False,
    dropout=0.0,
    pooling="sum",
):
    """Residual networks for images of 32, 48, 64 or 128 px.

    `width=64` gives the paper's networks: at 32 px 256 channels in the generator and 128 in
    the discriminator, at 48 px and above 64 channels at the highest resolution and up to 1,024.
    SNGAN itself is `resnet(spectral_norm=True)` with the hinge loss. WGAN-GP's network for CIFAR-10
    is `resnet(width=(32, 64), pooling="mean")`.

    A condition enters the generator by conditional batch normalisation (in the generator's blocks,
    as in Miyato and Koyama 2018, arXiv:1802.05637) and, if `generator_norm` is not `"batch"`,
    as an embedding behind the latents; the discriminator by projection.

    Args:
        image_shape: `(size, size, channels)`, size 32, 48, 64 or 128, channels 1 or 3.
        latent_dim: Length of the latent vector.
        width: What the papers' channels scale with, or a pair, the generator's and the
            discriminator's.
        classes: Number of classes, for networks that take an integer label.
        condition_dim: Length of the condition, for networks that take a vector.
        code_parameters: Outputs of InfoGAN's Q, 0 for none.
        class_head: Whether the discriminator names the class, for `kgan.ACGAN`, and is not told it.
        generator_norm: `"batch"`, `"layer"` or None.
        discriminator_norm: The same; `"batch"` cannot be used with gradient penalties. All blocks
            but the first are normalised.
        spectral_norm: Whether the discriminator's weights have spectral norm 1.
        dropout: Fraction of the discriminator's features dropped after each block.
        pooling: What is taken of each of the discriminator's last channels: `"sum"` (SNGAN) or
            `"mean"` (WGAN-GP).

    Returns:
        `(generator, discriminator)`, functional Keras models.

    Raises:
        ValueError: If the image shape is not supported or an argument is out of range.

    Example:
        >>> generator, discriminator = kgan.networks.resnet((64, 64, 3), spectral_norm=True)
    """
    size, channels = checks.square(
        "resnet", image_shape, PLANS.__contains__, "32, 48, 64 or 128 pixels"
    )
    checks.check_shared(
        latent_dim,
        classes,
        condition_dim,
        code_parameters,
        generator_norm,
        discriminator_norm,
        dropout,
        class_head,
    )
    if pooling not in ("sum", "mean"):
        raise ValueError(f'pooling must be "sum" or "mean", got {pooling!r}')
    generator_width, discriminator_width = checks.pair("width", width)
    generator_plan, discriminator_plan, halvings = PLANS[size]

    latents = Input((latent_dim,), name="latents")
    condition = condition_input(classes, condition_dim)
    by_norm = condition is not None and generator_norm == "batch"
    given = condition if by_norm else None
    x = latents if by_norm else concatenate_condition(latents, condition, classes)
    first, *rest = (generator_width * multiple for multiple in generator_plan)
    base = size // 2 ** len(rest)
    x = layers.Dense(base * base * first)(x)
    x = layers.Reshape((base, base, first))(x)
    for filters in rest:
        x = generator_block(x, filters, generator_norm, given, classes)
    x = layers.ReLU()(normalize(x, generator_norm))
    x = layers.Conv2D(channels, 3, padding="same", activation="tanh")(x)
    generator = keras.Model(network_inputs(latents, condition), x, name="generator")

    images = Input((size, size, channels), name="images")
    condition = judged_input(classes, condition_dim, class_head)
    x = images
    for i, multiple in enumerate(discriminator_plan):
        filters = discriminator_width * multiple
        x = discriminator_block(
            x, filters, discriminator_norm, spectral_norm, halve=i < halvings, first=i == 0
        )
        x = drop(x, dropout)
    x = ReLU()(x)
    x = GlobalSumPooling2D()(x) if pooling == "sum" else layers.GlobalAveragePooling2D()(x)
    outputs = discriminator_outputs(
        x, condition, classes, code_parameters, spectral_norm, class_head=class_head
    )
    inputs = network_inputs(images, condition)
    return generator, keras.Model(inputs, outputs, name="discriminator")


def generator_block(x, filters, norm, condition, classes):
    """Doubles height and width; the first convolution already sees the larger image."""
    # A 1x1 convolution and nearest-neighbour enlarging can change places: cheaper this way round.
    shortcut = layers.UpSampling2D(2)(convolution(filters, 1)(x))
    x = layers.ReLU()(normalize(x, norm, condition, classes))
    x = convolution(filters, 3)(layers.UpSampling2D(2)(x))
    x = layers.ReLU()(normalize(x, norm, condition, classes))
    x = convolution(filters, 3)(x)
    return layers.Add()([x, shortcut])


def discriminator_block(x, filters, norm, spectral_norm, halve, first):
    """Halves height and width at its end, if it does; the shortcut likewise.

    The first block, whose input is the image, has neither normalisation nor ReLU at its beginning
    and goes to its full number of channels at once.
    """
    inside = filters if first else x.shape[-1]
    shortcut = x
    if halve:
        # Averaging and a 1x1 convolution can change places: cheaper this way round.
        shortcut = layers.AveragePooling2D(2)(shortcut)
    if halve or x.shape[-1] != filters:
        shortcut = spectral(convolution(filters, 1), spectral_norm)(shortcut)
    if not first:
        x = ReLU()(normalize(x, norm))
    x = spectral(convolution(inside, 3), spectral_norm)(x)
    x = ReLU()(x if first else normalize(x, norm))
    x = spectral(convolution(filters, 3), spectral_norm)(x)
    if halve:
        x = layers.AveragePooling2D(2)(x)
    return layers.Add()([x, shortcut])


def convolution(filters, kernel_size):
    """A convolution initialised as in the authors' code.

    Glorot-uniform, with a gain of sqrt(2) in the residual branch, whose convolutions are 3x3.
    """
    scale = 2.0 if kernel_size == 3 else 1.0
    initializer = keras.initializers.VarianceScaling(scale, "fan_avg", "uniform")
    return layers.Conv2D(filters, kernel_size, padding="same", kernel_initializer=initializer)
