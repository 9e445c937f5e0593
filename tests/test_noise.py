import keras
import numpy as np
import pytest
import scipy.stats

from kgan.noise import HostNoise, Noise


def sources():
    return {"training": Noise(keras.random.SeedGenerator(3)), "host": HostNoise(3)}


@pytest.mark.parametrize("source", ["training", "host"])
def test_distributions(source):
    noise = sources()[source]
    to_numpy = keras.ops.convert_to_numpy
    normal = to_numpy(noise.normal((2000, 2)))
    assert (normal.shape, normal.dtype) == ((2000, 2), np.float32)
    assert scipy.stats.kstest(normal.ravel(), scipy.stats.norm.cdf).pvalue > 1e-4
    uniform = to_numpy(noise.uniform((2000, 2), -1.0, 3.0))
    assert (uniform.shape, uniform.dtype) == ((2000, 2), np.float32)
    assert scipy.stats.kstest(uniform.ravel(), scipy.stats.uniform(-1, 4).cdf).pvalue > 1e-4
    assert 0 <= to_numpy(noise.uniform((1000, 1))).min()
    integers = to_numpy(noise.integers(2000, 4))
    assert (integers.shape, integers.dtype) == ((2000,), np.int32)
    assert scipy.stats.chisquare(np.bincount(integers, minlength=4)).pvalue > 1e-4
    assert integers.max() == 3


@pytest.mark.parametrize("source", ["training", "host"])
def test_every_draw_is_another_and_a_seed_repeats_them(source):
    first, again = sources()[source], sources()[source]
    draws = [keras.ops.convert_to_numpy(first.normal((4, 3))) for _ in range(3)]
    assert len(np.unique(np.concatenate(draws), axis=0)) == 12
    for draw in draws:
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(again.normal((4, 3))), draw)


def test_host_noise_is_the_same_on_every_backend():
    # NumPy's generator is the standard here: PCG64, seed 0, 32-bit normal numbers.
    expected = np.random.default_rng(0).standard_normal((2, 3), dtype="float32")
    found = keras.ops.convert_to_numpy(HostNoise(0).normal((2, 3)))
    np.testing.assert_array_equal(found, expected)


def test_scale_narrows_normal_numbers_alone():
    wide, narrow = HostNoise(0), HostNoise(0, scale=0.25)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(narrow.normal((5, 2))),
        0.25 * keras.ops.convert_to_numpy(wide.normal((5, 2))),
    )
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(narrow.uniform((5, 2))),
        keras.ops.convert_to_numpy(wide.uniform((5, 2))),
    )


def test_host_noise_without_a_seed_is_new_each_time():
    draws = [keras.ops.convert_to_numpy(HostNoise().normal((3,))) for _ in range(2)]
    assert not np.array_equal(*draws)
