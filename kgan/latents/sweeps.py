"""One thing changed and the rest kept: codes swept or exchanged, other conditions."""

import numpy as np

from kgan.latents import rendering
from kgan.latents.codes import Categorical, codes_of, slices


def sweep(gan, name, values=None, entry=0, rows=8, seed=0, truncation=1.0, condition=None):
    """An InfoGAN's images as one code goes through its values.

    Each row has its own noise and other codes; each column one value (arXiv:1606.03657, Fig. 2).

    Args:
        gan: A model with codes.
        name: The code's name.
        values: All categories of a categorical code by default; nine numbers from -1 to 1, what
            the prior draws, of a continuous one. The paper goes from -2 to 2.
        entry: Which number of a continuous code, from 0; its others keep the row's values.
        rows: How many.
        seed: An integer for the same rows again, on every backend.
        truncation: See `GAN.sample`.
        condition: For conditional models, one condition for all rows or one for each.

    Returns:
        uint8 images `(rows * columns, height, width, channels)`, row by row, and the number of
        columns.

    Raises:
        ValueError: If there is no such code, category or entry.

    Example:
        >>> gan = kgan.zoo.load("infogan_mnist")
        >>> picture = kgan.data.grid(*kgan.latents.sweep(gan, "style", entry=1))
    """
    code, place = find_code(gan, name)
    if isinstance(code, Categorical):
        values = np.arange(code.size) if values is None else np.asarray(values)
        encoded = code.encode(values, len(values))
    elif not 0 <= entry < code.size:
        raise ValueError(f"{name!r} has {code.size} entries, from 0; got entry {entry}")
    else:
        values = np.linspace(-1.0, 1.0, 9) if values is None else np.asarray(values)
        encoded, place = values[:, None], slice(place.start + entry, place.start + entry + 1)
    latents = gan.random_latents(rows, seed, truncation)[:, None].repeat(len(values), axis=1)
    latents[..., place] = encoded
    return rendering.rows(gan, latents, condition)


def exchange(gan, a, b, names=None):
    """Gives two images each other's codes: what is of one, with the style of the other.

    Args:
        gan: A model with codes.
        a: Latents `(latent_dim,)` or `(n, latent_dim)`.
        b: Others of the same shape.
        names: The codes that change places; all by default.

    Returns:
        float32 arrays of the shape of `a` and `b`: `a` with the codes of `b`, and the reverse.

    Raises:
        ValueError: If there are no such codes, or the latents do not fit.

    Example:
        >>> a, b = gan.random_latents(2, seed=0)
        >>> a_like_b, b_like_a = kgan.latents.exchange(gan, a, b, ["style"])
    """
    a, b = np.array(a, "float32"), np.array(b, "float32")
    if a.shape != b.shape:
        raise ValueError(f"a and b must be latents of one shape, got {a.shape} and {b.shape}")
    for latents in (a, b):
        rendering.as_latents(gan, latents)
    if not codes_of(gan):
        find_code(gan, names)
    for name in [code.name for code in codes_of(gan)] if names is None else names:
        _, place = find_code(gan, name)
        a[..., place], b[..., place] = b[..., place], a[..., place].copy()
    return a, b


def across_conditions(gan, latents, conditions=None):
    """The same latents under other conditions: the style of one, the content of many.

    Args:
        gan: A conditional model.
        latents: `(latent_dim,)` or `(n, latent_dim)`, one row of images each.
        conditions: One a column, or one class alone; by default all classes, or the model's
            prompts.

    Returns:
        uint8 images `(n * columns, height, width, channels)`, row by row, and the number of
        columns.

    Raises:
        ValueError: If the model is not conditional, or the conditions do not fit.

    Example:
        >>> latents = gan.random_latents(4, seed=0)
        >>> picture = kgan.data.grid(*kgan.latents.across_conditions(gan, latents, [3, 8]))
    """
    if not gan.conditional:
        raise ValueError("this model is not conditional: its generator takes only latents")
    latents = rendering.as_latents(gan, latents)
    if conditions is None:
        conditions = gan.default_conditions()
    if conditions is None:
        raise ValueError("without classes there is no telling which conditions: pass them")
    conditions = np.atleast_1d(conditions)
    columns = len(conditions)
    conditions = np.tile(conditions, (len(latents),) + (1,) * (conditions.ndim - 1))
    latents = latents.repeat(columns, axis=0)
    return gan.sample(len(latents), condition=conditions, latents=latents), columns


def find_code(gan, name):
    """A model's code of that name, and its slice of the latents.

    Raises:
        ValueError: If there is none.
    """
    codes = {code.name: code for code in codes_of(gan)}
    if not codes:
        raise ValueError(
            f"{type(gan).__name__} has no codes; an InfoGAN has, and a conditional model can show "
            "the same latents under other conditions (kgan.latents.across_conditions)"
        )
    if name not in codes:
        raise ValueError(f"there is no code {name!r}; the codes are {', '.join(codes)}")
    return codes[name], slices(codes.values(), gan.latent_dim)[1][name]
