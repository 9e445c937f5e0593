"""Mode seeking (arXiv:1903.05628) by numbers worked out by hand, and in models of every kind."""

import checks
import keras
import numpy as np
import pytest
import tiny
from keras import ops

import kgan
from kgan.penalties import ModeSeeking


def test_the_ratio_of_the_authors_code():
    z, other_z, images, other_images = (
        np.random.default_rng(i).normal(size=shape).astype("float32")
        for i, shape in enumerate([(4, 6), (4, 6), (4, 8, 8, 1), (4, 8, 8, 1)])
    )
    found = ModeSeeking(epsilon=0.1)(
        *map(ops.convert_to_tensor, (z, images, other_z, other_images))
    )
    ratio = np.abs(images - other_images).mean() / np.abs(z - other_z).mean()
    assert float(ops.convert_to_numpy(found)) == pytest.approx(1 / (ratio + 0.1), rel=1e-5)


def test_it_drives_images_apart():
    """G(z) = a z + b: the ratio is a whatever the latents, the penalty 1 / a, its slope -a^-2."""
    gan = kgan.GAN(
        *tiny.line(slope=0.5, weight=0.0), loss="wasserstein",
        generator_penalties=ModeSeeking(kgan.schedules.Cosine(0.25, 0.0, rounds=2)),
    )  # fmt: skip
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.0))
    z, other = tiny.column(1.0, -1.0), tiny.column(0.5, 3.0)
    tiny.ListedNoise(gan, [z, z, other])
    history = gan.fit(tiny.column(0.0, 0.0), batch_size=2, epochs=3, verbose=0).history
    a, expected = 0.5, []
    for weight in (0.25, 0.125, 0.0):
        expected.append(1 / a)
        a += weight / a**2
    assert history["mode_seeking"] == pytest.approx(expected, rel=1e-4)
    assert history["g_loss"][0] == pytest.approx(0.25 * expected[0], rel=1e-4)
    assert gan.generator.get_weights()[0][0, 0] == pytest.approx(a, rel=1e-4)


def make():
    networks = tiny.networks(classes=tiny.CLASSES)
    return kgan.ConditionalGAN(*networks, classes=3, generator_penalties=[ModeSeeking(0.5)])


@pytest.mark.parametrize(
    "check", [checks.check_shapes, checks.check_resume, checks.check_evaluate, checks.check_config]
)
def test_conditional_gan_with_mode_seeking(check):
    check(make)


def test_what_is_no_penalty_of_the_generator_is_refused():
    with pytest.raises(ValueError, match="GeneratorPenalty, such as ModeSeeking"):
        kgan.GAN(*tiny.line(), generator_penalties=kgan.penalties.R1(1.0))
    with pytest.raises(ValueError, match="Penalty, such as R1"):
        kgan.GAN(*tiny.line(), penalties=ModeSeeking())
    with pytest.raises(ValueError, match="two terms would be logged as mode_seeking"):
        kgan.GAN(*tiny.line(), generator_penalties=[ModeSeeking(), ModeSeeking()])
    with pytest.raises(ValueError, match="weight must not be negative, got -1"):
        ModeSeeking(-1.0)
    with pytest.raises(ValueError, match="epsilon must be positive, got 0"):
        ModeSeeking(epsilon=0)


def test_what_layers_add_is_counted_once():
    weights = []
    for penalties in ((), ModeSeeking(0.0)):
        keras.utils.set_random_seed(0)
        generator, discriminator = tiny.networks(norm=False, plain=True)
        generator.layers[-1].activity_regularizer = keras.regularizers.L2(1.0)
        gan = kgan.GAN(generator, discriminator, generator_penalties=penalties)
        gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.0))
        gan.fit(tiny.images(8), batch_size=8, verbose=0)
        weights.append([keras.ops.convert_to_numpy(w) for w in generator.trainable_variables])
    for alone, beside in zip(*weights):
        np.testing.assert_allclose(beside, alone, rtol=1e-5, atol=1e-7)
