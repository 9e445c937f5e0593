"""Mode coverage, Parzen windows, classifiers' scores and InfoGAN's codes, by closed forms."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.neighbors import KernelDensity

from kgan import metrics

GRID = np.array([[x, y] for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)], float)


def test_samples_of_every_mode_cover_the_grid():
    r = np.random.RandomState(0)
    samples = np.repeat(GRID, 400, axis=0) + 0.05 * r.randn(10_000, 2)
    found = metrics.mode_coverage(samples, GRID, std=0.05)
    assert found["modes"] == 25
    # A Gaussian in two dimensions holds 1 - exp(-9/2) of its mass within 3 deviations.
    assert found["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.004)
    assert found["kl"] == pytest.approx(0, abs=1e-3)


def test_dropped_modes_and_strays_are_counted():
    samples = np.concatenate([np.repeat(GRID[:2], 3, axis=0), [[1.0, 1.0], [3.0, 3.0]]])
    found = metrics.mode_coverage(samples, GRID, std=0.05)
    assert found == {"modes": 2, "high_quality": 0.75, "kl": pytest.approx(math.log(25 / 2))}
    assert metrics.mode_coverage([[1.0, 1.0]], GRID, std=0.05)["kl"] == math.inf


def test_stacked_modes_by_hand():
    assert metrics.stacked_modes([[0, 0, 0], [9, 9, 9], [0, 0, 0]]) == {
        "modes": 2,
        "kl": pytest.approx(2 / 3 * math.log(2000 / 3) + 1 / 3 * math.log(1000 / 3)),
    }
    assert metrics.stacked_modes(np.arange(10)) == {"modes": 10, "kl": pytest.approx(0)}
    real = [0, 0, 0, 1]
    found = metrics.stacked_modes([0, 1], real=real)
    assert found["kl"] == pytest.approx(0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25))
    with pytest.raises(ValueError, match=r"lie in 0\.\.9: got 3 to 10"):
        metrics.stacked_modes([[3, 10, 4]])


def test_parzen_agrees_with_kernel_density():
    r = np.random.RandomState(0)
    samples, test = r.rand(120, 4, 3), r.rand(50, 4, 3)
    for sigma in (0.02, 0.3):
        # One leaf: the bounds of its tree lose digits far out in the tails.
        density = KernelDensity(bandwidth=sigma, leaf_size=200).fit(samples.reshape(120, -1))
        expected = density.score_samples(test.reshape(50, -1))
        mean, error = metrics.parzen_log_likelihood(samples, test, sigma)
        assert mean == pytest.approx(expected.mean(), rel=1e-9)
        assert error == pytest.approx(expected.std() / math.sqrt(50), rel=1e-9)


def test_parzen_in_blocks_and_its_width(monkeypatch):
    r = np.random.RandomState(0)
    samples, validation = r.randn(60, 2), r.randn(40, 2)
    whole = metrics.parzen_log_likelihood(samples, validation, 0.5)
    monkeypatch.setattr(metrics._distances, "BLOCK", 7)
    assert metrics.parzen_log_likelihood(samples, validation, 0.5) == pytest.approx(whole)
    widths = [0.1, 0.4, 5.0]
    best = max(widths, key=lambda s: metrics.parzen_log_likelihood(samples, validation, s)[0])
    assert metrics.parzen_sigma(samples, validation, widths) == best
    with pytest.raises(ValueError, match="positive"):
        metrics.parzen_log_likelihood(samples, validation, 0)


def test_inception_score_of_a_torch_fidelity_run():
    # torch-fidelity 0.4.0, isc_features_to_metric(logits, splits=10, shuffle=False).
    logits = 3 * np.random.RandomState(0).randn(203, 10)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = (3.486246317256169, 0.2609151921001982)
    assert metrics.inception_score(p) == pytest.approx(expected, rel=1e-9)


def test_inception_score_of_one_image_and_of_perfect_ones():
    assert metrics.inception_score(np.full((1, 5), 0.2), splits=1) == (1.0, 0.0)
    assert metrics.inception_score(np.eye(7), splits=1)[0] == pytest.approx(7)
    with pytest.raises(ValueError, match="softmax"):
        metrics.inception_score(np.array([[2.0, -1.0]]))
    with pytest.raises(ValueError, match="splits=10"):
        metrics.inception_score(np.eye(7))


def test_class_accuracy_from_scores_and_from_classes():
    assert metrics.class_accuracy(np.eye(4), [0, 1, 2, 0]) == 0.75
    assert metrics.class_accuracy([3, 1], [3, 1]) == 1
    with pytest.raises(ValueError, match="3 predictions for 2 labels"):
        metrics.class_accuracy([1, 2, 3], [1, 2])


def test_purity_and_accuracy_of_a_code():
    codes, labels = [0, 0, 0, 1, 1, 1, 2, 2], [7, 7, 3, 7, 7, 3, 5, 5]
    assert metrics.code_purity(codes, labels) == 6 / 8
    assert metrics.code_accuracy(codes, labels) == 5 / 8  # 7 can be named once only
    relabelled = np.random.RandomState(0).permutation(10)[np.arange(100) % 10]
    assert metrics.code_accuracy(np.arange(100) % 10, relabelled) == 1


def test_information_bound_of_a_perfect_and_a_blind_reader():
    entropy = math.log(10)
    assert metrics.information_bound(np.zeros(5), entropy)["share"] == pytest.approx(1)
    assert metrics.information_bound(np.full(5, -entropy), entropy)["bound"] == pytest.approx(0)


def test_code_correlation_is_spearmans_and_leaves_out_what_has_no_value():
    r = np.random.RandomState(0)
    codes = r.randn(50)
    attribute = np.round(codes + r.randn(50))  # with ties
    expected = spearmanr(codes, attribute).statistic
    assert metrics.code_correlation(codes, attribute) == pytest.approx(expected, abs=1e-12)
    attribute = np.append(attribute, np.nan)
    found = metrics.code_correlation(np.append(codes, 9.0), attribute)
    assert found == pytest.approx(expected, abs=1e-12)
    with pytest.raises(ValueError, match="different values"):
        metrics.code_correlation(codes, np.ones(50))


def stroke(slant, thickness, size=64):
    """An antialiased stroke 40 pixels high that leans by `slant`, `thickness` wide."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    across = np.abs(x + slant * y) / np.hypot(1, slant)
    ink = np.clip(thickness / 2 - across + 0.5, 0, 1) * (np.abs(y) <= 20)
    return (255 * ink).astype("uint8")


def test_slant_is_the_tangent_of_the_angle():
    slants = [-0.7, -0.2, 0.0, 0.3, 0.8]
    found = metrics.stroke_slant(np.stack([stroke(s, 4) for s in slants]))
    np.testing.assert_allclose(found, slants, atol=0.03)
    assert metrics.stroke_slant(np.eye(5)[None, :, ::-1]) == pytest.approx(1)
    assert np.isnan(metrics.stroke_slant(np.zeros((1, 8, 8, 1))))[0]


@pytest.mark.parametrize("slant", [0.0, 0.5])
def test_thickness_is_in_pixels(slant):
    widths = np.array([2.0, 3.0, 4.0, 6.0])
    found = metrics.stroke_thickness(np.stack([stroke(slant, w) for w in widths])[..., None])
    # A bar of length L has 2 L w / (2 L + 2 w), a little less than w.
    length = 41 * np.hypot(1, slant)
    np.testing.assert_allclose(found, length * widths / (length + widths), rtol=0.12)
    assert metrics.stroke_thickness(np.zeros((1, 8, 8))) == 0
    with pytest.raises(ValueError, match="negative"):
        metrics.stroke_thickness(-np.ones((1, 8, 8)))
