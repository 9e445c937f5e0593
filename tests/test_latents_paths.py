"""Interpolation, arithmetic, walks, sweeps and exchanges: `kgan.latents` on paths of latents."""

import numpy as np
import pytest
import scipy.spatial
import tiny
from PIL import Image

import kgan
from kgan import latents
from kgan.latents import Categorical, Continuous

CODES = [Categorical(2, name="kind"), Continuous(2, name="style")]


def infogan():
    parameters = sum(code.parameters for code in CODES)
    networks = tiny.networks(code_parameters=parameters, plain=True)
    return kgan.InfoGAN(*networks, codes=CODES)


def conditional():
    networks = tiny.networks(classes=tiny.CLASSES, plain=True)
    return kgan.ConditionalGAN(*networks, classes=tiny.CLASSES)


def gan():
    return kgan.GAN(*tiny.networks(plain=True))


def test_a_quarter_circle():
    """From x to y by way of 30 and 60 degrees."""
    found = latents.interpolate([2, 0, 0], [0, 2, 0], steps=4)
    angles = np.deg2rad([0, 30, 60, 90])
    expected = 2 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32


def test_great_circles_are_those_of_scipy():
    a, b = np.random.default_rng(0).normal(size=(2, 12))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    found = latents.interpolate(a, b, steps=7)
    expected = scipy.spatial.geometric_slerp(a, b, np.linspace(0, 1, 7))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_both_methods_keep_their_ends_and_rows():
    a, b = np.random.default_rng(0).normal(size=(2, 5, 6))
    for method in ("spherical", "linear"):
        found = latents.interpolate(a, b, steps=3, method=method)
        assert found.shape == (5, 3, 6)
        np.testing.assert_allclose(found[:, 0], a, atol=1e-6)
        np.testing.assert_allclose(found[:, 2], b, atol=1e-6)
        alone = latents.interpolate(a[1], b[1], steps=3, method=method)
        np.testing.assert_array_equal(found[1], alone)
    np.testing.assert_allclose(found[:, 1], (a + b) / 2, atol=1e-6)


def test_vectors_without_an_angle():
    a = np.array([1.0, 2.0])
    straight = [[0, 0], [0.5, 1], [1, 2]]
    np.testing.assert_allclose(latents.interpolate(0 * a, a, steps=3), straight)
    np.testing.assert_allclose(latents.interpolate(a, 3 * a, steps=3), [[1, 2], [2, 4], [3, 6]])
    with pytest.raises(ValueError, match="opposite directions"):
        latents.interpolate(a, -2 * a)


def test_codes_keep_their_meaning():
    codes = [Categorical(2, name="kind"), Continuous(1, name="style")]
    a, b = [3, 0, 1, 0, -1], [0, 3, 0, 1, 1]
    found = latents.interpolate(a, b, steps=4, codes=codes)
    np.testing.assert_allclose(np.linalg.norm(found[:, :2], axis=1), 3, rtol=1e-6)
    np.testing.assert_array_equal(found[:, 2:4], [[1, 0], [1, 0], [0, 1], [0, 1]])
    np.testing.assert_allclose(found[:, 4], [-1, -1 / 3, 1 / 3, 1], rtol=1e-6)


def test_images_on_a_path_are_those_of_its_latents():
    model = infogan()
    a, b = model.random_latents(4, seed=0).reshape(2, 2, -1)
    images, columns = latents.interpolation(model, a, b, steps=5)
    assert columns == 5
    path = latents.interpolate(a[1], b[1], steps=5, codes=CODES)
    np.testing.assert_array_equal(images[5:], model.sample(5, latents=path))


def test_rows_have_conditions_of_their_own():
    model = conditional()
    a, b = model.random_latents(4, seed=0).reshape(2, 2, -1)
    images, _ = latents.interpolation(model, a, b, steps=3, condition=[2, 1])
    np.testing.assert_array_equal(
        images[:3], latents.interpolation(model, a[0], b[0], 3, condition=2)[0]
    )
    np.testing.assert_array_equal(images[5], model.sample(1, latents=b[1:], condition=1)[0])
    with pytest.raises(ValueError, match="not conditional"):
        latents.interpolation(gan(), a, b, condition=1)


def test_arithmetic_is_exact_in_a_linear_generator():
    """Where images are linear in latents, image arithmetic and latent arithmetic are one."""
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, 3, 4))
    matrix = rng.normal(size=(4, 9))
    found = latents.arithmetic(a, b, c) @ matrix
    expected = (a @ matrix).mean(axis=0) - (b @ matrix).mean(axis=0) + (c @ matrix).mean(axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(latents.arithmetic(a[0], a[0], c), c.mean(axis=0), atol=1e-6)


def test_arithmetic_ends_at_codes():
    codes = [Categorical(3, name="kind"), Continuous(1, name="style")]
    a, b, c = [[1.0, *kind, style] for kind, style in zip(np.eye(3)[[0, 0, 2]], (0.9, -0.5, 0.2))]
    np.testing.assert_allclose(latents.arithmetic(a, b, c, codes=codes), [1, 0, 0, 1, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 1}, "steps must be at least 2"),
        ({"method": "cubic"}, "method must be 'spherical' or 'linear', got 'cubic'"),
        ({"b": np.ones(3)}, r"one shape.*got \(2,\) and \(3,\)"),
        ({"codes": [Continuous(3)]}, "no room for codes"),
    ],
)
def test_paths_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        latents.interpolate(**{"a": np.ones(2), "b": np.array([1.0, 0.0]), **arguments})


