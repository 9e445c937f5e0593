"""Against closed forms: of a linear critic w.x, whose gradient is w, and of |x|^2 / 2, where it is
x."""

import types

import checks
import keras
import numpy as np
import pytest
import tiny
from keras import ops

import kgan
from kgan import backend, penalties

SHAPE = (3, 2, 2, 1)
RNG = np.random.default_rng(0)
REAL = RNG.normal(size=SHAPE).astype("float32")
FAKE = RNG.normal(size=SHAPE).astype("float32")
W = np.array([1.0, -2.0, 2.0, 4.0], "float32").reshape(SHAPE[1:])  # |w| = 5
ALL = [
    penalties.GradientPenalty,
    penalties.LipschitzPenalty,
    penalties.R1,
    penalties.R2,
    penalties.DRAGAN,
    penalties.Drift,
]


def fresh_noise():
    return kgan.noise.Noise(keras.random.SeedGenerator(0))


def linear(w):
    w = ops.convert_to_tensor(w)
    return lambda x: ops.sum(x * w, axis=(1, 2, 3))[:, None]


def quadratic(x):
    return ops.sum(ops.square(x), axis=(1, 2, 3))[:, None] / 2


def norms(images):
    return np.linalg.norm(images.reshape(len(images), -1), axis=1)


def value(penalty, critic, real=REAL, fake=FAKE, noise=None):
    noise = noise or fresh_noise()
    real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)
    return float(ops.convert_to_numpy(penalty(critic, real, fake, noise)))


@pytest.mark.parametrize(
    ("penalty", "w", "expected"),
    [
        (penalties.GradientPenalty(), W, (5 - 1) ** 2),
        (penalties.GradientPenalty(), W / 10, (0.5 - 1) ** 2),
        (penalties.LipschitzPenalty(), W, (5 - 1) ** 2),
        (penalties.LipschitzPenalty(), W / 10, 0.0),
        (penalties.R1(), W, 5**2 / 2),
        (penalties.R2(), W, 5**2 / 2),
        (penalties.DRAGAN(), W, (5 - 1) ** 2),
    ],
)
def test_of_a_linear_critic(penalty, w, expected):
    # The weight is the model's business: it is not in the value.
    assert value(penalty, linear(w)) == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_of_a_quadratic_critic():
    size = norms(REAL)
    same = dict(real=REAL, fake=REAL)
    gp, lp = penalties.GradientPenalty(), penalties.LipschitzPenalty()
    assert value(gp, quadratic, **same) == pytest.approx(np.mean((size - 1) ** 2), rel=1e-5)
    above = np.maximum(size - 1, 0)
    assert value(lp, quadratic, **same) == pytest.approx(np.mean(above**2), rel=1e-5)


def test_r1_looks_at_real_images_and_r2_at_generated_ones():
    assert value(penalties.R1(), quadratic) == pytest.approx(np.mean(norms(REAL) ** 2) / 2)
    assert value(penalties.R2(), quadratic) == pytest.approx(np.mean(norms(FAKE) ** 2) / 2)


def test_dragan_looks_around_real_images():
    """x + alpha (0.5 std u), with std that of the whole batch, as in the authors' code."""
    u = RNG.random(SHAPE).astype("float32")
    alphas = np.array([0.2, 0.0, 0.9], "float32").reshape(3, 1, 1, 1)
    noise = tiny.ListedNoise(types.SimpleNamespace(play_round=None), [u, alphas])
    size = norms(REAL + alphas * 0.5 * np.std(REAL) * u)
    found = value(penalties.DRAGAN(), quadratic, noise=noise)
    assert found == pytest.approx(np.mean((size - 1) ** 2), rel=1e-5)
    still = value(penalties.DRAGAN(scale=0.0), quadratic)
    assert still == pytest.approx(np.mean((norms(REAL) - 1) ** 2), rel=1e-5)


def test_drift_of_the_logits_of_real_images():
    logits = np.sum(REAL * W, axis=(1, 2, 3))
    assert value(penalties.Drift(), linear(W)) == pytest.approx(np.mean(logits**2), rel=1e-5)


