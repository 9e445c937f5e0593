"""`kgan.latents` as methods of the models: the same calls with the same answers."""

import inspect

import numpy as np
import pytest
import tiny

import kgan
from kgan import latents
from kgan.latents import Categorical, Continuous

CODES = [Categorical(2, name="kind"), Continuous(2, name="style")]
FUNCTIONS = {
    "interpolate": latents.interpolation,
    "walk": latents.walk,
    "move": latents.move,
    "sweep": latents.sweep,
    "exchange": latents.exchange,
    "across_conditions": latents.across_conditions,
    "invert": latents.invert,
}


@pytest.fixture(scope="module")
def infogan():
    networks = tiny.networks(code_parameters=sum(code.parameters for code in CODES), plain=True)
    return kgan.InfoGAN(*networks, codes=CODES)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_method_is_the_function(name, infogan):
    method, function = getattr(infogan, name), FUNCTIONS[name]
    first, *others = inspect.signature(function).parameters.values()
    assert first.name == "gan"
    assert [*inspect.signature(method).parameters.values()] == others
    assert inspect.getdoc(method) == inspect.getdoc(function)


def test_images_are_those_of_the_functions(infogan):
    a, b = infogan.random_latents(2, seed=0)
    for found, expected in (
        (infogan.interpolate(a, b, steps=3), latents.interpolation(infogan, a, b, 3)),
        (infogan.sweep("kind", rows=2), latents.sweep(infogan, "kind", rows=2)),
        (infogan.move(a, b, [1]), latents.move(infogan, a, b, [1])),
    ):
        np.testing.assert_array_equal(found[0], expected[0])
        assert found[1] == expected[1]
    np.testing.assert_array_equal(infogan.exchange(a, b), latents.exchange(infogan, a, b))


def test_directions_are_found_by_name(infogan):
    for method, expected in (
        ("pca", latents.pca_directions(infogan, k=2, n=30, seed=1)),
        ("closed_form", latents.closed_form_directions(infogan, k=2)),
    ):
        options = {"n": 30, "seed": 1} if method == "pca" else {}
        found = infogan.directions(method, k=2, **options)
        np.testing.assert_array_equal(found.vectors, expected.vectors)
    with pytest.raises(ValueError, match="'pca' or 'closed_form', got 'sefa'"):
        infogan.directions("sefa")


def test_codes_are_known_to_methods(infogan):
    a, b, c = infogan.random_latents(3, seed=0)
    np.testing.assert_array_equal(
        infogan.arithmetic(a, b, c), latents.arithmetic(a, b, c, codes=CODES)
    )
    z = infogan.random_latents(50, seed=1)
    found = infogan.attribute_direction(z, z[:, 0])
    np.testing.assert_array_equal(found, latents.attribute_direction(z, z[:, 0], codes=CODES))
    np.testing.assert_array_equal(found[2:], 0)


def test_vectors_are_conditions_like_labels(tmp_path):
    """Each call takes one vector for all rows or one for each."""
    model = kgan.ConditionalGAN(*tiny.networks(condition_dim=3, plain=True))
    a, b = model.random_latents(4, seed=0).reshape(2, 2, -1)
    vectors = np.random.default_rng(0).normal(size=(2, 3))

    images, _ = model.interpolate(a, b, steps=3, condition=vectors)
    np.testing.assert_array_equal(images[5], model.sample(1, vectors[1], latents=b[1:])[0])
    frames = model.walk(tmp_path / "w.png", keyframes=2, frames=1, n=2, condition=vectors)
    assert len(frames) == 2
    images, columns = model.across_conditions(a, vectors)
    assert columns == 2
    np.testing.assert_array_equal(images[1], model.sample(1, vectors[1], latents=a[:1])[0])
    found = model.directions(k=2, n=30, condition=vectors[0])
    images, columns = model.move(a[0], found.vectors, [0], condition=vectors[0])
    np.testing.assert_array_equal(images[1], model.sample(1, vectors[0], latents=a[:1])[0])
    found = model.invert(model.sample(2, vectors, seed=1), steps=3, starts=1, condition=vectors)
    np.testing.assert_allclose(found.condition, vectors, rtol=1e-6)
    np.testing.assert_array_equal(
        found.images, model.sample(2, found.condition, latents=found.latents)
    )
    for call in (
        lambda: model.interpolate(a, b),
        lambda: model.invert(model.sample(1, vectors[0])),
    ):
        with pytest.raises(ValueError, match=r"pass condition, a vector of shape \(3,\)"):
            call()


def test_conditions_that_a_model_shows_of_itself_are_tried():
    """As the prompts of a model of texts."""

    class Told(kgan.ConditionalGAN):
        def default_conditions(self):
            return 9 * np.eye(3)

    model = Told(*tiny.networks(condition_dim=3, plain=True))
    z = model.random_latents(2, seed=0)
    images, columns = model.across_conditions(z)
    assert columns == 3
    np.testing.assert_array_equal(images[4:5], model.sample(1, [0, 9, 0], latents=z[1:]))
    found = model.invert(images[1:3], steps=2, starts=1)
    np.testing.assert_array_equal(found.condition, [[0, 9, 0], [0, 0, 9]])


def test_one_image_is_inverted_as_a_batch_of_one(infogan):
    image = infogan.sample(1, seed=2)
    alone = infogan.invert(image[0], steps=2, starts=1)
    np.testing.assert_array_equal(alone.latents, infogan.invert(image, steps=2, starts=1).latents)
