"""Directions by principal components, in closed form and from labels: known answers."""

import keras
import numpy as np
import pytest
import tiny
from keras import layers
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge

import kgan
from kgan import latents
from kgan.latents import Categorical, Continuous

SINGULAR = np.array([4.0, 2.0, 1.0])


def orthogonal(n, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]


def known_weight():
    """A kernel `(3, 8)` of known singular values, and its singular vectors on the latents' side."""
    vectors = orthogonal(3, 0)
    return vectors @ np.diag(SINGULAR) @ orthogonal(8, 1)[:3], vectors.T


def model_of(*stack, latent_dim=3, classes=None, units=8):
    """A GAN whose generator is a stack of layers, possibly behind an embedded class."""
    inputs = keras.Input((latent_dim,))
    condition, x = [], inputs
    if classes:
        condition = [keras.Input((), dtype="int32")]
        x = layers.Concatenate()([layers.Embedding(classes, 2)(condition[0]), inputs])
    for layer in stack:
        x = layer(x)
    x = layers.Reshape((units,))(x)
    points = keras.Input((units,))
    judged = points
    if classes:
        judged_condition = keras.Input((), dtype="int32")
        embedded = layers.Embedding(classes, 2)(judged_condition)
        judged = layers.Concatenate()([points, embedded])
        points = [points, judged_condition]
    discriminator = keras.Model(points, layers.Dense(1)(judged))
    generator = keras.Model([inputs, *condition] if classes else inputs, x)
    if classes:
        return kgan.ConditionalGAN(generator, discriminator, classes=classes)
    return kgan.GAN(generator, discriminator)


def linear(**kwargs):
    kernel, vectors = known_weight()
    dense = layers.Dense(8, use_bias=False)
    model = model_of(dense, **kwargs)
    above = np.zeros((dense.kernel.shape[0] - 3, 8)) + 5.0
    dense.set_weights([np.concatenate([above, kernel])])
    return model, vectors


def assert_same_directions(found, expected, **tolerance):
    """Equal up to sign; the sign is that of the entry of the largest magnitude."""
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.abs(np.sum(found * expected, axis=1)), 1, **tolerance)
    for row in found:
        assert row[np.abs(row).argmax()] > 0


@pytest.mark.parametrize("classes", [None, 4])
def test_closed_form_directions_are_singular_vectors(classes):
    """Also behind an embedded class, whose rows of the kernel do not count."""
    model, vectors = linear(classes=classes)
    found = latents.closed_form_directions(model, k=3)
    assert found.vectors.dtype == np.float32
    assert_same_directions(found.vectors, vectors, atol=1e-5)
    np.testing.assert_allclose(found.shares, SINGULAR**2 / 21, rtol=1e-5)


def test_closed_form_directions_are_eigenvectors():
    """Eq. 5 with numpy.linalg.eigh, in the averaged generator of a network of the library."""
    generator, discriminator = kgan.networks.dcgan((8, 8, 1), latent_dim=5, width=2)
    model = kgan.GAN(generator, discriminator, ema_decay=0.9)
    a = keras.ops.convert_to_numpy(model.ema_generator.layers[1].kernel).T
    values, vectors = np.linalg.eigh(a.T @ a)
    found = latents.closed_form_directions(model, k=2)
    assert_same_directions(found.vectors, vectors.T[::-1][:2], atol=1e-5)
    np.testing.assert_allclose(found.shares, (values / values.sum())[::-1][:2], rtol=1e-4)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: kgan.layers.EqualizedDense(8),
        lambda: kgan.layers.SpectralNormalization(layers.Dense(8)),
        lambda: layers.Dense(8, activation="relu"),
    ],
)
def test_closed_form_finds_dense_layers_of_all_kinds(layer):
    kernel, vectors = known_weight()
    dense = layer()
    model = model_of(layers.Dropout(0.1), kgan.layers.PixelNormalization(), dense)
    dense.kernel.assign(kernel)
    assert_same_directions(latents.closed_form_directions(model, 3).vectors, vectors, atol=1e-5)


