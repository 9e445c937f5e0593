"""`kgan.networks` in every combination of arguments."""

import inspect
import itertools

import keras
import numpy as np
import pytest
from counting import conv, dense, output_shapes, parameters, run, to_numpy

from kgan.layers import SpectralNormalization
from kgan.networks import dcgan, mlp, resnet

KINDS = {
    "plain": {},
    "classes": {"classes": 3},
    "vectors": {"condition_dim": 5},
    "codes": {"code_parameters": 4},
}


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


@pytest.mark.parametrize("hidden", [7, (7, None), (None, 7), (7, 9)])
def test_hidden_layers_of_either_network(hidden):
    mine, its = hidden if isinstance(hidden, tuple) else (hidden, hidden)
    generator, discriminator = dcgan((8, 8, 1), 3, width=2, discriminator_norm=None, hidden=hidden)
    # A dense layer and its batch norm (gain and bias); then 2x2x4 features, and 4x4x2.
    first = 3 * mine + 2 * mine if mine else 0
    features = (mine or 3) * 2 * 2 * 4 + 2 * 4
    assert parameters(generator) == (
        first + features + conv(4, 2, 5, bias=False) + 2 * 2 + conv(2, 1, 5)
    )
    flat = 4 * 4 * 2
    assert parameters(discriminator) == conv(1, 2, 5) + (
        dense(flat, its) + dense(its, 1) if its else dense(flat, 1)
    )


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
        "class_head",
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


@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
def test_flat_areas_stay_flat_where_nearest_neighbours_are_convolved(upsampling):
    keras.utils.set_random_seed(0)
    generator, _ = dcgan((64, 64, 3), 6, width=4, kernel_size=4, upsampling=upsampling)
    for layer in generator.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # Whatever the latents are, features that are alike everywhere.
            first = layer.gamma.shape == (32,)
            layer.gamma.assign(layer.gamma * (0 if first else 1))
            layer.beta.assign(layer.beta + 1)
    (image,) = run(generator, np.ones((1, 6), "float32"))
    middle = image[24:40, 24:40]
    checkerboard = middle.std(axis=(0, 1)).max()
    assert checkerboard < 1e-6 if upsampling == "nearest" else checkerboard > 1e-3


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
        (lambda: dcgan(hidden=0), "hidden must be an integer of at least 1, got 0"),
        (lambda: dcgan(hidden=(8, None, 8)), r"hidden must be.*a pair.*got \(8, None, 8\)"),
        (lambda: dcgan((32, 32)), r"square images.*\(32, 32\)"),
        (lambda: dcgan(upsampling="cubic"), 'upsampling must be "transposed" or "nearest"'),
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
