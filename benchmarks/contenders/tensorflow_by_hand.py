"""Rounds of WGAN-GP in TensorFlow alone: what no framework around it looks like.

The computation of kgan, leaky ReLU with its second derivative included, on variables and raw
operations; one `tf.function`, called in a loop.
"""

import reporting
import tensorflow as tf

task = reporting.task()
if task["workload"] != "digits" or task["precision"] != "float32":
    reporting.unavailable("TensorFlow by hand is written for the workload digits in float32")

LATENTS, STEPS, BATCH = 128, 5, task["batch"]
RATE, BETA_1, BETA_2, EPSILON = 1e-4, 0.0, 0.9, 1e-7
SLOPE = 0.2


def weights(*shape):
    """A variable with DCGAN's initial weights."""
    return tf.Variable(tf.random.normal(shape, stddev=0.02))


def constant(value, size):
    """A variable of equal numbers."""
    return tf.Variable(tf.fill([size], float(value)))


@tf.custom_gradient
def leaky_relu(x):
    """Whose gradient tells TensorFlow that it has no slope in x."""
    y = tf.nn.leaky_relu(x, SLOPE)
    return y, lambda upstream: rectify_gradient(upstream, tf.stop_gradient(y))


def rectify_gradient(upstream, y):
    """Linear in `upstream`."""

    @tf.custom_gradient
    def linear(upstream):
        down = tf.raw_ops.LeakyReluGrad(gradients=upstream, features=y, alpha=SLOPE)
        return down, lambda upper: rectify_gradient(upper, y)

    return linear(upstream)


class Generator:
    """7x7x128, transposed convolutions of 64 and 1 channels, batch norm."""

    def __init__(self):
        self.dense = weights(LATENTS, 7 * 7 * 128)
        self.up = [weights(5, 5, 64, 128), weights(5, 5, 1, 64)]
        self.bias = constant(0, 1)
        self.norms = [[constant(v, size) for v in (1, 0)] for size in (128, 64)]
        self.moving = [[constant(v, size) for v in (0, 1)] for size in (128, 64)]
        self.trained = [self.dense, *self.up, self.bias, *self.norms[0], *self.norms[1]]

    def normalize(self, x, norm, moving):
        """Batch norm, and a step of its moving averages."""
        x, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x, scale=norm[0], offset=norm[1], mean=[], variance=[], epsilon=1e-5, is_training=True
        )
        for average, value in zip(moving, (mean, variance)):
            average.assign_sub(0.1 * (average - value))
        return tf.nn.relu(x)

    def __call__(self, latents):
        """Images `(n, 28, 28, 1)`."""
        x = tf.reshape(latents @ self.dense, [BATCH, 7, 7, 128])
        x = self.normalize(x, self.norms[0], self.moving[0])
        x = tf.nn.conv2d_transpose(x, self.up[0], [BATCH, 14, 14, 64], 2)
        x = self.normalize(x, self.norms[1], self.moving[1])
        x = tf.nn.conv2d_transpose(x, self.up[1], [BATCH, 28, 28, 1], 2)
        return tf.tanh(x + self.bias)


class Critic:
    """Convolutions of 64, 128 and 256 channels, 5x5 with stride 2."""

    def __init__(self):
        self.kernels = [weights(5, 5, i, o) for i, o in ((1, 64), (64, 128), (128, 256))]
        self.biases = [constant(0, size) for size in (64, 128, 256)]
        self.logits = [weights(4 * 4 * 256, 1), constant(0, 1)]
        self.trained = [*self.kernels, *self.biases, *self.logits]

    def __call__(self, x):
        """Logits `(n, 1)`."""
        for kernel, bias in zip(self.kernels, self.biases):
            x = leaky_relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 2, "SAME"), bias))
        return tf.reshape(x, [BATCH, -1]) @ self.logits[0] + self.logits[1]


class Adam:
    """TensorFlow's own kernel."""

    def __init__(self, variables):
        self.variables = variables
        self.moments = [[tf.Variable(tf.zeros_like(v)) for _ in range(2)] for v in variables]
        self.updates = tf.Variable(0.0)

    def apply(self, gradients):
        """A step."""
        t = self.updates.assign_add(1.0)
        for v, (m, s), gradient in zip(self.variables, self.moments, gradients):
            tf.raw_ops.ResourceApplyAdam(
                var=v.handle, m=m.handle, v=s.handle, beta1_power=BETA_1**t, beta2_power=BETA_2**t,
                lr=RATE, beta1=BETA_1, beta2=BETA_2, epsilon=EPSILON, grad=gradient,
            )  # fmt: skip


g, d = Generator(), Critic()
g_adam, d_adam = Adam(g.trained), Adam(d.trained)


@tf.function(jit_compile=task["jit"])
def play(images):
    """One round."""
    for step in range(STEPS):
        real = images[step]
        fake = g(tf.random.normal([BATCH, LATENTS]))
        alpha = tf.random.uniform([BATCH, 1, 1, 1])
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(d(fake)) - tf.reduce_mean(d(real))
            between = alpha * real + (1 - alpha) * fake
            with tf.GradientTape(watch_accessed_variables=False) as inner:
                inner.watch(between)
                logits = d(between)
            slope = inner.gradient(logits, between)
            norm = tf.sqrt(tf.reduce_sum(slope**2, [1, 2, 3]) + 1e-12)
            loss += 10.0 * tf.reduce_mean((norm - 1) ** 2)
        d_adam.apply(tape.gradient(loss, d.trained))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(g.trained)
        loss = -tf.reduce_mean(d(g(tf.random.normal([BATCH, LATENTS]))))
    g_adam.apply(tape.gradient(loss, g.trained))
    return loss


def main():
    """Trains, and reports."""
    data = tf.random.uniform([4, STEPS, BATCH, 28, 28, 1], -1, 1)
    if task.get("count"):
        reporting.count("tensorflow", play.python_function, (data[0],))
    clock = reporting.Clock(task)
    for number in range(clock.total):
        loss = play(data[number % 4])
        clock.round_ended(loss.numpy)
    clock.report(
        **reporting.device("tensorflow"),
        **reporting.peak_memory("tensorflow"),
        precision="float32",
        jit=task["jit"],
        parameters=sum(
            int(tf.size(v)) for v in (*g.trained, *d.trained, *g.moving[0], *g.moving[1])
        ),
        versions={"tensorflow": tf.__version__},
    )


main()
