"""The layers' own losses are part of what a player minimises."""

import keras
import numpy as np
import tiny
from keras import layers

import kgan


def learned(weight, activity=0.0, **kwargs):
    """Both players' weights after a round with L2 regularizers, from 1 and 2."""
    players = []
    for start in (1.0, 2.0):
        inputs = keras.Input((1,))
        dense = layers.Dense(
            1,
            use_bias=False,
            kernel_regularizer=keras.regularizers.L2(weight),
            activity_regularizer=keras.regularizers.L2(activity) if activity else None,
        )
        players.append(keras.Model(inputs, dense(inputs)))
        dense.set_weights([np.array([[start]])])
    gan = kgan.GAN(*players, loss="wasserstein", **kwargs)
    gan.compile(keras.optimizers.SGD(0.125), keras.optimizers.SGD(0.125))
    noise = tiny.ListedNoise(gan, [tiny.column(1.0, 1.0)] * 2)
    noise.uniform = lambda shape: keras.ops.zeros(shape)  # For penalties that weigh nothing.
    logs = gan.fit(tiny.column(4.0, 4.0), batch_size=2, verbose=0).history
    assert logs["d_loss"] == [2.0 * (1.0 - 4.0)]  # The adversarial loss alone.
    return [float(network.get_weights()[0][0, 0]) for network in players]


def test_weight_decay_by_a_regularizer():
    # Discriminator: loss w (1 - 4), so that w = 2 + 3 / 8; generator: loss -w s, so s = 1 + w / 8.
    np.testing.assert_allclose(learned(0.0), [1 + 2.375 / 8, 2.375], rtol=1e-6)
    # 0.5 w^2 takes off 2 / 8 more, and 0.5 s^2 takes off 1 / 8.
    np.testing.assert_allclose(learned(0.5), [1 + 2.125 / 8 - 1 / 8, 2.125], rtol=1e-6)


def test_activities_count_in_every_call_of_the_player_that_moves():
    # Keras divides them by the batch. Discriminator: 0.5 (w 1)^2 of generated images and
    # 0.5 (w 4)^2 of real ones beside -3 w, so that its slope at 2 is 17 w - 3 = 31. Generator:
    # 0.5 s^2 beside -w s.
    w = 2 - 31 / 8
    np.testing.assert_allclose(learned(0.0, activity=0.5), [1 - (1 - w) / 8, w], rtol=1e-6)
    # A penalty judges images too, in the middle of its gradient: those do not count.
    for interval in (1, 2):
        penalty = kgan.penalties.GradientPenalty(0.0, interval=interval)
        found = learned(0.0, activity=0.5, penalties=penalty)
        np.testing.assert_allclose(found, [1 - (1 - w) / 8, w], rtol=1e-6)
    # Both kinds together.
    w = 2 - (31 + 2) / 8
    np.testing.assert_allclose(learned(0.5, activity=0.5), [1 - (1 + 1 - w) / 8, w], rtol=1e-6)
