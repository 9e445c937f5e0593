import checks
import keras
import numpy as np
import pytest
import tiny

import kgan


def make():
    return kgan.TextGAN(*tiny.networks(condition_dim=5), discriminator_steps=2, ema_decay=0.9)


def make_wasserstein():
    return kgan.TextGAN(
        *tiny.networks(condition_dim=5, norm=False),
        loss="wasserstein",
        penalties=[kgan.penalties.GradientPenalty(10.0)],
    )


@pytest.mark.parametrize("check", checks.ALL)
def test_text_gan(check):
    check(make)


@pytest.mark.parametrize("check", checks.TRAINING)
def test_text_gan_of_another_loss_with_a_penalty(check):
    check(make_wasserstein)


def matcher():
    """D's logit is the product of image and condition; G shows its latents."""
    latents, images = keras.Input((1,)), keras.Input((1,))
    told, given = keras.Input((1,)), keras.Input((1,))
    ignore = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    generator = keras.Model([latents, told], keras.layers.Add()([latents, ignore(told)]))
    scale = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    product = keras.layers.Multiply()([images, given])
    return generator, keras.Model([images, given], scale(product))


@pytest.mark.parametrize("loss", ["non_saturating", "wasserstein"])
def test_real_images_with_a_wrong_caption_are_half_of_the_fakes(loss):
    """arXiv:1605.05396, Algorithm 1: log s_r + (log(1 - s_w) + log(1 - s_f)) / 2, by hand."""
    gan = kgan.TextGAN(*matcher(), loss=loss)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    tiny.ListedNoise(gan, [tiny.column(3.0, -1.0, 2.0)] * 2)
    x, captions = tiny.column(1.0, 2.0, 0.5), tiny.column(1.0, -1.0, 2.0)
    logs = gan.fit(x, captions, batch_size=3, shuffle=False, verbose=0).history
    # Each image with its caption, with the one before it, and the generated ones.
    real, wrong = np.array([1.0, -2.0, 1.0]), np.array([2.0, 2.0, -0.5])
    fake = np.array([3.0, 1.0, 4.0])
    if loss == "wasserstein":
        expected = (wrong.mean() + fake.mean()) / 2 - real.mean()
    else:
        expected = np.mean(np.log1p(np.exp(-real)))
        expected += np.mean(np.log1p(np.exp(wrong)) + np.log1p(np.exp(fake))) / 2
    np.testing.assert_allclose(logs["d_loss"], [expected], rtol=1e-6)
    np.testing.assert_allclose(logs["real_score"], [real.mean()], atol=1e-6)
    np.testing.assert_allclose(logs["fake_score"], [fake.mean()], rtol=1e-6)
    np.testing.assert_allclose(logs["mismatch_score"], [wrong.mean()], rtol=1e-6)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"a caption is a vector.*pass condition_dim"):
        kgan.TextGAN(*tiny.networks(classes=3))
    with pytest.raises(ValueError, match="1 prompts need an encoder"):
        kgan.TextGAN(*tiny.networks(condition_dim=5), prompts=["a cat"])
    gan = make()
    with pytest.raises(ValueError, match="this model has no encoder: pass condition"):
        gan.sample(2, prompt="a cat")
    with pytest.raises(ValueError, match="prompt or condition, not both"):
        gan.sample(2, condition=np.zeros(5), prompt="a cat")
    with pytest.raises(ValueError, match="pass condition, a vector of shape"):
        gan.sample(2)
    gan.compile()
    with pytest.raises(ValueError, match="at least 2 images a replica, got batch_size=1 for 1"):
        gan.fit(*tiny.data(gan), batch_size=1, verbose=0)


def told(prompts):
    """A model that takes texts."""
    pytest.importorskip("sentence_transformers")
    generator, discriminator = tiny.networks(condition_dim=384)
    return kgan.TextGAN(generator, discriminator, encoder="all-MiniLM-L6-v2", prompts=prompts)


def test_sample_takes_texts(tmp_path):
    texts = ["a red cat", "two dogs"]
    gan = told(texts)
    gan.compile()
    gan.save(tmp_path / "gan.keras")
    gan = keras.models.load_model(tmp_path / "gan.keras")
    vectors = gan.encode(texts)
    assert vectors.shape == (2, 384) and gan.encode("two dogs").shape == (384,)
    expected = gan.sample(2, condition=vectors, seed=0)
    np.testing.assert_array_equal(gan.sample(2, seed=0, prompt=texts), expected)
    np.testing.assert_array_equal(gan.sample(2, seed=0), expected)
    one = gan.sample(2, seed=0, prompt="two dogs")
    np.testing.assert_array_equal(one[1], expected[1])
    assert np.abs(one[0].astype(int) - expected[0]).max() > 0
    images, columns = gan.sample_grid(rows=3)
    assert columns == 2 and len(images) == 6
