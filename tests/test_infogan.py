import math

import checks
import keras
import numpy as np
import pytest
import tiny

import kgan
from kgan.data.files import ImageFiles
from kgan.latents import Categorical, Continuous


def make():
    return kgan.InfoGAN(
        *tiny.networks(code_parameters=5),
        codes=[Categorical(3), Continuous(1)],
        discriminator_steps=2,
        ema_decay=0.9,
    )


def make_wasserstein():
    return kgan.InfoGAN(
        *tiny.networks(code_parameters=3, norm=False),
        codes=[Categorical(3)],
        loss="wasserstein",
        penalties=[kgan.penalties.GradientPenalty(10.0)],
    )


@pytest.mark.parametrize("check", checks.ALL)
def test_infogan(check):
    check(make)


@pytest.mark.parametrize("check", checks.TRAINING)
def test_infogan_of_another_loss_with_a_penalty(check):
    check(make_wasserstein)


def mirror(reads, size, *, noise=1):
    """G shows the codes as they are, D's logit is 0, and Q is a linear map of what it sees.

    Args:
        reads: Q's kernel `(size, parameters)` and bias `(parameters,)`.
        size: Entries of all codes.
        noise: Latents before them.
    """
    latents, points = keras.Input((noise + size,)), keras.Input((size,))
    show, judge = keras.layers.Dense(size, use_bias=False), keras.layers.Dense(1)
    read = keras.layers.Dense(len(reads[1]))
    generator = keras.Model(latents, show(latents))
    discriminator = keras.Model(points, [judge(points), read(points)])
    show.set_weights([np.eye(noise + size)[:, noise:]])
    judge.set_weights([np.zeros((size, 1)), np.zeros(1)])
    read.set_weights([np.asarray(array, "float32") for array in reads])
    return generator, discriminator


def bounds(networks, codes, n=64):
    """The bounds that a model of frozen players logs, and the loss of its generator."""
    gan = kgan.InfoGAN(*networks, codes=codes)
    gan.compile()
    points = np.zeros((n, *networks[1].inputs[0].shape[1:]), "float32")
    return gan.evaluate(points, batch_size=n, verbose=0, return_dict=True)


def test_the_bound_of_a_perfect_reader_is_the_entropy():
    """arXiv:1606.03657, Eq. 4: L_I = H(c) where Q knows the code; for 4 categories, ln 4."""
    perfect = mirror((100.0 * np.eye(4), np.zeros(4)), 4)
    assert bounds(perfect, [Categorical(4)])["information_category"] == pytest.approx(math.log(4))


def test_the_bound_of_a_reader_that_knows_nothing_is_zero():
    ignorant = mirror((np.zeros((4, 4)), np.zeros(4)), 4)
    logs = bounds(ignorant, [Categorical(4)])
    assert logs["information_category"] == pytest.approx(0.0, abs=1e-6)
    # Logits of 0: -log sigmoid(0) = ln 2 is all that is left of the generator's loss.
    assert logs["g_loss"] == pytest.approx(math.log(2), rel=1e-5)
    # ln 2 for real images and ln 2 for generated ones.
    assert logs["d_loss"] == pytest.approx(2 * math.log(2), rel=1e-5)


def test_a_wrong_reader_has_a_negative_bound():
    """Q sure of one category, whatever it sees: ln 4 - 3/4 * 100 for equally many of each."""
    wrong = mirror((np.zeros((4, 4)), [100.0, 0.0, 0.0, 0.0]), 4)
    assert bounds(wrong, [Categorical(4)])["information_category"] < -30


def test_the_bound_of_a_continuous_code():
    """Mean right, deviation 1/2: ln 2 - ln(1/2) - ln(2 pi) / 2 = 1.386294 - 0.918939 nats."""
    # The deviation is given as 3 artanh(ln(1/2) / 3), which the bound on it undoes.
    log_deviation = 3 * math.atanh(math.log(0.5) / 3)
    reader = mirror(([[1.0, 0.0]], [0.0, log_deviation]), 1)
    logs = bounds(reader, [Continuous(1, name="style")])
    assert logs["information_style"] == pytest.approx(1.386294 - 0.918939, abs=1e-5)


