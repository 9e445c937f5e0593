"""DCGAN: Radford, Metz and Chintala 2015, Unsupervised Representation Learning.

arXiv:1511.06434.
"""

import keras
from keras import Input, layers

from kgan.layers import LeakyReLU
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


def dcgan(
    image_shape=(28, 28, 1),
    latent_dim=64,
    *,
    width=64,
    classes=None,
    condition_dim=None,
    code_parameters=0,
    class_head=False,
    generator_norm="batch",
    discriminator_norm="batch",
    spectral_norm=False,
    dropout=0.0,
    kernel_size=5,
    hidden=None,
    embedding_dim=32,
    upsampling="transposed",
):
    """Strided and transposed convolutions for square images of any size that is a multiple of 4.

    At 28 px and `width=64` the generator is Dense 7x7x128 and transposed convolutions of 64 and 1
    channels; the discriminator has convolutions of 64, 128 and 256 channels with stride 2.

    Args:
        image_shape: `(size, size, channels)`, channels 1 or 3.
        latent_dim: Length of the latent vector.
        width: Channels at the highest resolution, or a pair, the generator's and the
            discriminator's; each lower resolution has twice as many, up to 8 times.
        classes: Number of classes, for networks that take an integer label.
        condition_dim: Length of the condition, for networks that take a vector.
        code_parameters: Outputs of InfoGAN's Q, 0 for none.
        class_head: Whether the discriminator names the class, for `kgan.ACGAN`, and is not told it.
        generator_norm: `"batch"`, `"layer"` or None.
        discriminator_norm: The same; `"batch"` cannot be used with gradient penalties.
        spectral_norm: Whether the discriminator's weights have spectral norm 1.
        dropout: Fraction of the discriminator's features dropped after each convolution.
        kernel_size: Of all strided and transposed convolutions, in pixels.
        hidden: Units of a dense layer behind the latents and before the logits, as in InfoGAN
            (arXiv:1606.03657, App. C.1), where it makes Q read the image as a whole; a pair, the
            generator's and the discriminator's; None for no such layer.
        embedding_dim: Length of what the generator makes of a condition before it joins the
            latents.
        upsampling: How the generator doubles its images: `"transposed"` convolutions, as in the
            paper; or `"nearest"` neighbours and a convolution of 3x3, which leaves flat areas flat
            where transposed ones have to learn not to make a checkerboard (Odena et al. 2016,
            Deconvolution and Checkerboard Artifacts, doi:10.23915/distill.00003).

    Returns:
        `(generator, discriminator)`, functional Keras models.

    Raises:
        ValueError: If the image shape is not supported or an argument is out of range.

    Example:
        >>> generator, discriminator = kgan.networks.dcgan((64, 64, 3), latent_dim=128)
    """
    size, channels = checks.square(
        "dcgan", image_shape, lambda size: size % 4 == 0, "any size that is a multiple of 4"
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
    checks.check_count("kernel_size", kernel_size)
    checks.check_count("embedding_dim", embedding_dim)
    if upsampling not in ("transposed", "nearest"):
        raise ValueError(f'upsampling must be "transposed" or "nearest", got {upsampling!r}')
    generator_width, discriminator_width = checks.pair("width", width)
    generator_hidden, discriminator_hidden = checks.pair("hidden", hidden, optional=True)

    filters = [generator_width]
    base = size // 2
    while (base % 2 == 0 and base >= 8) or len(filters) < 2:
        base //= 2
        filters.append(min(filters[-1] * 2, 8 * generator_width))
    latents = Input((latent_dim,), name="latents")
    condition = condition_input(classes, condition_dim)
    x = concatenate_condition(latents, condition, classes, embedding_dim)
    if generator_hidden:
        x = layers.Dense(generator_hidden, use_bias=False, kernel_initializer=normal())(x)
        x = layers.ReLU()(normalize(x, generator_norm))
    # The block at the lowest resolution has as many channels as the one above it would halve.
    x = layers.Dense(base * base * filters[-1], use_bias=False, kernel_initializer=normal())(x)
    x = layers.Reshape((base, base, filters[-1]))(x)
    x = layers.ReLU()(normalize(x, generator_norm))
    for count in reversed(filters[:-1]):
        x = doubled(x, count, upsampling, kernel_size, use_bias=False)
        x = layers.ReLU()(normalize(x, generator_norm))
    x = doubled(x, channels, upsampling, kernel_size, activation="tanh")
    generator = keras.Model(network_inputs(latents, condition), x, name="generator")

    images = Input((size, size, channels), name="images")
    condition = judged_input(classes, condition_dim, class_head)
    x, count = images, discriminator_width
    while x.shape[1] > 4 or x is images:
        layer = layers.Conv2D(count, kernel_size, 2, "same", kernel_initializer=normal())
        x = spectral(layer, spectral_norm)(x)
        if count > discriminator_width:
            x = normalize(x, discriminator_norm)
        x = LeakyReLU(0.2)(x)
        x = drop(x, dropout)
        count = min(count * 2, 8 * discriminator_width)
    x = layers.Flatten()(x)
    if discriminator_hidden:
        layer = layers.Dense(discriminator_hidden, kernel_initializer=normal())
        x = spectral(layer, spectral_norm)(x)
        x = LeakyReLU(0.2)(normalize(x, discriminator_norm))
    outputs = discriminator_outputs(
        x, condition, classes, code_parameters, spectral_norm, discriminator_norm, class_head
    )
    inputs = network_inputs(images, condition)
    return generator, keras.Model(inputs, outputs, name="discriminator")


def doubled(x, filters, upsampling, kernel_size, **kwargs):
    """Images of twice the size, by one convolution."""
    kwargs["kernel_initializer"] = normal()
    if upsampling == "transposed":
        return layers.Conv2DTranspose(filters, kernel_size, 2, "same", **kwargs)(x)
    x = layers.UpSampling2D(interpolation="nearest")(x)
    return layers.Conv2D(filters, 3, padding="same", **kwargs)(x)


def normal():
    """The paper's initial weights. One object a layer: an initializer repeats its numbers."""
    return keras.initializers.RandomNormal(stddev=0.02)
