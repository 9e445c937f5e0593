"""Metrics on pixels and latent paths against tf.image, scipy, POT and closed forms."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import wasserstein_distance

from kgan.metrics import (
    laplacian_sliced_wasserstein,
    ms_ssim,
    ms_ssim_diversity,
    perceptual_path_length,
    sliced,
    sliced_wasserstein,
)


def smooth_images(n, size, channels=3, seed=0):
    r = np.random.RandomState(seed)
    noise = ndimage.gaussian_filter(r.rand(n, size, size, channels), (0, 2, 2, 0))
    noise = (noise - noise.min()) / np.ptp(noise)
    return (255 * noise).astype("uint8")


@pytest.mark.parametrize("n, m", [(40, 40), (40, 27), (1, 6)])
def test_on_a_line_it_is_the_wasserstein_distance(n, m):
    r = np.random.RandomState(0)
    x, y = r.randn(n, 1), r.randn(m, 1) + 0.5
    expected = wasserstein_distance(x[:, 0], y[:, 0])
    assert sliced_wasserstein(x, y, projections=3) == pytest.approx(expected, rel=1e-9)


def test_sliced_wasserstein_agrees_with_pot():
    ot = pytest.importorskip("ot", reason="POT is not a test dependency of its own")
    r = np.random.RandomState(0)
    x, y = r.randn(50, 6), r.randn(35, 6) * 1.5
    directions = np.random.default_rng(0).standard_normal((6, 40))
    directions /= np.linalg.norm(directions, axis=0)
    for order in (1, 2):
        expected = ot.sliced_wasserstein_distance(x, y, projections=directions, p=order)
        found = sliced_wasserstein(x, y, projections=40, order=order, seed=0)
        assert found == pytest.approx(expected, rel=1e-9)


def test_shift_of_a_set_in_many_dimensions():
    # On each line a shift v moves every point by v.u; the mean of |v.u| is known for the sphere.
    x = np.random.RandomState(0).randn(30, 3)
    found = sliced_wasserstein(x, x + [0, 0, 2.0], projections=20_000)
    assert found == pytest.approx(2 * 0.5, rel=0.02)


def test_pyramid_is_that_of_the_authors_code():
    """Their code convolves with an outer product and mirrors at the edges (scipy)."""
    kernel = np.outer(*[np.array([1, 4, 6, 4, 1]) / 16] * 2)
    blur = lambda x: ndimage.convolve(x, kernel[None, ..., None], mode="mirror")  # noqa: E731
    images = smooth_images(2, 36).astype("float64")
    bands = list(sliced._pyramid(images))
    smaller = blur(images)[:, ::2, ::2]
    spread = np.zeros_like(images)
    spread[:, ::2, ::2] = smaller
    assert [band.shape[1] for band in bands] == [36, 18]
    np.testing.assert_allclose(bands[0], images - 4 * blur(spread), atol=1e-3)
    np.testing.assert_allclose(bands[1], smaller, atol=1e-3)


def test_laplacian_distance_sees_the_scale_that_differs():
    images = smooth_images(60, 32)
    same = laplacian_sliced_wasserstein(images[:30], images[30:], patches=32, projections=64)
    # A checkerboard is the finest pattern there is, and the next scale does not see it.
    board = np.indices((32, 32)).sum(axis=0)[..., None] % 2
    checked = np.clip(images // 2 + 60 * board.astype("uint8"), 0, 255)
    other = laplacian_sliced_wasserstein(images // 2, checked, patches=32, projections=64)
    assert list(same) == [32, 16]
    assert other[32] > 3 * same[32]
    assert other[32] > 3 * other[16]
    with pytest.raises(ValueError, match="at least 16"):
        laplacian_sliced_wasserstein(images[:, :8], images[:, :8])


@pytest.mark.parametrize("size, scales", [(28, 2), (50, 3), (64, 3)])
def test_ms_ssim_agrees_with_tensorflow(size, scales):
    tf = pytest.importorskip("tensorflow", reason="the independent implementation")
    x = smooth_images(4, size)
    noise = np.random.RandomState(1).randint(-40, 40, x.shape)
    y = np.clip(x.astype(int) + noise, 0, 255).astype("uint8")
    powers = np.array([0.0448, 0.2856, 0.3001][:scales])
    expected = tf.image.ssim_multiscale(x, y, 255, power_factors=powers / powers.sum())
    np.testing.assert_allclose(ms_ssim(x, y), expected.numpy(), rtol=1e-4)


def test_ms_ssim_of_equal_images_is_one_and_of_a_set_measures_diversity():
    images = smooth_images(12, 28, channels=1)
    np.testing.assert_allclose(ms_ssim(images, images), 1)
    same = np.repeat(images[:1], 12, axis=0)
    assert ms_ssim_diversity(same, pairs=20) == pytest.approx(1)
    assert ms_ssim_diversity(images, pairs=50) < 0.7
    with pytest.raises(ValueError, match="room for 2"):
        ms_ssim(images, images, scales=3)


def test_path_length_of_a_linear_generator():
    """On straight paths |A (b - a)|^2 for every pair, in units of pixels 0..255."""
    r = np.random.RandomState(0)
    a, b = r.randn(2, 40, 6)
    weights = r.randn(6, 48) / 20

    def generate(z):
        return (z.astype("float64") @ weights).reshape(-1, 4, 4, 3)

    expected = (127.5**2 * ((b - a) @ weights) ** 2).sum(axis=1).mean()
    found = perceptual_path_length(
        generate,
        a,
        b,
        extractor=lambda images: images.reshape(len(images), -1),
        interpolation="linear",
        epsilon=1e-2,
        discard=0.0,
        batch_size=16,
    )
    assert found == pytest.approx(expected, rel=1e-3)


def test_spherical_paths_have_the_length_of_the_arc():
    """Between unit vectors the speed is the angle, here 90 degrees everywhere."""
    a, b = np.eye(4)[[0, 1, 2]], np.eye(4)[[1, 2, 3]]
    found = perceptual_path_length(
        lambda z: z.astype("float64").reshape(-1, 2, 2, 1),
        a,
        b,
        extractor=lambda images: images.reshape(len(images), -1),
        epsilon=1e-2,
        discard=0.0,
    )
    assert found == pytest.approx((127.5 * np.pi / 2) ** 2, rel=1e-3)


def test_spherical_paths_without_an_angle_are_straight():
    """From the origin, along one ray, and where a latent is one number: |b - a|^2."""
    for a, b in (([[0, 0]], [[0, 2]]), ([[1, 1]], [[3, 3]]), ([[-1]], [[2]])):
        a, b = np.array(a, "float64"), np.array(b, "float64")
        found = perceptual_path_length(
            lambda z: z.astype("float64").reshape(len(z), 1, -1, 1).repeat(3, axis=3),
            a,
            b,
            extractor=lambda images: images.reshape(len(images), -1),
            epsilon=1e-2,
            discard=0.0,
        )
        assert found == pytest.approx(3 * 127.5**2 * ((b - a) ** 2).sum(), rel=1e-3)
    with pytest.raises(ValueError, match="opposite directions"):
        perceptual_path_length(None, np.ones((1, 2)), -np.ones((1, 2)))


def test_path_length_leaves_out_what_is_beyond_the_quantiles_only():
    """Of ten lengths, 1 to 10 squared, a tenth at each end: limits by the authors' rule stay."""
    a, b = np.zeros((10, 1)), np.arange(1.0, 11)[:, None]
    settings = {
        "extractor": lambda images: images.reshape(len(images), -1),
        "interpolation": "linear",
        "epsilon": 1e-2,
    }
    unit = 3 * 127.5**2

    def generate(z):
        return z.astype("float64").reshape(len(z), 1, 1, 1).repeat(3, axis=3)

    found = perceptual_path_length(generate, a, b, discard=0.25, **settings)
    # Positions 2.25 and 6.75 of 0 to 9: from 3 to 8.
    assert found == pytest.approx(unit * np.mean(np.arange(3.0, 9) ** 2), rel=1e-3)
    # Two pairs have two lengths, whatever is to be left out.
    found = perceptual_path_length(generate, a[:2], b[:2], discard=0.01, **settings)
    assert found == pytest.approx(unit * 2.5, rel=1e-3)


def test_path_length_refuses_rounded_images():
    z = np.ones((2, 3))
    with pytest.raises(ValueError, match="rounded pixels"):
        perceptual_path_length(lambda z: np.zeros((2, 2, 2, 1), "uint8"), z, z)
    with pytest.raises(ValueError, match="linear"):
        perceptual_path_length(None, z, z, interpolation="cubic")
