"""Growing: the phases by hand, and what a level computes."""

import checks
import growing
import keras
import numpy as np
import pytest
import tiny
from keras import ops

import kgan
from kgan.models.growth import GrowingRounds
from kgan.models.phases import Phases
from kgan.models.seeded import ArrayRounds
from kgan.networks import progressive


def make_fading():
    networks = progressive(tiny.SHAPE, tiny.LATENT_DIM, width=4)
    return kgan.ProgressiveGAN(*networks, fade_images=10_000, stable_images=0, ema_decay=0.9)


def make_conditional():
    networks = progressive(tiny.SHAPE, tiny.LATENT_DIM, width=4, classes=tiny.CLASSES)
    return kgan.ProgressiveGAN(
        *networks, classes=tiny.CLASSES, fade_images=10_000, stable_images=0, batch_sizes={8: 8}
    )


def make_grown():
    networks = progressive(tiny.SHAPE, tiny.LATENT_DIM, width=4)
    return kgan.ProgressiveGAN(*networks, fade_images=0, stable_images=0)


@pytest.mark.parametrize("check", [c for c in checks.ALL if c is not checks.check_images_are_fresh])
def test_progressive_gan_in_a_fade(check):
    keras.utils.set_random_seed(0)
    check(make_fading)


@pytest.mark.parametrize("check", [*checks.TRAINING, checks.check_resume, checks.check_config])
def test_conditional_progressive_gan_in_a_fade(check):
    keras.utils.set_random_seed(0)
    check(make_conditional)


def test_both_players_are_told_the_condition_at_every_level():
    """Dark images are of class 0, bright ones of class 1, 4 px as 8: the generator learns it."""
    keras.utils.set_random_seed(0)
    networks = progressive((8, 8, 1), 4, width=8, classes=2)
    gan = kgan.ProgressiveGAN(
        *networks, classes=2, fade_images=160, stable_images=1280, loss="non_saturating",
        penalties=kgan.penalties.R1(0.1), learning_rates={4: 5e-3}, ema_decay=None,
    )  # fmt: skip
    gan.compile()
    labels = np.arange(32) % 2
    images = np.broadcast_to((1.6 * labels - 0.8)[:, None, None, None], (32, 8, 8, 1))
    for level, epochs in ((0, 39), (1, 30)):
        gan.fit(images.astype("float32"), labels, batch_size=16, epochs=epochs, verbose=0)
        assert gan.level == level
        dark, bright = (gan.sample(20, condition=c, seed=1).mean() for c in (0, 1))
        # Of 255; the images' means are 26 and 230.
        assert dark < 110 and bright > 140


def test_a_grown_model_sees_images_as_they_are():
    checks.check_images_are_fresh(make_grown)


# -- phases ----------------------------------------------------------------------------------------


def test_the_papers_phases():
    """800k images at 4 px, then 800k of fading and 800k of stabilising each (App. A.1)."""
    phases = Phases([4, 8, 16, 32], 800_000, 800_000)
    assert phases.starts == [0, 800_000, 2_400_000, 4_000_000]
    assert [phases.level(n) for n in (0, 799_999, 800_000, 2_399_999, 2_400_000, 10**9)] == [
        0, 0, 1, 1, 2, 3,
    ]  # fmt: skip
    for seen, alpha in (
        (0, 0.0), (800_000, 0.0), (1_000_000, 0.25), (1_600_000, 1.0), (2**31 - 1, 1.0),
    ):  # fmt: skip
        assert float(phases.alpha(1, seen)) == alpha
    assert float(phases.alpha(3, 4_000_001)) == np.float32(1 / 800_000)
    assert [float(phases.resolution(n)) for n in (0, 1_200_000, 2_000_000, 2_600_000)] == [
        4.0, 6.0, 8.0, 10.0,
    ]  # fmt: skip
    assert phases.seen_at(1, 0.25) == 1_000_000


def test_phases_of_other_lengths():
    phases = Phases([4, 8, 16], {4: 10, 16: 0}, {"4": 0, "8": 30})
    assert phases.starts == [0, 0, 40]
    assert phases.fades == [0, 10, 0]
    assert [phases.level(n) for n in (0, 39, 40)] == [1, 1, 2]
    assert [float(phases.alpha(2, n)) for n in (39, 40)] == [0.0, 1.0]


def test_rounds_of_all_levels_follow_each_other():
    phases, images = Phases([4, 8, 16], 10, 10), [8, 4, 6]
    seen, found = 0, []
    for _ in range(12):
        level = phases.level(seen)
        found.append((seen, level))
        seen += images[level]
    assert [level for _, level in found] == [0, 0] + 4 * [1] + 6 * [2]
    assert [phases.round_after(0, i, images) for i in range(12)] == found
    assert [phases.round_after(8, i, images) for i in range(11)] == found[1:]
    assert [phases.rounds_left(s, images) for s, _ in found[:7]] == [2, 1, 4, 3, 2, 1, None]


