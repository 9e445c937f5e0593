"""ADA against SciPy's resampling and the authors' colour matrices, and its chance by hand."""

import types

import checks
import keras
import numpy as np
import pytest
import scipy.ndimage
import tiny
from keras import ops

import kgan
from kgan import augment, backend
from kgan.augment.ada import resample

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (3, 8, 6, 3)).astype("float32")
ALWAYS, NEVER = 0.0, 0.99


def changed(augmentation, *draws, images=IMAGES, chance=0.5):
    """What a pipeline makes of images with the given draws, an array for each kind of number."""
    noise = tiny.ListedNoise(types.SimpleNamespace(play_round=None), draws)
    images = augmentation.sometimes(ops.convert_to_tensor(images), noise, 0, chance)
    return ops.convert_to_numpy(images)


def uniforms(*columns):
    """The uniform numbers of three images: those given, and then what does nothing."""
    numbers = np.full((3, 21), NEVER, "float32")
    for i, column in enumerate(columns):
        numbers[:, i] = column
    return numbers


NORMALS = np.zeros((3, 7), "float32")


def test_without_luck_images_are_as_they_were():
    np.testing.assert_allclose(changed(augment.ADA(), uniforms(), NORMALS), IMAGES, atol=1e-6)


def test_flips():
    blit = augment.ADA(geometry=False, color=False)
    # Whether to flip, and whether to do it at all.
    found = changed(blit, uniforms([0.7, 0.2, 0.7], [ALWAYS, ALWAYS, NEVER]), NORMALS)
    np.testing.assert_allclose(found[0], IMAGES[0, :, ::-1], atol=1e-6)
    np.testing.assert_allclose(found[1:], IMAGES[1:], atol=1e-6)


def test_rotations_by_90_degrees():
    blit = augment.ADA(geometry=False, color=False)
    square = IMAGES[:, :6]
    draws = uniforms(0, NEVER, [0.3, 0.6, 0.9], ALWAYS)
    for image, source, turns in zip(
        changed(blit, draws, NORMALS, images=square), square, (1, 2, 3)
    ):
        np.testing.assert_allclose(image, np.rot90(source, turns), atol=1e-5)


