"""Rounds of WGAN-GP in JAX alone: what no framework overhead looks like.

Networks are functions of dictionaries of arrays, Adam is a line a moment, the whole round is one
compiled function that is given its state to overwrite.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import reporting

task = reporting.task()

LATENTS, STEPS, BATCH = 128, 5, task["batch"]
RATE, BETA_1, BETA_2, EPSILON = 1e-4, 0.0, 0.9, 1e-7
COMPUTE = {"float32": jnp.float32, "mixed_bfloat16": jnp.bfloat16}[task["precision"]]
LAYOUT = ("NHWC", "HWIO", "NHWC")
random = np.random.default_rng(0)


# -- parts -----------------------------------------------------------------------------------------


def weights(*shape):
    """Small normal numbers: what they are plays no part in how long a round takes."""
    return jnp.asarray(random.normal(0, 0.02, shape), jnp.float32)


def dense_layer(inputs, outputs, bias=True):
    """Weights of a dense layer."""
    layer = {"kernel": weights(inputs, outputs)}
    return {**layer, "bias": jnp.zeros(outputs)} if bias else layer


def conv_layer(size, inputs, outputs, bias=True):
    """Weights of a convolution."""
    layer = {"kernel": weights(size, size, inputs, outputs)}
    return {**layer, "bias": jnp.zeros(outputs)} if bias else layer


def norm_layer(channels):
    """Gain and bias of batch norm."""
    return {"gain": jnp.ones(channels), "bias": jnp.zeros(channels)}


def finish(x, layer):
    """Adds the bias, if there is one."""
    return x + layer["bias"].astype(COMPUTE) if "bias" in layer else x


def dense(x, layer):
    """A dense layer."""
    return finish(x @ layer["kernel"].astype(COMPUTE), layer)


def conv(x, layer, stride=1):
    """A convolution whose output is the input's size divided by the stride."""
    kernel = layer["kernel"].astype(COMPUTE)
    x = jax.lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=LAYOUT)
    return finish(x, layer)


def conv_up(x, layer):
    """A transposed convolution of stride 2."""
    kernel = layer["kernel"].astype(COMPUTE)
    return finish(
        jax.lax.conv_transpose(x, kernel, (2, 2), "SAME", dimension_numbers=LAYOUT), layer
    )


def normalize(x, layer, statistics):
    """Batch norm; what it saw goes into `statistics`."""
    wide = x.astype(jnp.float32)
    mean = wide.mean((0, 1, 2))
    variance = (wide**2).mean((0, 1, 2)) - mean**2
    statistics.append((mean, variance))
    scale = layer["gain"] * jax.lax.rsqrt(variance + 1e-5)
    return (wide * scale + (layer["bias"] - mean * scale)).astype(COMPUTE)


def halve(x):
    """The mean of every 2x2 pixels."""
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))


def double(x):
    """Every pixel four times."""
    return x.repeat(2, 1).repeat(2, 2)


# -- networks: weights, generator and critic of each workload --------------------------------------


def digits():
    """DCGAN at 28 px."""
    g = {
        "dense": dense_layer(LATENTS, 7 * 7 * 128, bias=False),
        "norms": [norm_layer(128), norm_layer(64)],
        "up": [conv_layer(5, 128, 64, bias=False), conv_layer(5, 64, 1)],
    }
    d = {
        "convs": [conv_layer(5, i, o) for i, o in ((1, 64), (64, 128), (128, 256))],
        "logits": dense_layer(4 * 4 * 256, 1),
    }

    def generate(g, latents):
        seen = []
        x = dense(latents.astype(COMPUTE), g["dense"]).reshape(-1, 7, 7, 128)
        x = jax.nn.relu(normalize(x, g["norms"][0], seen))
        x = jax.nn.relu(normalize(conv_up(x, g["up"][0]), g["norms"][1], seen))
        return jnp.tanh(conv_up(x, g["up"][1])).astype(jnp.float32), seen

    def judge(d, x):
        x = x.astype(COMPUTE)
        for layer in d["convs"]:
            x = conv(x, layer, 2)
            x = jnp.where(x > 0, x, 0.2 * x)
        return dense(x.reshape(len(x), -1), d["logits"]).astype(jnp.float32)

    return (28, 28, 1), g, d, generate, judge


