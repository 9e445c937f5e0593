"""`kgan.networks` against the papers' tables, and in every combination of arguments."""

import inspect
import itertools
import math

import keras
import numpy as np
import pytest
from keras import ops

import kgan
from kgan.layers import GlobalSumPooling2D, SpectralNormalization
from kgan.networks import dcgan, mlp, resnet
from kgan.networks.resnet import discriminator_block, generator_block

BACKEND = keras.backend.backend()
KINDS = {
    "plain": {},
    "classes": {"classes": 3},
    "vectors": {"condition_dim": 5},
    "codes": {"code_parameters": 4},
}


def parameters(network):
    return sum(math.prod(w.shape) for w in network.trainable_variables)


def dense(inputs, outputs):
    return inputs * outputs + outputs


def conv(inputs, outputs, size, bias=True):
    return inputs * outputs * size**2 + bias * outputs


def output_shapes(network, *layer_types):
    return [tuple(x.output.shape[1:]) for x in network.layers if isinstance(x, layer_types)]


# -- the papers' numbers ---------------------------------------------------------------------------


def test_wgan_gp_networks_for_28_pixels():
    generator, discriminator = dcgan((28, 28, 1), 64, discriminator_norm=None)
    convolutions = (keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    assert output_shapes(generator, keras.layers.Reshape) == [(7, 7, 128)]
    assert output_shapes(generator, *convolutions) == [(14, 14, 64), (28, 28, 1)]
    assert output_shapes(discriminator, *convolutions) == [
        (14, 14, 64),
        (7, 7, 128),
        (4, 4, 256),
    ]
    # Dense without bias, two batch norms (gain and bias), transposed convolutions 5x5.
    assert parameters(generator) == (
        64 * 7 * 7 * 128 + 2 * 128 + conv(128, 64, 5, bias=False) + 2 * 64 + conv(64, 1, 5)
    )
    assert parameters(generator) == 608_193
    assert parameters(discriminator) == (
        conv(1, 64, 5) + conv(64, 128, 5) + conv(128, 256, 5) + dense(4 * 4 * 256, 1)
    )
    assert parameters(discriminator) == 1_030_145


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


def to_numpy(x):
    return ops.convert_to_numpy(x)


def run(network, *inputs):
    """The network's first output, without what `predict` compiles."""
    tensors = [ops.convert_to_tensor(x) for x in inputs if x is not None]
    outputs = network(tensors if len(tensors) > 1 else tensors[0], training=False)
    return to_numpy(ops.cast(keras.tree.flatten(outputs)[0], "float32"))


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


# -- every combination -----------------------------------------------------------------------------


def check_shapes(networks, shape, latent_dim, kind):
    generator, discriminator = networks
    conditions = [()] if "classes" in kind else [(5,)] if "condition_dim" in kind else []
    codes = [(4,)] if "code_parameters" in kind else []

    def shapes(tensors):
        return [tuple(t.shape[1:]) for t in keras.tree.flatten(tensors)]

    assert shapes(generator.inputs) == [(latent_dim,), *conditions]
    assert shapes(generator.outputs) == [shape]
    assert shapes(discriminator.inputs) == [shape, *conditions]
    assert shapes(discriminator.outputs) == [(1,), *codes]


BUILDERS = [
    (dcgan, {"width": 1}, (8, 12, 28, 32, 48, 64, 96, 128)),
    (mlp, {"width": 1, "depth": 1}, (8, 28, 64)),
    (resnet, {"width": 1}, (32, 48, 64, 128)),
]


def combinations():
    """Every size with every kind and 1 or 3 channels; quick are those that differ in all three."""
    for builder, options, sizes in BUILDERS:
        for (i, size), (j, kind), channels in itertools.product(
            enumerate(sizes), enumerate(KINDS), (1, 3)
        ):
            quick = i % len(KINDS) == j and channels == (1, 3)[(i // len(KINDS) + i) % 2]
            yield pytest.param(
                builder,
                options,
                (size, size, channels),
                KINDS[kind],
                id=f"{builder.__name__}-{size}-{channels}-{kind}",
                marks=() if quick else pytest.mark.slow,
            )


@pytest.mark.parametrize("builder, options, shape, kind", combinations())
def test_every_combination_builds(builder, options, shape, kind):
    check_shapes(builder(shape, 6, **options, **kind), shape, 6, kind)


@pytest.mark.parametrize("builder", [dcgan, mlp, resnet])
@pytest.mark.parametrize(
    "norm, others, kind",
    [
        ("batch", {}, {"classes": 3, "code_parameters": 4}),
        ("batch", {}, {"condition_dim": 5}),
        ("layer", {"dropout": 0.5}, {"classes": 3}),
        (None, {"spectral_norm": True}, {"condition_dim": 5, "code_parameters": 4}),
    ],
)
def test_every_norm_builds(builder, norm, others, kind):
    norms = {"generator_norm": norm, "discriminator_norm": norm}
    networks = builder((32, 32, 1), 6, width=(1, 2), **norms, **others, **kind)
    check_shapes(networks, (32, 32, 1), 6, kind)


def test_builders_share_their_arguments():
    signatures = [list(inspect.signature(b).parameters) for b in (dcgan, mlp, resnet)]
    shared = [name for name in signatures[0] if all(name in s for s in signatures)]
    assert shared == [
        "image_shape",
        "latent_dim",
        "width",
        "classes",
        "condition_dim",
        "code_parameters",
        "generator_norm",
        "discriminator_norm",
        "spectral_norm",
        "dropout",
    ]
    assert all(s[: len(shared)] == shared for s in signatures)


@pytest.mark.parametrize("builder", [dcgan, mlp, resnet])
def test_no_two_layers_start_from_the_same_numbers(builder):
    for network in builder((32, 32, 3), 6, width=4, classes=3):
        weights = [to_numpy(w).ravel() for w in network.trainable_variables]
        # Numbers that are repeated are so up to their scale.
        starts = [w[:9] for w in weights if len(w) >= 9 and w.std() > 0]
        assert len(starts) > 2
        for a, b in itertools.combinations(starts, 2):
            assert abs(np.corrcoef(a, b)[0, 1]) < 0.9999


@pytest.mark.parametrize("builder", [dcgan, mlp, resnet])
def test_dropout_has_seeds_that_can_be_fixed(builder):
    def seeds():
        keras.utils.set_random_seed(3)
        _, discriminator = builder((32, 32, 3), 6, width=1, dropout=0.1)
        return [x.seed for x in discriminator.layers if isinstance(x, keras.layers.Dropout)]

    assert seeds() == seeds()
    assert len(set(seeds())) == len(seeds()) > 1
    assert None not in seeds()


@pytest.mark.parametrize("builder", [dcgan, mlp, resnet])
def test_spectral_norm_is_on_the_whole_discriminator_and_on_nothing_else(builder):
    generator, discriminator = builder(
        (32, 32, 3), 6, width=1, classes=3, code_parameters=2, spectral_norm=True
    )
    weighted = (keras.layers.Dense, keras.layers.Conv2D, keras.layers.Embedding)
    bare = [x.name for x in discriminator.layers if isinstance(x, weighted)]
    assert bare == ["code_hidden", "codes"]
    assert not any(isinstance(x, SpectralNormalization) for x in generator.layers)


def test_spectral_norm_makes_the_discriminator_lipschitz():
    rng = np.random.default_rng(0)
    _, discriminator = mlp((2,), 2, width=16, spectral_norm=True)
    for _ in range(100):
        discriminator(np.ones((1, 2), "float32"), training=True)
    a, b = rng.standard_normal((2, 500, 2)).astype("float32")
    slopes = np.abs(to_numpy(discriminator(a)) - to_numpy(discriminator(b)))[:, 0]
    slopes /= np.linalg.norm(a - b, axis=1)
    assert 0.01 < slopes.max() < 1.001


@pytest.mark.parametrize("builder", [dcgan, mlp, resnet])
@pytest.mark.parametrize("kind", ["classes", "vectors"])
def test_both_players_listen_to_the_condition(builder, kind):
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    generator, discriminator = builder((32, 32, 1), 6, width=2, **KINDS[kind])
    for w in generator.trainable_variables:
        # Conditional batch norm starts out the same for every condition.
        w.assign(w + 0.1 * rng.standard_normal(w.shape))
    if kind == "classes":
        one, other = np.array([1, 1]), np.array([2, 2])
    else:
        one, other = rng.standard_normal((2, 2, 5)).astype("float32")
    z = rng.standard_normal((2, 6)).astype("float32")
    images = [run(generator, z, c) for c in (one, other)]
    assert np.abs(images[0] - images[1]).max() > 1e-3
    logits = [run(discriminator, images[0], c) for c in (one, other)]
    assert np.abs(logits[0] - logits[1]).max() > 1e-6


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


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("builder", [dcgan, mlp, resnet])
@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"latent_dim": 0}, "latent_dim must be an integer of at least 1, got 0"),
        ({"width": 0}, "width must be an integer of at least 1, got 0"),
        ({"width": 1.5}, "width must be an integer of at least 1, got 1.5"),
        ({"width": (1, 2, 3)}, r"a pair.*got \(1, 2, 3\)"),
        ({"classes": 1}, "classes must be an integer of at least 2, got 1"),
        ({"condition_dim": 0}, "condition_dim must be an integer of at least 1, got 0"),
        ({"classes": 3, "condition_dim": 5}, "not both"),
        ({"code_parameters": -1}, "code_parameters must be an integer of at least 0, got -1"),
        ({"generator_norm": "spectral"}, "generator_norm must be.*got 'spectral'"),
        ({"discriminator_norm": "instance"}, "discriminator_norm must be.*got 'instance'"),
        ({"dropout": 1.0}, r"dropout must be a fraction in \[0, 1\), got 1.0"),
        ({"image_shape": 32}, "image_shape must be .height, width, channels.*got 32"),
        ({"image_shape": (32, 32, 0)}, "all positive; got"),
    ],
)
def test_errors_of_all_builders(builder, arguments, message):
    with pytest.raises(ValueError, match=message):
        builder(**{"image_shape": (32, 32, 1), **arguments})


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: dcgan((30, 30, 1)), r"dcgan.*multiple of 4.*\(30, 30, 1\).*image_size"),
        (lambda: dcgan((32, 28, 1)), r"dcgan makes square images.*\(32, 28, 1\)"),
        (lambda: dcgan((32, 32, 2)), "1 or 3 channels"),
        (lambda: dcgan((32, 32)), r"square images.*\(32, 32\)"),
        (lambda: dcgan(kernel_size=0), "kernel_size must be an integer of at least 1"),
        (lambda: mlp(depth=0), "depth must be an integer of at least 1"),
        (lambda: resnet((28, 28, 1)), r"resnet.*32, 48, 64 or 128.*\(28, 28, 1\).*image_size"),
        (lambda: resnet((32, 32, 4)), "1 or 3 channels"),
        (lambda: resnet(pooling="max"), 'pooling must be "sum" or "mean", got .max.'),
    ],
)
def test_errors_of_one_builder(build, message):
    with pytest.raises(ValueError, match=message):
        build()
