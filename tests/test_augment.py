"""Against the formulas of the authors' code, worked out in NumPy, and against players of a line."""

import types

import checks
import keras
import numpy as np
import pytest
import tiny
from keras import ops

import kgan
from kgan import augment, backend

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (3, 8, 6, 3)).astype("float32")
DIFFAUGMENT = [augment.Color, augment.Translation, augment.Cutout]
ALL = [*DIFFAUGMENT, augment.InstanceNoise, augment.ADA]


class Given(tiny.ListedNoise):
    """Noise that is given: numbers of [0, 1), or integers that are checked to be in range."""

    def __init__(self, *draws):
        super().__init__(types.SimpleNamespace(play_round=None), draws)

    def integers(self, n, high):
        numbers = ops.convert_to_numpy(self.draw((n,)))
        assert numbers.min() >= 0 and numbers.max() < high
        return ops.convert_to_tensor(numbers.astype("int32"))


def fresh_noise(seed=0):
    return kgan.noise.Noise(keras.random.SeedGenerator(seed))


def changed(augmentation, noise, images=IMAGES, rounds=0):
    images = augmentation(ops.convert_to_tensor(images), noise, ops.convert_to_tensor(rounds))
    return ops.convert_to_numpy(images)


def test_color():
    u, v, w = (np.array(x, "float32").reshape(3, 1, 1, 1) for x in
               ([0.0, 0.5, 0.9], [0.1, 0.5, 1.0], [0.75, 0.5, 0.0]))  # fmt: skip
    x = IMAGES + (u - 0.5)
    mean = x.mean(axis=3, keepdims=True)
    x = (x - mean) * (2 * v) + mean
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    x = (x - mean) * (w + 0.5) + mean
    found = changed(augment.Color(), Given(u, v, w))
    np.testing.assert_allclose(found, x, atol=1e-6)
    np.testing.assert_allclose(found[1], IMAGES[1], atol=1e-6)
    np.testing.assert_allclose(changed(augment.Color(0, 0, 0), fresh_noise()), IMAGES, atol=1e-6)


def test_translation():
    """A quarter of 8 rows is 2, of 6 columns 1.5, which is 2: shifts of -2 to 2."""
    found = changed(augment.Translation(0.25), Given([0, 2, 3], [2, 4, 0]))
    padded = np.pad(IMAGES, ((0, 0), (2, 2), (2, 2), (0, 0)))
    for image, source, down, right in zip(found, padded, (0, 2, 3), (2, 4, 0)):
        np.testing.assert_array_equal(image, source[down : down + 8, right : right + 6])


def test_cutout_of_an_even_length_is_centred_between_pixels():
    """Half of 8 rows is 4, about 0 to 8; half of 6 columns 3, about pixel 0 to 5."""
    found = changed(augment.Cutout(), Given([0, 4, 8], [0, 3, 5]))
    expected = IMAGES.copy()
    expected[0, 0:2, 0:2] = 0
    expected[1, 2:6, 2:5] = 0
    expected[2, 6:8, 4:6] = 0
    np.testing.assert_array_equal(found, expected)


def test_every_shift_and_every_place_has_the_same_chance():
    ones = np.ones((3000, 8, 6, 1), "float32")
    moved = changed(augment.Translation(), fresh_noise(), ones)
    rows = moved.max(axis=(2, 3))
    # An eighth of 8 rows is 1: a third of the images each lose the first row, the last, none.
    np.testing.assert_allclose(rows[:, [0, -1]].mean(axis=0), 2 / 3, atol=0.05)
    assert rows[:, 1:-1].min() == 1
    holes = changed(augment.Cutout(), fresh_noise(), ones)
    # A pixel is in 4 of 9 places of the rows but at the edge, in 3 of 6 of the columns.
    np.testing.assert_allclose(1 - holes[:, 3, 3].mean(), 4 / 9 * 3 / 6, atol=0.05)
    np.testing.assert_allclose(1 - holes[:, 0, 0].mean(), 2 / 9 * 2 / 6, atol=0.05)


@pytest.mark.parametrize(("rounds", "left"), [(0, 1.0), (25, 0.75), (100, 0.0), (300, 0.0)])
def test_instance_noise_falls_in_a_straight_line(rounds, left):
    zeros = np.zeros((2000, 8), "float32")
    found = changed(augment.InstanceNoise(0.2, rounds=100), fresh_noise(), zeros, rounds)
    assert found.std() == pytest.approx(0.2 * left, rel=0.03)
    constant = changed(augment.InstanceNoise(0.2), fresh_noise(), zeros, rounds)
    assert constant.std() == pytest.approx(0.2, rel=0.03)


@pytest.mark.parametrize("augmentation", ALL)
def test_the_gradient_goes_through(augmentation):
    """All are affine in the images: a gradient is exact over any distance."""
    weights, step = (RNG.normal(size=IMAGES.shape).astype("float32") for _ in range(2))

    def weighted(images):
        changed = augmentation()(images, fresh_noise(), ops.convert_to_tensor(0))
        return ops.sum(changed * ops.convert_to_tensor(weights))

    images = ops.convert_to_tensor(IMAGES)
    gradient = ops.convert_to_numpy(backend.input_gradient(weighted, images))
    difference = weighted(ops.convert_to_tensor(IMAGES + step)) - weighted(images)
    assert np.sum(gradient * step) == pytest.approx(
        float(ops.convert_to_numpy(difference)), rel=1e-3, abs=1e-3
    )


