import math

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats

import kgan
from kgan.latents import Categorical, Continuous


def noise():
    return kgan.noise.Noise(keras.random.SeedGenerator(0))


def log_likelihood(code, parameters, drawn):
    tensors = [keras.ops.convert_to_tensor(np.asarray(a, "float32")) for a in (parameters, drawn)]
    return keras.ops.convert_to_numpy(code.log_likelihood(*tensors))


def test_entropies():
    for k in (2, 10):
        assert Categorical(k).entropy == pytest.approx(scipy.stats.entropy(np.full(k, 1 / k)))
    assert Continuous(3).entropy == pytest.approx(3 * scipy.stats.uniform(-1, 2).entropy())


def test_a_categories_likelihood_is_that_of_the_softmax():
    logits = np.random.default_rng(0).normal(size=(5, 4)) * 3
    drawn = np.array([0, 3, 1, 1, 2])
    expected = scipy.special.log_softmax(logits, axis=1)[np.arange(5), drawn]
    found = log_likelihood(Categorical(4), logits, np.eye(4)[drawn])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_numbers_likelihood_is_that_of_a_gaussian():
    rng = np.random.default_rng(0)
    mean, log_deviation = rng.normal(size=(2, 6, 2))
    log_deviation *= 0.05  # Far from the bound on the deviation, which then does not show.
    drawn = rng.uniform(-1, 1, (6, 2))
    expected = scipy.stats.norm.logpdf(drawn, mean, np.exp(log_deviation)).sum(axis=1)
    found = log_likelihood(Continuous(2), np.hstack([mean, log_deviation]), drawn)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("log_deviation", [-100.0, -3.0, -1.0, 0.0, 1.0])
def test_a_numbers_density_is_one_whatever_its_deviation(log_deviation):
    points = np.linspace(-40, 40, 200_001)[:, None]
    parameters = np.tile([0.25, log_deviation], (len(points), 1))
    density = np.exp(log_likelihood(Continuous(1), parameters, points).astype("float64"))
    assert np.trapezoid(density, points[:, 0]) == pytest.approx(1.0, abs=1e-3)
    mean = np.trapezoid(density * points[:, 0], points[:, 0])
    assert mean == pytest.approx(0.25, abs=1e-3)


def test_a_numbers_density_is_bounded():
    """A deviation of at least exp(-3) keeps the density below exp(3) / sqrt(2 pi)."""
    found = log_likelihood(Continuous(1), [[0.5, -1e4]], [[0.5]])
    np.testing.assert_allclose(found, 3 - math.log(2 * math.pi) / 2, rtol=1e-5)


@pytest.mark.parametrize("code, value", [(Categorical(2), 0), (Continuous(2), [1, 0])])
def test_codes_may_be_numpys(code, value):
    parameters = np.ones((2, code.parameters), "float32")
    drawn = code.encode(value, 2)
    found = code.log_likelihood(keras.ops.convert_to_tensor(parameters), drawn)
    expected = log_likelihood(code, parameters, drawn)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), expected)


def test_a_fixed_deviation_needs_means_alone():
    """The authors' code for digits has 1: a squared error, up to constants."""
    rng = np.random.default_rng(0)
    mean, drawn = rng.normal(size=(6, 2)), rng.uniform(-1, 1, (6, 2))
    for deviation in (1.0, 0.25):
        code = Continuous(2, deviation=deviation)
        assert code.parameters == 2
        expected = scipy.stats.norm.logpdf(drawn, mean, deviation).sum(axis=1)
        np.testing.assert_allclose(log_likelihood(code, mean, drawn), expected, rtol=1e-5)
        np.testing.assert_array_equal(code.predict(mean), mean)
    with pytest.raises(ValueError, match="deviation must be positive, or None to learn it, got 0"):
        Continuous(2, deviation=0)


def test_samples():
    drawn = keras.ops.convert_to_numpy(Categorical(5).sample(noise(), 3000))
    assert drawn.shape == (3000, 5)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn.sum(axis=1), 1)
    assert set(np.unique(drawn)) == {0, 1}
    # A chi-squared test of equal frequencies, at a level that one seed in 10,000 would miss.
    assert scipy.stats.chisquare(drawn.sum(axis=0)).pvalue > 1e-4

    drawn = keras.ops.convert_to_numpy(Continuous(2).sample(noise(), 3000))
    assert drawn.shape == (3000, 2)
    assert drawn.dtype == np.float32
    uniform = scipy.stats.uniform(-1, 2)
    assert scipy.stats.kstest(drawn[:, 0], uniform.cdf).pvalue > 1e-4
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.1


def test_predictions_are_probabilities_and_means():
    parameters = keras.ops.convert_to_tensor(np.array([[0.0, math.log(3)]], "float32"))
    kinds = Categorical(2).predict(parameters)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(kinds), [[0.25, 0.75]], rtol=1e-6)
    parameters = keras.ops.convert_to_tensor(np.array([[0.1, 0.2, 5.0, 6.0]], "float32"))
    numbers = Continuous(2).predict(parameters)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(numbers), [[0.1, 0.2]], rtol=1e-6)


def test_encoding():
    np.testing.assert_array_equal(Categorical(3).encode(1, 2), [[0, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(Categorical(3).encode([2, 0], 2), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(Continuous(2).encode([0.5, -1], 2), [[0.5, -1], [0.5, -1]])
    with pytest.raises(ValueError, match=r"categories of 'category' are integers from 0 to 2"):
        Categorical(3).encode(-1, 2)
    with pytest.raises(ValueError, match=r"integers from 0 to 2"):
        Categorical(3).encode(0.5, 2)


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="at least two categories, got 1"):
        Categorical(1)
    with pytest.raises(ValueError, match="at least one entry, got 0"):
        Continuous(0)


@pytest.mark.parametrize(
    "code",
    [
        Categorical(4, name="digit"),
        Continuous(2, name="style"),
        Continuous(2, deviation=1.0),
    ],
)
def test_a_code_survives_serialisation(code):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(code))
    assert (type(copy), copy.size, copy.name) == (type(code), code.size, code.name)
    assert copy.parameters == code.parameters
