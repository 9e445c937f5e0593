"""Networks of R3GAN: Huang et al. 2024, The GAN is dead; long live the GAN! (arXiv:2501.05441).

Config E. The paper names the parts; widths, gains and the resampling filter are those of the
authors' code (github.com/brownvc/R3GAN).
"""

import math

from keras import Input, Model, initializers, layers

from kgan.layers import GlobalSumPooling2D, LeakyReLU
from kgan.networks import checks
from kgan.networks.heads import condition_input, network_inputs
from kgan.networks.r3gan_layers import BilinearResampling2D, GroupedConv2D, SpatialBasis

BASE = 4  # Pixels; the generator's first and the discriminator's last features.
FULL_WIDTH = 32  # Pixels; above, each doubling of the image halves the channels.
SLOPE = 0.2
GAIN = math.sqrt(2 / (1 + SLOPE**2))


def r3gan(
    image_shape=(32, 32, 3),
    latent_dim=64,
    *,
    width=768,
    blocks=2,
    expansion=2,
    group_size=16,
    classes=None,
    condition_dim=None,
):
    """Residual networks without normalisation, for square images of 8 px and above.

    The two mirror each other: at 4, 8, 16 ... px, `blocks` inverted bottlenecks with grouped
    convolutions, and bilinear resampling in between. The defaults are the authors' for CIFAR-10
    (with `classes=10`) and for FFHQ at 64 and 256 px. The generator's images are unbounded:
    `sample` clips them to [-1, 1].

    A condition enters the generator as an embedding of `latent_dim` numbers behind the latents, and
    the discriminator by projection: the logit is the inner product of its features and the
    condition's embedding (Miyato and Koyama 2018, arXiv:1802.05637), here without a term that the
    condition does not touch.

    Args:
        image_shape: `(size, size, channels)`, size a power of two from 8, channels 1 or 3.
        latent_dim: Length of the latent vector.
        width: Channels up to 32 px, or a pair, the generator's and the discriminator's. Above,
            each doubling of the size halves them.
        blocks: Residual blocks at each size.
        expansion: Channels inside a block, in multiples of those outside.
        group_size: Channels in each group of the 3x3 convolutions.
        classes: Number of classes, for networks that take an integer label.
        condition_dim: Length of the condition, for networks that take a vector.

    Returns:
        `(generator, discriminator)`, functional Keras models.

    Raises:
        ValueError: If the image shape is not supported or an argument is out of range.

    Example:
        >>> generator, discriminator = kgan.networks.r3gan((32, 32, 3), width=64, classes=10)
    """
    size, channels = checks.square(
        "r3gan",
        image_shape,
        lambda s: s >= 2 * BASE and s & (s - 1) == 0,
        "8, 16, 32, 64 ... pixels",
    )
    checks.check_shared(latent_dim, classes, condition_dim, 0, None, None, 0.0)
    for name, value in (("blocks", blocks), ("expansion", expansion), ("group_size", group_size)):
        checks.check_count(name, value)
    generator_widths, discriminator_widths = (
        stage_widths(size, w, expansion, group_size) for w in checks.pair("width", width)
    )
    # Fix-up (Zhang et al. 2019, arXiv:1901.09321): L blocks of m = 3 layers, L^(-1 / (2m - 2)).
    gain = GAIN * (blocks * len(generator_widths)) ** (-1 / 4)

    latents = Input((latent_dim,), name="latents")
    condition = condition_input(classes, condition_dim)
    x = latents
    if condition is not None:
        embedded = embed(condition, latent_dim, classes, 1.0, "condition_embedding")
        x = layers.Concatenate()([x, embedded])
    x = dense(generator_widths[0])(x)
    x = layers.Reshape((1, 1, generator_widths[0]))(x)
    x = SpatialBasis(BASE, initializers.RandomNormal(stddev=1.0))(x)
    for stage, filters in enumerate(generator_widths):
        if stage:
            # The order of the two makes no difference, but this one is cheaper.
            x = BilinearResampling2D(double=True)(match(x, filters))
        for _ in range(blocks):
            x = residual_block(x, expansion, group_size, gain)
    x = pointwise(channels)(x)
    generator = Model(network_inputs(latents, condition), x, name="generator")

    images = Input((size, size, channels), name="images")
    condition = condition_input(classes, condition_dim)
    x = pointwise(discriminator_widths[-1])(images)
    for stage, filters in enumerate(reversed(discriminator_widths)):
        if stage:
            x = match(BilinearResampling2D(double=False)(x), filters)
        for _ in range(blocks):
            x = residual_block(x, expansion, group_size, gain)
    x = SpatialBasis(BASE, initializers.RandomNormal(stddev=1 / BASE))(x)
    x = GlobalSumPooling2D()(x)
    if condition is None:
        x = dense(1, name="logits")(x)
    else:
        units = discriminator_widths[0]
        embedded = embed(condition, units, classes, units**-0.5, "condition_projection")
        x = layers.Dot(axes=1, name="logits")([dense(units, name="features")(x), embedded])
    inputs = network_inputs(images, condition)
    return generator, Model(inputs, x, name="discriminator")


def stage_widths(size, width, expansion, group_size):
    """The channels at 4, 8, ... `size` pixels.

    Raises:
        ValueError: If they cannot be halved, or not be grouped.
    """
    sides = [BASE * 2**stage for stage in range(int(math.log2(size // BASE)) + 1)]
    divisors = [max(1, side // FULL_WIDTH) for side in sides]
    if width % divisors[-1] or (width // divisors[-1] * expansion) % group_size:
        raise ValueError(
            f"at {size} px there are width / {divisors[-1]} channels, and expansion={expansion} "
            f"times as many must be a multiple of group_size={group_size}; got width={width}"
        )
    return [width // divisor for divisor in divisors]


def residual_block(x, expansion, group_size, gain):
    """An inverted bottleneck: 1x1 to `expansion` times the channels, grouped 3x3, 1x1 back.

    The last convolution starts from zeros and the block, thus, as the identity. There are biases
    before the activations only.
    """
    channels = x.shape[-1]
    inside = channels * expansion
    y = layers.Conv2D(inside, 1, kernel_initializer=scaled(gain))(x)
    y = LeakyReLU(SLOPE)(y)
    y = GroupedConv2D(
        inside, 3, padding="same", groups=inside // group_size, kernel_initializer=scaled(gain)
    )(y)
    y = LeakyReLU(SLOPE)(y)
    y = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer="zeros")(y)
    return layers.Add()([x, y])


def match(x, filters):
    """A 1x1 convolution to `filters` channels, where there are not as many already."""
    return x if x.shape[-1] == filters else pointwise(filters)(x)


def pointwise(filters):
    """A 1x1 convolution that is no more than a matrix."""
    return layers.Conv2D(filters, 1, use_bias=False, kernel_initializer=scaled(1.0))


def dense(units, name=None):
    """A dense layer that is no more than a matrix."""
    return layers.Dense(units, use_bias=False, kernel_initializer=scaled(1.0), name=name)


def embed(condition, units, classes, gain, name):
    """A learned vector for each condition: a matrix times it, labels being one-hot."""
    if classes is not None:
        layer = layers.Embedding(classes, units, embeddings_initializer=scaled(gain), name=name)
    else:
        layer = layers.Dense(units, use_bias=False, kernel_initializer=scaled(gain), name=name)
    return layer(condition)


def scaled(gain):
    """Normal weights of standard deviation gain / sqrt(fan-in)."""
    return initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")
