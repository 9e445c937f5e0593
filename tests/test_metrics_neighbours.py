"""Precision, recall, density, coverage against the `prdc` package; nearest neighbours."""

import numpy as np
import prdc as reference
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from kgan.metrics import _distances, nearest_neighbours, prdc


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(8, 60),
    m=st.integers(8, 60),
    d=st.integers(1, 12),
    k=st.integers(1, 6),
)
def test_agrees_with_the_published_package(seed, n, m, d, k):
    r = np.random.RandomState(seed)
    real, fake = r.randn(n, d), r.randn(m, d) * 0.8 + 0.3
    assert prdc(real, fake, k) == pytest.approx(reference.compute_prdc(real, fake, k), abs=1e-12)


@pytest.mark.parametrize("block", [3, 10, 64])
def test_blocks_do_not_change_the_values(monkeypatch, block):
    r = np.random.RandomState(0)
    real, fake = r.randn(47, 5), r.randn(39, 5) + 0.5
    monkeypatch.setattr(_distances, "BLOCK", block)
    assert prdc(real, fake, 4) == pytest.approx(reference.compute_prdc(real, fake, 4), abs=1e-12)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_identical_sets_score_one_with_ties_outside(offset):
    x = np.random.RandomState(0).randn(80, 8) + offset
    expected = {"precision": 1, "recall": 1, "density": 1, "coverage": 1}
    assert prdc(x, x) == expected
    assert prdc(x, x[::-1]) == expected


def test_collapsed_generator_is_precise_and_covers_nothing():
    real = np.random.RandomState(0).randn(200, 3)
    fake = np.repeat(real[:1], 50, axis=0)
    scores = prdc(real, fake)
    assert scores["precision"] == 1
    assert scores["recall"] == 0
    assert scores["coverage"] < 0.2


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="more than k images"):
        prdc(np.zeros((5, 2)), np.zeros((9, 2)), k=5)


def test_nearest_neighbours_agree_with_scikit_learn(monkeypatch):
    r = np.random.RandomState(0)
    train, samples = r.randn(90, 4, 3), r.randn(25, 4, 3)
    monkeypatch.setattr(_distances, "BLOCK", 16)
    indices, distances = nearest_neighbours(samples, train, k=3)
    search = NearestNeighbors(n_neighbors=3).fit(train.reshape(90, -1))
    expected = search.kneighbors(samples.reshape(25, -1))
    np.testing.assert_array_equal(indices, expected[1])
    np.testing.assert_allclose(distances, expected[0], rtol=1e-12)


def test_a_copy_of_a_training_image_is_at_distance_zero():
    train = np.random.RandomState(0).randint(0, 256, (30, 8, 8, 1)).astype("uint8")
    indices, distances = nearest_neighbours(train[[17, 4]], train)
    assert indices.tolist() == [[17], [4]]
    assert distances.tolist() == [[0.0], [0.0]]
    with pytest.raises(ValueError, match="k=31"):
        nearest_neighbours(train, train, k=31)
