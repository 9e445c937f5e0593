import functools

import checks
import keras
import numpy as np
import pytest
import tiny

import kgan

POLICIES = ("mixed_bfloat16", "mixed_float16")


@functools.cache
def maker(policy):
    """A function that makes a WGAN-GP under a policy, the same one each time."""

    def make():
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            networks = tiny.networks(norm=False)
            return kgan.WGANGP(*networks, discriminator_steps=2, ema_decay=0.9)
        finally:
            keras.config.set_dtype_policy(before)

    return make


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "check",
    [
        checks.check_shapes,
        checks.check_both_players_move,
        checks.check_sample,
        checks.check_predict,
    ],
)
def test_mixed_precision(check, policy):
    check(maker(policy))


@pytest.mark.parametrize("policy", POLICIES)
def test_networks_compute_in_half_precision_and_keep_float32_weights(policy):
    gan = maker(policy)()
    for network in (gan.generator, gan.discriminator):
        dense = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]
        assert all(layer.compute_dtype == policy.removeprefix("mixed_") for layer in dense)
    assert {v.dtype for v in gan.trainable_variables} == {"float32"}


def test_float16_scales_the_loss_of_each_player_and_bfloat16_does_not():
    gan = maker("mixed_float16")()
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.Adam(1e-3))
    scaled = gan.optimizer.optimizers
    assert all(isinstance(o, keras.optimizers.LossScaleOptimizer) for o in scaled)
    assert isinstance(gan.optimizer.generator.inner_optimizer, keras.optimizers.SGD)
    assert isinstance(gan.optimizer.discriminator.inner_optimizer, keras.optimizers.Adam)
    own = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), initial_scale=8.0)
    gan.compile(own, None)
    assert gan.optimizer.generator is own
    gan = maker("mixed_bfloat16")()
    gan.compile()
    assert all(isinstance(o, keras.optimizers.Adam) for o in gan.optimizer.optimizers)


def test_the_loss_scale_holds_over_50_rounds_of_wgan_gp():
    """Gradients of gradients in float16 must neither overflow again and again nor vanish."""
    gan = checks.trained(maker("mixed_float16"))
    history = checks.train(gan, rounds=50).history
    for optimizer in gan.optimizer.optimizers:
        # It starts at 2^15, halves where a gradient overflows and doubles after 2,000 steps.
        assert float(keras.ops.convert_to_numpy(optimizer.dynamic_scale)) >= 2**10
    assert all(np.isfinite(measured).all() for measured in history.values())
    assert all(np.isfinite(value).all() for value in checks.values(gan.variables))
    # Steps whose gradient overflowed are left out: those that were taken are nearly all.
    taken = int(gan.optimizer.discriminator.iterations)
    assert taken >= 0.9 * 2 * int(gan.rounds)


@pytest.mark.parametrize("policy", POLICIES)
def test_losses_are_those_of_float32_but_for_rounding(policy):
    measured = []
    for each in ("float32", policy):
        gan = maker(each)()
        gan.compile()
        data = tiny.data(gan, 16)
        measured.append(gan.evaluate(*data, batch_size=16, verbose=0, return_dict=True))
    exact, rounded = measured
    for name, value in exact.items():
        assert rounded[name] == pytest.approx(value, rel=0.05, abs=0.05), name


@pytest.mark.parametrize("policy", POLICIES)
def test_precision_is_that_of_the_networks_whatever_keras_is_set_to(policy, tmp_path):
    gan = maker(policy)()
    assert keras.config.dtype_policy().name == "float32"
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    for network in (loaded.generator, loaded.discriminator, gan.ema_generator):
        # Networks themselves too: an embedding reads its weights in the precision around it.
        assert {layer.dtype_policy.name for layer in [network, *network.layers]} == {policy}
    assert keras.config.dtype_policy().name == "float32"


def test_an_output_layer_in_float32_keeps_all_grey_levels():
    """As Keras recommends it over a model in half precision, which knows only half of them."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        latents, images = keras.Input((1,)), keras.Input((1, 1, 1))
        pixels = keras.layers.Dense(1, use_bias=False, dtype="float32")(latents)
        pixels = keras.layers.Reshape((1, 1, 1), dtype="float32")(pixels)
        logits = keras.layers.Dense(1)(keras.layers.Flatten()(images))
        gan = kgan.GAN(keras.Model(latents, pixels), keras.Model(images, logits))
    finally:
        keras.config.set_dtype_policy("float32")
    gan.generator.set_weights([np.ones((1, 1))])
    levels = np.arange(256)
    sampled = gan.sample(256, latents=(levels[:, None] / 127.5 - 1).astype("float32"))
    np.testing.assert_array_equal(sampled[:, 0, 0, 0], levels)