def test_drift_asks_for_no_logits_that_the_loss_has_computed():
    """Logits 3 x + 2 of the points 1 and 2: (5^2 + 8^2) / 2."""
    gan = kgan.GAN(
        *tiny.line(weight=3.0, bias=2.0), loss="wasserstein", penalties=penalties.Drift(0.1)
    )
    judged, discriminate = [], gan.discriminate
    gan.discriminate = lambda *args: judged.append(0) or discriminate(*args)
    gan.compile(run_eagerly=True)
    logs = gan.evaluate(tiny.column(1.0, 2.0), verbose=0, return_dict=True)
    assert logs["drift"] == pytest.approx(44.5, rel=1e-5)
    gap = logs["fake_score"] - logs["real_score"]
    assert logs["d_loss"] == pytest.approx(gap + 4.45, rel=1e-5)
    assert len(judged) == 3  # Real and fake in the one loss, fake in the other.


def test_drift_goes_with_batch_normalisation():
    kgan.GAN(*tiny.networks(norm=True), penalties=penalties.Drift())


class Alphas:
    """Noise that hands out the given interpolation weights."""

    def __init__(self, alphas):
        self.alphas = np.asarray(alphas, "float32")

    def uniform(self, shape, low=0.0, high=1.0):
        assert tuple(shape) == (3, 1, 1, 1)
        return ops.convert_to_tensor(self.alphas.reshape(shape))


@pytest.mark.parametrize("penalty", [penalties.GradientPenalty(), penalties.LipschitzPenalty()])
def test_one_point_between_each_pair(penalty):
    """arXiv:1704.00028, Algorithm 1, line 6: x^ = alpha x + (1 - alpha) G(z)."""
    alphas = np.array([0.0, 0.3, 1.0])
    weights = alphas.reshape(3, 1, 1, 1)
    size = norms(3 * (weights * REAL + (1 - weights) * FAKE))
    assert size.min() > 1
    expected = np.mean((size - 1) ** 2)
    steep = lambda x: 3 * quadratic(x)  # noqa: E731
    assert value(penalty, steep, noise=Alphas(alphas)) == pytest.approx(expected, rel=1e-5)


def test_points_are_drawn_along_the_whole_line():
    """E |alpha x|^2 = |x|^2 / 3 for alpha uniform on [0, 1], where the fake image is zero."""
    real = np.full((4000, 1, 1, 1), 3.0, "float32")
    points = penalties.interpolate(
        ops.convert_to_tensor(real), ops.convert_to_tensor(0 * real), fresh_noise()
    )
    points = ops.convert_to_numpy(points)
    assert np.mean(points**2) == pytest.approx(3.0, rel=0.05)
    assert 0 <= points.min() < 0.1 and 2.9 < points.max() <= 3.0


def gradient(penalty, w, critic):
    """The penalty's gradient by a critic's weights: an SGD step of length one shows it."""
    variable = keras.Variable(w)
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build([variable])

    def objective():
        images = ops.convert_to_tensor(REAL)
        loss = penalty(lambda x: critic(x, variable), images, images, fresh_noise())
        return loss, {}

    backend.minimize(objective, [variable], optimizer, [variable, *optimizer.variables])
    return w - ops.convert_to_numpy(variable)


