"""`kgan.layers.SpectralNormalization` against singular values and gradients by NumPy."""

import keras
import numpy as np
import pytest
from counting import to_numpy
from keras import ops

from kgan import backend
from kgan.layers import SpectralNormalization

JIT = keras.backend.backend() != "torch"


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def normal(rng, *shape):
    return rng.standard_normal(shape).astype("float32")


def largest_singular_value(kernel, transposed=False):
    """By SVD, of the kernel as a matrix with one row an output channel."""
    kernel = np.moveaxis(kernel, -2 if transposed else -1, 0)
    return np.linalg.svd(kernel.reshape(len(kernel), -1), compute_uv=False)[0]


@pytest.mark.parametrize(
    "layer, inputs",
    [
        (keras.layers.Dense(5), (3, 7)),
        (keras.layers.Conv1D(5, 3), (2, 9, 3)),
        (keras.layers.Conv2D(5, 3, strides=2, padding="same"), (2, 8, 8, 3)),
        (keras.layers.Conv2DTranspose(5, 4, strides=2, padding="same"), (2, 4, 4, 3)),
        (keras.layers.Embedding(6, 5), None),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, keras.layers.Layer) else "",
)
def test_spectral_normalization_divides_by_the_largest_singular_value(layer, inputs, rng):
    x = np.array([0, 3, 5]) if inputs is None else normal(rng, *inputs)
    wrapped = SpectralNormalization(layer, power_iterations=200)
    wrapped(x)
    kernel = normal(rng, *wrapped.kernel.shape)
    wrapped.kernel.assign(kernel)
    got = to_numpy(wrapped(x, training=True))
    np.testing.assert_array_equal(to_numpy(wrapped.kernel), kernel)
    sigma = largest_singular_value(kernel, "Transpose" in type(layer).__name__)
    wrapped.kernel.assign(kernel / sigma)
    np.testing.assert_allclose(got, to_numpy(layer(x)), rtol=1e-4, atol=1e-5)


def test_spectral_normalization_keeps_one_iteration_a_training_call(rng):
    wrapped = SpectralNormalization(keras.layers.Dense(4, use_bias=False))
    x = normal(rng, 2, 6)
    wrapped.build(x.shape)
    w, u = to_numpy(wrapped.kernel), to_numpy(wrapped.u)[0]
    wrapped(x, training=False)
    np.testing.assert_array_equal(to_numpy(wrapped.u)[0], u)
    for _ in range(3):
        # Algorithm 1, with W of the paper the transpose of Keras's kernel.
        v = w @ u / np.linalg.norm(w @ u)
        u = w.T @ v / np.linalg.norm(w.T @ v)
        got = to_numpy(wrapped(x, training=True))
        np.testing.assert_allclose(to_numpy(wrapped.u)[0], u, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(got, x @ w / (v @ w @ u), rtol=1e-4, atol=1e-5)
    assert [v.path for v in wrapped.trainable_variables] == [wrapped.kernel.path]
    assert [v.path for v in wrapped.non_trainable_variables] == [wrapped.u.path]


def numerical_gradient(f, w, step=1e-5):
    w = w.astype("float64")
    gradient = np.zeros_like(w)
    for i in np.ndindex(*w.shape):
        move = np.zeros_like(w)
        move[i] = step
        gradient[i] = (f(w + move) - f(w - move)) / (2 * step)
    return gradient


def converged(rng, units=4, features=6):
    """A wrapped Dense layer whose u is the singular vector, and its kernel."""
    wrapped = SpectralNormalization(keras.layers.Dense(units, use_bias=False))
    wrapped.build((None, features))
    w = normal(rng, features, units)
    wrapped.kernel.assign(w)
    wrapped.u.assign(np.linalg.svd(w)[2][:1])
    return wrapped, w


def test_gradient_passes_through_sigma(rng):
    wrapped, w = converged(rng)
    x, c = normal(rng, 3, 6), normal(rng, 3, 4)

    def output(kernel):
        frozen = [(wrapped.u, wrapped.u.value), (wrapped.kernel, kernel)]
        with keras.StatelessScope(frozen):
            return ops.sum(ops.multiply(c, wrapped(x, training=True)))

    got = to_numpy(backend.input_gradient(output, ops.convert_to_tensor(w)))
    want = numerical_gradient(lambda k: np.sum(c * (x @ (k / largest_singular_value(k)))), w)
    np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4)
    # Scaling W does not change W / sigma(W): the gradient is orthogonal to W.
    assert abs(np.sum(got * w)) < 1e-4


@pytest.mark.parametrize("jit_compile", [False, JIT])
def test_training_moves_the_kernel_down_the_gradient(jit_compile, rng):
    wrapped, w = converged(rng)
    x, y = normal(rng, 8, 6), normal(rng, 8, 4)
    model = keras.Sequential([keras.Input((6,)), wrapped])
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=jit_compile)
    model.fit(x, y, batch_size=8, epochs=1, verbose=0)

    def loss(kernel):
        return np.mean((x @ (kernel / largest_singular_value(kernel)) - y) ** 2)

    want = w - 0.1 * numerical_gradient(loss, w)
    np.testing.assert_allclose(to_numpy(wrapped.kernel), want, rtol=1e-4, atol=1e-5)


def test_spectral_norm_is_float32_under_mixed_precision(rng):
    # Entries of 1 + 2^-12 are 1 in float16: sigma of the rounded kernel would be 8 exactly.
    w = np.full((8, 8), 1 + 2**-12, "float32")
    layer = keras.layers.Dense(8, use_bias=False, dtype="mixed_float16")
    wrapped = SpectralNormalization(layer, power_iterations=5)
    inputs = keras.Input((8,))
    model = keras.Model(inputs, wrapped(inputs))
    wrapped.kernel.assign(w)
    assert keras.backend.standardize_dtype(model.output.dtype) == "float16"
    assert wrapped.kernel.dtype == "float32"
    y = model(np.ones((1, 8), "float32"), training=True)
    assert keras.backend.standardize_dtype(y.dtype) == "float16"
    np.testing.assert_allclose(to_numpy(y), 1, rtol=1e-3)


def test_spectral_normalization_of_a_zero_kernel_is_zero(rng):
    wrapped = SpectralNormalization(keras.layers.Dense(3, kernel_initializer="zeros"))
    np.testing.assert_array_equal(to_numpy(wrapped(normal(rng, 2, 4), training=True)), 0)


def test_what_the_layer_adds_for_its_activities_is_kept(rng):
    dense = keras.layers.Dense(4, activity_regularizer=keras.regularizers.L2(0.5))
    inputs = keras.Input((3,))
    network = keras.Model(inputs, SpectralNormalization(dense)(inputs))
    outputs = to_numpy(network(normal(rng, 6, 3)))
    # Keras divides by the batch size.
    expected = 0.5 * np.square(outputs).sum() / 6
    assert [float(to_numpy(x)) for x in network.losses] == pytest.approx([expected], rel=1e-5)
