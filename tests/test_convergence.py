"""What the discriminator converges to, where that is known in closed form."""

import keras
import numpy as np
import pytest
import scipy.spatial.distance
import scipy.special
import scipy.stats
import tiny

import kgan


def frozen(gan, latents, steps, *, alphas=None, optimizer):
    """Compiles a model whose generator stands still and always shows the same images."""
    draws = [latents, alphas] if alphas is not None else [latents]
    tiny.ListedNoise(gan, draws * steps + [latents])
    gan.compile(keras.optimizers.SGD(0.0), optimizer)
    return gan


def last_logs(gan, images, rounds):
    """Trains on all of `images` in every step, and returns the logs of the last round alone."""
    everything = np.concatenate([images] * gan.discriminator_steps)
    history = gan.fit(
        everything, batch_size=len(images), shuffle=False, epochs=rounds, verbose=0
    ).history
    return {name: values[-1] for name, values in history.items()}


NORMAL = scipy.stats.norm.ppf((np.arange(64) + 0.5) / 64).astype("float32")[:, None]


@pytest.mark.parametrize(("shift", "weight"), [(0.5, 2.0), (3.0, 1.0)])
def test_the_gap_of_a_penalised_linear_critic(shift, weight):
    """w d - lambda (|w| - 1)^2 is greatest at w = 1 + d / (2 lambda): a gap d (1 + d / 2 lambda).

    The earth mover's distance itself, d, is what is left for a large lambda.
    """
    steps = 5
    penalty = kgan.penalties.GradientPenalty(weight)
    gan = kgan.WGANGP(*tiny.line(weight=0.3), discriminator_steps=steps, penalties=[penalty])
    optimizer = keras.optimizers.SGD(0.2 / weight)
    frozen(gan, NORMAL, steps, alphas=np.full((64, 1), 0.5), optimizer=optimizer)
    logs = last_logs(gan, NORMAL + np.float32(shift), rounds=12)
    gap = shift * (1 + shift / (2 * weight))
    assert logs["real_score"] - logs["fake_score"] == pytest.approx(gap, rel=1e-4)
    assert -logs["d_loss"] == pytest.approx(gap - weight * (shift / (2 * weight)) ** 2, rel=1e-4)
    np.testing.assert_allclose(
        gan.discriminator.get_weights()[0], [[1 + shift / (2 * weight)]], rtol=1e-4
    )


def test_the_gap_of_a_clipped_linear_critic():
    """arXiv:1701.07875, Sec. 3: the distance only up to the scale of the clipping, c d."""
    gan = kgan.WGAN(*tiny.line(weight=0.0), discriminator_steps=5, clip=0.25)
    frozen(gan, NORMAL, 5, optimizer=keras.optimizers.SGD(0.05))
    logs = last_logs(gan, NORMAL + np.float32(1.5), rounds=6)
    assert logs["real_score"] - logs["fake_score"] == pytest.approx(0.25 * 1.5, rel=1e-5)


P, Q = np.array([4, 2, 1, 1]) / 8, np.array([1, 1, 2, 4]) / 8


def table(loss):
    """A discriminator that is free in each of four images, against frozen densities P and Q.

    Images are one-hot; the generator shows its latents.
    """
    latents, points = keras.Input((4,)), keras.Input((4,))
    show, judge = keras.layers.Dense(4, use_bias=False), keras.layers.Dense(1)
    generator = keras.Model(latents, show(latents))
    discriminator = keras.Model(points, judge(points))
    show.set_weights([np.eye(4)])
    judge.set_weights([np.zeros((4, 1)), np.zeros(1)])
    gan = kgan.GAN(generator, discriminator, loss=loss, discriminator_steps=5)
    fake = np.eye(4, dtype="float32")[[0, 1, 2, 2, 3, 3, 3, 3]]
    frozen(gan, fake, 5, optimizer=keras.optimizers.SGD(0.8, momentum=0.8))
    real = np.eye(4, dtype="float32")[[0, 0, 0, 0, 1, 1, 2, 3]]
    logs = last_logs(gan, real, rounds=40)
    weights, bias = gan.discriminator.get_weights()
    return weights[:, 0] + bias, logs


def test_the_optimal_discriminator_and_the_jensen_shannon_divergence():
    """arXiv:1406.2661, Prop. 1 and Theorem 1: D = p / (p + q), and its loss 2 ln 2 - 2 JSD."""
    logits, logs = table("minimax")
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), P / (P + Q), atol=1e-4)
    divergence = scipy.spatial.distance.jensenshannon(P, Q) ** 2
    assert logs["d_loss"] == pytest.approx(2 * np.log(2) - 2 * divergence, abs=1e-5)
    # The generator minimises E log(1 - D), which here is the sum of q ln(q / (p + q)).
    assert logs["g_loss"] == pytest.approx(np.sum(Q * np.log(Q / (P + Q))), abs=1e-4)


def test_the_optimal_least_squares_discriminator():
    """arXiv:1611.04076, Eq. 5, with targets 1 and 0: D = p / (p + q)."""
    values, logs = table("least_squares")
    np.testing.assert_allclose(values, P / (P + Q), atol=1e-4)
    # sum p (1 - D)^2 / 2 + q D^2 / 2 = sum p q / (p + q) / 2
    assert logs["d_loss"] == pytest.approx(np.sum(P * Q / (P + Q)) / 2, abs=1e-5)


def test_the_optimal_discriminator_of_two_gaussians_is_linear():
    """Of N(d, 1) and N(0, 1), ln p / q = d x - d^2 / 2: with d = 1, slope 1 and offset -1/2."""
    gan = kgan.GAN(*tiny.line(weight=0.0), discriminator_steps=5)
    frozen(gan, NORMAL, 5, optimizer=keras.optimizers.SGD(0.8, momentum=0.8))
    logs = last_logs(gan, NORMAL + np.float32(1.0), rounds=30)
    (slope,), offset = gan.discriminator.get_weights()
    # 64 quantiles are not quite the density, whose tails they lack.
    np.testing.assert_allclose([slope[0], offset[0]], [1.0, -0.5], atol=0.06)
    x = np.linspace(-12, 13, 20_001)
    p, q = scipy.stats.norm.pdf(x, 1), scipy.stats.norm.pdf(x, 0)
    divergence = np.trapezoid(
        (scipy.special.rel_entr(p, (p + q) / 2) + scipy.special.rel_entr(q, (p + q) / 2)) / 2, x
    )
    assert logs["d_loss"] == pytest.approx(2 * np.log(2) - 2 * divergence, abs=0.01)