def test_both_players_minimise_the_loss_less_the_weighted_bounds():
    """Eq. 6 with lambda = 1 for categories and 0.1 for numbers, by default and as given."""
    kernel = np.zeros((4, 5))
    kernel[:3, :3] = 100 * np.eye(3)
    codes = [Categorical(3), Continuous(1)]
    # The mean of the continuous code is 0.7 wherever it is, its deviation 1.
    networks = mirror((kernel, [0.0, 0.0, 0.0, 0.7, 0.0]), 4)
    logs = bounds(networks, codes)
    known, guessed = logs["information_category"], logs["information_continuous"]
    assert known == pytest.approx(math.log(3))
    assert logs["g_loss"] == pytest.approx(math.log(2) - known - 0.1 * guessed, rel=1e-5)

    gan = kgan.InfoGAN(*networks, codes=codes, information_weights=[2.0, 0.5])
    gan.compile()
    points = np.zeros((8, 4), "float32")
    logs = gan.evaluate(points, batch_size=8, verbose=0, return_dict=True)
    expected = math.log(2) - 2.0 * math.log(3) - 0.5 * logs["information_continuous"]
    assert logs["g_loss"] == pytest.approx(expected, rel=1e-5)


def test_the_discriminators_update_trains_its_reader():
    """d/dlogits of -log softmax is softmax - one-hot; with uniform Q and SGD, by hand."""
    gan = kgan.InfoGAN(*mirror((np.zeros((2, 2)), np.zeros(2)), 2), codes=[Categorical(2)], seed=0)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(1.0))
    tiny.ListedNoise(gan, [tiny.column(0.0, 0.0), [0, 1], tiny.column(0.0, 0.0), [0, 1]])
    gan.fit(np.zeros((2, 2), "float32"), batch_size=2, verbose=0)
    # Of image e_i and category i: kernel[i, j] += (1{i = j} - 1/2) / 2; the biases' sum is zero.
    kernel, bias = gan.discriminator.layers[-1].get_weights()
    np.testing.assert_allclose(kernel, [[0.25, -0.25], [-0.25, 0.25]], atol=1e-6)
    np.testing.assert_allclose(bias, [0.0, 0.0], atol=1e-6)


