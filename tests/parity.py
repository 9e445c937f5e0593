"""The same models on any backend: same weights, noise and data, three rounds.

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


REST = {"discriminator_steps": 2, "ema_decay": 0.5}
PLAIN = {"dropout": False, "smooth": True}
# Of the weights; an equalised learning rate makes them smaller.
DEVIATIONS = {"ProgressiveGAN": 1.0}


def models():
    """Models by name: the algorithms, and every loss, penalty and augmentation in some GAN."""
    codes = [Categorical(3), Continuous(1)]
    yield "WGANGP", kgan.WGANGP(*tiny.networks(norm=False, **PLAIN), **REST)
    # The paper's limit would leave losses too small to compare.
    yield "WGAN", kgan.WGAN(*tiny.networks(norm=False, **PLAIN), clip=0.3, **REST)
    yield "RelativisticGAN", kgan.RelativisticGAN(*tiny.networks(norm=False, **PLAIN), **REST)
    networks = tiny.networks(code_parameters=5, **PLAIN)
    yield "InfoGAN", kgan.InfoGAN(*networks, codes=codes, **REST)
    networks = tiny.networks(classes=3, **PLAIN)
    yield "ConditionalGAN", kgan.ConditionalGAN(*networks, classes=3, **REST)
    networks = tiny.networks(classes=3, **PLAIN)[0], tiny.networks(code_parameters=3, **PLAIN)[1]
    yield "ACGAN", kgan.ACGAN(*networks, **REST)
    yield "TextGAN", kgan.TextGAN(*tiny.networks(condition_dim=5, **PLAIN), **REST)
    # In the middle of a fade.
    networks = kgan.networks.progressive(tiny.SHAPE, tiny.LATENT_DIM, width=2)
    growing = kgan.ProgressiveGAN(*networks, fade_images=32, stable_images=0, **REST)
    yield "ProgressiveGAN", growing
    networks = tiny.networks(norm=False, **PLAIN)
    for network in networks:
        network.layers[-1].activity_regularizer = keras.regularizers.L2(0.01)
    yield "activities", kgan.GAN(*networks, penalties=kgan.penalties.R1(1.0), **REST)
    for name, parts in COMBINATIONS.items():
        yield name, kgan.GAN(*tiny.networks(norm=False, **PLAIN), **parts, **REST)


# Each loss with a penalty and, where there is one left, an augmentation.
COMBINATIONS = {
    "minimax, gradient penalty, color, adaptive flips": {
        "loss": "minimax",
        "penalties": kgan.penalties.GradientPenalty(1.0),
        "augment": [
            "color",
            kgan.augment.Adaptive(
                kgan.augment.ADA(geometry=False, color=False), images=16, interval=1, chance=0.5
            ),
        ],
    },
    "non-saturating, R1, translation": {
        "loss": "non_saturating",
        "penalties": kgan.penalties.R1(1.0),
        "augment": "translation",
    },
    "least squares, R2, cutout": {
        "loss": "least_squares",
        "penalties": kgan.penalties.R2(1.0),
        "augment": "cutout",
    },
    "hinge, DRAGAN, instance noise": {
        "loss": "hinge",
        "penalties": kgan.penalties.DRAGAN(1.0),
        "augment": "instance_noise",
    },
    "wasserstein, Lipschitz penalty, mode seeking, ADA, sometimes cutout": {
        "loss": "wasserstein",
        "penalties": kgan.penalties.LipschitzPenalty(1.0),
        "generator_penalties": kgan.penalties.ModeSeeking(0.1),
        "augment": [kgan.augment.ADA(), kgan.augment.Sometimes("cutout", 0.5)],
    },
    # Where a round is traced, `NumberedNoise` counts the draws of a penalty that is skipped, too:
    # the lazy one has none.
    "relativistic, lazy R1, R2, drift": {
        "loss": "relativistic",
        "penalties": [
            kgan.penalties.R1(1.0, interval=2),
            kgan.penalties.R2(1.0),
            kgan.penalties.Drift(0.1),
        ],
    },
}


def played():
    """All losses and weights after `ROUNDS` rounds, by name."""
    results = {}
    for name, gan in models():
        rng = np.random.default_rng(0)
        for variable in gan.generator.trainable_variables + gan.discriminator.trainable_variables:
            variable.assign(rng.normal(0, DEVIATIONS.get(name, 0.3), variable.shape))
        gan.ema_generator.set_weights(gan.generator.get_weights())
        NumberedNoise(gan)
        gan.compile(
            keras.optimizers.SGD(0.05, momentum=0.5), keras.optimizers.SGD(0.05, momentum=0.5)
        )
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
