"""Fréchet distance against closed forms and an explicit matrix square root."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from kgan.metrics import Moments, frechet_distance, intra_class_frechet


def by_square_root(real, fake):
    """The published formula, as pytorch-fid and clean-fid compute it."""
    s, t = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    gap = ((real.mean(0) - fake.mean(0)) ** 2).sum()
    return gap + np.trace(s + t - 2 * sqrtm(s @ t).real)


def sets(n, m, d, seed=0):
    r = np.random.RandomState(seed)
    mix = r.randn(d, d) / np.sqrt(d)
    return r.randn(n, d), r.randn(m, d) @ mix + 0.3


@pytest.mark.parametrize("n, m, d", [(200, 150, 8), (60, 50, 40), (300, 20, 30)])
def test_agrees_with_an_explicit_square_root(n, m, d):
    real, fake = sets(n, m, d)
    assert frechet_distance(real, fake) == pytest.approx(by_square_root(real, fake), rel=1e-6)


def test_closed_form_of_diagonal_gaussians():
    mean, std = np.array([1.0, -2.0, 0.5]), np.array([3.0, 0.2, 0.0])
    real = (np.zeros(3), np.eye(3))
    fake = (mean, np.diag(std**2))
    assert frechet_distance(real, fake) == pytest.approx((mean**2).sum() + ((std - 1) ** 2).sum())


@pytest.mark.parametrize("n, m", [(5, 7), (5, 200), (200, 5)])
def test_fewer_samples_than_features_match_their_moments(n, m):
    real, fake = sets(n, m, 32)
    moments = [(x.mean(0), np.cov(x, rowvar=False)) for x in (real, fake)]
    assert frechet_distance(real, fake) == pytest.approx(frechet_distance(*moments), rel=1e-6)


@pytest.mark.parametrize("n, m", [(5, 7), (5, 200), (2, 3), (31, 33)])
def test_fewer_samples_than_features_agree_with_eigenvalues_of_the_product(n, m):
    """The formula of torch-fidelity, which adds square roots of round-off here."""
    real, fake = sets(n, m, 32)
    s, t = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    overlap = np.sqrt(np.linalg.eigvals(s @ t).astype(complex)).real.sum()
    gap = ((real.mean(0) - fake.mean(0)) ** 2).sum()
    expected = gap + np.trace(s) + np.trace(t) - 2 * overlap
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-6)


def test_singular_covariances_in_different_subspaces():
    # The product of the covariances is zero, so its square root has no trace.
    r = np.random.RandomState(0)
    x = r.randn(50)
    real, fake = np.zeros((50, 4)), np.zeros((50, 4))
    real[:, 0], fake[:, 1] = x, 2 * x
    expected = (x.mean() ** 2 * 5) + 5 * x.var(ddof=1)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-9)


def test_constant_features_have_no_spread():
    assert frechet_distance(np.zeros((9, 3)), np.ones((9, 3))) == pytest.approx(3)
    assert frechet_distance(np.zeros((2, 3)), np.ones((2, 3))) == pytest.approx(3)


@pytest.mark.parametrize("n", [4, 400])
def test_identical_sets_are_at_distance_zero(n):
    x = np.random.RandomState(0).randn(n, 16)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-10)
    assert frechet_distance(x, x[::-1]) == pytest.approx(0, abs=1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 30), d=st.integers(1, 20))
def test_symmetric_unmoved_by_translation_quadratic_in_scale(seed, n, d):
    real, fake = sets(n, n + 3, d, seed)
    distance = frechet_distance(real, fake)
    assert frechet_distance(fake, real) == pytest.approx(distance, rel=1e-7, abs=1e-9)
    assert frechet_distance(real + 5, fake + 5) == pytest.approx(distance, rel=1e-6, abs=1e-8)
    assert frechet_distance(3 * real, 3 * fake) == pytest.approx(9 * distance, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(
    "real, fake, message",
    [
        (np.zeros((1, 4)), np.zeros((5, 4)), "at least 2 images.*`real` has 1"),
        (np.zeros((5, 4)), np.zeros((5, 3)), "same extractor"),
        (np.zeros((5, 4)), np.full((5, 4), np.nan), "`fake` holds NaN"),
        (np.zeros(4), np.zeros((5, 4)), r"\(n, d\)"),
        ((np.zeros(2), np.diag([1.0, -1.0])), np.zeros((5, 2)), "positive semi-definite"),
        ((np.zeros(2), np.array([[1.0, 1.0], [0.0, 1.0]])), np.zeros((5, 2)), "not symmetric"),
        ((np.zeros(2), np.eye(3)), np.zeros((5, 2)), r"shapes \(d,\) and \(d, d\)"),
    ],
)
def test_errors_say_what_is_wrong(real, fake, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(real, fake)


def test_streamed_moments_equal_those_of_all_at_once_far_from_the_origin():
    x = np.random.RandomState(0).randn(501, 6) + 1e6
    moments = Moments()
    for part in np.split(x, [1, 7, 7 + 256, 500]):
        moments.update(part)
    np.testing.assert_allclose(moments.mean, x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(x, rowvar=False), rtol=0, atol=1e-8)
    assert frechet_distance(moments, x) == pytest.approx(0, abs=1e-6)


def test_moments_refuse_another_width_and_a_single_row():
    moments = Moments()
    moments.update(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="at least 2 images, got 1"):
        _ = moments.covariance
    with pytest.raises(ValueError, match="width 4 cannot join those of width 3"):
        moments.update(np.zeros((1, 4)))


def test_intra_class_distances_are_those_of_each_class():
    real, fake = sets(60, 90, 5)
    y, z = np.arange(60) % 3, np.arange(90) % 3
    found = intra_class_frechet(real, y, fake, z)
    assert list(found) == [0, 1, 2]
    for c, value in found.items():
        assert value == pytest.approx(by_square_root(real[y == c], fake[z == c]), rel=1e-6)
    with pytest.raises(ValueError, match="same classes"):
        intra_class_frechet(real, y, fake, z + 1)
