"""`kgan.networks.r3gan` against the authors' sizes, its layers against sums, and trained."""

import math

import keras
import numpy as np
import pytest
from counting import conv, output_shapes, parameters, run, to_numpy
from keras import ops

import kgan
from kgan.networks import r3gan
from kgan.networks.r3gan import residual_block
from kgan.networks.r3gan_layers import BilinearResampling2D, GroupedConv2D


def block(channels, groups):
    inside = 2 * channels
    return (
        conv(channels, inside, 1)
        + conv(inside // groups, inside, 3)
        + conv(inside, channels, 1, bias=False)
    )


@pytest.mark.backend("tensorflow")
def test_the_authors_networks_for_cifar10():
    """768 channels in 96 groups inside of two blocks at each of 4, 8, 16 and 32 px."""
    generator, discriminator = r3gan(classes=10)
    basis = 4 * 4 * 768
    assert block(768, 96) == 2_583_552
    assert parameters(generator) == (
        10 * 64 + (64 + 64) * 768 + basis + 8 * block(768, 96) + 768 * 3
    )
    assert parameters(discriminator) == (
        3 * 768 + 8 * block(768, 96) + basis + 768 * 768 + 10 * 768
    )
    assert parameters(generator) == 20_781_952
    assert parameters(discriminator) == 21_280_512
    sizes = [(side, side, 768) for side in (4, 8, 16, 32) for _ in range(2)]
    assert output_shapes(generator, keras.layers.Add) == sizes
    assert output_shapes(discriminator, keras.layers.Add) == sizes[::-1]


@pytest.mark.backend("tensorflow")
def test_channels_are_halved_above_32_pixels():
    """FFHQ at 256 px has 768, 768, 768, 768, 384, 192 and 96; here a twelfth of them."""
    generator, discriminator = r3gan((256, 256, 3), width=64, blocks=1, group_size=4)
    widths = [64, 64, 64, 64, 32, 16, 8]
    sizes = [(4 * 2**i, 4 * 2**i, width) for i, width in enumerate(widths)]
    assert output_shapes(generator, keras.layers.Add) == sizes
    assert output_shapes(discriminator, keras.layers.Add) == sizes[::-1]
    blocks = sum(block(width, 2 * width // 4) for width in widths)
    between = 64 * 32 + 32 * 16 + 16 * 8
    assert parameters(generator) == 64 * 64 + 16 * 64 + blocks + between + 8 * 3
    assert parameters(discriminator) == 3 * 8 + blocks + between + 16 * 64 + 64


def test_blocks_start_as_the_identity():
    inputs = keras.Input((4, 4, 8))
    model = keras.Model(inputs, residual_block(inputs, 2, 4, 1.0))
    x = np.random.default_rng(0).standard_normal((2, 4, 4, 8)).astype("float32")
    np.testing.assert_array_equal(run(model, x), x)
    # The convolutions before the last see only what it lets back, which is nothing yet.
    model.layers[-2].kernel.assign(np.ones(model.layers[-2].kernel.shape))
    assert np.abs(run(model, x) - x).max() > 0.1


@pytest.mark.backend("tensorflow")
def test_weights_start_as_in_the_authors_code():
    """Normal, of deviation gain / sqrt(fan-in); in blocks the gain is L^(-1/4) times He's."""
    keras.utils.set_random_seed(0)
    gain = math.sqrt(2 / 1.04) * 8 ** (-1 / 4)
    for network in r3gan(width=32):
        convolutions = [x for x in network.layers if isinstance(x, keras.layers.Conv2D)]
        assert len(convolutions) == 8 * 3 + 1
        for layer in convolutions:
            kernel = to_numpy(layer.kernel)
            if layer.use_bias:
                fan_in = 32 if kernel.shape[0] == 1 else 9 * 16
                assert kernel.std() == pytest.approx(gain / math.sqrt(fan_in), rel=0.08)
                assert not to_numpy(layer.bias).any()
            elif 3 not in kernel.shape:
                assert not kernel.any()


@pytest.mark.parametrize("double", [True, False])
def test_resampling_is_bilinear(double):
    """Twice: 3/4 and 1/4 of the two nearest pixels. Half: that map, transposed, over four."""
    x = np.random.default_rng(0).standard_normal((2, 4, 6, 3)).astype("float32")

    def doubled(x):
        # Along the rows: between each pixel and its neighbours, zeros outside.
        padded = np.pad(x, ((0, 0), (1, 1), (0, 0), (0, 0)))
        before, after = padded[:, :-2], padded[:, 2:]
        pairs = np.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis=2)
        return pairs.reshape(len(x), -1, *x.shape[2:])

    def halved(x):
        padded = np.pad(x, ((0, 0), (1, 1), (0, 0), (0, 0)))
        taps = [padded[:, i : i + x.shape[1] : 2] for i in range(4)]
        return sum(w * tap for w, tap in zip((0.125, 0.375, 0.375, 0.125), taps))

    along = doubled if double else halved
    want = along(along(x).swapaxes(1, 2)).swapaxes(1, 2)
    got = to_numpy(BilinearResampling2D(double)(x))
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    inside = to_numpy(BilinearResampling2D(double)(np.ones((1, 8, 8, 1), "float32")))[0, 2:-2, 2:-2]
    np.testing.assert_allclose(inside, 1.0, rtol=1e-6)


def test_resampling_refuses_what_it_cannot_halve():
    with pytest.raises(ValueError, match="known and even"):
        BilinearResampling2D(double=False)(np.ones((1, 3, 4, 1), "float32"))


def test_grouped_convolutions_are_dense_ones_with_zeros():
    """In value, and in the gradient of a gradient's norm."""
    rng = np.random.default_rng(0)
    layer = GroupedConv2D(6, 3, padding="same", groups=2)
    x = ops.convert_to_tensor(rng.standard_normal((2, 4, 4, 4)).astype("float32"))
    layer.build(x.shape)
    layer.bias.assign(rng.standard_normal(6))
    kernel = to_numpy(layer.kernel)
    full = np.zeros((3, 3, 4, 6), "float32")
    full[:, :, :2, :3], full[:, :, 2:, 3:] = kernel[..., :3], kernel[..., 3:]
    dense = keras.layers.Conv2D(6, 3, padding="same")
    dense.build(x.shape)
    dense.set_weights([full, to_numpy(layer.bias)])
    np.testing.assert_allclose(to_numpy(layer(x)), to_numpy(dense(x)), rtol=1e-4, atol=1e-5)

    def gradient_of_penalty(layer):
        def penalty(images):
            gradient = kgan.backend.input_gradient(lambda y: ops.sum(ops.tanh(layer(y))), images)
            return ops.sum(ops.square(gradient))

        return to_numpy(ops.stop_gradient(kgan.backend.input_gradient(penalty, x)))

    np.testing.assert_allclose(
        gradient_of_penalty(layer), gradient_of_penalty(dense), rtol=1e-3, atol=1e-4
    )


# Compiling takes much longer than two rounds: the networks without a condition run in Python.
@pytest.mark.parametrize(
    "classes", [3, pytest.param(None, marks=pytest.mark.backend("tensorflow", "torch"))]
)
def test_r3gan_trains_and_is_saved(classes, tmp_path):
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    networks = r3gan((8, 8, 1), 6, width=8, blocks=1, group_size=8, classes=classes)
    gan = kgan.RelativisticGAN(*networks, classes=classes, ema_decay=0.9)
    optimizers = [keras.optimizers.Adam(1e-3, beta_1=0.0) for _ in range(2)]
    gan.compile(*optimizers, run_eagerly=classes is None)
    before = [[to_numpy(w).copy() for w in network.weights] for network in networks]
    images = rng.uniform(-1, 1, (8, 8, 8, 1)).astype("float32")
    labels = None if classes is None else np.arange(8, dtype="int32") % classes
    # Two rounds: in the first, no gradient passes the blocks' last convolutions.
    history = gan.fit(images, labels, batch_size=4, verbose=0).history
    assert all(np.isfinite(v).all() for v in history.values())
    for network, old in zip(networks, before):
        for weight, value in zip(network.weights, old):
            assert not np.array_equal(to_numpy(weight), value), weight.path

    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    latents = rng.standard_normal((8, 6)).astype("float32")
    for player, first in (("ema_generator", latents), ("discriminator", images)):
        got, want = (run(getattr(m, player), first, labels) for m in (loaded, gan))
        np.testing.assert_array_equal(got, want, strict=True)


def test_labels_and_vectors_are_heard():
    latents, vectors = np.ones((2, 6), "float32"), np.eye(2, 5, dtype="float32")
    labels = np.array([0, 1], "int32")
    for condition, options in ((labels, {"classes": 3}), (vectors, {"condition_dim": 5})):
        generator, discriminator = r3gan((8, 8, 1), 6, width=8, group_size=8, **options)
        images = run(generator, latents, condition)
        assert not np.array_equal(images[0], images[1])
        first = np.broadcast_to(images[:1], images.shape)
        logits = run(discriminator, first, condition)
        assert logits.shape == (2, 1)
        assert logits[0] != logits[1]


def test_what_it_cannot_make_is_refused():
    for shape in ((28, 28, 1), (4, 4, 3), (32, 32, 2)):
        with pytest.raises(ValueError, match="r3gan makes square images of 8, 16, 32, 64"):
            r3gan(shape)
    with pytest.raises(ValueError, match=r"multiple of group_size=16; got width=20"):
        r3gan(width=20)
    with pytest.raises(ValueError, match="blocks must be an integer of at least 1"):
        r3gan(blocks=0)