def test_closed_form_of_a_transposed_convolution_of_one_pixel():
    kernel, vectors = known_weight()
    convolution = layers.Conv2DTranspose(2, 2, padding="valid")
    inside = keras.Sequential([keras.Input((3,)), layers.Reshape((1, 1, 3)), convolution])
    model = model_of(inside)
    convolution.kernel.assign(np.moveaxis(kernel.reshape(3, 2, 2, 2), 0, -1))
    assert_same_directions(latents.closed_form_directions(model, 3).vectors, vectors, atol=1e-5)


def test_where_there_is_no_closed_form():
    model = model_of(layers.Reshape((3, 1)), layers.Conv1D(8, 3, padding="valid"))
    with pytest.raises(ValueError, match=r"first enter .* a Conv1D.*use pca_directions"):
        latents.closed_form_directions(model, 1)
    inputs = keras.Input((3,))
    outputs = layers.Add()([layers.Dense(3)(inputs), layers.Dense(3)(inputs)])
    discriminator = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model = kgan.GAN(keras.Model(inputs, outputs), discriminator)
    with pytest.raises(ValueError, match=r"no one layer .* they enter dense"):
        latents.closed_form_directions(model, 1)
    model, _ = linear()
    with pytest.raises(ValueError, match="k must be from 1 to 3, got 4"):
        latents.closed_form_directions(model, 4)


@pytest.mark.parametrize("classes", [None, 4])
def test_principal_components_of_a_linear_generator(classes):
    """Those of the population are its singular vectors."""
    model, vectors = linear(classes=classes)
    found = latents.pca_directions(model, k=3, n=3000)
    assert_same_directions(found.vectors, vectors, atol=5e-3)
    np.testing.assert_allclose(found.shares, SINGULAR**2 / 21, rtol=0.1)


@pytest.mark.parametrize("n", [6, 40])
def test_principal_components_are_numpys(n):
    """GANSpace by the book: SVD of the centred features, then a least-squares regression."""
    model = kgan.GAN(*tiny.networks(plain=True))
    name = model.generator.layers[2].name
    found = latents.pca_directions(model, layer=name, k=2, n=n, seed=3)

    z = model.random_latents(n, seed=3).astype("float64")
    dense = model.generator.layers[1]
    features = z @ dense.get_weights()[0] + dense.get_weights()[1]
    features = np.where(features > 0, features, 0.2 * features)
    features, z = features - features.mean(axis=0), z - z.mean(axis=0)
    _, values, axes = np.linalg.svd(features, full_matrices=False)
    regression = np.linalg.lstsq(features @ axes[:2].T, z, rcond=None)[0]
    expected = regression / np.linalg.norm(regression, axis=1, keepdims=True)
    assert_same_directions(found.vectors, expected, atol=1e-3)
    np.testing.assert_allclose(found.shares, (values**2 / np.sum(values**2))[:2], rtol=1e-3)


def test_principal_components_of_a_nested_mapping():
    """As of StyleGAN's mapping network: the components are those of its end."""
    kernel, vectors = known_weight()
    mapping = keras.Sequential([keras.Input((3,)), layers.Dense(3), layers.Dense(8)])
    model = model_of(mapping, layers.Activation("tanh"))
    for layer, value in zip(mapping.layers, (2 * np.eye(3), kernel)):
        layer.kernel.assign(value)
    found = latents.pca_directions(model, k=3, n=3000)
    assert_same_directions(found.vectors, vectors, atol=5e-3)


def test_directions_leave_codes_alone():
    codes = [Categorical(3, name="kind"), Continuous(1, name="style")]
    networks = tiny.networks(code_parameters=5, plain=True)
    model = kgan.InfoGAN(*networks, codes=codes)
    for found in (
        latents.pca_directions(model, k=2, n=50),
        latents.closed_form_directions(model, k=2),
    ):
        np.testing.assert_array_equal(found.vectors[:, 2:], 0)
        np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(2), atol=0.3)


