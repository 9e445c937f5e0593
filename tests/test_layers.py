"""`kgan.layers` against NumPy: what they compute, what they learn, and that they can be saved."""

import inspect

import keras
import numpy as np
import pytest
from counting import to_numpy
from keras import ops

from kgan import layers as kl


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def normal(rng, *shape):
    return rng.standard_normal(shape).astype("float32")


# -- conditional batch normalisation ---------------------------------------------------------------


def standardized(x):
    axes = tuple(range(x.ndim - 1))
    return (x - x.mean(axes)) / np.sqrt(x.var(axes) + 1e-5)


def test_each_class_has_its_gain_and_bias(rng):
    layer = kl.ConditionalBatchNormalization(classes=3)
    x, labels = normal(rng, 5, 4, 4, 2), np.array([0, 2, 1, 2, 0])
    start = layer([x, labels], training=True)
    np.testing.assert_allclose(to_numpy(start), standardized(x), rtol=1e-4, atol=1e-5)
    gain, bias = normal(rng, 3, 2), normal(rng, 3, 2)
    layer.gain.embeddings.assign(gain)
    layer.bias.embeddings.assign(bias)
    want = gain[labels][:, None, None] * standardized(x) + bias[labels][:, None, None]
    got = layer([x, labels], training=True)
    np.testing.assert_allclose(to_numpy(got), want, rtol=1e-4, atol=1e-5)


def test_gain_and_bias_are_linear_in_a_vector(rng):
    layer = kl.ConditionalBatchNormalization()
    x, condition = normal(rng, 6, 3), normal(rng, 6, 4)
    np.testing.assert_allclose(
        to_numpy(layer([x, condition], training=True)), standardized(x), rtol=1e-4, atol=1e-5
    )
    gain, bias = normal(rng, 4, 3), normal(rng, 4, 3)
    layer.gain.kernel.assign(gain)
    layer.bias.kernel.assign(bias)
    want = (1 + condition @ gain) * standardized(x) + condition @ bias
    got = layer([x, condition], training=True)
    np.testing.assert_allclose(to_numpy(got), want, rtol=1e-4, atol=1e-4)