def test_translations_by_whole_pixels_reflect_what_is_outside():
    """An eighth of 8 rows is 1 pixel; of 6 columns it is 0.75, rounded to 1."""
    blit = augment.ADA(geometry=False, color=False)
    draws = uniforms(0, NEVER, 0, NEVER, [0.99, 0.5, 0.99], [0.5, 0.01, 0.99], ALWAYS)
    padded = np.pad(IMAGES, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    found = changed(blit, draws, NORMALS)
    for image, source, (right, down) in zip(found, padded, ((2, 1), (1, 0), (2, 2))):
        np.testing.assert_allclose(image, source[down : down + 8, right : right + 6], atol=1e-5)


def test_resampling_is_that_of_scipy():
    place = RNG.normal(0, 1, (3, 3, 3)).astype("float32")
    place[:, :, 2] *= 5
    found = ops.convert_to_numpy(
        resample(ops.convert_to_tensor(IMAGES), ops.convert_to_tensor(place))
    )
    middle = np.array([7, 5]) / 2
    for image, source, matrix in zip(found, IMAGES, place):
        matrix, shift = matrix[:2, :2][::-1, ::-1], matrix[:2, 2][::-1]  # Rows first.
        shift = shift + middle - matrix @ middle
        for channel in range(3):
            expected = scipy.ndimage.affine_transform(
                source[..., channel], matrix, shift, order=1, mode="mirror"
            )
            np.testing.assert_allclose(image[..., channel], expected, atol=2e-5)


def test_geometry_is_scaling_then_rotation_then_a_shift():
    """Of an image that is a slope: 2 * 2^0.2 to the right, turned by a right angle, moved."""
    geometry = augment.ADA(blit=False, color=False)
    slope = np.broadcast_to(np.arange(9.0)[:, None], (3, 9, 9))[..., None].astype("float32") - 4
    # Scaling by 2^(0.2 * 5) = 2; a quarter of a turn, u = (pi / 2 / pi + 1) / 2.
    draws = uniforms(ALWAYS, 0.75, ALWAYS)
    normals = NORMALS.copy()
    normals[:, 0] = 5
    found = changed(geometry, draws, normals, images=slope, chance=0.75)
    # Pixels come from twice as far out, so only the middle is not reflected; rows are columns.
    middle = found[0, 2:7, 2:7, 0]
    np.testing.assert_allclose(middle, np.broadcast_to(2 * np.arange(-2, 3.0), (5, 5)), atol=1e-4)


def test_either_rotation_has_the_chance():
    """Of two chances of 1 - sqrt(1 - 0.75) = 1/2 each, one at least comes with 0.75."""
    geometry = augment.ADA(blit=False, color=False)
    slope = np.broadcast_to(np.arange(9.0)[:, None], (3, 9, 9))[..., None].astype("float32") - 4
    draws = uniforms(NEVER, 0.75, [0.49, 0.51, 0.49], NEVER, 0.75, [0.51, 0.51, 0.49])
    found = changed(geometry, draws, NORMALS, images=slope, chance=0.75)
    np.testing.assert_allclose(found[0], slope[0].swapaxes(0, 1), atol=1e-4)
    np.testing.assert_allclose(found[1], slope[1], atol=1e-4)
    np.testing.assert_allclose(found[2], -slope[2], atol=1e-4)


def matrices(brightness, contrast, luma, angle, saturation):
    """The authors' 4 x 4 matrix, by their order of products."""
    v = np.array([1, 1, 1, 0]) / np.sqrt(3)
    along = np.outer(v, v)
    move = np.eye(4)
    move[:3, 3] = brightness
    scale = np.diag([contrast] * 3 + [1])
    cross = np.array([[0, -v[2], v[1], 0], [v[2], 0, -v[0], 0], [-v[1], v[0], 0, 0], [0] * 4])
    rest = np.eye(4) - along
    turn = along + np.cos(angle) * rest + np.sin(angle) * cross
    turn[3] = turn[:, 3] = [0, 0, 0, 1]
    saturate = along + rest * saturation
    saturate[3, 3] = 1
    return saturate @ turn @ (np.eye(4) - 2 * luma * along) @ scale @ move


def test_colour_is_the_authors_product_of_matrices():
    color = augment.ADA(blit=False, geometry=False)
    draws = uniforms(ALWAYS, ALWAYS, [0.2, 0.7, 0.7], ALWAYS, [0.1, 0.5, 0.8], ALWAYS, ALWAYS)
    normals = RNG.normal(size=(3, 7)).astype("float32")
    found = changed(color, draws, normals)
    for i in range(3):
        matrix = matrices(
            0.2 * normals[i, 0], 2 ** (0.5 * normals[i, 1]), [0, 1, 1][i],
            np.pi * (2 * [0.1, 0.5, 0.8][i] - 1), 2 ** normals[i, 2],
        )  # fmt: skip
        expected = IMAGES[i] @ matrix[:3, :3].T + matrix[:3, 3]
        np.testing.assert_allclose(found[i], expected, atol=1e-5)


def test_grey_images_have_no_colour():
    color = augment.ADA(blit=False, geometry=False)
    draws = uniforms(ALWAYS, ALWAYS, 0.7, ALWAYS)
    normals = np.ones((3, 7), "float32")
    found = changed(color, draws, normals, images=IMAGES[..., :1])
    np.testing.assert_allclose(found, -(IMAGES[..., :1] + 0.2) * 2**0.5, atol=1e-5)


def test_second_derivatives_are_those_of_a_linear_map():
    """Of sum T(x)^3: along w the gradient changes by T'(6 T(x) T(w)), T' the transposed T."""
    noise = lambda: kgan.noise.HostNoise(3)  # noqa: E731
    pipeline = augment.ADA()
    x, w = (ops.convert_to_tensor(RNG.uniform(-1, 1, (2, 8, 8, 3)).astype("float32")) for _ in "xw")

    def cubed(images):
        return ops.sum(pipeline(images, noise(), 0) ** 3)

    def along(images):
        return ops.sum(backend.input_gradient(cubed, images) * w)

    found = ops.convert_to_numpy(backend.input_gradient(along, x))
    slope = lambda x: ops.convert_to_numpy(backend.input_gradient(cubed, x))  # noqa: E731
    step = 0.5
    expected = (slope(x + step * w) - slope(x - step * w)) / (2 * step)
    # The gradient of a cubic is quadratic in x: differences are exact.
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    assert np.abs(expected).max() > 1


class Ones(augment.Augmentation):
    def __call__(self, images, noise, rounds):
        return ops.ones_like(images)


def test_sometimes_has_its_chance_by_a_schedule():
    chance = kgan.schedules.Cosine(0.0, 0.5, rounds=10)
    sometimes = augment.Sometimes([Ones()], chance)
    noise = kgan.noise.Noise(keras.random.SeedGenerator(0))
    zeros = ops.zeros((4000, 2, 2, 1))
    for rounds, part in ((0, 0.0), (5, 0.25), (99, 0.5)):
        found = ops.convert_to_numpy(sometimes(zeros, noise, ops.convert_to_tensor(rounds)))
        np.testing.assert_array_equal(found, np.broadcast_to(found[:, :1, :1], found.shape))
        assert found.mean() == pytest.approx(part, abs=0.03)


# -- the adaptive chance ---------------------------------------------------------------------------


def watching(**kwargs):
    """D(x) = x - 1/2, which does not learn, with an augmentation that does nothing."""
    still = augment.Adaptive(augment.InstanceNoise(0.0), **kwargs)
    gan = kgan.GAN(*tiny.line(bias=-0.5), augment=still)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return gan


def test_the_chance_rises_while_all_real_images_are_known():
    """Batches of 4 and 2 rounds an adjustment: 8 images of the 40 that it takes, a fifth."""
    gan = watching(images=40, interval=2)
    history = gan.fit(tiny.column(*[1.0] * 4), batch_size=4, epochs=11, verbose=0).history
    expected = [0, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.8, 0.8, 1.0, 1.0]
    np.testing.assert_allclose(history["augment_chance"], expected, atol=1e-6)
    assert history["real_sign"] == [1.0] * 11
    gan.fit(tiny.column(*[0.0] * 4), batch_size=4, epochs=3, verbose=0)
    chance = float(ops.convert_to_numpy(gan.augment[0].current))
    # The first round of these completes a pair with the last of those: r = 0, below the target.
    assert chance == pytest.approx(1.0 - 0.4)


def test_the_chance_follows_the_mean_sign_over_rounds():
    """Of 4 images 3 are known: r = 1/2, above a target of 0.4 and below the paper's 0.6."""
    images = tiny.column(1.0, 1.0, 1.0, 0.0)
    for target, chance in ((0.4, 0.6), (0.6, 0.4)):
        gan = watching(images=40, interval=1, chance=0.5, target=target)
        history = gan.fit(images, batch_size=4, verbose=0).history
        assert history["real_sign"] == [0.5]
        assert history["augment_chance"] == pytest.approx([chance])
    gan.evaluate(images, batch_size=4, verbose=0)
    assert float(ops.convert_to_numpy(gan.augment[0].current)) == pytest.approx(0.4)


def test_the_chance_is_saved(tmp_path):
    gan = watching(images=40, interval=2)
    gan.fit(tiny.column(*[1.0] * 4), batch_size=4, epochs=3, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    history = loaded.fit(tiny.column(*[1.0] * 4), batch_size=4, epochs=1, verbose=0).history
    assert history["augment_chance"] == pytest.approx([0.4])


def make():
    ada = augment.Adaptive(images=16, interval=1, target=-0.9)
    lazy = kgan.penalties.R1(interval=2)
    return kgan.GAN(*tiny.networks(norm=False), penalties=lazy, augment=ada)


@pytest.mark.parametrize(
    "check", [checks.check_shapes, checks.check_resume, checks.check_evaluate, checks.check_config]
)
def test_gan_with_ada(check):
    check(make)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: augment.ADA(False, False, False), "all off: there is nothing to do"),
        (lambda: augment.Sometimes([], 0.5), "no augmentation to do"),
        (lambda: augment.Sometimes("ada", 1.5), "chance must be from 0 to 1, got 1.5"),
        (lambda: augment.Sometimes(augment.Adaptive(), 1.0), r"pass what it adapts.*ADA\(\)"),
        (lambda: augment.Adaptive(["color", "ada"]), r"Adaptive has one of its own"),
        (lambda: augment.Adaptive(target=2), "target must be between -1 and 1, got 2"),
        (lambda: augment.Adaptive(interval=0), "interval must be at least 1, got 0"),
        (
            lambda: augment.Adaptive(chance=kgan.schedules.Cosine(0, 1, 9)),
            "an adaptive chance follows no schedule",
        ),
        (
            lambda: kgan.GAN(*tiny.networks(), loss="wasserstein", augment="ada"),
            r"sign of the real images' logits, which says nothing with the Wasserstein loss",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize("kind", [augment.Sometimes, augment.Adaptive])
def test_the_pipeline_by_its_name_has_the_given_chance(kind):
    (pipeline,) = kind("ada", chance=1.0).augment
    assert type(pipeline) is augment.ADA


def test_a_loss_of_ones_own_has_to_show_its_logits():
    class Own(kgan.GAN):
        def discriminator_loss(self, real, fake, latents, condition):
            loss = ops.mean(self.critic(fake)) - ops.mean(self.critic(real))
            return loss, {"real_score": loss, "fake_score": loss}

    gan = Own(*tiny.line(), augment=augment.Adaptive(augment.InstanceNoise(0.1)))
    gan.compile()
    with pytest.raises(ValueError, match="shown no logits of real images"):
        gan.fit(tiny.column(1.0, 2.0), batch_size=2, verbose=0)


def test_evaluate_says_nothing_of_a_chance():
    gan = watching(images=40, interval=2)
    images = tiny.column(*[1.0] * 4)
    history = gan.fit(images, batch_size=4, validation_data=images, verbose=0).history
    assert {"augment_chance", "val_d_loss"} <= set(history)
    assert not {"val_augment_chance", "val_real_sign"} & set(history)