def test_latents_are_noise_and_then_the_codes():
    gan = kgan.InfoGAN(
        *mirror((np.zeros((4, 5)), np.zeros(5)), 4, noise=3),
        codes=[Categorical(3, name="kind"), Continuous(1, name="tilt")],
    )
    latents = gan.random_latents(2000, seed=0)
    noise, kind, tilt = latents[:, :3], latents[:, 3:6], latents[:, 6]
    assert abs(noise.mean()) < 0.1
    assert noise.std() == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(np.sort(kind, axis=1), np.tile([0, 0, 1], (2000, 1)))
    np.testing.assert_allclose(kind.mean(axis=0), 1 / 3, atol=0.05)
    assert -1 <= tilt.min() < -0.98 and 0.98 < tilt.max() <= 1
    assert tilt.var() == pytest.approx(1 / 3, abs=0.03)

    changed = gan.set_code(latents[:3], "kind", [2, 0, 1])
    np.testing.assert_array_equal(changed[:, 3:6], [[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(changed[:, [0, 1, 2, 6]], latents[:3][:, [0, 1, 2, 6]])
    changed = gan.set_code(latents[:3], "tilt", 0.5)
    np.testing.assert_array_equal(changed[:, 6], 0.5)
    assert not np.shares_memory(changed, latents)
    with pytest.raises(ValueError, match=r"no code 'size'; the codes are kind, tilt"):
        gan.set_code(latents, "size", 0.5)
    with pytest.raises(ValueError, match=r"integers from 0 to 2, got"):
        gan.set_code(latents[:1], "kind", 3)


def test_predict_codes_reads_every_image():
    kernel = np.zeros((4, 5))
    kernel[:3, :3], kernel[3, 3] = np.eye(3), 2.0
    gan = kgan.InfoGAN(
        *mirror((kernel, np.zeros(5)), 4), codes=[Categorical(3), Continuous(1, name="tilt")]
    )
    points = np.array([[1, 0, 0, 0.5], [0, 2, 0, -0.5], [0, 0, 0, 0]], "float32")
    codes = gan.predict_codes(points, batch_size=2)
    e = math.e
    expected = [[e, 1, 1], [1, e**2, 1], [1, 1, 1]] / np.array([[e + 2], [e**2 + 2], [3.0]])
    np.testing.assert_allclose(codes["category"], expected, rtol=1e-5)
    np.testing.assert_allclose(codes["tilt"], [[1.0], [-1.0], [0.0]], rtol=1e-5)


def test_predict_codes_scales_uint8_images():
    gan = make()
    pixels = tiny.images(3)
    from_pixels = gan.predict_codes(pixels)
    from_floats = gan.predict_codes(pixels / np.float32(127.5) - 1)
    for name in ("category", "continuous"):
        np.testing.assert_allclose(from_pixels[name], from_floats[name], atol=1e-5)


def test_predict_codes_takes_what_fit_takes():
    gan = make()
    pixels = tiny.images(4)
    for images, said in (
        (pixels[0], r"got an array of shape \(8, 8, 1\): batch it, images\[None\] of one image"),
        (pixels[:, :4], r"got an array of shape \(4, 4, 8, 1\)"),
        (pixels[..., 0], r"got an array of shape \(4, 8, 8\)"),
        (pixels.astype("int64"), "images must be uint8 or float, got int64"),
        (pixels / 255.0, r"look like \[0, 1\].*scale them \(2 \* x - 1\)"),
        (pixels.astype("float32"), r"must be in \[-1, 1\], got \[0, 255\]"),
        (np.full(pixels.shape, np.nan), "image 0 contains NaN"),
        (pixels[:0], r"there are no images: got an array of shape \(0, 8, 8, 1\)"),
    ):
        with pytest.raises(ValueError, match=said):
            gan.predict_codes(images)
    with pytest.raises(ValueError, match="batch_size must be an integer of at least 1, got 0"):
        gan.predict_codes(pixels, batch_size=0)
    told = kgan.InfoGAN(*tiny.networks(code_parameters=3, classes=3), codes=[Categorical(3)])
    with pytest.raises(ValueError, match="this discriminator takes a condition too"):
        told.predict_codes(pixels)
    tensor, listed = keras.ops.convert_to_tensor(pixels), list(pixels)
    for images in (tensor, listed):
        np.testing.assert_array_equal(
            gan.predict_codes(images)["category"], gan.predict_codes(pixels)["category"]
        )


def test_predict_codes_decodes_files_as_it_goes(tmp_path):
    pixels = tiny.images(3)
    for i, image in enumerate(pixels):
        kgan.data.save_image(tmp_path / f"{i}.png", image)
    files = ImageFiles(sorted(tmp_path.iterdir()))
    gan = make()
    np.testing.assert_allclose(
        gan.predict_codes(files, batch_size=2)["category"],
        gan.predict_codes(pixels)["category"],
        rtol=1e-5,
    )


def test_a_grid_has_a_column_for_each_category():
    gan = make()
    images, columns = gan.sample_grid(rows=2, seed=5)
    assert columns == 3
    latents = gan.random_latents(2, seed=5)
    for row in range(2):
        for column in range(3):
            told = gan.set_code(latents[row : row + 1], "category", column)
            expected = gan.sample(1, latents=told)[0]
            np.testing.assert_array_equal(images[3 * row + column], expected)


def test_networks_that_do_not_fit_the_codes_are_refused():
    generator, discriminator = tiny.networks(code_parameters=5)
    with pytest.raises(ValueError, match=r"second output of 4 code parameters"):
        kgan.InfoGAN(generator, discriminator, codes=[Categorical(4)])
    with pytest.raises(ValueError, match=r"6 latents have no room for codes of 10 entries"):
        kgan.InfoGAN(generator, discriminator)
    with pytest.raises(ValueError, match=r"codes need different names"):
        kgan.InfoGAN(generator, discriminator, codes=[Categorical(2), Categorical(3)])
    with pytest.raises(ValueError, match=r"got 2 information_weights for 1 codes"):
        kgan.InfoGAN(
            generator, discriminator, codes=[Categorical(5)], information_weights=[1.0, 2.0]
        )
    with pytest.raises(ValueError, match=r"code_parameters=3"):
        kgan.InfoGAN(*tiny.networks(), codes=[Categorical(3)])
