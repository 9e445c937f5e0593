"""Networks of a few hundred weights, and images for them: what most tests train."""

from unittest import mock

import keras
import numpy as np
from keras import layers

from kgan import backend

SHAPE = (8, 8, 1)
LATENT_DIM = 6
CLASSES = 3


def networks(
    *, classes=None, condition_dim=None, code_parameters=0, norm=True, dropout=True, plain=False,
    smooth=False, seed=7,
):  # fmt: skip
    """A generator and a discriminator with everything that has state of its own.

    The generator has batch normalisation, the discriminator too with `norm`, and a seed with
    `dropout`; with `plain`, there is nothing of this. `smooth` networks have no kinks, at which the
    last bit of a number decides about the size of a gradient.
    """
    keras.utils.set_random_seed(seed)
    norm, dropout = norm and not plain, dropout and not plain
    activation = "silu" if smooth else "leaky_relu"
    return (
        generator(classes, condition_dim, not plain, activation),
        discriminator(classes, condition_dim, code_parameters, norm, dropout, activation),
    )


def condition_input(classes, condition_dim):
    if classes is not None:
        condition = keras.Input((), dtype="int32")
        return [condition], layers.Embedding(classes, 4)(condition)
    if condition_dim is not None:
        condition = keras.Input((condition_dim,))
        return [condition], layers.Dense(4)(condition)
    return [], None


def generator(classes=None, condition_dim=None, norm=True, activation="leaky_relu"):
    latents = keras.Input((LATENT_DIM,))
    condition, embedded = condition_input(classes, condition_dim)
    x = latents if embedded is None else layers.Concatenate()([latents, embedded])
    x = layers.Dense(4 * 4 * 4, use_bias=not norm)(x)
    if norm:
        x = layers.BatchNormalization()(x)
    x = layers.Reshape((4, 4, 4))(layers.Activation(activation)(x))
    x = layers.Conv2DTranspose(SHAPE[-1], 4, 2, "same", activation="tanh")(x)
    return keras.Model([latents, *condition] if condition else latents, x)


def discriminator(
    classes=None, condition_dim=None, code_parameters=0, norm=True, dropout=True,
    activation="leaky_relu",
):  # fmt: skip
    images = keras.Input(SHAPE)
    condition, embedded = condition_input(classes, condition_dim)
    x = layers.Conv2D(4, 4, 2, "same", use_bias=not norm)(images)
    if norm:
        x = layers.BatchNormalization()(x)
    x = layers.Activation(activation)(x)
    if dropout:
        # Without a seed of its own, Keras's dropout draws from PyTorch's global generator.
        x = layers.Dropout(0.2, seed=1)(x)
    x = layers.Flatten()(x)
    if embedded is not None:
        # Were it added to the logit, it would cancel between real and generated images.
        x = layers.Activation(activation)(layers.Dense(8)(layers.Concatenate()([x, embedded])))
    outputs = layers.Dense(1)(x)
    if code_parameters:
        outputs = [outputs, layers.Dense(code_parameters)(x)]
    return keras.Model([images, *condition] if condition else images, outputs)


def images(n, seed=0):
    """uint8 images; the first pixel of each is its number, so that it is known again."""
    pixels = np.random.default_rng(seed).integers(0, 256, (n, *SHAPE), dtype="uint8")
    pixels[:, 0, 0, 0] = np.arange(n)
    return pixels


def numbers(batch):
    """Which of `images` these are, from uint8 or from floats in [-1, 1]: any shape of them."""
    first = np.asarray(batch)[..., 0, 0, 0]
    if first.dtype != np.uint8:
        first = np.rint((first + 1) * 127.5)
    return first.astype(int)


def labels(n):
    """The class of each of `images`."""
    return np.arange(n, dtype="int32") % CLASSES


def data(gan, n=32):
    """What `gan.fit` takes: `(images,)`, or `(images, condition)` for a conditional model."""
    if not gan.conditional:
        return (images(n),)
    shape = gan.generator.inputs[1].shape[1:]
    if shape == ():
        return images(n), labels(n)
    return images(n), np.random.default_rng(1).normal(size=(n, *shape)).astype("float32")


def line(slope=1.0, offset=0.0, *, weight=1.0, bias=0.0):
    """Players whose every number can be worked out by hand.

    The generator is G(z) = slope z + offset, the discriminator's logit weight x + bias, for x and
    z of one number.
    """
    players = []
    for kernel, constant in ((slope, offset), (weight, bias)):
        inputs = keras.Input((1,))
        dense = layers.Dense(1)
        players.append(keras.Model(inputs, dense(inputs)))
        dense.set_weights([np.array([[kernel]]), np.array([constant])])
    return players


class Watch:
    """What each update of a model's discriminator is given, round after round.

    It compiles the model to run in Python, without learning.

    Args:
        gan: The model.
        play: Whether rounds are played: if not, they are only counted, which is much faster, and
            there are no latents.

    Attributes:
        real, latents, condition: Lists of NumPy arrays, one an update.
    """

    def __init__(self, gan, play=False):
        self.gan = gan
        self.real, self.latents, self.condition = [], [], []
        gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0), run_eagerly=True)
        if play:
            gan.penalties = []
            gan.discriminator_loss = self.discriminator_loss
            gan.generator_loss = lambda real, fake, latents, condition: (keras.ops.mean(fake), {})
        else:
            gan.play_round = self.count_round

    def discriminator_loss(self, real, fake, latents, condition):
        self.note(self.real, real)
        self.note(self.latents, latents)
        self.note(self.condition, condition)
        # A round in Python is slow: the loss need not be the model's own.
        return keras.ops.mean(self.gan.critic(real, condition)), {}

    def count_round(self, data):
        for step in range(self.gan.discriminator_steps):
            for noted, batch in zip((self.real, self.condition), data):
                self.note(noted, batch[:, step])
        self.gan.rounds.assign(self.gan.rounds + 1)
        return {"d_loss": keras.ops.zeros(())}

    def note(self, noted, batch):
        if batch is not None:
            noted.append(np.array(keras.ops.convert_to_numpy(batch)))


class ListedNoise:
    """Noise whose every draw is given beforehand, the same in every round.

    Args:
        gan: The model whose noise this becomes.
        draws: One array for each time that a round draws, in order.
    """

    def __init__(self, gan, draws):
        self.draws = [np.asarray(draw, "float32") for draw in draws]
        self.drawn = 0
        play_round = gan.play_round

        def restarted(data):
            self.drawn = 0
            # A function that is traced once would draw once, too.
            with mock.patch.object(backend, "trace_once", lambda function, *example: function):
                return play_round(data)

        gan.noise, gan.play_round = self, restarted

    def draw(self, shape):
        numbers = self.draws[self.drawn]
        self.drawn += 1
        # The batch's size may be unknown until the compiled round runs.
        assert numbers.shape[1:] == tuple(shape[1:])
        return keras.ops.convert_to_tensor(numbers)

    def normal(self, shape):
        return self.draw(shape)

    def uniform(self, shape, low=0.0, high=1.0):
        return low + (high - low) * self.draw(shape)

    def integers(self, n, high):
        return keras.ops.cast(self.draw((n,)), "int32")


def column(*numbers):
    """Points of one number each: `(n, 1)`, float32."""
    return np.array(numbers, "float32")[:, None]
