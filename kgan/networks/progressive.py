"""Networks that grow: Karras et al. 2018, Progressive Growing of GANs (arXiv:1710.10196).

Tables 1 and 2 give the layers and their widths; the gains are those of the authors' code
(github.com/tkarras/progressive_growing_of_gans).
"""

import keras
from keras import Input, layers

from kgan.layers import (
    EqualizedConv2D,
    EqualizedDense,
    FadeIn,
    LeakyReLU,
    MinibatchStdDev,
    PixelNormalization,
)
from kgan.networks import checks
from kgan.networks.heads import condition_input, embedding, network_inputs

BASE = 4  # Pixels: the first resolution.
LARGEST = 1024
SLOPE = 0.2


class Growing(keras.Model):
    """A functional model that can also be run as far as it has grown.

    Called, it computes all resolutions, of which those that have not faded in count for nothing:
    images are always of the full size. Its `FadeIn` layers say how far it has grown.
    """

    @property
    def sizes(self):
        """The resolutions, in pixels: 4, 8, ... up to the full size."""
        (full,) = {
            tensor.shape[1] for tensor in (*self.inputs, *self.outputs) if len(tensor.shape) == 4
        }
        return sizes_to(full)

    @property
    def fades(self):
        """The `FadeIn` layers, of 8 px and up."""
        return [self.get_layer(f"fade_{size}") for size in self.sizes[1:]]

    def variables_at(self, level):
        """The variables that `at_level` trains: those of other levels play no part."""
        sizes, lowest = self.window(level)
        hidden = {
            f"{kind}_{size}"
            for size in self.sizes
            for kind in ("block", "to_rgb", "from_rgb")
            if size > sizes[-1] or (kind != "block" and size < lowest)
        }
        parts = (layer for layer in self.layers if layer.name not in hidden)
        return [variable for layer in parts for variable in layer.trainable_variables]

    def window(self, level):
        """The resolutions up to a level, and the lowest that still matters there."""
        return self.sizes[: level + 1], self.sizes[max(level - 1, 0)]


@keras.saving.register_keras_serializable("kgan")
class GrowingGenerator(Growing):
    """From latents to images; see `progressive`."""

    def at_level(self, inputs, level):
        """Images of the size of a level, 4 * 2**level pixels, computed by that level's layers."""
        return generated(self.get_layer, *as_pair(inputs), *self.window(level))


@keras.saving.register_keras_serializable("kgan")
class GrowingDiscriminator(Growing):
    """From images to logits; see `progressive`."""

    def at_level(self, inputs, level):
        """Logits of images of a level's size, 4 * 2**level pixels, by that level's layers."""
        return judged(self.get_layer, *as_pair(inputs), *self.window(level))


def as_pair(inputs):
    """The first input and the condition, None where there is none."""
    return inputs if isinstance(inputs, (list, tuple)) else (inputs, None)


def progressive(
    image_shape=(32, 32, 1),
    latent_dim=512,
    *,
    width=512,
    full_width_to=32,
    classes=None,
    condition_dim=None,
    embedding_dim=32,
):
    """Networks for `kgan.ProgressiveGAN`, for square images of 4, 8, ... 1024 px.

    The defaults are the paper's widths: 512 channels up to 32 px, then 256, 128 ... with every
    doubling. There are two convolutions at each resolution, with an equalised learning rate, and
    leaky ReLUs of slope 0.2; the generator normalises each pixel's features, the discriminator has
    the standard deviation over the batch appended to its last ones. Images are unbounded: `sample`
    clips them to [-1, 1].

    Each resolution has a 1x1 convolution to colours and one from colours. Called, the generator
    makes images of the full size, and the discriminator takes them, whatever has grown so far: a
    resolution that has not is passed by, by nearest neighbours up and averages down.
    `at_level(x, level)` runs the layers up to a level only, on images of its size.

    The paper's networks take no condition. Here one enters as in the other builders, at every
    level: embedded, it joins the generator's latents, with which it is normalised; and another
    embedding's inner product with the discriminator's last features is added to the logit
    (arXiv:1802.05637).

    Args:
        image_shape: `(size, size, channels)`, size a power of two from 4 to 1024, channels 1 or 3.
        latent_dim: Length of the latent vector.
        width: Channels at low resolutions, or a pair, the generator's and the discriminator's.
        full_width_to: The highest resolution, in pixels, with so many channels; above, each
            doubling of the resolution halves them.
        classes: Number of classes, for networks that take an integer label.
        condition_dim: Length of the condition, for networks that take a vector.
        embedding_dim: Length of what the generator makes of a condition before it joins the
            latents.

    Returns:
        `(generator, discriminator)`, functional Keras models.

    Raises:
        ValueError: If the image shape is not supported, an argument out of range, or the width
            cannot be halved so often.

    Example:
        >>> generator, discriminator = kgan.networks.progressive((64, 64, 3), width=64)
    """
    size, channels = checks.square(
        "progressive",
        image_shape,
        lambda s: BASE <= s <= LARGEST and s & (s - 1) == 0,
        f"4, 8, 16 ... {LARGEST} pixels",
    )
    checks.check_count("latent_dim", latent_dim)
    checks.check_condition(classes, condition_dim)
    checks.check_count("embedding_dim", embedding_dim)
    checks.check_count("full_width_to", full_width_to)
    sizes = sizes_to(size)
    generator_widths, discriminator_widths = (
        widths_of(sizes, width, full_width_to) for width in checks.pair("width", width)
    )

    latents = Input((latent_dim,), name="latents")
    condition = condition_input(classes, condition_dim)
    joined = latent_dim if condition is None else latent_dim + embedding_dim
    made = [*generator_parts(generator_widths, joined, channels)]
    if condition is not None:
        made += joining_parts(embedding_dim, classes)
    parts = {part.name: part for part in made}
    images = generated(parts.get, latents, condition, sizes, lowest=BASE)
    generator = GrowingGenerator(network_inputs(latents, condition), images, name="generator")

    images = Input((size, size, channels), name="images")
    condition = condition_input(classes, condition_dim)
    made = [*discriminator_parts(discriminator_widths, channels)]
    if condition is not None:
        made += projecting_parts(discriminator_widths[BASE], classes)
    parts = {part.name: part for part in made}
    logits = judged(parts.get, images, condition, sizes, lowest=BASE)
    inputs = network_inputs(images, condition)
    return generator, GrowingDiscriminator(inputs, logits, name="discriminator")


