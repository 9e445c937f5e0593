"""Kernel distance against scikit-learn's kernel and the definition."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from kgan.metrics import _distances, kernel_distance, kernel_distance_subsets


def by_definition(x, y):
    k = lambda a, b: polynomial_kernel(a, b, degree=3, gamma=1 / a.shape[1], coef0=1)  # noqa: E731
    n, m = len(x), len(y)
    xx, yy = k(x, x), k(y, y)
    np.fill_diagonal(xx, 0)
    np.fill_diagonal(yy, 0)
    return xx.sum() / (n * (n - 1)) + yy.sum() / (m * (m - 1)) - 2 * k(x, y).mean()


@pytest.mark.parametrize("n, m, d", [(70, 50, 6), (5, 4, 40), (2, 2, 1)])
def test_agrees_with_the_definition(n, m, d):
    r = np.random.RandomState(0)
    x, y = r.randn(n, d), r.randn(m, d) + 0.2
    assert kernel_distance(x, y) == pytest.approx(by_definition(x, y), rel=1e-9)


def test_blocks_do_not_change_the_value(monkeypatch):
    r = np.random.RandomState(1)
    x, y = r.randn(53, 7), r.randn(41, 7)
    monkeypatch.setattr(_distances, "BLOCK", 10)
    assert kernel_distance(x, y) == pytest.approx(by_definition(x, y), rel=1e-9)


def test_unbiased_so_negative_for_identical_sets():
    x = np.random.RandomState(0).randn(80, 8)
    assert kernel_distance(x, x) < 0


def test_subsets_of_the_whole_set_all_equal_the_full_estimate():
    r = np.random.RandomState(0)
    x, y = r.randn(30, 5), r.randn(30, 5)
    mean, std = kernel_distance_subsets(x, y, subsets=3, subset_size=30)
    assert mean == pytest.approx(kernel_distance(x, y), rel=1e-9)
    assert std == pytest.approx(0, abs=1e-12)


def test_subsets_are_drawn_as_torch_fidelity_draws_them():
    r = np.random.RandomState(0)
    x, y = r.randn(40, 5), r.randn(60, 5)
    draws = np.random.RandomState(7)
    values = []
    for _ in range(4):
        first = x[draws.choice(40, 20, replace=False)]
        values.append(by_definition(first, y[draws.choice(60, 20, replace=False)]))
    mean, std = kernel_distance_subsets(x, y, subsets=4, subset_size=20, seed=7)
    assert (mean, std) == pytest.approx((np.mean(values), np.std(values)), rel=1e-9)
    assert kernel_distance(x, y, subsets=4, subset_size=20, seed=7) == mean


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="at least 2 images"):
        kernel_distance(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="subset_size=1000"):
        kernel_distance(np.zeros((10, 3)), np.zeros((10, 3)), subsets=5)