def resnet():
    """WGAN-GP's residual networks at 32 px, 128 channels."""
    c = 128
    g = {
        "dense": dense_layer(LATENTS, 4 * 4 * c),
        "blocks": [
            {
                "shortcut": conv_layer(1, c, c),
                "norms": [norm_layer(c), norm_layer(c)],
                "convs": [conv_layer(3, c, c), conv_layer(3, c, c)],
            }
            for _ in range(3)
        ],
        "norm": norm_layer(c),
        "colours": conv_layer(3, c, 3),
    }
    d = {
        "blocks": [
            {"convs": [conv_layer(3, 3, c), conv_layer(3, c, c)], "shortcut": conv_layer(1, 3, c)},
            {"convs": [conv_layer(3, c, c), conv_layer(3, c, c)], "shortcut": conv_layer(1, c, c)},
            {"convs": [conv_layer(3, c, c), conv_layer(3, c, c)]},
            {"convs": [conv_layer(3, c, c), conv_layer(3, c, c)]},
        ],
        "logits": dense_layer(c, 1),
    }

    def generate(g, latents):
        seen = []
        x = dense(latents.astype(COMPUTE), g["dense"]).reshape(-1, 4, 4, c)
        for block in g["blocks"]:
            shortcut = double(conv(x, block["shortcut"]))
            x = double(jax.nn.relu(normalize(x, block["norms"][0], seen)))
            x = jax.nn.relu(normalize(conv(x, block["convs"][0]), block["norms"][1], seen))
            x = conv(x, block["convs"][1]) + shortcut
        x = jax.nn.relu(normalize(x, g["norm"], seen))
        return jnp.tanh(conv(x, g["colours"])).astype(jnp.float32), seen

    def judge(d, x):
        x = x.astype(COMPUTE)
        for number, block in enumerate(d["blocks"]):
            shrinks = "shortcut" in block
            shortcut = conv(halve(x), block["shortcut"]) if shrinks else x
            x = jax.nn.relu(conv(jax.nn.relu(x) if number else x, block["convs"][0]))
            x = conv(x, block["convs"][1])
            x = (halve(x) if shrinks else x) + shortcut
        x = jax.nn.relu(x).mean((1, 2))
        return dense(x, d["logits"]).astype(jnp.float32)

    return (32, 32, 3), g, d, generate, judge


# -- the round -------------------------------------------------------------------------------------


def adam(player, slots, gradients):
    """Adam's step of a player."""
    t, m, s = slots
    t = t + 1
    m = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, m, gradients)
    s = jax.tree.map(lambda s, g: BETA_2 * s + (1 - BETA_2) * g * g, s, gradients)
    rate = RATE * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    player = jax.tree.map(lambda w, m, s: w - rate * m / (jnp.sqrt(s) + EPSILON), player, m, s)
    return player, (t, m, s)


def main():
    """Trains, and reports."""
    if task["workload"] not in ("digits", "resnet"):
        reporting.unavailable("JAX by hand is written for the workloads digits and resnet")
    shape, g, d, generate, judge = {"digits": digits, "resnet": resnet}[task["workload"]]()

    def moved(moving, seen):
        return [
            tuple(0.9 * a + 0.1 * b for a, b in zip(old, new)) for old, new in zip(moving, seen)
        ]

    def d_loss(d, real, fake, alpha):
        between = alpha * real + (1 - alpha) * fake
        slope = jax.grad(lambda x: judge(d, x).sum())(between)
        norm = jnp.sqrt((slope**2).sum((1, 2, 3)) + 1e-12)
        return judge(d, fake).mean() - judge(d, real).mean() + 10 * ((norm - 1) ** 2).mean()

    def g_loss(g, d, latents):
        fake, seen = generate(g, latents)
        return -judge(d, fake).mean(), seen

    @functools.partial(jax.jit, donate_argnums=0)
    def play(state, images):
        g, *state = state

        def step(state, real):
            moving, d, d_slots, key = state
            key, for_latents, for_alpha = jax.random.split(key, 3)
            fake, seen = generate(g, jax.random.normal(for_latents, (BATCH, LATENTS)))
            alpha = jax.random.uniform(for_alpha, (BATCH, 1, 1, 1))
            gradients = jax.grad(d_loss)(d, real, jax.lax.stop_gradient(fake), alpha)
            return (moved(moving, seen), *adam(d, d_slots, gradients), key), None

        *state, g_slots = state
        if task.get("rolled"):
            state, _ = jax.lax.scan(step, tuple(state), images.swapaxes(0, 1))
        else:
            for number in range(STEPS):
                state, _ = step(state, images[:, number])
        moving, d, d_slots, key = state
        key, for_latents = jax.random.split(key)
        latents = jax.random.normal(for_latents, (BATCH, LATENTS))
        (loss, seen), gradients = jax.value_and_grad(g_loss, has_aux=True)(g, d, latents)
        g, g_slots = adam(g, g_slots, gradients)
        return (g, moved(moving, seen), d, d_slots, key, g_slots), loss

    def slots(player):
        return (jnp.zeros(()), *(jax.tree.map(jnp.zeros_like, player) for _ in range(2)))

    _, seen = jax.eval_shape(generate, g, jax.ShapeDtypeStruct((BATCH, LATENTS), jnp.float32))
    moving = [(jnp.zeros(mean.shape), jnp.ones(mean.shape)) for mean, _ in seen]
    parameters = sum(x.size for x in jax.tree.leaves((g, d, moving)))
    state = (g, moving, d, slots(d), jax.random.key(0), slots(g))
    # As in kgan's `fit`, the images of each round come from the host.
    data = random.uniform(-1, 1, (4, BATCH, STEPS, *shape)).astype("float32")
    if task.get("count"):
        reporting.count("jax", play, (state, data[0]))
    clock = reporting.Clock(task)
    for number in range(clock.total):
        state, loss = play(state, data[number % 4])
        clock.round_ended(loss.block_until_ready)
    clock.report(
        **reporting.device("jax"),
        **reporting.peak_memory("jax"),
        precision=task["precision"],
        jit=True,
        parameters=parameters,
        versions={"jax": jax.__version__},
    )


main()
