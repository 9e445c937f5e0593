"""`kgan.networks.resnet` against the papers' tables, and trained."""

import itertools
import math

import keras
import numpy as np
import pytest
from counting import conv, dense, output_shapes, parameters, run, to_numpy

import kgan
from kgan.layers import GlobalSumPooling2D
from kgan.networks import resnet
from kgan.networks.resnet import discriminator_block, generator_block

BACKEND = keras.backend.backend()


def up_block(inputs, outputs):
    norms = 2 * inputs + 2 * outputs
    return norms + conv(inputs, outputs, 3) + conv(outputs, outputs, 3) + conv(inputs, outputs, 1)


def down_block(inputs, outputs):
    return conv(inputs, inputs, 3) + conv(inputs, outputs, 3) + conv(inputs, outputs, 1)


def first_block(outputs):
    return conv(3, outputs, 3) + conv(outputs, outputs, 3) + conv(3, outputs, 1)


def plain_block(channels):
    return 2 * conv(channels, channels, 3)


def test_sngan_for_32_pixels():
    """Table 4: G dense 4x4x256, three blocks up 256; D two blocks down and two more, 128."""
    generator, discriminator = resnet((32, 32, 3), 128, spectral_norm=True)
    assert parameters(generator) == (
        dense(128, 4 * 4 * 256) + 3 * up_block(256, 256) + 2 * 256 + conv(256, 3, 3)
    )
    assert parameters(discriminator) == (
        first_block(128) + down_block(128, 128) + 2 * plain_block(128) + dense(128, 1)
    )
    assert parameters(generator) == 4_276_739
    assert parameters(discriminator) == 1_053_825
    add = keras.layers.Add
    assert output_shapes(generator, add) == [(8, 8, 256), (16, 16, 256), (32, 32, 256)]
    assert output_shapes(discriminator, add) == [
        (16, 16, 128),
        (8, 8, 128),
        (8, 8, 128),
        (8, 8, 128),
    ]
    assert output_shapes(discriminator, GlobalSumPooling2D) == [(128,)]


def test_conditional_sngan_for_32_pixels():
    """Ten gains and biases in each of the blocks' six norms, and an embedding of ten in D."""
    plain, conditional = resnet(), resnet(classes=10)
    added = [parameters(b) - parameters(a) for a, b in zip(plain, conditional)]
    assert added == [6 * (10 - 1) * 2 * 256, 10 * 128]


def test_wgan_gp_resnet_for_cifar10():
    """Both networks of 128 channels, the critic's features averaged."""
    generator, critic = resnet(width=(32, 64), pooling="mean")
    assert parameters(generator) == (
        dense(128, 4 * 4 * 128) + 3 * up_block(128, 128) + 2 * 128 + conv(128, 3, 3)
    )
    assert parameters(critic) == 1_053_825
    assert output_shapes(critic, keras.layers.GlobalAveragePooling2D) == [(128,)]


# Channels from the papers' tables, the image's size where a block ends, and (D) whether it halves.
TABLES = {
    48: (
        [512, 256, 128, 64],
        [6, 12, 24, 48],
        [(64, 24), (128, 12), (256, 6), (512, 3), (1024, 3)],
    ),
    64: (
        [1024, 512, 256, 128, 64],
        [4, 8, 16, 32, 64],
        [(64, 32), (128, 16), (256, 8), (512, 4), (1024, 2)],
    ),
    128: (
        [1024, 1024, 512, 256, 128, 64],
        [4, 8, 16, 32, 64, 128],
        [(64, 64), (128, 32), (256, 16), (512, 8), (1024, 4), (1024, 4)],
    ),
}


