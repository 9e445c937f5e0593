"""Fully connected networks, for small images, points on a plane and the theory's examples."""

import math

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


def mlp(
    image_shape=(28, 28, 1),
    latent_dim=64,
    *,
    width=256,
    classes=None,
    condition_dim=None,
    code_parameters=0,
    class_head=False,
    generator_norm=None,
    discriminator_norm=None,
    spectral_norm=False,
    dropout=0.0,
    depth=2,
):
    """Two multilayer perceptrons, as in Goodfellow et al. 2014 (arXiv:1406.2661), Sec. 5.

    Args:
        image_shape: The shape of one example: an image, or `(d,)` for points of d numbers.
        latent_dim: Length of the latent vector.
        width: Units of each hidden layer, or a pair, the generator's and the discriminator's.
        classes: Number of classes, for networks that take an integer label.
        condition_dim: Length of the condition, for networks that take a vector.
        code_parameters: Outputs of InfoGAN's Q, 0 for none.
        class_head: Whether the discriminator names the class, for `kgan.ACGAN`, and is not told it.
        generator_norm: `"batch"`, `"layer"` or None.
        discriminator_norm: The same; `"batch"` cannot be used with gradient penalties.
        spectral_norm: Whether the discriminator's weights have spectral norm 1.
        dropout: Fraction of the discriminator's features dropped after each hidden layer.
        depth: Hidden layers of each network.

    Returns:
        `(generator, discriminator)`, functional Keras models. The generator ends in tanh where
        it makes images and is linear where it makes points.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> generator, discriminator = kgan.networks.mlp((2,), latent_dim=2, width=128)
    """
    shape = checks.dimensions(image_shape)
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
    checks.check_count("depth", depth)
    generator_width, discriminator_width = checks.pair("width", width)

    latents = Input((latent_dim,), name="latents")
    condition = condition_input(classes, condition_dim)
    x = concatenate_condition(latents, condition, classes)
    for _ in range(depth):
        x = layers.Dense(generator_width, kernel_initializer="he_normal")(x)
        x = layers.ReLU()(normalize(x, generator_norm))
    x = layers.Dense(math.prod(shape), activation="tanh" if len(shape) == 3 else None)(x)
    x = layers.Reshape(shape)(x)
    generator = keras.Model(network_inputs(latents, condition), x, name="generator")

    images = Input(shape, name="images")
    condition = judged_input(classes, condition_dim, class_head)
    x = layers.Flatten()(images)
    for _ in range(depth):
        layer = layers.Dense(discriminator_width, kernel_initializer="he_normal")
        x = normalize(spectral(layer, spectral_norm)(x), discriminator_norm)
        x = LeakyReLU(0.2)(x)
        x = drop(x, dropout)
    outputs = discriminator_outputs(
        x, condition, classes, code_parameters, spectral_norm, class_head=class_head
    )
    inputs = network_inputs(images, condition)
    return generator, keras.Model(inputs, outputs, name="discriminator")
