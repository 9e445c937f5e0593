"""25 Gaussians on a grid: a plain GAN drops some of them, and what the papers add keeps all.

The distribution is that of Srivastava et al. 2017, VEEGAN (arXiv:1705.07761), Sec. 5.1. All models
have the same networks, optimizers, data and number of updates; each is trained from three seeds.
"""

import keras
import numpy as np
import pytest
from keras import layers

import kgan

GRID = np.array([[x, y] for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)], "float32")
STD = 0.1
ROUNDS = 6000


def points(n=6400):
    noise = np.random.default_rng(0).normal(size=(n, 2))
    return (GRID[np.arange(n) % 25] + STD * noise).astype("float32")


def networks(compare=None):
    """Two hidden layers of 128 units each; the discriminator's features may be compared."""
    z = x = keras.Input((2,))
    for _ in range(2):
        x = layers.Dense(128, "relu", kernel_initializer="he_normal")(x)
    generator = keras.Model(z, layers.Dense(2)(x))
    p = x = keras.Input((2,))
    for _ in range(2):
        x = kgan.layers.LeakyReLU(0.2)(layers.Dense(128, kernel_initializer="he_normal")(x))
    if compare is not None:
        x = compare(x)
    return generator, keras.Model(p, layers.Dense(1)(x))


def plain():
    return kgan.GAN(*networks(), discriminator_steps=5)


def with_deviations():
    compare = kgan.layers.MinibatchStdDev(None, features=8)
    return kgan.GAN(*networks(compare), discriminator_steps=5)


def relativistic():
    penalties = [kgan.penalties.R1(0.02), kgan.penalties.R2(0.02)]
    return kgan.RelativisticGAN(*networks(), penalties=penalties, discriminator_steps=5)


def reached(make, seed):
    """How many of the 25 modes a trained model reaches in 2,500 samples."""
    keras.utils.set_random_seed(seed)
    gan = make()
    gan.compile(
        *(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)),
        steps_per_execution=1 if keras.backend.backend() == "torch" else 50,
    )
    gan.fit(points(), batch_size=128, steps_per_epoch=ROUNDS, verbose=0)
    return kgan.metrics.mode_coverage(gan.sample(2500, seed=1), GRID, STD)["modes"]


@pytest.mark.slow
def test_modes_that_a_plain_gan_drops_are_kept():
    """Modes reached of 25 from seeds 0, 1 and 2, on JAX: 17, 13 and 21 by the plain GAN; 25, 24 and
    23 with the minibatch's standard deviations; 25, 25 and 25 by pairs under R1 and R2.

    The numbers depend on the backend's random ones, and the bounds leave room for that. Mode
    seeking with weight 0.3 reached 22 from seed 0: it helps, but does not keep all.
    """
    kinds = (plain, with_deviations, relativistic)
    modes = {make.__name__: [reached(make, seed) for seed in range(3)] for make in kinds}
    print(modes)
    assert min(modes["plain"]) <= 20 and np.mean(modes["plain"]) < 22, modes
    assert min(modes["with_deviations"]) >= 22, modes
    assert min(modes["relativistic"]) >= 24, modes
