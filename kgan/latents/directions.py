"""Directions in latent space that change one thing about an image.

By principal components: Härkönen et al. 2020, GANSpace (arXiv:2004.02546). In closed form: Shen and
Zhou 2021, SeFa (arXiv:2007.06600). From labelled attributes: Shen et al. 2020, InterFaceGAN
(arXiv:1907.10786), with ridge regression in place of the support vector machine.
"""

import typing

import keras
import numpy as np

from kgan.latents import graph, rendering
from kgan.latents.codes import codes_of, slices


class Directions(typing.NamedTuple):
    """Directions in latent space, the most important first.

    Attributes:
        vectors: float32 `(k, latent_dim)`, each of length one: latents being standard normal, one
            step is a standard deviation. The entry of the largest magnitude is positive, for the
            signs of such directions mean nothing. Entries of codes are zero.
        shares: float64 `(k,)`, how much of the whole each stands for, from 0 to 1.
    """

    vectors: np.ndarray
    shares: np.ndarray


def pca_directions(gan, k=10, layer=None, n=2000, condition=None, seed=0, batch_size=256):
    """Directions in which the features of one of the generator's layers vary most: GANSpace.

    Principal components of the features of `n` random latents are found, and the latents are
    regressed on the features' coordinates along them, U = argmin sum |U x_j - z_j|^2 (Sec. 2.2, for
    BigGAN). Codes and condition are the same for all `n`: what they do is known already.

    Args:
        gan: Any kgan model.
        k: How many directions.
        layer: The name of a layer of `gan.generator`; by default the first that has weights, or
            the nested model that it is in, as the paper's for BigGAN and StyleGAN.
        n: Random latents; more make deeper layers' directions steadier. Features of `n` images
            must fit into memory.
        condition: For conditional models, the one condition; by default the first class or prompt.
        seed: An integer for the same directions again, on every backend.
        batch_size: Images computed at once.

    Returns:
        `Directions`, whose shares are of the features' variance.

    Raises:
        ValueError: If there is no such layer, or fewer directions than asked for.

    Example:
        >>> found = kgan.latents.pca_directions(gan, k=3)
        >>> picture = kgan.data.grid(*kgan.latents.move(gan, latents, found.vectors[0]))
    """
    import scipy.linalg

    noise, _ = slices(codes_of(gan), gan.latent_dim)
    check_count(k, noise.stop)
    if n <= k:
        raise ValueError(f"n must be larger than k={k}, got {n}")
    latents = gan.random_latents(n, seed)
    latents[:, noise.stop :] = latents[0, noise.stop :]
    features = centred(layer_features(gan, layer, latents, condition, batch_size))
    latents = centred(latents[:, noise])

    # Both Gram matrices have the same eigenvalues; the smaller one is solved.
    wide = features.shape[1] >= n
    gram = (features @ features.T if wide else features.T @ features).astype("float64")
    size = len(gram)
    if k > size:
        raise ValueError(f"the layer has {size} features, too few for {k} directions")
    values, vectors = scipy.linalg.eigh(gram, subset_by_index=[size - k, size - 1])
    values, vectors = values[::-1], vectors[:, ::-1]
    varying = int(np.sum(values > 1e-6 * values[0]))
    if varying < k:
        raise ValueError(f"the features vary in {varying} directions only, asked for k={k}")
    coordinates = vectors if wide else features @ vectors
    # Principal coordinates are uncorrelated, so that each has a regression of its own.
    return finish(gan, (latents.T @ coordinates).T, values / np.trace(gram))


def layer_features(gan, layer, latents, condition, batch_size):
    """Features `(n, d)` of a layer of the generator that samples, float32."""
    network = graph.sampling_network(gan)
    inputs = {id(network.inputs[0]): latents}
    if gan.conditional:
        one = rendering.row_conditions(gan, condition, 1)
        inputs[id(network.inputs[1])] = one.repeat(len(latents), axis=0)
    elif condition is not None:
        rendering.row_conditions(gan, condition, 1)
    output = graph.first_layer(network)[1] if layer is None else network.get_layer(layer).output
    model = keras.Model(network.inputs, output)
    features = model.predict(list(inputs.values()), batch_size=batch_size, verbose=0)
    return features.reshape(len(latents), -1).astype("float32")


def closed_form_directions(gan, k=10):
    """Directions in which the first weight that latents meet changes its output most: SeFa.

    The eigenvectors of A^T A with the largest eigenvalues, where A is that weight (Eq. 5): no
    images are made.

    Args:
        gan: Any kgan model.
        k: How many directions.

    Returns:
        `Directions`, whose shares are of the sum of all eigenvalues.

    Raises:
        ValueError: If latents do not enter one Dense layer, or there are fewer directions.

    Example:
        >>> found = kgan.latents.closed_form_directions(gan, k=3)
        >>> picture = kgan.data.grid(*kgan.latents.move(gan, latents, found.vectors[0]))
    """
    noise, _ = slices(codes_of(gan), gan.latent_dim)
    weight = graph.first_weight(graph.sampling_network(gan))[noise]
    check_count(k, min(weight.shape))
    vectors, values, _ = np.linalg.svd(weight, full_matrices=False)
    return finish(gan, vectors.T[:k], values[:k] ** 2 / np.sum(values**2))


