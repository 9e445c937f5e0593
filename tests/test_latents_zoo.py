"""Every preset of the zoo by the same calls, and pretrained ones held to figures."""

import numpy as np
import pytest
from PIL import Image

import kgan
from kgan.latents import interpolate
from kgan.latents.codes import codes_of
from kgan.latents.inversion import psnr

PRETRAINED = [name for name in kgan.zoo.list() if kgan.zoo.info(name)["measured"]]


@pytest.mark.slow
@pytest.mark.parametrize("name", kgan.zoo.list())
def test_every_preset_by_the_same_calls(name, tmp_path):
    """What holds of any smooth generator, trained or not."""
    gan = kgan.zoo.load(name, weights="pretrained" if name in PRETRAINED else None)
    condition = one_condition(gan)

    # Truncation: the nearer to the middle of the latents, the nearer to its image.
    assert gan.sample(2, condition, seed=0, truncation=0.5).shape == (2, *gan.image_shape)
    typical, near, varied = (
        floats(gan, gan.random_latents(8, seed=0, truncation=amount), condition)
        for amount in (0.0, 0.2, 1.0)
    )
    if isinstance(gan, kgan.ProgressiveGAN):
        # Its latents are normalised to one length first.
        np.testing.assert_allclose(near, varied, atol=1e-3)
    else:
        assert 0 < np.abs(near - typical).mean() < np.abs(varied - typical).mean()

    # Paths: neighbours are nearer to each other than the ends, unless a category changes.
    a, b = gan.random_latents(4, seed=0, truncation=0.7).reshape(2, 2, -1)
    images, columns = gan.interpolate(a, b, steps=3, condition=condition)
    assert (len(images), columns) == (6, 3)
    frames = floats(gan, interpolate(a[0], b[0], steps=9, codes=codes_of(gan)), condition)
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert np.median(steps) < 0.5 * np.abs(frames[0] - frames[-1]).mean()
    gan.walk(tmp_path / "walk.gif", keyframes=2, frames=2, condition=condition)
    with Image.open(tmp_path / "walk.gif") as opened:
        assert opened.size == gan.image_shape[1::-1]

    # Directions: of length one, the most important first, those in closed form orthogonal.
    principal = gan.directions("pca", k=3, n=60, condition=condition)
    closed = gan.directions("closed_form", k=3)
    for found in (principal, closed):
        np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, rtol=1e-5)
        assert (np.diff(found.shares) <= 0).all()
        images, columns = gan.move(a[0], found.vectors, (-3, 0, 3), condition)
        assert (len(images), columns) == (9, 3)
        np.testing.assert_array_equal(images[1], images[4])
        ends = floats(gan, np.concatenate([a[0] - 3 * found.vectors, a[0] + 3 * found.vectors]),
                      condition)  # fmt: skip
        assert (np.abs(ends[:3] - ends[3:]).mean(axis=(1, 2, 3)) > 0).all()
    np.testing.assert_allclose(closed.vectors @ closed.vectors.T, np.eye(3), atol=1e-5)

    # Inversion: what is found is nearer to the image than another image is.
    image, other = gan.sample(2, condition, seed=5)
    found = gan.invert(image, steps=20, starts=1, condition=condition)
    different = psnr(image[None], other[None])
    print(name, "PSNR", found.psnr.round(1), "of another image", different.round(1))
    # An untrained DCGAN's images are of one grey, so that there is nothing to find.
    assert found.psnr > different or (name not in PRETRAINED and different > 40)
    again = gan.sample(1, condition, latents=found.latents)
    np.testing.assert_array_equal(found.images, again)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAINED)
def test_pretrained_presets(name):
    """Directions that matter, and the way back from images to more than 30 dB."""
    gan = kgan.zoo.load(name, weights="pretrained")
    z = gan.random_latents(2, seed=0, truncation=0.7)
    condition = vector_condition(gan)
    principal = gan.directions("pca", k=5, condition=condition)
    closed = gan.directions("closed_form", k=5)
    # Both are of one layer, which is linear, and should agree on what matters most.
    assert abs(principal.vectors[0] @ closed.vectors[0]) > 0.8
    random = np.random.default_rng(0).normal(size=(5, gan.latent_dim))
    random[:, np.all(closed.vectors == 0, axis=0)] = 0
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    assert change(gan, z, closed.vectors, condition) > change(gan, z, random, condition)
    assert change(gan, z, principal.vectors, condition) > change(gan, z, random, condition)

    # A class-conditional model is not told the classes.
    found = gan.invert(gan.sample(2, condition, seed=5), condition=condition)
    print(name, "PSNR", found.psnr.round(1), "shares", closed.shares.round(3))
    assert (found.psnr > 30).all(), found.psnr


def one_condition(gan):
    """A class, a vector, or None."""
    return 1 if getattr(gan, "classes", None) else vector_condition(gan)


def vector_condition(gan):
    """A vector of length one, as of a sentence, where the generator takes one."""
    if not gan.conditional or getattr(gan, "classes", None):
        return None
    vector = np.random.default_rng(0).normal(size=gan.generator.inputs[1].shape[1:])
    return vector / np.linalg.norm(vector)


def floats(gan, latents, condition):
    """Images in [-1, 1], not rounded: those of an untrained model are nearly of one grey."""
    if gan.conditional:
        return gan.predict([latents, gan.condition_for(condition, len(latents))], verbose=0)
    return gan.predict(latents, verbose=0)


def change(gan, z, directions, condition):
    """How much images change along directions, in grey levels."""
    moved = [gan.move(z, direction, (-2, 2), condition)[0] for direction in directions]
    moved = np.stack(moved).astype(float)
    return np.abs(moved[:, 0::2] - moved[:, 1::2]).mean()