@pytest.mark.backend("tensorflow")
def test_it_compiles_under_xla_and_computes_the_same():
    import tensorflow as tf

    steps = augment.get(["diffaugment", augment.InstanceNoise(0.1, rounds=10), augment.ADA()])

    def cubed(images):
        noise = kgan.noise.HostNoise(5)
        for step in steps:
            images = step(images, noise, tf.constant(3))
        return ops.sum(images**3)

    def gradient(images):
        return backend.input_gradient(cubed, images)

    images = tf.constant(IMAGES)
    compiled = tf.function(gradient, jit_compile=True)(images)
    np.testing.assert_allclose(compiled, gradient(images), rtol=1e-4, atol=1e-5)
    assert np.abs(compiled).max() > 0.1


class Doubled(augment.Augmentation):
    """Twice the number, whatever it is."""

    def __call__(self, images, noise, rounds):
        return 2.0 * images

    def check(self, image_shape):
        assert image_shape == (1,)


def test_both_players_play_with_augmented_images():
    """D(T(x)) = w (2 x) with w = 3, G(z) = z + 1, and one step of each player."""
    gan = kgan.GAN(
        *tiny.line(offset=1.0, weight=3.0),
        loss="wasserstein",
        penalties=kgan.penalties.R1(0.0),
        augment=Doubled(),
    )
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    tiny.ListedNoise(gan, [tiny.column(1.0, 3.0), tiny.column(0.0, 0.0)])
    logs = gan.fit(tiny.column(0.5, 1.5), batch_size=2, verbose=0).history
    # Real images are 1 on average, generated ones 3; the gradient of D(T(x)) by x is 2 w.
    assert logs["real_score"] == pytest.approx([6.0])
    assert logs["fake_score"] == pytest.approx([18.0])
    assert logs["r1"] == pytest.approx([6.0**2 / 2])
    weight, offset = (
        float(ops.convert_to_numpy(v).squeeze())
        for v in (gan.discriminator.weights[0], gan.generator.weights[1])
    )
    assert weight == pytest.approx(3 + 0.1 * 2 * (1 - 3), rel=1e-5)
    assert offset == pytest.approx(1 + 0.1 * 2 * weight, rel=1e-5)
    # In inference mode the images are as they are.
    measured = gan.evaluate(tiny.column(0.5, 1.5), verbose=0, return_dict=True)
    assert measured["real_score"] == pytest.approx(weight, rel=1e-5)
    assert measured["r1"] == pytest.approx(weight**2 / 2, rel=1e-5)


def make():
    steps = ["diffaugment", augment.InstanceNoise(0.1, rounds=3)]
    lazy = kgan.penalties.GradientPenalty(interval=3)
    return kgan.GAN(*tiny.networks(norm=False), penalties=lazy, augment=steps)


@pytest.mark.parametrize(
    "check",
    [
        checks.check_shapes,
        checks.check_both_players_move,
        checks.check_resume,
        checks.check_evaluate,
        checks.check_config,
    ],
)
def test_gan_with_augmentation(check):
    """And a lazy penalty, which draws augmentations only where it is computed."""
    check(make)


@pytest.mark.parametrize(
    "given",
    [
        augment.Color(0.1, 0.2, 0.3),
        augment.Translation(0.25),
        augment.Cutout(0.3),
        augment.InstanceNoise(0.2, rounds=7),
    ],
)
def test_an_augmentation_survives_serialisation(given):
    (copy,) = augment.get(keras.saving.serialize_keras_object(given))
    assert type(copy) is type(given)
    assert copy.get_config() == given.get_config()


def test_defaults_are_the_authors():
    assert [type(a) for a in augment.get("diffaugment")] == DIFFAUGMENT
    assert augment.get(None) == augment.get(()) == []
    assert augment.Color().get_config() == {"brightness": 0.5, "saturation": 1.0, "contrast": 0.5}
    assert augment.Translation().ratio == 0.125
    assert augment.Cutout().ratio == 0.5


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"unknown augmentation 'cut_out': did you mean 'cutout'"):
        kgan.GAN(*tiny.networks(), augment="cut_out")
    with pytest.raises(ValueError, match=r"Color changes images .* discriminator takes \(1,\)"):
        kgan.GAN(*tiny.line(), augment="color")
    with pytest.raises(ValueError, match=r"ratio must be from 0 to 1, .* got 12"):
        augment.Translation(12)
    with pytest.raises(ValueError, match="saturation must not be negative, got -1"):
        augment.Color(saturation=-1)
    with pytest.raises(ValueError, match="sigma must not be negative, got -1"):
        augment.InstanceNoise(-1)
    with pytest.raises(ValueError, match="rounds must be positive, or None for no decay, got 0"):
        augment.InstanceNoise(rounds=0)