def test_components_that_are_not_there_are_refused():
    model, _ = linear()
    with pytest.raises(ValueError, match="k must be from 1 to 3, got 4"):
        latents.pca_directions(model, k=4)
    with pytest.raises(ValueError, match="n must be larger than k=3, got 3"):
        latents.pca_directions(model, k=3, n=3)
    with pytest.raises(ValueError, match="not conditional"):
        latents.pca_directions(model, k=1, condition=2)
    model.generator.layers[1].kernel.assign(np.ones((3, 8)))
    with pytest.raises(ValueError, match="vary in 1 directions only, asked for k=2"):
        latents.pca_directions(model, k=2, n=50)


def test_an_attribute_that_latents_separate():
    """The label is the side of a plane, so the direction is the plane's normal."""
    z = np.random.default_rng(0).normal(size=(5000, 4))
    normal = np.array([3.0, 0.0, -4.0, 0.0]) / 5
    found = latents.attribute_direction(z, z @ normal > 0.3)
    np.testing.assert_allclose(found, normal, atol=0.04)
    np.testing.assert_allclose(latents.attribute_direction(z, z @ normal + 7), normal, atol=1e-3)


def test_attributes_by_ridge_regression_and_discriminant_analysis():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(60, 5)) * [1, 2, 3, 1, 1]
    labels = (z @ [1, 1, 0, 0, -1] + rng.normal(size=60) > 0).astype(int)
    expected = Ridge(alpha=20.0).fit(z, labels).coef_
    found = latents.attribute_direction(z, labels, ridge=20.0)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-5)
    fisher = LinearDiscriminantAnalysis(solver="lsqr").fit(z, labels).coef_[0]
    found = latents.attribute_direction(z, labels, ridge=1e-9)
    np.testing.assert_allclose(found, fisher / np.linalg.norm(fisher), atol=1e-5)


def test_an_attribute_is_not_that_of_a_code():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(400, 3))
    found = latents.attribute_direction(z, z @ [1, 0, 5], codes=[Continuous(1)])
    np.testing.assert_allclose(found, [1, 0, 0], atol=0.02)


def test_labels_that_tell_nothing_are_refused():
    z = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"one label each, \(n,\); got \(3, 2\) and \(2,\)"):
        latents.attribute_direction(z, [0, 1])
    with pytest.raises(ValueError, match="not all the same"):
        latents.attribute_direction(z, [1, 1, 1])
    with pytest.raises(ValueError, match="ridge must be positive"):
        latents.attribute_direction(z, [0, 1, 1], ridge=0)


def test_moving_along_a_direction():
    model = kgan.GAN(*tiny.networks(plain=True))
    z = model.random_latents(2, seed=0)
    direction = np.arange(tiny.LATENT_DIM) / 10
    images, columns = latents.move(model, z, direction, amounts=[-1, 0, 2])
    assert columns == 3
    np.testing.assert_array_equal(images[1::3], model.sample(2, latents=z))
    np.testing.assert_array_equal(images[5:], model.sample(1, latents=z[1:] + 2 * direction))
    each, _ = latents.move(model, z[0], [direction, -direction], amounts=[1])
    np.testing.assert_array_equal(
        each, model.sample(2, latents=[z[0] + direction, z[0] - direction])
    )
    with pytest.raises(ValueError, match=r"direction must be \(6,\) or \(n, 6\), got .* \(1, 3\)"):
        latents.move(model, z, direction[:3])
    with pytest.raises(ValueError, match="got 2 latents and 3 directions"):
        latents.move(model, z, np.ones((3, 6)))
    with pytest.raises(ValueError, match=r"latents must be \(6,\) or \(n, 6\)"):
        latents.move(model, z[:, :3], direction)
