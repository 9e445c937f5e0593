"""Theory against scipy, POT, independent quadrature and numbers computed by hand."""

import math

import keras
import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, spatial, special, stats

import kgan
from kgan import theory

LOG_2 = math.log(2)


def normal(mean, deviation=1.0):
    return stats.norm(mean, deviation).logpdf


# -- the optimal discriminator ------------------------------------------------------------------


def test_optimal_discriminator_is_the_density_ratio():
    real, fake = np.array([0.3, 0.2, 0.0, 1.0]), np.array([0.1, 0.2, 2.0, 0.0])
    by_hand = [0.75, 0.5, 0.0, 1.0]
    np.testing.assert_allclose(theory.optimal_discriminator(real, fake), by_hand, rtol=1e-15)
    np.testing.assert_allclose(theory.optimal_logit(real[:2], fake[:2]), [math.log(3), 0])
    np.testing.assert_array_equal(theory.optimal_logit(real[2:], fake[2:]), [-np.inf, np.inf])


def test_optimal_discriminator_keeps_its_digits_far_out():
    x = np.array([-60.0, 1.5, 60.0])
    logits = 4.5 - 3 * x  # log N(x; 0, 1) - log N(x; 3, 1)
    assert normal(0)(60.0) < -1000  # The densities themselves are 0 in float64.
    real, fake = normal(0)(x), normal(3)(x)
    np.testing.assert_allclose(theory.optimal_logit(real, fake, log=True), logits, atol=1e-10)
    found = theory.optimal_discriminator(real, fake, log=True)
    np.testing.assert_allclose(found, special.expit(logits), rtol=1e-9)
    assert 0 < found[2] < 1e-76


def test_a_discriminator_is_undefined_where_nothing_is():
    assert np.isnan(theory.optimal_discriminator([0.0], [0.0])[0])


def test_optimal_discriminator_refuses_log_densities_taken_for_densities():
    with pytest.raises(ValueError, match="log=True"):
        theory.optimal_discriminator([-1.0], [-2.0])
    with pytest.raises(ValueError, match="same points"):
        theory.optimal_logit([1.0, 2.0], [1.0])


# -- divergences --------------------------------------------------------------------------------

# Some none at all, but none so small that float64 holds only a part of it.
NUMBERS = st.just(0.0) | st.floats(1e-9, 1.0)
PROBABILITIES = st.lists(NUMBERS, min_size=4, max_size=4).filter(any)


def test_arrays_of_different_shapes_are_no_pair():
    with pytest.raises(ValueError, match=r"shapes differ: \(2, 3\) and \(6,\)"):
        theory.discrete_divergences(np.full((2, 3), 1 / 6), np.full(6, 1 / 6))


@settings(max_examples=50, deadline=None)
@given(PROBABILITIES, PROBABILITIES)
def test_discrete_divergences_are_scipys(p, q):
    p, q = np.array(p) / sum(p), np.array(q) / sum(q)
    found, back = theory.discrete_divergences(p, q), theory.discrete_divergences(q, p)
    assert found.jensen_shannon == pytest.approx(
        spatial.distance.jensenshannon(p, q) ** 2, abs=1e-12
    )
    assert found.kullback_leibler == pytest.approx(stats.entropy(p, q), abs=1e-12)
    assert found.reverse_kullback_leibler == back.kullback_leibler
    assert found.total_variation == pytest.approx(np.abs(p - q).sum() / 2, abs=1e-12)
    assert -1e-12 < found.jensen_shannon < LOG_2 * found.total_variation + 1e-12


def test_the_games_value_at_both_ends():
    equal = theory.discrete_divergences([0.25, 0.75], [0.25, 0.75])
    assert equal.game_value == pytest.approx(-math.log(4))
    apart = theory.discrete_divergences([1.0, 0.0], [0.0, 1.0])
    assert apart == (LOG_2, 1.0, math.inf, math.inf)
    assert apart.game_value == 0


def test_the_games_value_is_the_best_discriminators_loss():
    p, q = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.3, 0.6])
    best = theory.optimal_discriminator(p, q)
    value = p @ np.log(best) + q @ np.log(1 - best)
    found = theory.discrete_divergences(p, q)
    assert found.game_value == pytest.approx(value, rel=1e-14)
    assert theory.jensen_shannon_bound(-value) == pytest.approx(found.jensen_shannon, rel=1e-14)
    worse = p @ np.log(best**0.5) + q @ np.log(1 - best**0.5)
    assert theory.jensen_shannon_bound(-worse) < found.jensen_shannon


