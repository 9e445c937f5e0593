"""The same rounds on one device and on two: `python replicas.py`, on TensorFlow.

Prints what differs, as JSON: the largest differences of losses and of weights by model.
"""

import json

import keras
import numpy as np
import tensorflow as tf
import tiny

import kgan
from kgan.latents import Categorical, Continuous

BATCH_SIZE = 4


def wgan_gp():
    return kgan.WGANGP(*tiny.networks(plain=True), discriminator_steps=2, ema_decay=0.5)


def infogan():
    networks = tiny.networks(plain=True, code_parameters=5)
    return kgan.InfoGAN(*networks, codes=[Categorical(3), Continuous(1)])


def conditional():
    networks = tiny.networks(plain=True, classes=3)
    return kgan.ConditionalGAN(*networks, classes=3, discriminator_steps=2)


def scheduled():
    """What remembers something, or changes as training goes on."""
    return kgan.GAN(
        *tiny.networks(plain=True),
        penalties=kgan.penalties.R1(kgan.schedules.Cosine(1.0, 0.1, rounds=6)),
        ema_decay=kgan.schedules.HalfLife(16, batch_size=BATCH_SIZE),
        augment=kgan.augment.Adaptive(images=64, interval=2, target=0.1),
    )


def optimizer(make):
    sgd = keras.optimizers.SGD(0.05, momentum=0.5)
    if make is not scheduled:
        return sgd
    return kgan.optimizers.SwitchOptimizer(sgd, keras.optimizers.SGD(0.02), at=3)


def trained(make, strategy):
    with strategy.scope():
        gan = make()
        gan.compile(optimizer(make), optimizer(make))
    data = tiny.data(gan, 48)
    logs = gan.fit(*data, batch_size=BATCH_SIZE, epochs=2, verbose=0).history
    measured = gan.evaluate(*tiny.data(gan, 8), batch_size=4, verbose=0, return_dict=True)
    losses = np.array([*logs.values()], "float64")
    return gan, losses, measured, [w.numpy() for w in gan.weights]


def differences(make, one, two):
    _, losses, measured, weights = trained(make, one)
    gan, losses_2, measured_2, weights_2 = trained(make, two)
    assert gan.replicas == 2
    return {
        "losses": float(np.abs(losses - losses_2).max()),
        "measured": max(abs(measured[k] - measured_2[k]) for k in measured),
        "weights": max(float(np.abs(a - b).max()) for a, b in zip(weights, weights_2)),
    }


def latents_by_replica(strategy):
    """What each replica draws in the generator's update of one round."""
    with strategy.scope():
        gan = wgan_gp()

    @tf.function
    def draw():
        return strategy.run(lambda: (gan.sample_latents(3), gan.noise.uniform((3, 1))))

    return [
        [part.numpy().tolist() for part in strategy.experimental_local_results(drawn)]
        for drawn in draw()
    ]


def deviations_by_replica(strategy):
    """What `MinibatchStdDev` appends to a replica's images, and what it appends to these alone."""
    images = keras.random.normal((8, 2, 2, 4), seed=0)
    layer = kgan.layers.MinibatchStdDev(group_size=2)

    def part():
        first = 4 * tf.distribute.get_replica_context().replica_id_in_sync_group
        return layer(images[first : first + 4])[..., -1]

    found = strategy.experimental_local_results(tf.function(lambda: strategy.run(part))())
    alone = [layer(images[i : i + 4])[..., -1] for i in (0, 4)]
    return [[t.numpy().tolist() for t in parts] for parts in (found, alone)]


def losses_with_deviations(strategy):
    """All losses of a model whose discriminator compares the images of a replica."""
    with strategy.scope():
        generator, _ = tiny.networks(plain=True)
        images = keras.Input(tiny.SHAPE)
        x = keras.layers.Conv2D(4, 4, 2, "same", activation="silu")(images)
        x = kgan.layers.MinibatchStdDev(group_size=2)(x)
        x = keras.layers.Dense(1)(keras.layers.Flatten()(x))
        gan = kgan.GAN(generator, keras.Model(images, x), penalties=kgan.penalties.R1(1.0))
        gan.compile()
    logs = gan.fit(tiny.images(16), batch_size=BATCH_SIZE, verbose=0).history
    copies = [
        [copy.numpy().tolist() for copy in strategy.experimental_local_results(w.value)]
        for w in gan.discriminator.trainable_variables
    ]
    return [*logs.values()], all(one == two for one, two in copies)


def refusal(strategy):
    with strategy.scope():
        gan = wgan_gp()
        gan.compile()
    try:
        gan.fit(tiny.images(32), batch_size=3, verbose=0)
    except ValueError as error:
        return str(error)


MODELS = (wgan_gp, infogan, conditional, scheduled)

if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    one = tf.distribute.get_strategy()
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found = {make.__name__: differences(make, one, two) for make in MODELS}
    found["latents"], found["uniform"] = latents_by_replica(two)
    found["deviations"] = deviations_by_replica(two)
    found["with deviations"] = losses_with_deviations(two)
    found["refusal"] = refusal(two)
    print("RESULT", json.dumps(found))
