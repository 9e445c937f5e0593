"""Fully connected networks, for small images, points on a plane and the theory's examples."""

import math

import keras
from keras import Input, layers

from kgan.networks.heads import (
    condition_input,
    discriminator_outputs,
    generator_inputs,
    network_inputs,
)


def mlp(
    image_shape=(28, 28, 1),
    latent_dim=64,
    *,
    width=256,
    depth=2,
    classes=None,
    condition_dim=None,
    code_parameters=0,
):
    """Two multilayer perceptrons, as in Goodfellow et al. 2014 (arXiv:1406.2661), Sec. 5.

    Args:
        image_shape: The shape of one example: an image, or `(d,)` for points of d numbers.
        latent_dim: Length of the latent vector.
        width: Units of each hidden layer.
        depth: Hidden layers of each network.
        classes: Number of classes, for networks that take an integer label.
        condition_dim: Length of the condition, for networks that take a vector.
        code_parameters: Outputs of InfoGAN's Q, 0 for none.

    Returns:
        `(generator, discriminator)`, functional Keras models. The generator ends in tanh where
        it makes images and is linear where it makes points.

    Example:
        >>> generator, discriminator = kgan.networks.mlp((2,), latent_dim=2, width=128)
    """
    shape = tuple(image_shape)
    inputs, x = generator_inputs(latent_dim, classes, condition_dim)
    for _ in range(depth):
        x = layers.Dense(width, activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Dense(math.prod(shape), activation="tanh" if len(shape) == 3 else None)(x)
    generator = keras.Model(network_inputs(inputs), layers.Reshape(shape)(x), name="generator")

    images = Input(shape, name="images")
    condition = condition_input(classes, condition_dim)
    x = layers.Flatten()(images)
    for _ in range(depth):
        x = layers.LeakyReLU(0.2)(layers.Dense(width, kernel_initializer="he_normal")(x))
    outputs = discriminator_outputs(x, condition, classes, code_parameters)
    inputs = [images] if condition is None else [images, condition]
    return generator, keras.Model(network_inputs(inputs), outputs, name="discriminator")