@pytest.mark.parametrize("size", TABLES)
def test_sngan_for_other_sizes(size):
    channels, sizes, blocks = TABLES[size]
    # A sixteenth of the paper's width keeps the test small; what is counted scales with it.
    generator, discriminator = resnet((size, size, 3), 128, width=4)
    channels = [c // 16 for c in channels]
    blocks = [(c // 16, s) for c, s in blocks]
    add = keras.layers.Add
    assert output_shapes(generator, add) == [(s, s, c) for s, c in zip(sizes, channels)][1:]
    assert output_shapes(discriminator, add) == [(s, s, c) for c, s in blocks]
    assert parameters(generator) == (
        dense(128, sizes[0] ** 2 * channels[0])
        + sum(up_block(a, b) for a, b in itertools.pairwise(channels))
        + 2 * channels[-1]
        + conv(channels[-1], 3, 3)
    )
    # The last block of the 48 px network has more channels but does not halve.
    count = first_block(blocks[0][0]) + dense(blocks[-1][0], 1)
    for (a, _), (b, _) in itertools.pairwise(blocks):
        count += plain_block(a) if a == b else down_block(a, b)
    assert parameters(discriminator) == count


def enlarge(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def halve(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def convolve(x, kernel, bias):
    """'Same' convolution with stride 1, a shift at a time."""
    pad = kernel.shape[0] // 2
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    height, width = x.shape[1:3]
    shifts = itertools.product(range(kernel.shape[0]), repeat=2)
    return bias + sum(padded[:, i : i + height, j : j + width] @ kernel[i, j] for i, j in shifts)


def by_kernel(model):
    """Kernels and biases of a block with one 1x1 and two 3x3 convolutions: shortcut, others."""
    pairs = [
        [to_numpy(w) for w in layer.get_weights()]
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    return sorted(pairs, key=lambda pair: pair[0].shape[0])


def relu(x):
    return np.maximum(x, 0)


def random_biases(model, rng):
    for w in model.trainable_variables:
        if w.name == "bias":
            w.assign(rng.standard_normal(w.shape))


@pytest.mark.parametrize("first", [True, False])
def test_discriminator_block_is_the_papers(first):
    """In the authors' order: shortcuts are convolved, then averaged (in the first block after)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 6, 6, 3)).astype("float32")
    inputs = keras.Input((6, 6, 3))
    block = keras.Model(inputs, discriminator_block(inputs, 4, None, False, True, first))
    random_biases(block, rng)
    shortcut, a, b = by_kernel(block)
    inside = x if first else relu(x)
    want = halve(convolve(relu(convolve(inside, *a)), *b)) + halve(convolve(x, *shortcut))
    np.testing.assert_allclose(to_numpy(block(x)), want, rtol=1e-4, atol=1e-5)


def test_generator_block_is_the_papers():
    """In the authors' order: the shortcut is enlarged, then convolved."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 3, 3)).astype("float32")
    inputs = keras.Input((3, 3, 3))
    block = keras.Model(inputs, generator_block(inputs, 4, None, None, None))
    random_biases(block, rng)
    shortcut, a, b = by_kernel(block)
    want = convolve(relu(convolve(enlarge(relu(x)), *a)), *b) + convolve(enlarge(x), *shortcut)
    np.testing.assert_allclose(to_numpy(block(x)), want, rtol=1e-4, atol=1e-5)


def test_resnet_starts_from_the_papers_weights():
    """Glorot-uniform, with a gain of sqrt(2) for 3x3 convolutions inside the blocks."""
    keras.utils.set_random_seed(0)
    for network in resnet(width=8):
        last = [layer for layer in network.layers if layer.weights][-1]
        for layer in network.layers:
            if not isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)):
                continue
            *window, fan_in, fan_out = layer.kernel.shape
            limit = math.sqrt(6 / (math.prod(window) * (fan_in + fan_out)))
            if window == [3, 3] and layer is not last:
                limit *= math.sqrt(2)
            largest = np.abs(to_numpy(layer.kernel)).max()
            assert 0.7 * limit < largest <= limit * 1.0001, layer.name
            assert not to_numpy(layer.bias).any()


# -- saved, trained, in half precision -------------------------------------------------------------


def example(networks, rng, n=4):
    shape = networks[1].inputs[0].shape[1:]
    images = rng.uniform(-1, 1, (n, *shape)).astype("float32")
    if len(networks[0].inputs) == 1:
        return images, None
    condition = networks[0].inputs[1]
    if len(condition.shape) == 1:
        return images, np.arange(n, dtype="int32") % 3
    return images, rng.standard_normal((n, *condition.shape[1:])).astype("float32")


# Compiling a round takes much longer than a round, and JAX is no faster without: most are run in
# Python, and there not on JAX.
in_python = pytest.mark.backend("tensorflow", "torch")
NORMED = {"spectral_norm": True, "discriminator_norm": "layer"}
ROUNDS = [
    pytest.param(kgan.WGANGP, "float32", {}, {}, False, marks=in_python),
    (kgan.WGANGP, "mixed_bfloat16", NORMED, {}, BACKEND != "jax"),
    (
        kgan.ConditionalGAN,
        "float32",
        {"classes": 3, "spectral_norm": True},
        {"loss": "hinge"},
        BACKEND != "jax",
    ),
    pytest.param(
        kgan.ConditionalGAN,
        "mixed_bfloat16",
        {"condition_dim": 5, "dropout": 0.1},
        {},
        True,
        marks=in_python,
    ),
    pytest.param(
        kgan.ConditionalGAN,
        "mixed_float16",
        {"classes": 3, "spectral_norm": True},
        {},
        True,
        marks=in_python,
    ),
]


@pytest.mark.parametrize("model, policy, options, arguments, eager", ROUNDS)
def test_resnet_trains_and_is_saved(model, policy, options, arguments, eager, tmp_path):
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    try:
        networks = resnet((32, 32, 1), 6, width=1, **options)
        gan = model(*networks, discriminator_steps=1, ema_decay=0.9, **arguments)
    finally:
        keras.config.set_dtype_policy("float32")
    optimizers = [keras.optimizers.Adam(1e-3, beta_1=0.0) for _ in range(2)]
    if policy == "mixed_float16":
        # With the scale that is Keras's default the first gradients overflow and are passed over.
        optimizers = [keras.optimizers.LossScaleOptimizer(o, initial_scale=1.0) for o in optimizers]
    gan.compile(*optimizers, run_eagerly=eager)
    before = [[to_numpy(w) for w in network.trainable_variables] for network in networks]
    images, condition = example(networks, rng)
    history = gan.fit(images, condition, batch_size=4, verbose=0).history
    assert all(np.isfinite(v).all() for v in history.values())
    for network, old in zip(networks, before):
        moved = [
            not np.array_equal(to_numpy(w), b) for w, b in zip(network.trainable_variables, old)
        ]
        assert np.mean(moved) > 0.7

    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    latents = rng.standard_normal((4, 6)).astype("float32")
    for player, first in (
        ("generator", latents),
        ("ema_generator", latents),
        ("discriminator", images),
    ):
        got, want = (run(getattr(m, player), first, condition) for m in (loaded, gan))
        np.testing.assert_array_equal(got, want, strict=True)


@in_python
def test_infogan_trains_on_resnet():
    codes = [kgan.latents.Categorical(3)]
    networks = resnet((32, 32, 1), 6, width=1, code_parameters=3, spectral_norm=True)
    gan = kgan.InfoGAN(*networks, codes=codes)
    gan.compile(run_eagerly=True)
    images, _ = example(networks, np.random.default_rng(0))
    history = gan.fit(images, batch_size=4, verbose=0).history
    assert np.isfinite(history["d_loss"]).all()