@pytest.mark.parametrize("apart", [0.0, 0.1, 1.0, 4.0, 12.0])
def test_normal_densities_against_adaptive_quadrature_and_closed_forms(apart):
    found = theory.density_divergences(normal(0), normal(apart), [-9, apart + 9])
    p, q = stats.norm(0).pdf, stats.norm(apart).pdf

    def integrand(x):
        middle = (p(x) + q(x)) / 2
        return (special.rel_entr(p(x), middle) + special.rel_entr(q(x), middle)) / 2

    divergence = integrate.quad(integrand, -9, apart + 9, points=[0, apart], epsabs=1e-13)[0]
    assert found.jensen_shannon == pytest.approx(divergence, abs=1e-11)
    assert found.kullback_leibler == pytest.approx(apart**2 / 2, abs=1e-9)
    assert found.reverse_kullback_leibler == pytest.approx(apart**2 / 2, abs=1e-9)
    overlap = special.erf(apart / (2 * math.sqrt(2)))
    # |p - q| has a kink between the nodes.
    assert found.total_variation == pytest.approx(overlap, abs=1e-5)


def test_uniform_densities_with_points_where_they_jump():
    """Half of each lies on the other: TV 1/2, JS log(2) / 2, KL infinite."""
    real, fake = stats.uniform(0, 2).logpdf, stats.uniform(1, 2).logpdf
    found = theory.density_divergences(real, fake, [0, 1, 2, 3])
    np.testing.assert_allclose(found, [LOG_2 / 2, 0.5, np.inf, np.inf], rtol=1e-14)