@pytest.mark.parametrize(
    ("penalty", "w", "expected"),
    [
        # d (|w| - 1)^2 / dw = 2 (|w| - 1) w / |w|
        (penalties.GradientPenalty(), W, 2 * (5 - 1) * W / 5),
        (penalties.GradientPenalty(), W / 10, 2 * (0.5 - 1) * (W / 10) / 0.5),
        (penalties.LipschitzPenalty(), W, 2 * (5 - 1) * W / 5),
        (penalties.LipschitzPenalty(), W / 10, 0 * W),
        # d (|w|^2 / 2) / dw = w
        (penalties.R1(), W, W),
        (penalties.R2(), W, W),
        (penalties.DRAGAN(), W, 2 * (5 - 1) * W / 5),
    ],
)
def test_the_gradient_by_the_weights_of_a_linear_critic(penalty, w, expected):
    found = gradient(penalty, w, lambda x, w: ops.sum(x * w, axis=(1, 2, 3))[:, None])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_gradient_by_the_weights_of_a_critic_with_a_curve():
    """f(x) = s |x|^2 / 2 has gradient s x: d E(s |x| - 1)^2 / ds = 2 E (s |x| - 1) |x|."""
    size = norms(REAL)
    found = gradient(
        penalties.GradientPenalty(), np.array([1.5], "float32"), lambda x, s: s * quadratic(x)
    )
    np.testing.assert_allclose(found, [np.mean(2 * (1.5 * size - 1) * size)], rtol=1e-4)


@pytest.mark.parametrize(
    ("penalty", "expected"),
    list(zip((penalty() for penalty in ALL), (1.0, 0.0, 0.0, 0.0, 1.0))),
)
def test_nothing_is_nan_where_the_critic_is_flat(penalty, expected):
    assert value(penalty, linear(0 * W)) == pytest.approx(expected, abs=1e-5)
    found = gradient(penalty, 0 * W, lambda x, w: ops.sum(x * w, axis=(1, 2, 3))[:, None])
    assert np.isfinite(found).all()