def test_inference_uses_moving_statistics(rng):
    layer = kl.ConditionalBatchNormalization(classes=2, momentum=0.0)
    x, labels = normal(rng, 64, 3), np.zeros(64, "int32")
    layer([x, labels], training=True)
    other = normal(rng, 5, 3)
    want = (other - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
    got = layer([other, labels[:5]], training=False)
    np.testing.assert_allclose(to_numpy(got), want, rtol=1e-4, atol=1e-4)


# -- the progressive GAN's layers ------------------------------------------------------------------


def test_pixel_normalization_makes_the_mean_square_one(rng):
    x = normal(rng, 2, 3, 3, 5)
    got = to_numpy(kl.PixelNormalization()(x))
    want = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(got, want, rtol=1e-5)
    np.testing.assert_array_equal(to_numpy(kl.PixelNormalization()(np.zeros((1, 4)))), 0)


def stddev_channels(x, groups, features, size=4):
    """The appended channels, one image and one part at a time."""
    parts = np.split(x.astype("float64"), features, axis=-1)
    whole = groups * size
    channels = np.empty((*x.shape[:-1], features))
    for i in range(len(x)):
        for k, part in enumerate(parts):
            members = part[i % groups : whole : groups]
            channels[i, ..., k] = np.sqrt(members.var(axis=0) + 1e-8).mean()
    return channels


@pytest.mark.parametrize(
    "n, group_size, groups, features",
    [
        (8, None, 1, 1),  # arXiv:1710.10196: one number for the whole batch
        (8, 4, 2, 1),  # StyleGAN's groups
        (8, 4, 2, 3),
        (3, 4, 1, 1),  # fewer images than a group
        (11, 4, 2, 1),  # an incomplete last group
        (1, 4, 1, 1),
    ],
)
def test_minibatch_stddev(n, group_size, groups, features, rng):
    x = normal(rng, n, 2, 2, 6)
    layer = kl.MinibatchStdDev(group_size, features)
    got = to_numpy(layer(x))
    np.testing.assert_array_equal(got[..., :6], x)
    np.testing.assert_allclose(
        got[..., 6:], stddev_channels(x, groups, features, group_size or n), rtol=1e-4
    )


def test_minibatch_stddev_of_batches_of_unknown_size(rng):
    inputs = keras.Input((2, 2, 6))
    model = keras.Model(inputs, kl.MinibatchStdDev()(inputs))
    assert model.output_shape == (None, 2, 2, 7)
    x = normal(rng, 11, 2, 2, 6)
    got = model.predict(x, batch_size=8, verbose=0)
    np.testing.assert_allclose(got[:8, ..., 6:], stddev_channels(x[:8], 2, 1), rtol=1e-4)
    np.testing.assert_allclose(got[8:, ..., 6:], stddev_channels(x[8:], 1, 1), rtol=1e-4)


def test_minibatch_discrimination(rng):
    layer = kl.MinibatchDiscrimination(4, kernel_dim=3)
    x = normal(rng, 5, 6)
    layer.build(x.shape)
    t = normal(rng, 6, 12)
    layer.kernel.assign(0.3 * t)
    m = (x @ (0.3 * t)).reshape(5, 4, 3)
    want = np.zeros((5, 4))
    for i in range(5):
        for j in range(5):
            want[i] += np.exp(-np.abs(m[i] - m[j]).sum(axis=-1))
    got = to_numpy(layer(x))
    np.testing.assert_array_equal(got[:, :6], x)
    np.testing.assert_allclose(got[:, 6:], want, rtol=1e-4)
    # Examples alike count each other fully, examples far apart only themselves.
    alike = to_numpy(layer(np.repeat(x[:1], 3, axis=0)))
    np.testing.assert_allclose(alike[:, 6:], 3, rtol=1e-5)
    apart = to_numpy(layer(1000 * x))
    np.testing.assert_allclose(apart[:, 6:], 1, rtol=1e-5)


def test_global_sum_pooling(rng):
    x = normal(rng, 2, 3, 4, 5)
    got = to_numpy(kl.GlobalSumPooling2D()(x))
    np.testing.assert_allclose(got, x.sum((1, 2)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("multiplier", [1.0, 0.01])
def test_equalized_dense_has_hes_scale(multiplier, rng):
    layer = kl.EqualizedDense(300, learning_rate_multiplier=multiplier)
    x = normal(rng, 200, 400)
    got = to_numpy(layer(x))
    kernel = to_numpy(layer.kernel)
    assert kernel.std() == pytest.approx(1 / multiplier, rel=0.02)
    np.testing.assert_allclose(
        got, x @ kernel * multiplier * np.sqrt(2 / 400), rtol=1e-3, atol=1e-3
    )
    assert got.var() == pytest.approx(2, rel=0.05)


def test_adam_moves_equalized_weights_by_the_scaled_rate(rng):
    layer = kl.EqualizedDense(4, gain=1.0, learning_rate_multiplier=0.5)
    model = keras.Sequential([keras.Input((9,)), layer])
    model.compile(keras.optimizers.Adam(0.1, epsilon=1e-12), "mse")

    def effective():
        return 0.5 / 3 * to_numpy(layer.kernel), 0.5 * to_numpy(layer.bias)

    before = effective()
    model.fit(normal(rng, 8, 9), normal(rng, 8, 4), verbose=0)
    # Adam's first step is the learning rate for every weight: gain / sqrt(9) * 0.5 * 0.1.
    for a, b, step in zip(before, effective(), (0.1 * 0.5 / 3, 0.1 * 0.5)):
        np.testing.assert_allclose(np.abs(b - a), step, rtol=1e-3)


@pytest.mark.parametrize("strides, padding", [(1, "same"), (2, "same"), (2, "valid")])
def test_equalized_convolution_is_a_scaled_convolution(strides, padding, rng):
    layer = kl.EqualizedConv2D(5, 3, strides, padding, gain=1.0, activation="relu")
    x = normal(rng, 2, 8, 8, 4)
    got = layer(x)
    plain = keras.layers.Conv2D(5, 3, strides, padding, activation="relu")
    plain.build(x.shape)
    plain.kernel.assign(layer.kernel / 6)  # sqrt(3 * 3 * 4)
    np.testing.assert_allclose(to_numpy(got), to_numpy(plain(x)), rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == tuple(got.shape)


# -- what all layers have in common ----------------------------------------------------------------


def everything():
    """One of each layer, with no argument at its default, and the shape of its input."""
    return [
        (kl.SpectralNormalization(keras.layers.Conv2D(4, 3), power_iterations=2), (6, 6, 3)),
        (kl.SpectralNormalization(keras.layers.Dense(4)), (6, 6, 3)),
        (kl.PixelNormalization(epsilon=1e-6), (6, 6, 3)),
        (kl.MinibatchStdDev(group_size=2, features=2, epsilon=1e-6), (6, 6, 4)),
        (kl.GlobalSumPooling2D(), (6, 6, 3)),
        (kl.EqualizedConv2D(4, 3, 2, "valid", 1.5, 0.5, "relu", False), (6, 6, 3)),
        (kl.EqualizedDense(4, 1.5, 0.5, "relu", False), (6,)),
        (kl.MinibatchDiscrimination(4, 3, keras.initializers.RandomNormal(stddev=1.0)), (6,)),
        (kl.ConditionalBatchNormalization(3, momentum=0.5, epsilon=1e-4), (6, 6, 3)),
        (kl.ConditionalBatchNormalization(), (6, 6, 3)),
    ]


def model_of(layer, shape):
    x = keras.Input(shape)
    if not isinstance(layer, kl.ConditionalBatchNormalization):
        return keras.Model(x, layer(x))
    labels = layer.classes is not None
    condition = keras.Input((), dtype="int32") if labels else keras.Input((4,))
    return keras.Model([x, condition], layer([x, condition]))


def inputs_of(model, rng, n=4):
    tensors = keras.tree.flatten(model.inputs)
    arrays = [
        np.arange(n, dtype="int32") % 3 if len(t.shape) == 1 else normal(rng, n, *t.shape[1:])
        for t in tensors
    ]
    return arrays if len(arrays) > 1 else arrays[0]


@pytest.mark.parametrize("which", range(10))
def test_layers_are_saved_whole(which, tmp_path, rng):
    layer, shape = everything()[which]
    assert keras.saving.get_registered_name(type(layer)) == f"kgan>{type(layer).__name__}"
    config = layer.get_config()
    arguments = set(inspect.signature(type(layer)).parameters) - {"args", "kwargs"}
    assert arguments <= set(config)
    assert type(layer).from_config(layer.get_config()).get_config() == config

    model = model_of(layer, shape)
    x = inputs_of(model, rng)
    model(x, training=True)  # moves statistics and u from where they start
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0), strict=True
    )
    assert [w.shape for w in loaded.weights] == [w.shape for w in model.weights]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_layers_compute_in_half_precision(policy, rng):
    keras.config.set_dtype_policy(policy)
    try:
        models = [model_of(layer, shape) for layer, shape in everything()]
    finally:
        keras.config.set_dtype_policy("float32")
    dtype = policy.removeprefix("mixed_")
    for model in models:
        y = model(inputs_of(model, rng), training=True)
        assert keras.backend.standardize_dtype(y.dtype) == dtype
        assert keras.backend.standardize_dtype(model.output.dtype) == dtype
        assert tuple(model.output.shape[1:]) == tuple(y.shape[1:])
        assert np.isfinite(to_numpy(ops.cast(y, "float32"))).all()
        assert all(w.dtype == "float32" for w in model.weights)


def test_layers_can_be_compiled():
    assert all(layer.supports_jit for layer, _ in everything())


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: kl.SpectralNormalization(keras.layers.ReLU()), "wraps Dense.*ReLU"),
        (lambda: kl.SpectralNormalization(keras.layers.Dense(1), 0), "at least 1, got 0"),
        (lambda: kl.SpectralNormalization(keras.layers.Dense(1), dtype="float16"), "wrapped layer"),
        (lambda: kl.MinibatchStdDev(group_size=1), "at least 2 or None, got 1"),
        (lambda: kl.MinibatchStdDev(features=3)(np.ones((2, 4))), "4 channels.*features=3"),
        (lambda: kl.MinibatchDiscrimination(0), "units must be at least 1, got 0"),
        (lambda: kl.MinibatchDiscrimination()(np.ones((2, 2, 2, 1))), "Flatten"),
        (lambda: kl.EqualizedDense(0), "units must be at least 1, got 0"),
        (lambda: kl.EqualizedDense(1, gain=0), "gain must be positive, got 0"),
        (lambda: kl.EqualizedConv2D(4, (3, 3)), r"kernel_size must be an integer.*\(3, 3\)"),
        (lambda: kl.EqualizedConv2D(4, 3, padding="full"), "padding.*'full'"),
        (
            lambda: kl.ConditionalBatchNormalization(classes=3)([np.ones((2, 3)), np.ones((2, 3))]),
            r"class labels \(n,\)",
        ),
        (
            lambda: kl.ConditionalBatchNormalization(classes=3)(np.ones((2, 8))),
            r"class labels \(n,\)",
        ),
    ],
)
def test_errors_say_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()
