"""Batch normalisation in one kernel: Keras's values, derivatives and statistics."""

import keras
import numpy as np
import pytest
from keras import ops

import kgan
from kgan import backend

KINDS = kgan.layers.BatchNormalization, keras.layers.BatchNormalization
IMAGES = np.random.default_rng(1).normal(3.0, 2.0, (6, 5, 4, 3)).astype("float32")


def pair(**kwargs):
    """Ours and Keras's layer with the same weights, none of them where it starts."""
    made = [kind(momentum=0.75, epsilon=1e-4, **kwargs) for kind in KINDS]
    rng = np.random.default_rng(0)
    for layer in made:
        layer.build((None, 5, 4, 3))
    weights = [rng.uniform(0.5, 2.0, w.shape) for w in made[0].weights]
    for layer in made:
        layer.set_weights(weights)
    return made


def outcome(layer, x):
    """Outputs, the gradient of a function of them, and all weights after it."""
    x = ops.convert_to_tensor(x, layer.compute_dtype)
    outputs = layer(x, training=True)

    def wave(x):
        with keras.StatelessScope():  # Its statistics have moved.
            return ops.sin(ops.cast(layer(x, training=True), "float32"))

    gradient = backend.input_gradient(wave, x)
    numbers = (outputs, gradient, *layer.weights)
    return [ops.convert_to_numpy(ops.cast(n, "float32")) for n in numbers]


@pytest.mark.parametrize(
    "kwargs", [{}, {"scale": False, "center": False}, {"scale": False}, {"center": False}]
)
def test_as_keras_has_it(kwargs):
    ours, theirs = (outcome(layer, IMAGES) for layer in pair(**kwargs))
    assert len(ours) == len(theirs) >= 4
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_by_hand():
    layer = kgan.layers.BatchNormalization(momentum=0.75, epsilon=1e-4)
    outputs = layer(IMAGES, training=True)
    mean, variance = IMAGES.mean((0, 1, 2)), IMAGES.var((0, 1, 2))
    expected = (IMAGES - mean) / np.sqrt(variance + 1e-4)
    np.testing.assert_allclose(ops.convert_to_numpy(outputs), expected, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, 0.25 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.75 + 0.25 * variance, rtol=1e-5)


def test_mixed_precision():
    ours, theirs = (outcome(layer, IMAGES) for layer in pair(dtype="mixed_bfloat16"))
    for one, other in zip(ours[:2], theirs[:2]):
        np.testing.assert_allclose(one, other, rtol=2e-2, atol=2e-2)
    # Statistics are of images that are rounded alike, and are not rounded themselves.
    for one, other in zip(ours[2:], theirs[2:]):
        np.testing.assert_allclose(one, other, rtol=1e-5)
    layer = kgan.layers.BatchNormalization(dtype="mixed_bfloat16")
    assert keras.backend.standardize_dtype(layer(IMAGES, training=True).dtype) == "bfloat16"


@pytest.mark.parametrize("case", ["inference", "frozen", "mask", "vectors", "channels first"])
def test_the_rest_is_left_to_keras(case):
    results = []
    x = {"vectors": IMAGES[:, 0, 0]}.get(case, IMAGES)
    for kind in KINDS:
        layer = kind(axis=1 if case == "channels first" else -1)
        layer.trainable = case != "frozen"
        given = {"mask": np.arange(120).reshape(6, 5, 4) % 2 > 0} if case == "mask" else {}
        outputs = layer(x, training=case != "inference", **given)
        results.append([ops.convert_to_numpy(n) for n in (outputs, *layer.weights)])
    for one, other in zip(*results):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize(
    "policy, images, autocast",
    [
        ("float64", "float64", True),
        ("float16", "float16", True),
        ("bfloat16", "bfloat16", True),
        ("float32", "uint8", True),
        ("float32", "bfloat16", False),
        ("mixed_bfloat16", "float32", False),
    ],
)
def test_other_types_are_left_to_keras(policy, images, autocast):
    results = []
    for kind in KINDS:
        layer = kind(dtype=policy, autocast=autocast)
        outputs = layer(ops.cast(np.abs(IMAGES), images), training=True)
        dtypes = [keras.backend.standardize_dtype(n.dtype) for n in (outputs, *layer.weights)]
        numbers = [ops.convert_to_numpy(ops.cast(n, "float32")) for n in (outputs, *layer.weights)]
        results.append((dtypes, numbers))
    (dtypes, ours), (expected, theirs) = results
    assert dtypes == expected
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_of_its_weights_and_of_gradients(compiled):
    import tensorflow as tf

    results = []
    for layer in pair():

        @tf.function(jit_compile=compiled)
        def gradients(x, layer=layer):
            points = [x, layer.gamma.value, layer.beta.value]
            with tf.GradientTape() as tape:
                tape.watch(points)
                outputs = layer(x, training=True)
                slope = backend.input_gradient(lambda x: ops.sin(layer(x, training=True)), x)
                loss = ops.sum(outputs**3) + ops.sum(slope**2)
            return tape.gradient(loss, points)

        results.append([n.numpy() for n in gradients(tf.constant(IMAGES))])
    for one, other in zip(*results):
        assert np.abs(one).max() > 0
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)


def test_it_reads_what_keras_own_saved(tmp_path):
    models = []
    for layer in pair():
        x = keras.Input((5, 4, 3))
        models.append(keras.Model(x, layer(x)))
    models[1].save_weights(tmp_path / "theirs.weights.h5")
    models[0].set_weights([np.zeros(w.shape) for w in models[0].weights])
    models[0].load_weights(tmp_path / "theirs.weights.h5")
    for one, other in zip(*(model.get_weights() for model in models)):
        np.testing.assert_array_equal(one, other)
    ours = models[0].layers[1]
    again = keras.layers.deserialize(keras.layers.serialize(ours))
    assert type(again) is kgan.layers.BatchNormalization and again.momentum == 0.75


@pytest.mark.backend("tensorflow")
def test_one_kernel_each_way():
    import tensorflow as tf

    layer = kgan.layers.BatchNormalization()
    layer.build(IMAGES.shape)

    @tf.function
    def gradient(x):
        return backend.input_gradient(lambda x: ops.sin(layer(x, training=True)), x)

    kernels = [op.type for op in gradient.get_concrete_function(IMAGES).graph.get_operations()]
    assert kernels.count("FusedBatchNormV3") == kernels.count("FusedBatchNormGradV3") == 1
    assert "SquaredDifference" not in kernels
