import math

import checks
import keras
import numpy as np
import pytest
import tiny

import kgan


def make():
    return kgan.RelativisticGAN(
        *tiny.networks(norm=False, classes=tiny.CLASSES), classes=tiny.CLASSES, ema_decay=0.9
    )


def make_unconditional():
    return kgan.RelativisticGAN(*tiny.networks(norm=False), discriminator_steps=2)


@pytest.mark.parametrize("check", checks.ALL)
def test_relativistic_gan(check):
    check(make)


@pytest.mark.parametrize("check", (*checks.TRAINING, checks.check_sample, checks.check_config))
def test_relativistic_gan_without_conditions(check):
    check(make_unconditional)


def test_defaults_are_the_authors_for_cifar10():
    """Of schedules, where they start: gamma 0.05, Adam 2e-4, beta_1 0, beta_2 0.9."""
    gan = kgan.RelativisticGAN(*tiny.line())
    gan.compile()
    assert gan.discriminator_steps == 1
    assert isinstance(gan.loss_function, kgan.losses.RelativisticPairing)
    assert [type(p) for p in gan.penalties] == [kgan.penalties.R1, kgan.penalties.R2]
    assert [p.weight for p in gan.penalties] == [0.05, 0.05]
    for optimizer in (gan.optimizer.generator, gan.optimizer.discriminator):
        assert isinstance(optimizer, keras.optimizers.Adam)
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)
        assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (0.0, 0.9, 1e-8)


def softplus(x):
    return math.log1p(math.exp(x))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_a_round_is_the_papers():
    """One step of each player, worked out by hand."""
    penalties = [kgan.penalties.R1(0.1), kgan.penalties.R2(0.3)]
    players = tiny.line(1.0, 0.5, weight=2.0, bias=0.1)
    gan = kgan.RelativisticGAN(*players, penalties=penalties)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    tiny.ListedNoise(gan, [tiny.column(0.0, 2.0), tiny.column(2.0, 4.0)])
    logs = gan.fit(tiny.column(1.0, 2.0), batch_size=2, shuffle=False, verbose=0).history
    # Pairs (x, G(z)) are (1, 0.5) and (2, 2.5): D(G(z)) - D(x) = 2 (-0.5) = -1 and 2 (0.5) = 1.
    # The gradient of D is w = 2 everywhere: both penalties are 4 / 2.
    adversarial = (softplus(-1) + softplus(1)) / 2
    np.testing.assert_allclose(logs["d_loss"], [adversarial + (0.1 + 0.3) * 2], rtol=1e-5)
    np.testing.assert_allclose([logs["r1"], logs["r2"]], [[2.0], [2.0]], rtol=1e-5)
    # The gradient by w: the mean of sigmoid(difference) (G(z) - x), and (0.1 + 0.3) w.
    gradient = (sigmoid(-1) * -0.5 + sigmoid(1) * 0.5) / 2 + 0.4 * 2
    w = 2 - 0.1 * gradient
    # The generator: pairs (1, 2.5) and (2, 4.5), D(x) - D(G(z)) = -1.5 w and -2.5 w.
    np.testing.assert_allclose(
        logs["g_loss"], [(softplus(-1.5 * w) + softplus(-2.5 * w)) / 2], rtol=1e-4
    )
    slopes = [sigmoid(-1.5 * w) * -w / 2, sigmoid(-2.5 * w) * -w / 2]
    slope = 1 - 0.1 * (slopes[0] * 2 + slopes[1] * 4)
    offset = 0.5 - 0.1 * sum(slopes)
    learned = np.concatenate([k.ravel() for k in checks.values(gan.trainable_variables)])
    # What is added to all logits has no gradient.
    np.testing.assert_allclose(learned, [slope, offset, w, 0.1], rtol=1e-4)


def test_sample_grid_with_and_without_classes():
    images, columns = make().sample_grid(rows=2)
    assert (images.shape, columns) == ((2 * tiny.CLASSES, *tiny.SHAPE), tiny.CLASSES)
    images, columns = make_unconditional().sample_grid(rows=2)
    assert (images.shape, columns) == ((4, *tiny.SHAPE), 2)


def test_classes_that_the_networks_do_not_take_are_refused():
    with pytest.raises(ValueError, match="has one input, got classes="):
        kgan.RelativisticGAN(*tiny.networks(norm=False), classes=3)


def test_batch_normalisation_in_the_discriminator_is_refused():
    with pytest.raises(ValueError, match="batch normalisation"):
        kgan.RelativisticGAN(*tiny.networks(norm=True))
