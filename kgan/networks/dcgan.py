"""DCGAN: Radford, Metz and Chintala 2015, Unsupervised Representation Learning (arXiv:1511.06434)."""

import keras
from keras import Input, layers

from kgan.networks.heads import (
    condition_input,
    discriminator_outputs,
    generator_inputs,
    network_inputs,
    normalize,
)


def dcgan(
    image_shape=(28, 28, 1),
    latent_dim=64,
    *,
    width=64,
    kernel_size=5,
    classes=None,
    condition_dim=None,
    code_parameters=0,
    generator_norm="batch",
    discriminator_norm="batch",
    dropout=0.0,
):
    """Strided and transposed convolutions for square images of any size that is a multiple of 4.

    At 28 px and `width=64` the generator is Dense 7x7x128 and transposed convolutions of 64 and 1
    channels; the discriminator has convolutions of 64, 128 and 256 channels with stride 2.

    Args:
        image_shape: `(size, size, channels)`, channels 1 or 3.
        latent_dim: Length of the latent vector.
        width: Channels at the highest resolution; each lower one has twice as many, up to 8 times.
        kernel_size: Of all convolutions, in pixels.
        classes: Number of classes, for networks that take an integer label.
        condition_dim: Length of the condition, for networks that take a vector.
        code_parameters: Outputs of InfoGAN's Q, 0 for none.
        generator_norm: `"batch"`, `"layer"` or None.
        discriminator_norm: The same; `"batch"` cannot be used with gradient penalties.
        dropout: Fraction of the discriminator's features dropped after each convolution.

    Returns:
        `(generator, discriminator)`, functional Keras models.

    Raises:
        ValueError: If the image shape is not supported.

    Example:
        >>> generator, discriminator = kgan.networks.dcgan((64, 64, 3), latent_dim=128)
    """
    size, channels = check_shape(image_shape)
    widths = [width]
    base = size // 2
    while (base % 2 == 0 and base >= 8) or len(widths) < 2:
        base //= 2
        widths.append(min(widths[-1] * 2, 8 * width))

    inputs, x = generator_inputs(latent_dim, classes, condition_dim)
    # The block at the lowest resolution has as many channels as the one above it would halve.
    x = layers.Dense(base * base * widths[-1], use_bias=False, kernel_initializer=normal())(x)
    x = layers.Reshape((base, base, widths[-1]))(x)
    x = layers.ReLU()(normalize(x, generator_norm))
    for filters in reversed(widths[:-1]):
        x = layers.Conv2DTranspose(
            filters, kernel_size, 2, "same", use_bias=False, kernel_initializer=normal()
        )(x)
        x = layers.ReLU()(normalize(x, generator_norm))
    x = layers.Conv2DTranspose(
        channels, kernel_size, 2, "same", activation="tanh", kernel_initializer=normal()
    )(x)
    generator = keras.Model(network_inputs(inputs), x, name="generator")

    images = Input((size, size, channels), name="images")
    condition = condition_input(classes, condition_dim)
    x, filters = images, width
    while x.shape[1] > 4 or x is images:
        x = layers.Conv2D(filters, kernel_size, 2, "same", kernel_initializer=normal())(x)
        if filters > width:
            x = normalize(x, discriminator_norm)
        x = layers.LeakyReLU(0.2)(x)
        if dropout:
            x = layers.Dropout(dropout)(x)
        filters = min(filters * 2, 8 * width)
    outputs = discriminator_outputs(layers.Flatten()(x), condition, classes, code_parameters)
    inputs = [images] if condition is None else [images, condition]
    return generator, keras.Model(network_inputs(inputs), outputs, name="discriminator")


def normal():
    """The paper's initial weights. One object a layer: an initializer repeats its numbers."""
    return keras.initializers.RandomNormal(stddev=0.02)


def check_shape(image_shape):
    """Size and channels of a supported image shape.

    Raises:
        ValueError: If it is not square, its size not a multiple of 4, or its channels not 1 or 3.
    """
    shape = tuple(image_shape)
    if len(shape) != 3 or shape[0] != shape[1] or shape[0] % 4 or shape[2] not in (1, 3):
        raise ValueError(
            f"dcgan makes square images whose size is a multiple of 4, with 1 or 3 channels; "
            f"got {shape}: resize with kgan.data.load(..., image_size=...)"
        )
    return shape[0], shape[2]
