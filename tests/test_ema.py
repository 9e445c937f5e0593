"""The averaged generator."""

import checks
import keras
import numpy as np
import pytest
import tiny

import kgan


def climbing(ema_decay):
    """A model whose generator's offset, from 0, goes up by one a round, and nothing else moves."""
    gan = kgan.GAN(*tiny.line(1.0, 0.0, weight=1.0), loss="wasserstein", ema_decay=ema_decay)
    # The loss is -mean(z) slope - offset, and the latents have mean zero.
    latents = tiny.column(1.0, -1.0)
    tiny.ListedNoise(gan, [latents, latents])
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.0))
    return gan


def averages(gan, rounds):
    """The averaged offset after each round."""
    found = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: found.append(gan.ema_generator.get_weights()[1][0])
    )
    gan.fit(tiny.column(0.0, 0.0), batch_size=2, epochs=rounds, verbose=0, callbacks=[note])
    assert gan.generator.get_weights()[1][0] == rounds
    return found


def test_the_average_warms_up():
    """After round t the decay is min(0.25, (1 + t) / (10 + t)): 2/11, 3/12, then 0.25."""
    one = 0 + (1 - 2 / 11) * (1 - 0)
    two = one + (1 - 3 / 12) * (2 - one)
    three = two + (1 - 0.25) * (3 - two)
    four = three + (1 - 0.25) * (4 - three)
    np.testing.assert_allclose(averages(climbing(0.25), 4), [one, two, three, four], rtol=1e-6)


def test_a_decay_of_zero_follows_at_once():
    np.testing.assert_allclose(averages(climbing(0.0), 3), [1, 2, 3], rtol=1e-6)


def test_samples_come_from_the_average():
    gan = climbing(0.9)
    gan.ema_generator.set_weights([np.array([[2.0]]), np.array([5.0])])
    latents = tiny.column(0.0, 1.0)
    np.testing.assert_array_equal(gan.sample(2, latents=latents), [[5.0], [7.0]])
    np.testing.assert_array_equal(gan.predict(latents, verbose=0), [[5.0], [7.0]])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(gan(latents)), [[5.0], [7.0]])


def test_it_starts_as_the_generator_and_is_not_trained_by_the_optimizer():
    gan = kgan.GAN(*tiny.networks(), ema_decay=0.9)
    checks.assert_same(gan.ema_generator.weights, checks.values(gan.generator.weights))
    assert gan.ema_generator.trainable_variables == []
    trained = gan.generator.trainable_variables + gan.discriminator.trainable_variables
    assert len(gan.trainable_variables) == len(trained)


def test_statistics_of_batch_normalisation_are_copied():
    gan = kgan.GAN(*tiny.networks(), ema_decay=0.9)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    checks.train(gan, rounds=3)
    pairs = list(zip(gan.ema_generator.weights, gan.generator.weights))
    statistics = [(average, weight) for average, weight in pairs if not weight.trainable]
    assert [weight.name for _, weight in statistics] == ["moving_mean", "moving_variance"]
    checks.assert_same(
        [average for average, _ in statistics], checks.values(w for _, w in statistics)
    )
    averaged = [weight for _, weight in pairs if weight.trainable]
    assert len(checks.moved(averaged, checks.values(a for a, w in pairs if w.trainable))) == 5


class Unregistered(keras.layers.Layer):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (lambda: keras.layers.Lambda(lambda x: 2 * x, name="double"), "'double' is a Lambda"),
        (Unregistered, "must be one of Keras's, or a subclass registered with"),
    ],
)
def test_a_generator_that_cannot_be_copied_is_refused(layer, said):
    latents = keras.Input((1,))
    generator = keras.Model(latents, layer()(keras.layers.Dense(1)(latents)))
    discriminator = tiny.line()[1]
    with pytest.raises(ValueError, match=said):
        kgan.GAN(generator, discriminator, ema_decay=0.9)
    assert kgan.GAN(generator, discriminator).ema_generator is None


@pytest.mark.parametrize("decay", [1.0, -0.1, 1.5])
def test_decays_out_of_range_are_refused(decay):
    with pytest.raises(ValueError, match=rf"ema_decay must be in \[0, 1\), got {decay}"):
        kgan.GAN(*tiny.line(), ema_decay=decay)
