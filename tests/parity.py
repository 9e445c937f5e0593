"""The same three models on any backend: same weights, noise and data, three rounds.

`python parity.py FILE` writes the losses and all weights to an `.npz` file.
"""

import sys

import keras
import numpy as np
import tiny

import kgan
from kgan.latents import Categorical, Continuous

ROUNDS = 3
BATCH_SIZE = 4


class NumberedNoise(tiny.ListedNoise):
    """Noise that depends on nothing but how often a round has drawn before."""

    def __init__(self, gan):
        super().__init__(gan, [])

    def draw(self, shape):
        self.drawn += 1
        numbers = np.random.default_rng(self.drawn).random((BATCH_SIZE, *shape[1:]))
        return keras.ops.convert_to_tensor(numbers.astype("float32"))

    def normal(self, shape):
        return 4 * self.draw(shape) - 2

    def integers(self, n, high):
        return keras.ops.cast(high * self.draw((n,)), "int32")


def models():
    """WGAN-GP, InfoGAN with both kinds of codes, and a conditional GAN, each with an average."""
    rest = {"discriminator_steps": 2, "ema_decay": 0.5}
    plain = {"dropout": False, "smooth": True}
    yield kgan.WGANGP(*tiny.networks(norm=False, **plain), **rest)
    codes = [Categorical(3), Continuous(1)]
    yield kgan.InfoGAN(*tiny.networks(code_parameters=5, **plain), codes=codes, **rest)
    yield kgan.ConditionalGAN(*tiny.networks(classes=3, **plain), classes=3, **rest)


def played():
    """All losses and weights after `ROUNDS` rounds, by name."""
    results = {}
    for gan in models():
        rng = np.random.default_rng(0)
        for variable in gan.generator.trainable_variables + gan.discriminator.trainable_variables:
            variable.assign(rng.normal(0, 0.3, variable.shape))
        gan.ema_generator.set_weights(gan.generator.get_weights())
        NumberedNoise(gan)
        gan.compile(
            keras.optimizers.SGD(0.05, momentum=0.5), keras.optimizers.SGD(0.05, momentum=0.5)
        )
        name = type(gan).__name__
        images = ROUNDS * BATCH_SIZE * gan.discriminator_steps
        history = gan.fit(*tiny.data(gan, images), batch_size=BATCH_SIZE, verbose=0).history
        results.update({f"{name} {term}": np.array(values) for term, values in history.items()})
        networks = (gan.generator, gan.discriminator, gan.ema_generator)
        for player, network in zip(("G", "D", "average"), networks):
            for i, weight in enumerate(network.get_weights()):
                results[f"{name} {player} {i} {network.weights[i].name}"] = weight
    return results


if __name__ == "__main__":
    np.savez(sys.argv[1], **played())
