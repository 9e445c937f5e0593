"""`kgan.networks.progressive` against the paper's sizes and the constants of its weights."""

import math

import keras
import numpy as np
import pytest
from counting import conv, dense, parameters, to_numpy
from keras import ops

import kgan
from kgan.networks import progressive


def test_the_papers_networks_for_1024_pixels():
    """Table 2: 512 channels to 32 px, 16 at 1024; 23.1 M parameters each."""
    generator, discriminator = progressive((1024, 1024, 3))
    widths = {2**i: min(512, 512 * 32 // 2**i) for i in range(2, 11)}
    assert widths[1024] == 16
    for size, width in widths.items():
        block = generator.get_layer(f"block_{size}")
        assert block.output_shape[1:] == (size, size, width)
    blocks = {
        size: conv(widths[size // 2], width, 3) + conv(width, width, 3)
        for size, width in widths.items()
        if size > 4
    }
    # 4x4 convolutions of one pixel, and to one; there all images share a channel.
    first = dense(512, 4 * 4 * 512) + conv(512, 512, 3)
    colours = sum(conv(width, 3, 1) for width in widths.values())
    assert parameters(generator) == first + sum(blocks.values()) + colours
    last = conv(513, 512, 3) + dense(4 * 4 * 512, 512) + dense(512, 1)
    mirrored = sum(
        conv(width, width, 3) + conv(width, widths[size // 2], 3)
        for size, width in widths.items()
        if size > 4
    )
    colours = sum(conv(3, width, 1) for width in widths.values())
    assert parameters(discriminator) == last + mirrored + colours
    assert (
        round(parameters(generator) / 1e6, 1) == round(parameters(discriminator) / 1e6, 1) == 23.1
    )


def test_widths_are_halved_from_where_it_is_said():
    generator, discriminator = progressive((32, 32, 1), 6, width=(8, 4), full_width_to=8)
    for network, widths in ((generator, (8, 8, 4, 2)), (discriminator, (4, 4, 2, 1))):
        for size, width in zip((4, 8, 16, 32), widths):
            block = network.get_layer(f"block_{size}")
            shape = block.output_shape if network is generator else block.input_shape
            assert shape[1:] == (size, size, width)


def test_every_weight_is_scaled_by_hes_constant():
    """Sec. 4.1; the first layer by a quarter of it, colours and logits by gain 1."""
    generator, discriminator = progressive((8, 8, 3), 6, width=16)
    scale = {}
    for network in (generator, discriminator):
        for layer in network._flatten_layers():
            if hasattr(layer, "kernel"):
                kernel = to_numpy(layer.kernel)
                scale[layer.name] = layer.scale
                fan_in = math.prod(kernel.shape[:-1])
                gain = layer.scale * math.sqrt(fan_in)
                assert gain == pytest.approx(
                    1.0
                    if layer.name.startswith("to_rgb") or layer.name == "logits"
                    else math.sqrt(2) / (4 if fan_in == 6 else 1)
                )
    assert scale["to_rgb_8"] == pytest.approx(1 / 4)
    kernels = [to_numpy(w).ravel() for w in generator.trainable_weights if len(w.shape) > 1]
    assert np.concatenate(kernels).std() == pytest.approx(1.0, abs=0.03)


def test_features_keep_their_size_up_to_the_images():
    """Pixels are normalised to a mean square of one in each block, at the start already."""
    generator, _ = progressive((16, 16, 1), 8, width=16)
    x = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(4, 8)).astype("float32"))
    for size in (4, 8, 16):
        x = generator.get_layer(f"block_{size}")(x)
        square = np.mean(np.square(to_numpy(x)), axis=-1)
        np.testing.assert_allclose(square[square > 0], 1.0, rtol=1e-3)


def test_a_fade_is_exact_at_its_ends():
    rng = np.random.default_rng(0)
    old, new = (rng.normal(size=(2, 4)).astype("float32") for _ in range(2))
    fade = kgan.layers.FadeIn()
    np.testing.assert_array_equal(to_numpy(fade([old, new])), new)
    fade.alpha.assign(0.0)
    np.testing.assert_array_equal(to_numpy(fade([old, new])), old)
    fade.alpha.assign(0.25)
    np.testing.assert_allclose(to_numpy(fade([old, new])), 0.75 * old + 0.25 * new, rtol=1e-6)
    assert fade.trainable_weights == []


@pytest.mark.parametrize("policy", ["mixed_bfloat16"], indirect=True)
def test_alpha_is_exact_under_any_policy(policy):
    fade = kgan.layers.FadeIn()
    fade.build([(1, 4), (1, 4)])
    fade.alpha.assign(1e-4)
    assert float(ops.convert_to_numpy(fade.alpha)) == np.float32(1e-4)
    outputs = fade([keras.ops.zeros((1, 4)), keras.ops.ones((1, 4))])
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"


@pytest.mark.parametrize("kind", [{"classes": 3}, {"condition_dim": 5}])
def test_a_condition_joins_the_latents_and_is_projected(kind):
    generator, discriminator = progressive((8, 8, 1), 6, width=4, embedding_dim=2, **kind)
    assert generator.get_layer("block_4").input_shape == (None, 8)
    rng = np.random.default_rng(0)
    images, latents = rng.normal(size=(3, 8, 8, 1)), rng.normal(size=(3, 6))
    conditions = np.arange(3) if "classes" in kind else rng.normal(size=(3, 5))
    for level, size in enumerate((4, 8)):
        ones = to_numpy(generator.at_level([latents, conditions], level))
        others = to_numpy(generator.at_level([latents, conditions[::-1]], level))
        assert ones.shape == (3, size, size, 1)
        np.testing.assert_array_equal(ones[1], others[1])
        assert np.abs(ones[0] - others[0]).max() > 1e-3
    np.testing.assert_allclose(ones, to_numpy(generator([latents, conditions])), atol=1e-6)

    logits = to_numpy(discriminator([images, conditions]))
    np.testing.assert_allclose(to_numpy(discriminator.at_level([images, conditions], 1)), logits)
    trunk = keras.Model(discriminator.inputs, discriminator.get_layer("block_4").output)
    features = to_numpy(trunk([images, conditions]))
    kernel, bias = (to_numpy(w) for w in discriminator.get_layer("logits").weights)
    scale = discriminator.get_layer("logits").scale
    projection = [to_numpy(w) for w in discriminator.get_layer("condition_projection").weights]
    embedded = projection[0][conditions] if "classes" in kind else conditions @ projection[0]
    expected = features @ kernel * scale + bias + (features * embedded).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)


def test_the_smallest_networks_have_one_level():
    generator, discriminator = progressive((4, 4, 1), 6, width=4)
    assert generator.sizes == discriminator.sizes == [4]
    gan = kgan.ProgressiveGAN(generator, discriminator)
    assert gan.sample(2).shape == (2, 4, 4, 1)


def test_what_it_cannot_make_is_refused():
    for shape in ((28, 28, 1), (2, 2, 1), (2048, 2048, 3), (32, 32, 2)):
        with pytest.raises(ValueError, match=r"progressive makes square images of 4, 8, 16 \.\.\."):
            progressive(shape)
    with pytest.raises(ValueError, match=r"64 px have width / 8 channels; got width=20"):
        progressive((64, 64, 3), width=20, full_width_to=8)
    with pytest.raises(ValueError, match="not both"):
        progressive((8, 8, 1), 6, classes=3, condition_dim=5)
    with pytest.raises(ValueError, match="full_width_to must be an integer of at least 1"):
        progressive(full_width_to=0)