def attribute_direction(latents, labels, ridge=1.0, codes=()):
    """The direction along which an attribute grows, from labelled examples.

    Ridge regression of the labels on the latents in closed form,
    w = (Z^T Z + ridge I)^-1 Z^T y, both centred. For labels of two values and ridge 0, this is the
    direction of Fisher's linear discriminant.

    Args:
        latents: `(n, latent_dim)`, what images were made from.
        labels: `(n,)`: whether each image has the attribute, or how much of it.
        ridge: Weight of the penalty on |w|^2, positive.
        codes: The `Code`s at the latents' end, an InfoGAN's `codes`: what they explain is left to
            them, and the direction's entries are zero there.

    Returns:
        A float32 array `(latent_dim,)` of length one.

    Raises:
        ValueError: If the shapes do not fit, or the labels are all the same.

    Example:
        >>> thick = gan.sample(500, latents=latents).mean(axis=(1, 2, 3))
        >>> bolder = kgan.latents.attribute_direction(latents, thick)
    """
    latents, labels = np.asarray(latents, "float64"), np.asarray(labels, "float64")
    if latents.ndim != 2 or labels.shape != latents.shape[:1]:
        raise ValueError(
            "latents (n, latent_dim) need one label each, (n,); got "
            f"{latents.shape} and {labels.shape}"
        )
    if not np.isfinite(labels).all() or np.ptp(labels) == 0:
        raise ValueError("labels must be finite and not all the same")
    if not ridge > 0:
        raise ValueError(f"ridge must be positive, got {ridge}")
    noise, _ = slices(codes, latents.shape[1])
    z = centred(latents)
    weights = np.linalg.solve(z.T @ z + ridge * np.eye(z.shape[1]), z.T @ centred(labels))
    direction = np.zeros(len(weights))
    direction[noise] = weights[noise]
    return (direction / np.linalg.norm(direction)).astype("float32")


def move(gan, latents, direction, amounts=(-3, -2, -1, 0, 1, 2, 3), condition=None):
    """Images as latents move along a direction: z + amount * direction.

    Args:
        gan: Any kgan model.
        latents: `(latent_dim,)` or `(n, latent_dim)`, one row of images each.
        direction: `(latent_dim,)` for all rows, or `(n, latent_dim)` with one for each; several
            directions of one latent vector make a row each.
        amounts: How far, one a column, in the direction's length.
        condition: For conditional models, one condition for all rows or one for each.

    Returns:
        uint8 images `(n * columns, height, width, channels)`, row by row, and the number of
        columns.

    Raises:
        ValueError: If the latents, the direction or the condition do not fit.

    Example:
        >>> found = kgan.latents.closed_form_directions(gan)
        >>> images, columns = kgan.latents.move(gan, gan.random_latents(1), found.vectors)
    """
    latents = rendering.as_latents(gan, latents)
    direction = np.atleast_2d(np.asarray(direction, "float32"))
    if direction.ndim != 2 or direction.shape[1] != gan.latent_dim:
        raise ValueError(
            f"direction must be ({gan.latent_dim},) or (n, {gan.latent_dim}), got shape "
            f"{direction.shape}"
        )
    if len(direction) != len(latents) and 1 not in (len(direction), len(latents)):
        raise ValueError(
            f"got {len(latents)} latents and {len(direction)} directions: pass one of either, or "
            "as many"
        )
    latents, direction = np.broadcast_arrays(latents, direction)
    amounts = np.atleast_1d(np.asarray(amounts, "float32"))[:, None]
    return rendering.rows(gan, latents[:, None] + amounts * direction[:, None], condition)


def finish(gan, vectors, shares):
    """`Directions` of noise entries `(k, noise)`, made whole, of length one and of known sign."""
    whole = np.zeros((len(vectors), gan.latent_dim))
    whole[:, : vectors.shape[1]] = vectors
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    largest = np.abs(whole).argmax(axis=1)
    whole *= np.sign(whole[np.arange(len(whole)), largest])[:, None]
    return Directions(whole.astype("float32"), shares)


def centred(values):
    """Values less their mean over the first axis."""
    return values - values.mean(axis=0)


def check_count(k, most):
    """Refuses a number of directions that there cannot be."""
    if not 1 <= k <= most:
        raise ValueError(f"k must be from 1 to {most}, got {k}")
