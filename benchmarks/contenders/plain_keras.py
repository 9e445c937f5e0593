"""Rounds of WGAN-GP the plain Keras way: a model of one's own with a `train_step`, and `fit`.

In the style of Keras's documentation, with its own layers, on TensorFlow, but as the paper has it:
every update of the critic sees fresh images. Nothing here can be saved and resumed.
"""

import sys

import keras
import numpy as np
import reporting
import tensorflow as tf
from keras import layers
from keras_clock import Rounds

task = reporting.task()
if task["workload"] != "digits":
    reporting.unavailable("plain Keras is written for the workload digits")

LATENTS, STEPS, BATCH = 128, 5, task["batch"]


def normal():
    """Initial weights."""
    return keras.initializers.RandomNormal(stddev=0.02)


def networks():
    """Generator and critic of the workload `digits`."""
    generator = keras.Sequential(
        [
            keras.Input((LATENTS,)),
            layers.Dense(7 * 7 * 128, use_bias=False, kernel_initializer=normal()),
            layers.Reshape((7, 7, 128)),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
            layers.ReLU(),
            layers.Conv2DTranspose(64, 5, 2, "same", use_bias=False, kernel_initializer=normal()),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
            layers.ReLU(),
            layers.Conv2DTranspose(1, 5, 2, "same", kernel_initializer=normal()),
            # As in kgan, the layers' work is in the policy's precision, what comes out is float32.
            layers.Activation("tanh", dtype="float32"),
        ]
    )
    critic = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in (64, 128, 256):
        critic.add(layers.Conv2D(filters, 5, 2, "same", kernel_initializer=normal()))
        critic.add(layers.LeakyReLU(0.2))
    critic.add(layers.Flatten())
    critic.add(layers.Dense(1, kernel_initializer=normal()))
    critic.add(layers.Activation("linear", dtype="float32"))
    return generator, critic


class WGANGP(keras.Model):
    """The networks, their optimizers and the step."""

    def __init__(self, generator, critic):
        super().__init__()
        self.generator = generator
        self.critic = critic

    def compile(self, g_optimizer, d_optimizer, **kwargs):
        """Keeps both optimizers."""
        super().compile(**kwargs)
        self.g_optimizer = g_optimizer
        self.d_optimizer = d_optimizer

    def gradient_penalty(self, real, fake):
        """The mean of (|gradient| - 1)^2 between real and generated images."""
        alpha = tf.random.uniform([BATCH, 1, 1, 1])
        between = alpha * real + (1 - alpha) * fake
        with tf.GradientTape() as tape:
            tape.watch(between)
            scores = self.critic(between, training=True)
        gradient = tape.gradient(scores, between)
        norm = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3]) + 1e-12)
        return tf.reduce_mean((norm - 1.0) ** 2)

    def train_step(self, data):
        """Five updates of the critic and one of the generator."""
        for real in tf.split(data, STEPS):
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal([BATCH, LATENTS]), training=True)
                d_loss = tf.reduce_mean(self.critic(fake, training=True))
                d_loss -= tf.reduce_mean(self.critic(real, training=True))
                d_loss += 10.0 * self.gradient_penalty(real, fake)
            gradients = tape.gradient(d_loss, self.critic.trainable_variables)
            self.d_optimizer.apply_gradients(zip(gradients, self.critic.trainable_variables))
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal([BATCH, LATENTS]), training=True)
            g_loss = -tf.reduce_mean(self.critic(fake, training=True))
        gradients = tape.gradient(g_loss, self.generator.trainable_variables)
        self.g_optimizer.apply_gradients(zip(gradients, self.generator.trainable_variables))
        return {"d_loss": d_loss, "g_loss": g_loss}


def main():
    """Trains, and reports."""
    keras.config.set_dtype_policy(task["precision"])
    gan = WGANGP(*networks())
    gan.compile(
        keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
        keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
        jit_compile=task["jit"],
    )
    if gan.jit_compile != task["jit"]:
        sys.exit(f"asked for jit_compile={task['jit']}, got {gan.jit_compile}")
    images = np.random.default_rng(0).uniform(-1, 1, (BATCH * STEPS * 4, 28, 28, 1))
    data = tf.data.Dataset.from_tensor_slices(images.astype("float32")).repeat()
    data = data.shuffle(BATCH * STEPS * 4).batch(BATCH * STEPS, drop_remainder=True)
    clock = reporting.Clock(task)
    gan.fit(
        data.prefetch(tf.data.AUTOTUNE),
        steps_per_epoch=clock.total,
        verbose=0,
        callbacks=[Rounds(clock)],
    )
    clock.report(
        **reporting.device("tensorflow"),
        **reporting.peak_memory("tensorflow"),
        precision=task["precision"],
        jit=task["jit"],
        parameters=gan.generator.count_params() + gan.critic.count_params(),
        versions={"keras": keras.__version__, "tensorflow": tf.__version__},
    )


main()