def test_samples_estimate_what_quadrature_gives():
    p, q = stats.norm(0), stats.norm(2, 0.7)
    x, y = p.rvs(200_000, random_state=1), q.rvs(200_000, random_state=2)
    found = theory.sampled_divergences(p.logpdf(x), q.logpdf(x), p.logpdf(y), q.logpdf(y))
    exact = theory.density_divergences(p.logpdf, q.logpdf, [-9, 9])
    np.testing.assert_allclose(found[:2], exact[:2], atol=2e-3)
    np.testing.assert_allclose(found[2:], exact[2:], rtol=1e-2)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: theory.discrete_divergences([0.5, 0.6], [0.5, 0.5]), "sum to 1"),
        (lambda: theory.discrete_divergences([1.0], [0.5, 0.5]), "shapes"),
        (lambda: theory.density_divergences(normal(0), normal(5), [-9, 5]), "enclose"),
        (lambda: theory.density_divergences(normal(0), normal(0), [9, -9]), "rising"),
        (lambda: theory.sampled_divergences([], [], [1.0], [1.0]), "at least one"),
        (lambda: theory.sampled_divergences([-np.inf], [-np.inf], [0.0], [0.0]), "both -infinity"),
    ],
)
def test_divergences_refuse_what_is_no_distribution(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- the earth mover's distance -----------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(50, 50), (20, 33)])
def test_earth_movers_distance_on_a_line_is_scipys(sizes):
    random = np.random.default_rng(0)
    x, y = random.normal(size=sizes[0]), random.exponential(size=sizes[1])
    expected = stats.wasserstein_distance(x, y)
    assert theory.earth_movers_distance(x, y) == pytest.approx(expected, rel=1e-12)
    assert theory.earth_movers_distance(x[:, None], y[:, None]) == pytest.approx(expected)


@pytest.mark.parametrize("sizes", [(40, 40), (12, 18)])
def test_earth_movers_distance_in_space_is_pots(sizes):
    random = np.random.default_rng(1)
    x, y = random.normal(size=(sizes[0], 3)), random.normal(1.0, 2.0, size=(sizes[1], 3))
    expected = ot.emd2([], [], ot.dist(x, y, metric="euclidean"))
    assert theory.earth_movers_distance(x, y) == pytest.approx(expected, rel=1e-10)


def test_earth_movers_distance_by_hand():
    """From the corners (0, 0) and (0, 1) to (3, 4) and (0, 1): one moves by 5, one stays."""
    found = theory.earth_movers_distance([[0, 0], [0, 1]], [[3, 4], [0, 1]])
    assert found == pytest.approx(2.5)
    images = np.zeros((2, 2, 2, 1))
    assert theory.earth_movers_distance(images, images + 1) == pytest.approx(2.0)


def test_earth_movers_distance_refuses_what_it_cannot_solve():
    with pytest.raises(ValueError, match="sliced_wasserstein"):
        theory.earth_movers_distance(np.zeros((97, 2)), np.zeros((101, 2)))
    with pytest.raises(ValueError, match="same shape"):
        theory.earth_movers_distance(np.zeros((5, 2)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="samples"):
        theory.earth_movers_distance([], [1.0])


# -- the generator's gradient -------------------------------------------------------------------


@pytest.mark.parametrize("apart", [0.5, 2.0, 6.0])
def test_the_minimax_gradient_is_the_slope_of_the_divergence(apart):
    """2 dJS/dtheta, by finite differences of scipy's own quadrature."""

    def divergence(theta):
        def integrand(x):
            p, q = stats.norm.pdf(x), stats.norm.pdf(x, theta)
            return (special.rel_entr(p, (p + q) / 2) + special.rel_entr(q, (p + q) / 2)) / 2

        return integrate.quad(integrand, -9, theta + 9, points=[0, theta], epsabs=1e-13)[0]

    slope = (divergence(apart + 1e-3) - divergence(apart - 1e-3)) / 2e-3
    found = theory.optimal_shift_gradient("minimax", normal(0), normal(apart), [-9, apart + 9])
    assert found == pytest.approx(2 * slope, rel=1e-4, abs=1e-8)
    # Theorem 2.5: the two losses' gradients differ by dKL(q || p) = apart.
    other = theory.optimal_shift_gradient(
        "non_saturating", normal(0), normal(apart), [-9, apart + 9]
    )
    assert other == pytest.approx(apart - found, rel=1e-6)


def test_gradients_of_distributions_moved_apart():
    far = {
        loss: theory.optimal_shift_gradient(loss, normal(0), normal(12.0), [-9, 21])
        for loss in ("minimax", "non_saturating", "wasserstein")
    }
    assert 0 < far["minimax"] < 1e-6
    assert far["non_saturating"] == pytest.approx(12.0, rel=1e-6)
    assert far["wasserstein"] == pytest.approx(1.0, rel=1e-9)
    left = theory.optimal_shift_gradient("wasserstein", normal(0), normal(-1), [-10, 9], 0.5)
    assert left == pytest.approx(-0.5, rel=1e-9)
    same = theory.optimal_shift_gradient("wasserstein", normal(0), normal(0), [-9, 9])
    assert same == 0


@pytest.mark.parametrize("loss", ["minimax", "non_saturating"])
def test_shift_gradient_with_the_optimal_critic_is_the_optimal_one(loss):
    """Automatic differentiation at quantiles of q against quadrature: two ways, one number."""
    apart = 1.5
    images = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)[:, None] + apart
    found = theory.shift_gradient(loss, lambda x: apart**2 / 2 - apart * x, images, [1.0])
    expected = theory.optimal_shift_gradient(loss, normal(0), normal(apart), [-9, 11])
    assert found == pytest.approx(expected, rel=1e-3)


def test_shift_gradient_by_hand():
    """Critic 3 x - 2 y: moving by (1, 2) changes it by -1, and the loss, its negative, by 1."""

    def critic(points):
        return 3 * points[:, :1] - 2 * points[:, 1:]

    images = np.random.default_rng(0).normal(size=(8, 2))
    assert theory.shift_gradient("wasserstein", critic, images, [1, 2]) == pytest.approx(1.0)
    # Real and fake logits all equal: d softplus(real - fake) = -sigmoid(0) d fake = 0.5.
    same = np.zeros((8, 2))
    found = theory.shift_gradient("relativistic", critic, same, [1, 2], real=same)
    assert found == pytest.approx(0.5)


def test_gradients_refuse_what_they_cannot_use():
    with pytest.raises(ValueError, match="shift_gradient"):
        theory.optimal_shift_gradient("hinge", normal(0), normal(1), [-9, 10])
    with pytest.raises(ValueError, match="direction"):
        theory.shift_gradient("minimax", lambda x: x, np.zeros((4, 1)), 1.0)
    with pytest.raises(ValueError, match="real"):
        theory.shift_gradient("relativistic", lambda x: x, np.zeros((4, 1)), [1.0])
    with pytest.raises(ValueError, match="positive"):
        theory.clipped_slope(0.0, [8])
    with pytest.raises(ValueError, match="weight"):
        theory.penalized_slope(1.0, 0.0)


@pytest.mark.parametrize("widths", [[], [16], [16, 8]])
def test_clipped_slope_is_reached_with_all_weights_at_the_bound(widths):
    steepest = theory.clipped_slope(0.1, widths)
    x = inputs = keras.Input((1,))
    for units in widths:
        x = kgan.layers.LeakyReLU(0.2)(keras.layers.Dense(units)(x))
    critic = keras.Model(inputs, keras.layers.Dense(1)(x))
    for weights in critic.trainable_variables:
        weights.assign(np.full(weights.shape, 0.1))
    points = np.array([[1.0], [2.0]], "float32")
    low, high = keras.ops.convert_to_numpy(critic(points)).ravel()
    assert high - low == pytest.approx(steepest, rel=1e-5)


def test_penalized_slope_is_the_penalized_critics_optimum():
    """A critic s x between points at 0 and at 3, by kgan's own loss and penalty."""
    real, fake = np.zeros((4, 1), "float32"), np.full((4, 1), 3.0, "float32")
    real, fake = keras.ops.convert_to_tensor(real), keras.ops.convert_to_tensor(fake)
    noise = kgan.noise.Noise(keras.random.SeedGenerator(0))
    penalty = kgan.penalties.GradientPenalty(10.0)

    def loss(s):
        def critic(x):
            return -s * x

        value = kgan.losses.Wasserstein().discriminator(critic(real), critic(fake))
        return float(value + penalty.weight * penalty(critic, real, fake, noise))

    slopes = np.linspace(1.0, 1.3, 31)
    best = slopes[np.argmin([loss(s) for s in slopes])]
    assert theory.penalized_slope(3.0) == pytest.approx(1.15)
    assert best == pytest.approx(1.15, abs=1e-6)
    # The trap: a local minimum at the wrong sign.
    wrong = np.linspace(-1.0, 0.0, 21)
    assert wrong[np.argmin([loss(s) for s in wrong])] == pytest.approx(-0.85, abs=1e-6)
