"""From images back to latents: what a generator made, it can make again."""

import keras
import numpy as np
import pytest
import tiny

import kgan
from kgan import latents
from kgan.latents import Categorical, Continuous

QUICK = {"steps": 150, "starts": 3}


def sharpened(gan):
    """Larger weights in the generator, so that latents matter more than at first."""
    for weight in gan.generator.trainable_variables:
        weight.assign(2 * weight)
    return gan


@pytest.mark.parametrize(("dtype", "batch_size"), [("uint8", 256), ("float32", 3)])
def test_an_image_that_the_generator_made_comes_back(dtype, batch_size):
    gan = sharpened(kgan.GAN(*tiny.networks(plain=True)))
    kept = gan.get_weights()
    images = gan.sample(2, seed=1)
    assert not np.array_equal(*images)
    given = images if dtype == "uint8" else kgan.data.to_float(images)
    found = latents.invert(gan, given, batch_size=batch_size, **QUICK)
    assert found.latents.shape == (2, tiny.LATENT_DIM)
    assert found.latents.dtype == np.float32
    assert (found.psnr > 30).all(), found.psnr
    assert found.condition is None
    made = gan.sample(2, latents=found.latents)
    np.testing.assert_array_equal(found.images, made)
    error = np.mean((made.astype(float) - images) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(found.psnr, 20 * np.log10(255) - 10 * np.log10(error))
    for weight, before in zip(gan.get_weights(), kept):
        np.testing.assert_array_equal(weight, before)


def test_the_class_is_found_out():
    networks = tiny.networks(classes=tiny.CLASSES, plain=True)
    gan = sharpened(kgan.ConditionalGAN(*networks, classes=tiny.CLASSES))
    embedding = next(x for x in gan.generator.layers if isinstance(x, keras.layers.Embedding))
    embedding.embeddings.assign(50 * embedding.embeddings)
    images = gan.sample(2, seed=1, condition=[2, 0])
    found = latents.invert(gan, images, steps=150, starts=1)
    np.testing.assert_array_equal(found.condition, [2, 0])
    np.testing.assert_array_equal(
        found.images, gan.sample(2, latents=found.latents, condition=[2, 0])
    )
    assert (found.psnr > 30).all(), found.psnr
    told = latents.invert(gan, images, steps=150, starts=3, condition=[1, 0])
    np.testing.assert_array_equal(told.condition, [1, 0])


def test_codes_are_read_and_stay_codes():
    codes = [Categorical(2, name="kind"), Continuous(1, name="style")]
    gan = sharpened(kgan.InfoGAN(*tiny.networks(code_parameters=4, plain=True), codes=codes))
    images = gan.sample(3, seed=1)
    found = latents.invert(gan, images, steps=20, starts=2, learning_rate=1.0)
    read = gan.predict_codes(images)["kind"]
    np.testing.assert_array_equal(found.latents[:, 3:5], np.eye(2)[read.argmax(axis=1)])
    assert (np.abs(found.latents[:, 5]) <= 1).all()


def test_bright_images_are_in_range_too():
    codes = [Categorical(2, name="kind"), Continuous(1, name="style")]
    gan = kgan.InfoGAN(*tiny.networks(code_parameters=4, plain=True), codes=codes)
    bright = np.full((1, *tiny.SHAPE), 200, "uint8")
    assert latents.invert(gan, bright, steps=1, starts=1).images.shape == bright.shape


def test_an_extractor_has_its_say():
    """If only the features of an image count, nothing else of it comes back."""
    gan = sharpened(kgan.GAN(*tiny.networks(plain=True)))
    images = gan.sample(1, seed=1)

    def mean(batch):
        return keras.ops.mean(batch, axis=(1, 2, 3))[:, None]

    found = latents.invert(gan, images, extractor=mean, extractor_weight=1e6, **QUICK)
    assert abs(found.images.mean() - images.mean()) < 1
    assert found.psnr[0] < 30


def test_what_cannot_be_inverted_is_refused():
    gan = kgan.GAN(*tiny.networks(plain=True))
    images = gan.sample(1, seed=0)
    for given, options, message in (
        (images[:, :4], {}, r"shape that the model makes.*got \(1, 4, 8, 1\)"),
        (images / 1.0, {}, r"uint8, or float in \[-1, 1\]"),
        (images, {"starts": 0}, "starts must be at least 1, got 0"),
        (images, {"learning_rate": -0.1}, "learning_rate must be positive, got -0.1"),
        (images, {"extractor_weight": -1.0}, "extractor_weight must not be negative, got -1.0"),
        (images, {"condition": 1}, "not conditional"),
    ):
        with pytest.raises(ValueError, match=message):
            latents.invert(gan, given, **options)