def test_images_of_rounds_that_grow_are_each_there_once_in_a_pass():
    phases, steps = Phases([4, 8], 0, 24), 2
    source = ArrayRounds((np.arange(10), -np.arange(10)), 2, steps, shuffle=True, seed=5)
    rounds = GrowingRounds(source, phases, [8, 4], steps)
    shown = [rounds[i] for i in range(9)]
    assert [x.shape for x, _ in shown] == 3 * [(4, 2)] + 6 * [(2, 2)]
    for x, y in shown:
        np.testing.assert_array_equal(x, -y)
    # Step after step, each over its batch.
    flat = np.concatenate([x.T.ravel() for x, _ in shown])[:40].reshape(4, 10)
    np.testing.assert_array_equal(np.sort(flat), 4 * [range(10)])
    assert not np.array_equal(flat[0], flat[1])
    rounds.start = 16
    np.testing.assert_array_equal(rounds[3][0], shown[5][0])


# -- a level ---------------------------------------------------------------------------------------


def numpy(x):
    return ops.convert_to_numpy(ops.stop_gradient(x))


def enlarged(images, factor):
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def at(gan, seen):
    """Brings a model to so many images."""
    gan.images_seen.assign(seen)
    gan.fade()
    gan.grow()


LATENTS = np.random.default_rng(1).normal(size=(4, 6)).astype("float32")


@pytest.mark.parametrize(("seen", "size"), [(0, 4), (15, 4), (20, 8), (40, 8), (56, 16), (99, 16)])
def test_images_are_always_of_the_full_size(seen, size):
    gan = growing.model()
    at(gan, seen)
    made = numpy(gan.generate(ops.convert_to_tensor(LATENTS)))
    assert made.shape == (4, size, size, 1)
    whole = numpy(gan.generator(LATENTS))
    np.testing.assert_allclose(whole, enlarged(made, 16 // size), atol=1e-6)
    np.testing.assert_allclose(numpy(gan(LATENTS)), whole, atol=1e-6)
    # The whole discriminator judges them as the level's part of it does.
    judged = numpy(gan.discriminate(ops.convert_to_tensor(made)))
    np.testing.assert_allclose(numpy(gan.discriminator(whole)), judged, atol=1e-5)


def test_a_fade_starts_from_the_level_below_and_ends_without_it():
    gan = growing.model()
    at(gan, 47)
    below = numpy(gan.generate(ops.convert_to_tensor(LATENTS)))
    judged = numpy(gan.discriminate(ops.convert_to_tensor(below)))
    at(gan, 48)
    first = numpy(gan.generate(ops.convert_to_tensor(LATENTS)))
    np.testing.assert_allclose(first, enlarged(below, 2), atol=1e-6)
    again = numpy(gan.discriminate(ops.convert_to_tensor(first)))
    np.testing.assert_allclose(again, judged, atol=1e-5)

    at(gan, 56)
    quarter = numpy(gan.generate(ops.convert_to_tensor(LATENTS)))
    at(gan, 80)
    last = numpy(gan.generate(ops.convert_to_tensor(LATENTS)))
    np.testing.assert_allclose(quarter, 0.75 * first + 0.25 * last, atol=1e-5)
    assert np.abs(first - last).max() > 0.1
    for network, part in ((gan.generator, "to_rgb_8"), (gan.discriminator, "from_rgb_8")):
        for weight in network.get_layer(part).trainable_weights:
            weight.assign(weight + 1.0)
    np.testing.assert_array_equal(numpy(gan.generate(ops.convert_to_tensor(LATENTS))), last)


def test_real_images_are_faded_alike():
    """Averages over 4x4 pixels, in a fade a mixture with those over 8x8, by hand."""
    gan = growing.model()
    images = growing.images(2)
    x = images / 127.5 - 1

    def averaged(size):
        return x.reshape(2, size, 16 // size, size, 16 // size, 1).mean(axis=(2, 4))

    for seen, expected in (
        (0, averaged(4)),
        (16 + 4, 0.75 * enlarged(averaged(4), 2) + 0.25 * averaged(8)),
        (40, averaged(8)),
        (48 + 8, 0.75 * enlarged(averaged(8), 2) + 0.25 * x),
        (80, x),
    ):
        at(gan, seen)
        np.testing.assert_allclose(numpy(gan.real_images(images)), expected, atol=1e-6)