def test_attention_is_differentiated_twice():
    """PyTorch's fast ways to compute it cannot be."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4, 3))
    attended = keras.layers.MultiHeadAttention(2, 4)(inputs, inputs)
    critic = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(attended)))
    images = RNG.normal(size=(3, 4, 3)).astype("float32")
    slopes = np.empty(images.shape)
    for place in np.ndindex(4, 3):
        step = np.zeros((4, 3), "float32")
        step[place] = 0.01
        ahead, behind = (ops.convert_to_numpy(critic(images + s)) for s in (step, -step))
        slopes[(slice(None), *place)] = (ahead - behind)[:, 0] / 0.02
    assert value(penalties.R1(), critic, images) == pytest.approx(
        np.mean(norms(slopes) ** 2) / 2, rel=1e-3
    )
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(12)])
    generator.add(keras.layers.Reshape((4, 3)))
    gan = kgan.GAN(generator, critic, penalties=penalties.R1())
    gan.compile()
    before = critic.get_weights()
    assert np.isfinite(gan.fit(images, batch_size=3, verbose=0).history["r1"]).all()
    assert not any(np.array_equal(a, b) for a, b in zip(before, critic.get_weights()) if a.ndim > 1)


def test_a_model_adds_the_weighted_penalty_and_logs_it_unweighted():
    gan = kgan.GAN(
        *tiny.line(weight=3.0),
        loss="wasserstein",
        penalties=[penalties.GradientPenalty(7.0), penalties.R1(0.5), penalties.R2(2.0)],
    )
    gan.compile()
    logs = gan.evaluate(tiny.column(1.0, 2.0), verbose=0, return_dict=True)
    # (3 - 1)^2 = 4 and 3^2 / 2 = 4.5
    assert [logs[n] for n in ("gradient_penalty", "r1", "r2")] == pytest.approx([4.0, 4.5, 4.5])
    gap = logs["fake_score"] - logs["real_score"]
    assert logs["d_loss"] == pytest.approx(gap + 7 * 4 + 0.5 * 4.5 + 2 * 4.5, rel=1e-5)


def played(interval, rounds, weight=0.5, **kwargs):
    """A critic w x under R1 alone, one SGD step a round: dw = -rate * weight * interval * w."""
    gan = kgan.GAN(
        *tiny.line(slope=0.0, weight=2.0),
        loss=NoLoss(),
        penalties=penalties.R1(weight, interval=interval),
        **kwargs,
    )
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
    points = tiny.column(*range(rounds * gan.discriminator_steps))
    logs = gan.fit(points, batch_size=1, verbose=0).history
    return gan, logs


class NoLoss(kgan.losses.Loss):
    """Nothing to play for, which leaves the penalties."""

    def discriminator(self, real, fake):
        return 0.0 * ops.mean(real)

    def generator(self, fake, real=None):
        return 0.0 * ops.mean(fake)


def kernel(gan):
    return float(ops.convert_to_numpy(gan.discriminator.trainable_variables[0]).squeeze())


@pytest.mark.parametrize(("steps", "times"), [(1, 3), (2, 6)])
def test_a_lazy_penalty_weighs_more_in_the_rounds_that_compute_it(steps, times):
    """In rounds 0, 3 and 6 of 8, in each update of them, w <- w - 0.1 * 0.5 * 3 * w = 0.85 w."""
    gan, logs = played(3, 8, discriminator_steps=steps)
    assert kernel(gan) == pytest.approx(2 * 0.85**times, rel=1e-5)
    values = [(2 * 0.85**i) ** 2 / 2 for i in range(times)]
    assert logs["r1"] == pytest.approx([np.mean(values)], rel=1e-5)
    total = sum(0.5 * 3 * v for v in values)
    assert logs["d_loss"] == pytest.approx([total / (8 * steps)], rel=1e-5)


def test_a_lazy_penalty_is_always_evaluated_and_not_by_more_weight():
    gan, _ = played(3, 2)
    measured = gan.evaluate(tiny.column(1.0, 2.0), verbose=0, return_dict=True)
    assert measured["r1"] == pytest.approx(kernel(gan) ** 2 / 2, rel=1e-5)
    assert measured["d_loss"] == pytest.approx(0.5 * measured["r1"], rel=1e-5)


def test_an_epoch_without_the_penalty_logs_zero():
    gan, _ = played(3, 1)
    logs = gan.fit(tiny.column(1.0, 2.0), batch_size=1, verbose=0).history
    assert logs["r1"] == [0.0]


class Remembered(penalties.R1):
    """A penalty that remembers, in the model, how often it was computed."""

    def build(self, gan):
        self.count = gan.add_weight(name="count", shape=(), initializer="zeros", trainable=False)

    def __call__(self, critic, real, fake, noise):
        self.count.assign(self.count + 1)
        return super().__call__(critic, real, fake, noise)


class Forgotten(penalties.R1):
    """A penalty with a variable that no model knows."""

    def __init__(self, weight):
        super().__init__(weight)
        self.average = keras.Variable(0.0)


def test_what_a_penalty_remembers_is_the_models():
    gan = kgan.GAN(*tiny.networks(norm=False), penalties=Remembered(1.0))
    gan.compile()
    gan.fit(tiny.images(8), batch_size=2, verbose=0)
    (count,) = (v for v in gan.variables if v.name == "count")
    assert float(ops.convert_to_numpy(count)) == 4
    with pytest.raises(ValueError, match=r"Forgotten\.average is a variable.*gan\.add_weight"):
        kgan.GAN(*tiny.networks(norm=False), penalties=Forgotten(1.0))


class Counted(penalties.GradientPenalty):
    """A penalty that counts, on the device, how often it is computed."""

    def __call__(self, critic, real, fake, noise):
        self.counter.assign(self.counter + 1)
        return super().__call__(critic, real, fake, noise)


def count_and_train(networks, images, jit_compile):
    penalty = Counted(interval=3)
    gan = kgan.GAN(*networks, penalties=penalty)
    gan.counter = penalty.counter = gan.add_weight(
        name="counter", shape=(), dtype="int32", initializer="zeros", trainable=False
    )
    traces, loss = [], gan.discriminator_loss
    gan.discriminator_loss = lambda *args: traces.append(0) or loss(*args)
    gan.compile(jit_compile=jit_compile)
    gan.fit(images[:8], batch_size=2, verbose=0)
    first = len(traces)
    gan.fit(images[:6], batch_size=2, verbose=0)
    assert int(ops.convert_to_numpy(gan.counter)) == 3
    return len(traces) - first


def test_a_lazy_penalty_is_not_computed_in_between():
    """With dropout and interpolation, whose seeds move only where it is computed."""
    more = count_and_train(tiny.networks(norm=False), tiny.images(8), "auto")
    # PyTorch runs each round in Python; the others compile one round for all.
    assert more == (3 if keras.backend.backend() == "torch" else 0)


@pytest.mark.backend("tensorflow")
def test_a_lazy_penalty_compiles_under_xla():
    assert count_and_train(tiny.line(), tiny.column(*range(8)), True) == 0


def make_lazy():
    lazy = [penalties.GradientPenalty(interval=3), penalties.R1(1.0, interval=2)]
    return kgan.GAN(*tiny.networks(norm=False), penalties=lazy, ema_decay=0.9)


@pytest.mark.parametrize("check", [checks.check_both_players_move, checks.check_resume])
def test_gan_with_lazy_penalties(check):
    """Resumed after two rounds of three."""
    check(make_lazy)


def test_clipping_keeps_what_is_inside():
    variable = keras.Variable(np.array([-3.0, -0.2, 0.0, 0.25, 9.0], "float32"))
    penalties.clip_weights([variable], 0.25)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(variable), np.float32([-0.25, -0.2, 0.0, 0.25, 0.25])
    )


@pytest.mark.parametrize("penalty", ALL)
def test_a_penalty_survives_serialisation(penalty):
    config = keras.saving.serialize_keras_object(penalty(3.5, interval=4))
    copy = penalties.get(config)
    assert type(copy) is penalty
    assert (copy.weight, copy.interval) == (3.5, 4)
    assert copy.get_config() == penalty(3.5, interval=4).get_config()


def test_defaults_are_the_papers():
    assert penalties.GradientPenalty().weight == 10.0
    assert penalties.R1().weight == penalties.R2().weight == 10.0
    assert (penalties.DRAGAN().weight, penalties.DRAGAN().scale) == (10.0, 0.5)
    assert penalties.Drift().weight == 1e-3
    assert {penalty().interval for penalty in ALL} == {1}


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="weight must not be negative, got -1"):
        penalties.R1(-1)
    for interval in (0, 1.5):
        with pytest.raises(ValueError, match=f"must be a positive integer, got {interval}"):
            penalties.R1(interval=interval)
    with pytest.raises(ValueError, match=r"noise must not be negative, got -0\.5"):
        penalties.DRAGAN(scale=-0.5)
    with pytest.raises(ValueError, match=r"must be a kgan.penalties.Penalty, such as R1\(10.0\)"):
        kgan.GAN(*tiny.line(), penalties=["r1"])
    with pytest.raises(ValueError, match="two terms would be logged as r1: give penalties"):
        kgan.GAN(*tiny.line(), penalties=[penalties.R1(), penalties.R1()])
    with pytest.raises(ValueError, match=r"r2 constrains .* use LayerNormalization"):
        kgan.GAN(*tiny.networks(norm=True), penalties=[penalties.R2()])


class Remembers(keras.layers.Layer):
    """A running mean of what it is given, which it hands on."""

    def build(self, shape):
        self.mean = self.add_weight(name="mean", initializer="zeros", trainable=False)

    def call(self, x):
        self.mean.assign(0.5 * self.mean + 0.5 * ops.mean(x))
        return x


@pytest.mark.parametrize("interval", [1, 2])
def test_what_a_layer_learns_of_the_points_of_a_penalty_is_kept(interval):
    generator, _ = tiny.line(slope=0.0, offset=8.0)
    inputs = keras.Input((1,))
    remembers = Remembers()
    discriminator = keras.Model(inputs, keras.layers.Dense(1)(remembers(inputs)))
    penalty = penalties.R1(1.0, interval=interval)
    gan = kgan.GAN(generator, discriminator, penalties=[penalty])
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    gan.fit(np.full((4, 1), 16.0, "float32"), batch_size=4, verbose=0)
    # Real images, fakes, real images again for the penalty; and fakes for the generator.
    expected = 0.0
    for seen in (16.0, 8.0, 16.0, 8.0):
        expected = 0.5 * expected + 0.5 * seen
    assert float(ops.convert_to_numpy(remembers.mean)) == expected