@pytest.mark.parametrize("suffix", ["gif", "png"])
@pytest.mark.parametrize("loop", [True, False])
def test_a_walk_is_what_was_written(suffix, loop, tmp_path):
    path = tmp_path / "new" / f"walk.{suffix}"
    model = infogan()
    frames = latents.walk(model, path, keyframes=3, frames=2, seed=1, loop=loop, duration=120)
    assert frames.shape == (6 if loop else 5, *tiny.SHAPE)
    stops = model.random_latents(3, seed=1)
    np.testing.assert_array_equal(frames[::2], model.sample(3, latents=stops))
    half = latents.interpolate(stops[0], stops[1], steps=3, codes=CODES)[1:2]
    np.testing.assert_array_equal(frames[1:2], model.sample(1, latents=half))
    with Image.open(path) as opened:
        assert opened.n_frames == len(frames)
        assert opened.info.get("loop") == (0 if loop else {"gif": None, "png": 1}[suffix])
        for i, frame in enumerate(frames):
            opened.seek(i)
            assert opened.info["duration"] == 120
            np.testing.assert_array_equal(np.asarray(opened.convert("L")), frame[..., 0])


def test_walks_side_by_side(tmp_path):
    model = gan()
    frames = latents.walk(model, tmp_path / "walk.png", keyframes=2, frames=1, n=4, seed=3)
    stops = model.random_latents(8, seed=3)[::2]
    np.testing.assert_array_equal(frames[0], kgan.data.grid(model.sample(4, latents=stops)))


def test_walks_that_make_no_sense_are_refused(tmp_path):
    for arguments, message in (
        ({"path": "walk.mp4"}, r"\.gif or \.png"),
        ({"keyframes": 1}, "keyframes must be at least 2, got 1"),
        ({"duration": 0.08}, "in milliseconds"),
    ):
        with pytest.raises(ValueError, match=message):
            latents.walk(gan(), **{"path": tmp_path / "walk.gif", **arguments})


def test_a_sweep_changes_one_code():
    model = infogan()
    drawn = model.random_latents(2, seed=4)
    images, columns = latents.sweep(model, "kind", rows=2, seed=4)
    assert columns == 2
    np.testing.assert_array_equal(images, model.sample_grid(rows=2, seed=4)[0])
    images, columns = latents.sweep(model, "style", [-2, 0.5], entry=1, rows=2, seed=4)
    assert columns == 2
    drawn[:, -1] = 0.5
    np.testing.assert_array_equal(images[1::2], model.sample(2, latents=drawn))
    assert latents.sweep(model, "style", rows=1)[1] == 9
    with pytest.raises(ValueError, match="no code 'size'; the codes are kind, style"):
        latents.sweep(model, "size")
    with pytest.raises(ValueError, match="2 entries, from 0; got entry 2"):
        latents.sweep(model, "style", entry=2)
    with pytest.raises(ValueError, match="GAN has no codes"):
        latents.sweep(gan(), "kind")


def test_codes_change_places():
    model = infogan()
    a, b = model.random_latents(2, seed=0)
    a_like_b, b_like_a = latents.exchange(model, a, b, ["style"])
    np.testing.assert_array_equal(a_like_b, [*a[:-2], *b[-2:]])
    np.testing.assert_array_equal(b_like_a, [*b[:-2], *a[-2:]])
    every, _ = latents.exchange(model, a[None], b[None])
    np.testing.assert_array_equal(every, [[*a[:2], *b[2:]]])
    again = latents.exchange(model, *latents.exchange(model, a, b))
    np.testing.assert_array_equal(again, [a, b])
    with pytest.raises(ValueError, match="across_conditions"):
        latents.exchange(gan(), a, b)


def test_one_style_under_many_conditions():
    model = conditional()
    drawn = model.random_latents(2, seed=0)
    images, columns = latents.across_conditions(model, drawn)
    assert columns == tiny.CLASSES
    np.testing.assert_array_equal(images[4:5], model.sample(1, latents=drawn[1:], condition=1))
    alone, columns = latents.across_conditions(model, drawn, 1)
    assert columns == 1
    np.testing.assert_array_equal(alone, images[1::3])
    images, columns = latents.across_conditions(model, drawn[0], [2, 0])
    np.testing.assert_array_equal(images[:1], model.sample(1, latents=drawn[:1], condition=2))
    with pytest.raises(ValueError, match="not conditional"):
        latents.across_conditions(gan(), drawn)