def sizes_to(full):
    """4, 8, ... `full` pixels."""
    return [BASE * 2**level for level in range((full // BASE).bit_length())]


def widths_of(sizes, width, full_width_to):
    """The channels at each resolution, by size.

    Raises:
        ValueError: If they cannot be halved so often.
    """
    divisors = {size: max(1, size // full_width_to) for size in sizes}
    if width % max(divisors.values()):
        raise ValueError(
            f"{sizes[-1]} px have width / {divisors[sizes[-1]]} channels; got width={width}, "
            f"which is no multiple of that (full_width_to={full_width_to})"
        )
    return {size: width // divisor for size, divisor in divisors.items()}


# -- how the parts play together, for tensors and for Keras's symbolic ones ------------------------


def generated(part, latents, condition, sizes, lowest):
    """Images of the last of `sizes`, colours being taken from `lowest` on.

    Args:
        part: A function from a part's name to the part.
        latents: `(n, latent_dim)`.
        condition: Labels `(n,)` or vectors `(n, condition_dim)`; None for none.
        sizes: The resolutions to compute.
        lowest: The first resolution whose colours count.
    """
    x, images = latents, None
    if condition is not None:
        x = part("joined")([latents, part("condition_embedding")(condition)])
    for size in sizes:
        x = part(f"block_{size}")(x)
        if size == lowest:
            images = part(f"to_rgb_{size}")(x)
        elif size > lowest:
            old = part(f"upsample_{size}")(images)
            images = part(f"fade_{size}")([old, part(f"to_rgb_{size}")(x)])
    return images


def judged(part, images, condition, sizes, lowest):
    """Logits of images of the last of `sizes`; see `generated`."""
    x = part(f"from_rgb_{sizes[-1]}")(images)
    for size in reversed(sizes[1:]):
        x = part(f"block_{size}")(x)
        if size > lowest:
            images = part(f"downsample_{size}")(images)
            old = part(f"from_rgb_{size // 2}")(images)
            x = part(f"fade_{size}")([old, x])
    features = part(f"block_{BASE}")(x)
    logits = part("logits")(features)
    if condition is None:
        return logits
    projected = part("projected")([features, part("condition_projection")(condition)])
    return part("conditional_logits")([logits, projected])


# -- the parts ------------------------------------------------------------------------------------


def generator_parts(widths, latent_dim, channels):
    """All parts of the generator."""
    for size, filters in widths.items():
        if size == BASE:
            units = BASE * BASE * filters
            first = [
                Input((latent_dim,)),
                PixelNormalization(),
                # As if it were a convolution of 4x4 pixels over the latents; so in the authors'.
                EqualizedDense(units, gain=2**0.5 / 4),
                layers.Reshape((BASE, BASE, filters)),
                LeakyReLU(SLOPE),
                PixelNormalization(),
            ]
        else:
            first = [
                Input((size // 2, size // 2, widths[size // 2])),
                layers.UpSampling2D(2),
                *convolution(filters),
                PixelNormalization(),
            ]
            yield layers.UpSampling2D(2, name=f"upsample_{size}")
            yield FadeIn(name=f"fade_{size}")
        yield keras.Sequential(
            [*first, *convolution(filters), PixelNormalization()], name=f"block_{size}"
        )
        yield EqualizedConv2D(channels, 1, gain=1.0, name=f"to_rgb_{size}")


def discriminator_parts(widths, channels):
    """All parts of the discriminator."""
    for size, filters in widths.items():
        start = Input((size, size, filters))
        if size == BASE:
            units = EqualizedDense(filters)
            block = [MinibatchStdDev(), *convolution(filters), layers.Flatten(), units]
            block = [start, *block, LeakyReLU(SLOPE)]
        else:
            block = [*convolution(filters), *convolution(widths[size // 2])]
            block = [start, *block, layers.AveragePooling2D(2)]
            yield layers.AveragePooling2D(2, name=f"downsample_{size}")
            yield FadeIn(name=f"fade_{size}")
        yield keras.Sequential(block, name=f"block_{size}")
        colours = Input((size, size, channels))
        yield keras.Sequential([colours, *convolution(filters, 1)], name=f"from_rgb_{size}")
    yield EqualizedDense(1, gain=1.0, name="logits")


def joining_parts(embedding_dim, classes):
    """What has a condition join the latents."""
    yield embedding(embedding_dim, classes, "condition_embedding")
    yield layers.Concatenate(name="joined")


def projecting_parts(units, classes):
    """What adds a condition's projection to the logit."""
    yield embedding(units, classes, "condition_projection", "glorot_uniform")
    yield layers.Dot(axes=1, name="projected")
    yield layers.Add(name="conditional_logits")


def convolution(filters, kernel_size=3):
    """A convolution and its activation."""
    return [EqualizedConv2D(filters, kernel_size), LeakyReLU(SLOPE)]
